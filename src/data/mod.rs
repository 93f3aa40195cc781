//! The rows of a data set: reading files, labels, splits. Knows no tokens, no tensors and no screen.
pub mod example;
