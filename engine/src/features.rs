//! Feature extraction computes every row's features once: nothing below the head ever changes, and the frozen encoder
//! runs as in evaluation, without dropout.

use tch::{Device, Tensor};

use crate::crew::{Crew, Read};
use crate::data::batch::Batch;
use crate::evaluate::batches;
use crate::hooks::Mode;
use crate::network::{Inputs, Network};

/// The pooled vectors `[rows,H]` of all rows, in their order. Calls `progress` with the rows done; stops early with
/// `None` when it answers false.
pub fn pooled(network: &Network, inputs: &Inputs, device: Device, crew: &Crew, mut progress: impl FnMut(u64) -> bool) -> Option<Tensor> {
    let _guard = tch::no_grad_guard();
    let rows = &inputs.rows;
    let mut parts = Vec::new();
    let mut order = Vec::with_capacity(rows.len());
    let read = Read { network, inputs, trained: &[] };
    for round in batches(rows, device).chunks(crew.size()) {
        if !progress(order.len() as u64) {
            return None;
        }
        parts.extend(crew.each(round.len(), read, |Read { network, inputs, .. }, index| {
            let _guard = tch::no_grad_guard(); // of this thread
            let batch = Batch::new(&inputs.rows, &round[index], network.backbone.pad_token_id, device);
            network.pooled(&batch, Mode::Evaluate) // [B,H]
        }));
        order.extend(round.iter().flatten().copied());
    }
    let mut position_of = vec![0i64; rows.len()];
    for (position, &row) in order.iter().enumerate() {
        position_of[row] = position as i64;
    }
    let sorted = Tensor::cat(&parts, 0); // [rows,H], by length
    Some(sorted.index_select(0, &Tensor::from_slice(&position_of).to_device(device)))
}
