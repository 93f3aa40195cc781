//! Evaluation of a split, and what is got wrong in it: no gradient, no dropout, larger batches of like length.

use std::collections::BTreeMap;

use tch::{Device, Kind, Tensor};

use crate::crew::{Crew, Read};
use crate::data::order::evaluation_batches;
use crate::data::tokenizer::Encoded;
use crate::hooks::Mode;
use crate::loss;
use crate::network::{Inputs, Network};
use finetop::data::example::Target;
use finetop::metric::{ConfusionMatrix, MetricName, correlation};
use finetop::run::mistakes::{Wrong, WrongLabel, WrongValue};
use finetop::run::number::Number;
use finetop::spec::crew;
use finetop::spec::task::{Task, TaskKind};

/// Rows per forward pass of a GPU, which is idle with fewer.
const GPU_BATCH_SIZE: usize = 512;

/// The batches of an evaluation of `rows` on `device`.
pub fn batches(rows: &[Encoded], device: Device) -> Vec<Vec<usize>> {
    match device {
        Device::Cuda(_) => evaluation_batches(rows, GPU_BATCH_SIZE, usize::MAX),
        _ => evaluation_batches(rows, crew::FORWARD_ROWS, crew::FORWARD_TOKENS),
    }
}

/// Loss, metrics and confusion matrix of a split.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Loss and every metric of the task.
    pub metrics: BTreeMap<MetricName, Number>,
    /// Counts of (true, predicted) label; none in a regression.
    pub confusion: Option<ConfusionMatrix>,
    /// The rows that are labelled wrongly, in no order; of a regression all rows.
    pub wrong: Wrong,
}

/// Evaluates all rows of `inputs`.
pub fn evaluate(network: &Network, inputs: &Inputs, task: &Task, device: Device, crew: &Crew) -> Scores {
    let mut loss = 0.0;
    let mut confusion = ConfusionMatrix::new(task.labels.len());
    let (mut labels, mut values) = (Vec::new(), Vec::new());
    let batches = batches(&inputs.rows, device);
    let read = Read { network, inputs, trained: &[] };
    let outcomes = batches.chunks(crew.size()).flat_map(|round| {
        crew.each(round.len(), read, |Read { network, inputs, .. }, index| {
            let _guard = tch::no_grad_guard();
            let outputs = network.forward(inputs, &round[index], device, Mode::Evaluate);
            let (predicted, probability) = match task.kind {
                TaskKind::Classification => (outputs.logits.argmax(1, false), Some(outputs.logits.softmax(1, Kind::Float).amax(1, false))), // [B]
                TaskKind::Regression => (outputs.logits.squeeze_dim(1), None),
            };
            (loss::sum(task.kind, &outputs, 0.0), predicted, probability)
        })
    });
    // What comes of a batch is read when a GPU has all batches: it never waits for the processor.
    for (indices, (sum, predicted, probability)) in batches.iter().zip(outcomes.collect::<Vec<_>>()) {
        loss += sum.double_value(&[]);
        let probability = probability.as_ref().map(numbers).unwrap_or_default();
        for (idx, (&row, predicted)) in indices.iter().zip(numbers(&predicted)).enumerate() {
            let number = row as u64 + 1;
            match inputs.rows[row].target {
                Target::Label(truth) => {
                    let label = predicted as usize;
                    confusion.add(truth, label);
                    if label != truth {
                        labels.push(WrongLabel { row: number, truth, predicted: label, probability: Number(probability[idx]) });
                    }
                }
                Target::Value(truth) => values.push(WrongValue { row: number, truth: Number(truth), predicted: Number(predicted) }),
            }
        }
    }
    let loss = (MetricName::Loss, loss / inputs.rows.len() as f64);
    let (metrics, confusion, wrong) = match task.kind {
        TaskKind::Classification => (confusion.metrics(), Some(confusion), Wrong::Labels(labels)),
        TaskKind::Regression => {
            let (predictions, truths): (Vec<f64>, Vec<f64>) = values.iter().map(|row| (row.predicted.0, row.truth.0)).unzip();
            (correlation::metrics(&predictions, &truths), None, Wrong::Values(values))
        }
    };
    let metrics = metrics.into_iter().chain([loss]).map(|(name, value)| (name, Number(value))).collect();
    Scores { metrics, confusion, wrong }
}

/// The numbers of a tensor `[B]`.
fn numbers(tensor: &Tensor) -> Vec<f64> {
    Vec::try_from(tensor.to_kind(Kind::Double).to_device(Device::Cpu)).expect("the tensor has one dimension")
}
