//! A batch of tokenized rows as tensors, padded to its own longest row.

use tch::{Device, Kind, Tensor};

use crate::data::tokenizer::Encoded;

/// Rows as tensors.
#[derive(Debug)]
pub struct Batch {
    /// Token ids `[B,T]`, padded with the model's padding id.
    pub token_ids: Tensor,
    /// Token types `[B,T]`.
    pub token_types: Tensor,
    /// True at tokens, false at padding, `[B,T]`.
    pub mask: Tensor,
    /// Whether any row is padded.
    pub is_padded: bool,
    /// Labels `[B]`.
    pub labels: Tensor,
    /// Real tokens, padding not counted.
    pub n_tokens: u64,
}

impl Batch {
    /// Gathers the rows `indices` of `rows`.
    pub fn new(rows: &[Encoded], indices: &[usize], pad_token_id: i64, device: Device) -> Self {
        let lengths = indices.iter().map(|&index| rows[index].token_ids.len());
        let width = lengths.clone().max().unwrap_or(0);
        let n_tokens: usize = lengths.sum();
        let size = [indices.len() as i64, width as i64];
        let padded = |values: fn(&Encoded) -> &[i64], padding: i64| {
            let mut flat = Vec::with_capacity(indices.len() * width);
            for &index in indices {
                let row = values(&rows[index]);
                flat.extend_from_slice(row);
                flat.resize(flat.len() + width - row.len(), padding);
            }
            Tensor::from_slice(&flat).view(size).to_device(device) // [B,T]
        };
        let mask: Vec<i64> = indices.iter().map(|&index| rows[index].token_ids.len() as i64).collect();
        let positions = Tensor::arange(width as i64, (Kind::Int64, device)); // [T]
        let mask = positions.unsqueeze(0).lt_tensor(&Tensor::from_slice(&mask).to_device(device).unsqueeze(1)); // [B,T]
        let labels: Vec<i64> = indices.iter().map(|&index| rows[index].label).collect();
        Self {
            token_ids: padded(|row| &row.token_ids, pad_token_id),
            token_types: padded(|row| &row.token_types, 0),
            mask,
            is_padded: n_tokens < indices.len() * width,
            labels: Tensor::from_slice(&labels).to_device(device),
            n_tokens: n_tokens as u64,
        }
    }
}
