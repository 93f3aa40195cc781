//! Means and medians of series, and the series of a run that rules read.

use crate::metric::MetricName;
use crate::run::event::Evaluation;
use crate::run::state::RunState;

/// NaN where there is nothing.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The upper of the two in the middle; NaN where there is nothing.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A metric of an evaluation; NaN where it has none.
pub fn value(evaluation: &Evaluation, metric: MetricName) -> f64 {
    evaluation.metrics.get(&metric).map_or(f64::NAN, |value| value.0)
}

/// Mean training loss of the steps in `(after, to]`; NaN where there is none.
pub fn train_loss(state: &RunState, after: u64, to: u64) -> f64 {
    let (from, to) = (state.steps.n_until(after), state.steps.n_until(to));
    let losses: Vec<f64> = (from..to).map(|idx| state.steps.loss(idx)).collect();
    mean(&losses)
}
