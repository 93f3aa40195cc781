//! The files of a pre-trained model's folder, without loading its weights. Knows neither tch nor the terminal.

pub mod config;
pub mod folder;
pub mod header;
pub mod hub_cache;
pub mod tensors;
pub mod tokenizer;
pub mod weights;
