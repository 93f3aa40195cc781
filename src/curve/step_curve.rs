//! The steps of a run as a curve that is read in place, through a pyramid where there is one.

use crate::curve::axis::XAxis;
use crate::curve::columns::{Column, Reduced, reduce};
use crate::curve::ema::Ema;
use crate::curve::pyramid::{BLOCK, Pyramid};
use crate::curve::quantity::Quantity;
use crate::curve::stretch::Stretch;
use crate::run::steps::Steps;

/// Points for each column from which a pyramid is faster than reading them all.
const POINTS_PER_COLUMN: usize = 8;

/// The steps of a run as a curve.
#[derive(Debug, Clone, Copy)]
pub struct StepCurve<'a> {
    /// The steps.
    pub steps: &'a Steps,
    /// What x counts.
    pub x_axis: XAxis,
    /// What y is.
    pub quantity: Quantity,
    /// Weight of the past in the smoothed curve; 0 for the raw one.
    pub weight: f64,
    /// The curve summed up, where somebody keeps it and x ascends.
    pub pyramid: Option<&'a Pyramid>,
}

/// A quantity of steps by index: its value, and steps since the one before.
pub fn point(steps: &Steps, quantity: Quantity) -> impl Fn(usize) -> (f64, u64) + '_ {
    move |idx| {
        let gap = if idx == 0 { 1 } else { steps.step(idx).saturating_sub(steps.step(idx - 1)) };
        (quantity.of_step(steps, idx), gap)
    }
}

impl StepCurve<'_> {
    /// Where point number `idx` lies.
    pub fn x(&self, idx: usize) -> f64 {
        self.x_axis.of(self.steps, idx)
    }

    /// All points, smoothed.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let point = point(self.steps, self.quantity);
        let mut ema = Ema::new(self.weight);
        (0..self.steps.len()).map(move |idx| {
            let (value, gap) = point(idx);
            (self.x(idx), ema.next(value, gap))
        })
    }

    /// The curve reduced to columns.
    pub fn reduce(&self, window: Stretch, n_columns: usize) -> Reduced {
        let n = self.steps.len();
        let pyramid = self.pyramid.filter(|pyramid| pyramid.n_points() == n && n > n_columns * POINTS_PER_COLUMN && n_columns > 1);
        let Some(pyramid) = pyramid else { return reduce(self.points(), window, n_columns) };
        let of = point(self.steps, self.quantity);
        let (start, ends) = self.ends(window, n_columns);
        let end = ends.last().copied().unwrap_or(start);
        let columns: Vec<Column> = pyramid.columns(&of, start, &ends);
        let neighbour = |idx: usize| {
            let point = (self.x(idx), pyramid.value(&of, idx));
            (point.1.is_finite() && !window.share(point.0).is_nan()).then_some(point)
        };
        let before = start.checked_sub(1).and_then(neighbour);
        let after = (end < n).then(|| neighbour(end)).flatten();
        Reduced { columns, before, after }
    }

    /// The first point of the window, and the one after the last of each column. Between columns that hold whole blocks the edge is that of a
    /// block, so that no point is read: fewer than a block's go over to the next column, less than that one dot holds.
    fn ends(&self, window: Stretch, n_columns: usize) -> (usize, Vec<usize>) {
        let n = self.steps.len();
        let start = self.first(0, n, 0, |x| x < window.low);
        let all = self.first(start, n, n - start, |x| x <= window.high);
        if window.high <= window.low {
            return (start, (0..n_columns).map(|column| if column < n_columns / 2 { start } else { all }).collect());
        }
        let mut ends = Vec::with_capacity(n_columns);
        let (mut at, mut length) = (start, (all - start) / n_columns);
        for column in 1..n_columns {
            let edge = window.at((column as f64 - 0.5) / (n_columns - 1) as f64);
            let end = self.first(at, all, length, |x| x < edge);
            (length, at) = (end - at, end);
            ends.push(if length >= BLOCK { end / BLOCK * BLOCK } else { end });
        }
        ends.push(all);
        (start, ends)
    }

    /// The first point from `from` on, before `to`, that is not `before`; looked for from `guess` points on, so that a good guess costs two
    /// looks at points, which lie far apart in memory.
    fn first(&self, from: usize, to: usize, guess: usize, before: impl Fn(f64) -> bool) -> usize {
        let (mut low, mut high, mut stride) = (from, to, 1);
        let mut probe = (from + guess).min(to.saturating_sub(1));
        while low < high {
            let lies_before = before(self.x(probe));
            if lies_before {
                low = probe + 1;
            } else {
                high = probe;
            }
            let next = if lies_before { probe + stride } else { probe.saturating_sub(stride) };
            if (low..high).contains(&next) && (low > from) != (high < to) {
                // Still on one side of it: farther each time.
                (probe, stride) = (next, stride * 2);
            } else {
                probe = usize::midpoint(low, high);
            }
        }
        low
    }

    /// The smoothed value at `x`, or the last; `None` before the first point. Without a pyramid only those points are read
    /// that still weigh: what lies ten time constants back weighs less than e⁻¹⁰.
    pub fn value_at(&self, x: Option<f64>) -> Option<f64> {
        let end = x.map_or(self.steps.len(), |until| self.steps.partition_point(|idx| self.x(idx) <= until));
        let last = end.checked_sub(1)?;
        let of = point(self.steps, self.quantity);
        if let Some(pyramid) = self.pyramid.filter(|pyramid| pyramid.n_points() > last) {
            return Some(pyramid.value(&of, last));
        }
        let start = end.saturating_sub((10.0 / (1.0 - self.weight)).ceil() as usize);
        let mut ema = Ema::new(self.weight);
        let smooth = |idx| {
            let (value, gap) = of(idx);
            ema.next(value, gap)
        };
        (start..end).map(smooth).last()
    }
}
