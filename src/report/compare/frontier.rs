//! The efficiency frontier: which runs no other beats at no greater cost. Pure.

use crate::metric::MetricName;
use crate::report::compare::cost::Cost;
use crate::run::catalog::RunView;

/// A run on the plane of cost and quality.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Which of the runs.
    pub idx: usize,
    /// What it costs, above 0.
    pub cost: f64,
    /// The validation metric of its best evaluation.
    pub value: f64,
    /// Whether no other run is as good or better at the same cost or less, one of the two strictly (Pareto).
    pub is_efficient: bool,
}

/// The runs that have both a cost and a value, the cheapest first.
pub fn frontier(runs: &[&RunView], cost: Cost, metric: MetricName) -> Vec<Point> {
    let sign = if metric.definition().higher_is_better { 1.0 } else { -1.0 };
    let mut points: Vec<Point> = runs.iter().enumerate().filter_map(|(idx, run)| point(idx, run, cost, metric)).collect();
    points.sort_by(|a, b| a.cost.total_cmp(&b.cost).then((b.value * sign).total_cmp(&(a.value * sign))));
    let mut best: Option<Point> = None;
    for point in &mut points {
        // The cheapest come first, so only those before it can beat it; equals stand together.
        let is_better = best.is_none_or(|best| point.value * sign > best.value * sign);
        let is_equal = best.is_some_and(|best| (best.cost, best.value) == (point.cost, point.value));
        point.is_efficient = is_better || is_equal;
        if is_better {
            best = Some(*point);
        }
    }
    points
}

/// What a picture of these points spans: the powers of ten of their costs, and their values, each with room at both ends.
pub fn ranges(points: &[Point]) -> ((f64, f64), (f64, f64)) {
    let padded = |of: fn(&Point) -> f64, least: f64| {
        let wider = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
        let (low, high) = points.iter().map(of).fold((f64::INFINITY, f64::NEG_INFINITY), wider);
        let pad = ((high - low) * 0.08).max(least);
        (low - pad, high + pad)
    };
    // Costs are above 0, so their logarithms are numbers.
    (padded(|point| point.cost.log10(), 0.2), padded(|point| point.value, 0.005))
}

fn point(idx: usize, run: &RunView, cost: Cost, metric: MetricName) -> Option<Point> {
    let evaluation = run.state.best().or(run.state.evaluations.last())?;
    let value = evaluation.metrics.get(&metric)?.0;
    value.is_finite().then_some(())?;
    Some(Point { idx, cost: cost.of(run)?, value, is_efficient: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::compare::matched::tests::run_with;

    fn check(runs: &[(u64, f64)], metric: MetricName, expected: &[(usize, bool)]) {
        // Seconds of training grow with the step of the only evaluation.
        let runs: Vec<RunView> = runs.iter().map(|run| run_with(&[*run])).collect();
        let points = frontier(&runs.iter().collect::<Vec<_>>(), Cost::Seconds, metric);
        assert_eq!(points.iter().map(|point| (point.idx, point.is_efficient)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_run_is_efficient_where_nothing_cheaper_is_as_good() {
        let runs = [(30, 0.9), (10, 0.8), (20, 0.79), (40, 0.91), (50, 0.91)];
        check(&runs, MetricName::Accuracy, &[(1, true), (2, false), (0, true), (3, true), (4, false)]);
        check(&runs, MetricName::Loss, &[(1, true), (2, false), (0, true), (3, true), (4, false)]);
    }

    #[test]
    fn equals_are_efficient_together_and_the_worse_of_one_cost_is_not() {
        check(&[(10, 0.8), (10, 0.8), (10, 0.7)], MetricName::Accuracy, &[(0, true), (1, true), (2, false)]);
        check(&[], MetricName::Accuracy, &[]);
    }
}
