//! Whether a run has come to a plateau: neither loss falls any more though the learning rate is still high.
//!
//! Reasoning: at the end of a schedule every run is flat, because its rate is; so only steps at half the peak or more count. Means over a
//! quarter of the evaluations are compared, so that noise does not, and it must be seen at two evaluations in a row.

use crate::metric::MetricName;
use crate::run::alert::{Action, Severity};
use crate::run::event::Evaluation;
use crate::verdict::series::{mean, train_loss, value};
use crate::verdict::{Finding, Run};

/// Evaluations before which nothing is said.
const FEWEST: usize = 8;

/// Share of the peak rate from which a rate is high.
const HIGH_RATE: f64 = 0.5;

/// A validation loss that changes by less from quarter to quarter is flat.
const FLAT: f64 = 0.01;

/// A training loss likewise: it is noisier.
const TRAIN_FLAT: f64 = 0.05;

/// Judges a run.
pub fn judge(run: &Run) -> Option<Finding> {
    let evaluations = &run.state.evaluations;
    let high = HIGH_RATE * run.spec.optimization.learning_rate;
    if evaluations.len() <= FEWEST || run.state.steps.last()?.learning_rate < high {
        return None;
    }
    let earlier = &evaluations[..evaluations.len() - 1];
    if !is_flat(run, evaluations) || !is_flat(run, earlier) {
        return None;
    }
    let (from, loss) = (evaluations.len() - evaluations.len() / 4 * 2, value(evaluations.last()?, MetricName::Loss));
    let since = evaluations.get(from.saturating_sub(1)).map_or(0, |evaluation| evaluation.step);
    let left = 100.0 * (1.0 - run.progress());
    Some(Finding {
        severity: Severity::Info,
        what: format!("validation and training loss are flat since step {since} (validation {loss:.3}), at a rate still near its peak"),
        brief: format!("flat since step {since}"),
        advice: format!("lower the learning rate, or stop it: {left:.0} % of its steps are left"),
        action: Some(if run.progress() < 1.0 { Action::ChangeLearningRate } else { Action::Clone }),
    })
}

/// Whether the last two quarters of the evaluations have the same losses.
fn is_flat(run: &Run, evaluations: &[Evaluation]) -> bool {
    let quarter = evaluations.len() / 4;
    if quarter == 0 || evaluations.len() <= 2 * quarter {
        return false;
    }
    let (last, before) = (evaluations.len() - quarter, evaluations.len() - 2 * quarter);
    let validation = |range: &[Evaluation]| mean(&range.iter().map(|evaluation| value(evaluation, MetricName::Loss)).collect::<Vec<_>>());
    let train = |from: usize, to: usize| train_loss(run.state, evaluations[from - 1].step, evaluations[to - 1].step);
    let change = (validation(&evaluations[last..]) / validation(&evaluations[before..last]) - 1.0).abs();
    let train_change = (train(last, evaluations.len()) / train(before, last) - 1.0).abs();
    change < FLAT && train_change < TRAIN_FLAT
}
