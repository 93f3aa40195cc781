//! The evaluations of a run as points of a curve, and where the run was best and where it stopped.

use crate::curve::axis::XAxis;
use crate::curve::quantity::Quantity;
use crate::metric::MetricName;
use crate::run::catalog::RunView;
use crate::run::state::RunState;
use crate::verdict::overfitting;

/// An evaluation as a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluated {
    /// Where it lies.
    pub x: f64,
    /// Its value.
    pub y: f64,
    /// Its step.
    pub step: u64,
}

/// The evaluations of a run that have the quantity; `gaps` are its evaluations with matched training losses.
pub fn points(state: &RunState, gaps: &[overfitting::Point], quantity: Quantity, chosen: MetricName, x_axis: XAxis) -> Vec<Evaluated> {
    let x = |step: u64, epoch: f64| x_axis.of_evaluation(&state.steps, step, epoch);
    if quantity == Quantity::Gap {
        let points = gaps.iter().zip(&state.evaluations);
        let point = |(point, evaluation): (&overfitting::Point, &crate::run::event::Evaluation)| {
            Some(Evaluated { x: x(point.step, evaluation.epoch), y: point.gap()?, step: point.step })
        };
        return points.filter_map(point).collect();
    }
    let Some(metric) = quantity.metric(chosen) else { return Vec::new() };
    let point = |evaluation: &crate::run::event::Evaluation| {
        let y = evaluation.metrics.get(&metric)?.0;
        Some(Evaluated { x: x(evaluation.step, evaluation.epoch), y, step: evaluation.step })
    };
    state.evaluations.iter().filter_map(point).collect()
}

/// The point of the best evaluation.
pub fn best(state: &RunState, points: &[Evaluated]) -> Option<Evaluated> {
    let best = state.best()?.step;
    points.iter().copied().find(|point| point.step == best)
}

/// The last step of a run that ended before all its steps were taken: stopped, by hand or early, or failed.
pub fn stop(run: &RunView) -> Option<u64> {
    let total = run.state.training.as_ref()?.total_steps;
    Some(run.state.step()).filter(|step| run.status.is_over() && *step > 0 && *step < total)
}
