//! A batch of tokenized rows as tensors, padded to its own longest row.

use tch::{Device, Kind, Tensor};

use crate::data::tokenizer::Encoded;
use finetop::data::example::Target;

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
    /// Labels (whole numbers) or values (single precision), `[B]`.
    pub targets: Tensor,
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
        Self {
            token_ids: padded(|row| &row.token_ids, pad_token_id),
            token_types: padded(|row| &row.token_types, 0),
            mask,
            is_padded: n_tokens < indices.len() * width,
            targets: targets(rows, indices, device),
            n_tokens: n_tokens as u64,
        }
    }
}

/// The targets of the rows `indices`: labels as whole numbers, or values in single precision, `[B]`.
pub fn targets(rows: &[Encoded], indices: &[usize], device: Device) -> Tensor {
    let (mut labels, mut values) = (Vec::new(), Vec::new());
    for &index in indices {
        match rows[index].target {
            Target::Label(label) => labels.push(label as i64),
            Target::Value(value) => values.push(value as f32),
        }
    }
    // A task has targets of one kind.
    let targets = if values.is_empty() { Tensor::from_slice(&labels) } else { Tensor::from_slice(&values) };
    targets.to_device(device)
}
