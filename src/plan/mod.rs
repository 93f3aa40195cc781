//! All that is known of an experiment before it runs; the one place that puts file, data and model together.
//!
//! [`prepare::prepare`] reads everything that a run will need, so that what it lets pass can be started. Writes nothing.

pub mod completion;
pub mod cost;
pub mod environment;
pub mod error;
pub mod foretold;
pub mod import;
pub mod memory;
pub mod needs;
pub mod places;
pub mod prepare;
pub mod shape;
pub mod sources;
pub mod start;
pub mod warnings;
