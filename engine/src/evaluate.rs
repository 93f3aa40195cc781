//! Evaluation of a split: no gradient, no dropout, larger batches of like length.

use std::collections::BTreeMap;

use tch::{Device, Kind, Tensor};

use crate::data::order::evaluation_batches;
use crate::hooks::Mode;
use crate::loss;
use crate::network::{Inputs, Network};
use finetop::data::example::Target;
use finetop::metric::{ConfusionMatrix, MetricName, correlation};
use finetop::run::number::Number;
use finetop::spec::task::{Task, TaskKind};

/// Rows per forward pass.
const BATCH_SIZE: usize = 64;
/// The same on a GPU, which is idle with fewer.
const GPU_BATCH_SIZE: usize = 512;

/// Rows per forward pass on `device`.
pub const fn batch_size(device: Device) -> usize {
    if matches!(device, Device::Cuda(_)) { GPU_BATCH_SIZE } else { BATCH_SIZE }
}

/// Loss, metrics and confusion matrix of a split.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Loss and every metric of the task.
    pub metrics: BTreeMap<MetricName, Number>,
    /// Counts of (true, predicted) label; none in a regression.
    pub confusion: Option<ConfusionMatrix>,
}

/// Evaluates all rows of `inputs`.
pub fn evaluate(network: &Network, inputs: &Inputs, task: &Task, device: Device) -> Scores {
    let _guard = tch::no_grad_guard();
    let mut loss = 0.0;
    let mut confusion = ConfusionMatrix::new(task.labels.len());
    let (mut predictions, mut values) = (Vec::new(), Vec::new());
    let batches = evaluation_batches(&inputs.rows, batch_size(device)).into_iter().map(|indices| {
        let outputs = network.forward(inputs, &indices, device, Mode::Evaluate);
        let predicted = match task.kind {
            TaskKind::Classification => outputs.logits.argmax(1, false),
            TaskKind::Regression => outputs.logits.squeeze_dim(1),
        };
        (indices, loss::sum(task.kind, &outputs, 0.0), predicted)
    });
    // What comes of a batch is read when a GPU has all batches: it never waits for the processor.
    for (indices, sum, predicted) in batches.collect::<Vec<_>>() {
        loss += sum.double_value(&[]);
        for (&row, predicted) in indices.iter().zip(numbers(&predicted)) {
            match inputs.rows[row].target {
                Target::Label(label) => confusion.add(label, predicted as usize),
                Target::Value(value) => {
                    predictions.push(predicted);
                    values.push(value);
                }
            }
        }
    }
    let loss = (MetricName::Loss, loss / inputs.rows.len() as f64);
    let (metrics, confusion) = match task.kind {
        TaskKind::Classification => (confusion.metrics(), Some(confusion)),
        TaskKind::Regression => (correlation::metrics(&predictions, &values), None),
    };
    let metrics = metrics.into_iter().chain([loss]).map(|(name, value)| (name, Number(value))).collect();
    Scores { metrics, confusion }
}

/// The numbers of a tensor `[B]`.
fn numbers(tensor: &Tensor) -> Vec<f64> {
    Vec::try_from(tensor.to_kind(Kind::Double).to_device(Device::Cpu)).expect("the tensor has one dimension")
}
