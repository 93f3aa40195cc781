//! The BERT encoder in `tch`. Knows the sites where a method may act, and no method.

pub mod attention;
pub mod embeddings;
pub mod encoder;
pub mod layer;
pub mod layer_norm;
pub mod linear;
pub mod load;
pub mod mapped;
