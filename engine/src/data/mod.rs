//! From rows to tensors: tokens and batches. Knows neither files of rows nor the model.

pub mod batch;
pub mod order;
pub mod tokenizer;
