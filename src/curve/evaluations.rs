//! The evaluations of a run as points of a curve, and where the run was best and where it stopped.

use crate::curve::axis::XAxis;
use crate::curve::quantity::Quantity;
use crate::metric::MetricName;
use crate::run::catalog::RunView;
use crate::run::event::Evaluation;
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
    /// Where all evaluations lie on the x axis; empty where nobody keeps that.
    pub places: &'a [f64],
}

/// Where the evaluations of a run lie on the x axis: their steps are looked for once.
#[derive(Debug, Clone, Default)]
pub struct EvaluationPlaces {
    x_axis: XAxis,
    /// Step and epoch of those that are known.
    known: Vec<(u64, f64)>,
    places: Vec<f64>,
    /// How many of them no later step moves.
    n_settled: usize,
}

impl EvaluationPlaces {
    /// Takes in new evaluations; all of them where the axis is another. Steps must not have been forgotten since.
    pub fn follow(&mut self, state: &RunState, x_axis: XAxis) {
        if self.x_axis != x_axis {
            *self = Self { x_axis, ..Self::default() };
        }
        let is_same = |((step, epoch), evaluation): &(&(u64, f64), &Evaluation)| {
            *step == evaluation.step && epoch.to_bits() == evaluation.epoch.to_bits()
        };
        let known = self.known[..self.n_settled].iter().zip(&state.evaluations);
        let n_same = known.take_while(is_same).count();
        self.known.truncate(n_same);
        self.places.truncate(n_same);
        for evaluation in &state.evaluations[n_same..] {
            self.known.push((evaluation.step, evaluation.epoch));
            self.places.push(x_axis.of_evaluation(&state.steps, evaluation.step, evaluation.epoch));
        }
        let last = state.step();
        self.n_settled = self.known.partition_point(|(step, _)| *step <= last);
    }

    /// Whether they are those of this run's evaluations on this axis.
    pub fn fit(&self, state: &RunState, x_axis: XAxis) -> bool {
        self.x_axis == x_axis && self.places.len() == state.evaluations.len()
    }

    /// The places of a run's evaluations, in order; nothing where they are not those.
    pub fn of(&self, state: &RunState, x_axis: XAxis) -> &[f64] {
        if self.fit(state, x_axis) { &self.places } else { &[] }
    }
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
        let place = concluded.places.get(idx).copied();
        let x = place.unwrap_or_else(|| x_axis.of_evaluation(&state.steps, step, state.evaluations[idx].epoch));
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
