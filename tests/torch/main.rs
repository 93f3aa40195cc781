//! Tests that need libtorch: methods (contract, how they begin), parity with the reference implementations, strict loading, whole runs.

mod beginning;
mod cache;
mod control;
mod crew;
mod epoch;
mod families;
mod flow;
mod interop;
mod judged;
mod latency;
mod load;
mod memory;
mod methods;
mod native;
mod parity;
mod predict;
mod recompute;
mod regression;
mod resume;
mod split;
#[path = "../terminal.rs"]
mod terminal;
mod tiny;
mod tour;
mod training;
mod worker;
