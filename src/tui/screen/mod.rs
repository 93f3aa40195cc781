//! The screens that have a state of their own, each with what its actions do. Pure.

pub mod compare;
pub mod launch;
pub mod log;
pub mod mistakes;
pub mod queue;
pub mod run;
pub mod system;
#[cfg(test)]
mod tests;
