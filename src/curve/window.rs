//! What is shown of the x axis: all of it, or a part that was zoomed to. A window never misses every point.

use crate::curve::axis::XAxis;
use crate::curve::stretch::Stretch;
use crate::run::catalog::RunView;

/// Least part of the whole axis that can be zoomed to.
const LEAST_SHARE: f64 = 1e-6;

/// The part of the x axis that was zoomed to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zoom {
    /// From here, in units of x.
    pub low: f64,
    /// To here.
    pub high: f64,
    /// Whether it moves along with the end that grows.
    pub follows: bool,
}

/// From where every run starts to the furthest that any has come.
pub fn full(runs: &[&RunView], x_axis: XAxis, is_log: bool) -> Stretch {
    let last = |run: &&RunView| Some(x_axis.of(&run.state.steps, run.state.steps.len().checked_sub(1)?));
    let furthest = runs.iter().filter_map(last).filter(|x| x.is_finite()).fold(0.0, f64::max);
    let high = if furthest > 0.0 { furthest } else { 1.0 };
    if !is_log {
        return Stretch::linear(0.0, high);
    }
    // A logarithmic axis begins at the first step that is not at 0.
    let first = |run: &&RunView| {
        let steps = &run.state.steps;
        (0..steps.len().min(2)).map(|idx| x_axis.of(steps, idx)).find(|x| *x > 0.0 && x.is_finite())
    };
    let least = runs.iter().filter_map(first).fold(f64::INFINITY, f64::min);
    let low = if least < high { least } else { high / 10.0 };
    Stretch { low, high, is_log: true }
}

/// What is shown of `full`.
pub fn shown(zoom: Option<Zoom>, full: Stretch, runs: &[&RunView], x_axis: XAxis) -> Stretch {
    let Some(zoom) = zoom else { return full };
    let (mut from, mut to) = (full.share(zoom.low), full.share(zoom.high));
    if from.is_nan() {
        from = 0.0;
    }
    if !(to > from && from.is_finite() && to.is_finite()) {
        return full;
    }
    if zoom.follows {
        (from, to) = (from + 1.0 - to, 1.0);
    }
    hold(inside(full, from, to), full, runs, x_axis)
}

/// A window with these shares of `full`, moved so that it lies inside.
fn inside(full: Stretch, from: f64, to: f64) -> Stretch {
    let width = (to - from).clamp(LEAST_SHARE, 1.0);
    let from = from.clamp(0.0, 1.0 - width);
    full.part(from, from + width)
}

/// A window that shows at least one point: moved to the nearest where it shows none.
fn hold(window: Stretch, full: Stretch, runs: &[&RunView], x_axis: XAxis) -> Stretch {
    let middle = window.at(0.5);
    let mut nearest: Option<f64> = None;
    for run in runs {
        let steps = &run.state.steps;
        let idx = steps.partition_point(|idx| x_axis.of(steps, idx) < window.low);
        let of_steps = [idx.checked_sub(1), Some(idx)].into_iter().flatten().filter(|idx| *idx < steps.len());
        let evaluations = run.state.evaluations.iter();
        let of_evaluations = evaluations.map(|evaluation| x_axis.of_evaluation(steps, evaluation.step, evaluation.epoch));
        for x in of_steps.map(|idx| x_axis.of(steps, idx)).chain(of_evaluations).filter(|x| x.is_finite() && !full.share(*x).is_nan()) {
            if (window.low..=window.high).contains(&x) {
                return window;
            }
            if nearest.is_none_or(|nearest| (x - middle).abs() < (nearest - middle).abs()) {
                nearest = Some(x);
            }
        }
    }
    let Some(x) = nearest else { return window };
    let (share, width) = (full.share(x), full.share(window.high) - full.share(window.low));
    let moved = inside(full, share - width / 2.0, share + width / 2.0);
    // The ends of the axis may lie before the first evaluation or behind the last.
    if (moved.low..=moved.high).contains(&x) { moved } else { full }
}

/// `window` made wider (above 1) or narrower (below 1) around a share of it; `None` is all.
pub fn zoomed(window: Stretch, full: Stretch, factor: f64, around: f64) -> Option<Zoom> {
    let (from, to) = (full.share(window.low), full.share(window.high));
    let width = (to - from) * factor;
    if !(width.is_finite() && width < 1.0 - 1e-9) {
        return None;
    }
    let centre = from + (to - from) * around;
    Some(zoom(full, centre - width * around, centre + width * (1.0 - around)))
}

/// `window` moved by a share of its width.
pub fn panned(window: Stretch, full: Stretch, by: f64) -> Option<Zoom> {
    let (from, to) = (full.share(window.low), full.share(window.high));
    let way = (to - from) * by;
    (to - from < 1.0 - 1e-9).then(|| zoom(full, from + way, to + way))
}

fn zoom(full: Stretch, from: f64, to: f64) -> Zoom {
    let Stretch { low, high, .. } = inside(full, from, to);
    Zoom { low, high, follows: high >= full.high }
}
