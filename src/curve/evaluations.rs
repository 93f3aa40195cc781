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

/// What was concluded from the evaluations of a run, and for which metric.
#[derive(Debug, Clone, Copy)]
pub struct Concluded<'a> {
    /// Its evaluations with matched training losses.
    pub points: &'a [overfitting::Point],
    /// The metric that they hold.
    pub metric: MetricName,
}

/// The evaluations of a run that have the quantity.
pub fn points(state: &RunState, concluded: Concluded, quantity: Quantity, chosen: MetricName, x_axis: XAxis) -> Vec<Evaluated> {
    let metric = quantity.metric(chosen);
    let value: fn(&overfitting::Point) -> Option<f64> = match metric {
        _ if quantity == Quantity::Gap => overfitting::Point::gap,
        Some(MetricName::Loss) => |point| Some(point.validation_loss).filter(|loss| !loss.is_nan()),
        Some(metric) if metric == concluded.metric => |point| point.metric,
        _ => |_| None,
    };
    // Those that are known lie close together in memory, and an evaluation does not; thousands of them are read for a frame.
    let n_known = concluded.points.len().min(state.evaluations.len());
    let point = |idx: usize| {
        let known = concluded.points[..n_known].get(idx);
        let y = known.and_then(value).or_else(|| state.evaluations[idx].metrics.get(&metric?).map(|value| value.0))?;
        let step = known.map_or_else(|| state.evaluations[idx].step, |point| point.step);
        let x = if x_axis == XAxis::Step { step as f64 } else { x_axis.of_evaluation(&state.steps, step, state.evaluations[idx].epoch) };
        Some(Evaluated { x, y, step })
    };
    (0..state.evaluations.len()).filter_map(point).collect()
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
