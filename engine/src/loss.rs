//! The training objective of each kind of task, summed over a batch.

use tch::{Reduction, Tensor};

use crate::network::Outputs;
use finetop::spec::task::TaskKind;

/// The loss of the rows together: cross-entropy of logits `[B,C]` with labels, smoothed, or `Σ(ŷ−y)²` of values `[B,1]`.
///
/// Differs: nothing known (`BertForSequenceClassification` of Transformers, `single_label_classification` and `regression`).
pub fn sum(kind: TaskKind, outputs: &Outputs, label_smoothing: f64) -> Tensor {
    let Outputs { logits, targets, .. } = outputs;
    match kind {
        TaskKind::Classification => logits.cross_entropy_loss::<Tensor>(targets, None, Reduction::Sum, -100, label_smoothing),
        TaskKind::Regression => logits.squeeze_dim(1).mse_loss(targets, Reduction::Sum), // [B]
    }
}
