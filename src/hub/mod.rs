//! Models and data sets by their id on the Hugging Face hub: found in the standard cache, else downloaded into it.
//!
//! [`cache`] and [`dataset::find`] only look; [`fetch`] alone uses the network, and only `cli` calls it. Knows neither experiments nor
//! the terminal: progress is reported to the caller.

pub mod cache;
pub mod client;
pub mod dataset;
pub mod error;
pub mod fetch;
pub mod model;
pub mod progress;
pub mod repository;
pub mod transfer;
pub mod variables;
