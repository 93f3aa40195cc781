//! Evaluation of a split: no gradient, no dropout, larger batches of like length.

use std::collections::BTreeMap;

use tch::{Device, Kind, Reduction, Tensor};

use crate::data::order::evaluation_batches;
use crate::hooks::Mode;
use crate::network::{Inputs, Network};
use finetop::metric::{ConfusionMatrix, MetricName};
use finetop::run::number::Number;

/// Rows per forward pass.
const BATCH_SIZE: usize = 64;

/// Loss, metrics and confusion matrix of a split.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Loss and every metric.
    pub metrics: BTreeMap<MetricName, Number>,
    /// Counts of (true, predicted) label.
    pub confusion: ConfusionMatrix,
}

/// Evaluates all rows of `inputs`.
pub fn evaluate(network: &Network, inputs: &Inputs, n_labels: usize, device: Device) -> Scores {
    let _guard = tch::no_grad_guard();
    let mut loss = 0.0;
    let mut confusion = ConfusionMatrix::new(n_labels);
    for indices in evaluation_batches(&inputs.rows, BATCH_SIZE) {
        let outputs = network.forward(inputs, &indices, device, Mode::Evaluate);
        let losses = outputs.logits.cross_entropy_loss::<Tensor>(&outputs.labels, None, Reduction::Sum, -100, 0.0);
        loss += losses.double_value(&[]);
        let predicted: Vec<i64> = Vec::try_from(outputs.logits.argmax(1, false).to_kind(Kind::Int64).to_device(Device::Cpu))
            .expect("argmax yields a vector of integers");
        for (&row, &label) in indices.iter().zip(&predicted) {
            confusion.add(inputs.rows[row].label as usize, label as usize);
        }
    }
    let mut metrics: BTreeMap<_, _> = confusion.metrics().into_iter().map(|(name, value)| (name, Number(value))).collect();
    metrics.insert(MetricName::Loss, Number(loss / inputs.rows.len() as f64));
    Scores { metrics, confusion }
}
