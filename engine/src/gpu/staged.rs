//! Rows at an address that never changes, where the recorded work of a step reads them. Must not know what the work is.

use std::time::Duration;

use tch::{Device, Kind, Tensor};

use crate::data::batch::{Batch, targets};
use crate::hooks::Mode;
use crate::native::gpu;
use crate::network::{Inputs, Network, Outputs};
use finetop::data::example::Target;

/// Rows and padded length of a batch; of rows whose pooled vectors are known, length 0.
pub type Shape = (usize, usize);

/// The shape that the rows `indices` are padded to. Few lengths, so that few steps have to be recorded: multiples of 8 up to 64, of 32 beyond,
/// but never more than the longest row, since a model has no position beyond it.
pub fn shape(inputs: &Inputs, indices: &[usize]) -> Shape {
    if inputs.pooled.is_some() {
        return (indices.len(), 0);
    }
    let longest = |indices: &mut dyn Iterator<Item = usize>| indices.map(|index| inputs.rows[index].token_ids.len()).max().unwrap_or(0);
    let length = longest(&mut indices.iter().copied());
    let rounded = length.next_multiple_of(if length <= 64 { 8 } else { 32 });
    (indices.len(), rounded.min(longest(&mut (0..inputs.rows.len()))))
}

/// Room for the rows of one shape.
#[derive(Debug)]
pub struct Staged {
    shape: Shape,
    /// One after another: token ids `[B,T]`, token types `[B,T]`, lengths `[B]`, or positions `[B]` among the pooled vectors; then labels `[B]`,
    /// where targets are labels.
    whole: Tensor,
    /// Targets that are values, `[B]`.
    values: Option<Tensor>,
}

impl Staged {
    /// Room for rows such as those of `inputs`.
    pub fn new(inputs: &Inputs, shape: Shape, device: Device) -> Self {
        let has_values = inputs.rows.first().is_some_and(|row| matches!(row.target, Target::Value(_)));
        let (rows, length) = shape;
        let n_numbers = rows * (2 * length + if has_values { 1 } else { 2 });
        Self {
            shape,
            whole: Tensor::zeros([n_numbers as i64], (Kind::Int64, device)),
            values: has_values.then(|| Tensor::zeros([rows as i64], (Kind::Float, device))),
        }
    }

    /// Puts the rows `indices` here when the GPU has done what it was given before, without waiting for it.
    pub fn fill(&self, inputs: &Inputs, indices: &[usize], pad_token_id: i64) {
        if let Some(values) = &self.values {
            gpu::upload(&targets(&inputs.rows, indices, Device::Cpu), values);
        }
        let whole = numbers(inputs, indices, self.shape.1, self.values.is_none(), pad_token_id);
        gpu::upload(&Tensor::from_slice(&whole), &self.whole);
    }

    /// What the network makes of the rows that are here, in training.
    pub fn outputs(&self, network: &Network, inputs: &Inputs) -> Outputs {
        let (rows, length) = (self.shape.0 as i64, self.shape.1 as i64);
        let part = |start: i64, size: i64| self.whole.narrow(0, start, size);
        let targets = |start: i64| self.values.as_ref().map_or_else(|| part(start, rows), Tensor::shallow_clone);
        if let Some(pooled) = &inputs.pooled {
            let pooled = pooled.index_select(0, &part(0, rows)); // [B,H]
            return Outputs {
                logits: network.head.forward(&pooled, Mode::Train),
                targets: targets(rows),
                n_tokens: 0,
                gathering: Duration::ZERO,
            };
        }
        let lengths = part(2 * rows * length, rows);
        let positions = Tensor::arange(length, (Kind::Int64, self.whole.device())); // [T]
        let batch = Batch {
            token_ids: part(0, rows * length).view([rows, length]),
            token_types: part(rows * length, rows * length).view([rows, length]),
            mask: positions.unsqueeze(0).lt_tensor(&lengths.unsqueeze(1)), // [B,T]
            is_padded: true,
            targets: targets(2 * rows * length + rows),
            n_tokens: 0,
        };
        let logits = network.head.forward(&network.pooled(&batch, Mode::Train), Mode::Train);
        Outputs { logits, targets: batch.targets, n_tokens: 0, gathering: Duration::ZERO }
    }
}

/// The rows `indices` as [`Staged::whole`] has them, padded to `length` tokens.
fn numbers(inputs: &Inputs, indices: &[usize], length: usize, has_labels: bool, pad_token_id: i64) -> Vec<i64> {
    let mut numbers: Vec<i64> = Vec::with_capacity(indices.len() * (2 * length + 2));
    let rows = || indices.iter().map(|&index| &inputs.rows[index]);
    let padded = |numbers: &mut Vec<i64>, values: &[i64], padding: i64| {
        numbers.extend(values);
        numbers.resize(numbers.len() + length - values.len(), padding);
    };
    if length == 0 {
        numbers.extend(indices.iter().map(|&index| index as i64));
    } else {
        rows().for_each(|row| padded(&mut numbers, &row.token_ids, pad_token_id));
        rows().for_each(|row| padded(&mut numbers, &row.token_types, 0));
        numbers.extend(rows().map(|row| row.token_ids.len() as i64));
    }
    if has_labels {
        numbers.extend(rows().map(|row| if let Target::Label(label) = row.target { label as i64 } else { 0 }));
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::tokenizer::Encoded;

    fn inputs(lengths: &[usize]) -> Inputs {
        let row = |(index, &length): (usize, &usize)| Encoded {
            token_ids: (1..=length as i64).collect(),
            token_types: vec![1; length],
            target: Target::Label(index),
        };
        Inputs { rows: lengths.iter().enumerate().map(row).collect(), pooled: None }
    }

    #[test]
    fn lengths_are_rounded_up_but_never_beyond_the_longest_row() {
        let inputs = inputs(&[3, 8, 9, 70, 101]);
        let length = |indices: &[usize]| shape(&inputs, indices).1;
        assert_eq!([length(&[0]), length(&[0, 1]), length(&[2]), length(&[3]), length(&[4, 0])], [8, 8, 16, 96, 101]);
    }

    #[test]
    fn rows_lie_one_after_another_with_their_lengths_and_labels() {
        let inputs = inputs(&[2, 3]);
        let expected = [vec![1, 2, 3, 1, 2, 0], vec![1, 1, 1, 1, 1, 0], vec![3, 2], vec![1, 0]].concat();
        assert_eq!(numbers(&inputs, &[1, 0], 3, true, 0), expected);
        let pooled = Inputs { pooled: Some(Tensor::zeros([2, 4], (Kind::Float, Device::Cpu))), ..inputs };
        assert_eq!(numbers(&pooled, &[1, 0], shape(&pooled, &[1, 0]).1, true, 0), [1, 0, 1, 0]);
    }
}
