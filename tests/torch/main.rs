//! Tests that need libtorch: methods (contract), parity with the reference implementations, strict loading, whole runs.

mod families;
mod flow;
mod interop;
mod load;
mod methods;
mod parity;
mod tiny;
mod worker;
