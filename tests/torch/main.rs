//! Tests that need libtorch: methods (contract), parity with the reference implementations, strict loading, whole runs.

mod families;
mod flow;
mod latency;
mod load;
mod methods;
mod parity;
mod predict;
mod regression;
mod tiny;
mod worker;
