//! The steps of a run as a curve that is read in place, through a pyramid where there is one.

use crate::curve::axis::XAxis;
use crate::curve::columns::{Column, Reduced, reduce};
use crate::curve::ema::Ema;
use crate::curve::places::Places;
use crate::curve::pyramid::{BLOCK, Pyramid, Series};
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
    /// The curve summed up and where its blocks lie, where somebody keeps both and x ascends.
    pub pyramid: Option<(&'a Pyramid, &'a Places)>,
}

/// A quantity of steps as a series.
#[derive(Debug, Clone, Copy)]
pub struct Measured<'a> {
    /// The steps.
    pub steps: &'a Steps,
    /// What is asked of them.
    pub quantity: Quantity,
}

impl Series for Measured<'_> {
    fn n_points(&self) -> usize {
        self.steps.len()
    }

    fn point(&self, idx: usize) -> (f64, u64) {
        let gap = if idx == 0 { 1 } else { self.steps.step(idx).saturating_sub(self.steps.step(idx - 1)) };
        (self.quantity.of_step(self.steps, idx), gap)
    }

    fn block(&self, from: usize, values: &mut [f64; BLOCK]) -> bool {
        self.quantity.of_steps(self.steps, from, values);
        self.steps.are_consecutive(from.saturating_sub(1)..from + BLOCK)
    }
}

impl StepCurve<'_> {
    /// Where point number `idx` lies.
    pub fn x(&self, idx: usize) -> f64 {
        self.x_axis.of(self.steps, idx)
    }

    const fn measured(&self) -> Measured<'_> {
        Measured { steps: self.steps, quantity: self.quantity }
    }

    /// All points, smoothed.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let measured = self.measured();
        let mut ema = Ema::new(self.weight);
        (0..self.steps.len()).map(move |idx| {
            let (value, gap) = measured.point(idx);
            (self.x(idx), ema.next(value, gap))
        })
    }

    /// The curve reduced to columns.
    pub fn reduce(&self, window: Stretch, n_columns: usize) -> Reduced {
        let n = self.steps.len();
        let pyramid = self.pyramid.filter(|(pyramid, _)| pyramid.n_points() == n && n > n_columns * POINTS_PER_COLUMN && n_columns > 1);
        let Some((pyramid, places)) = pyramid else { return reduce(self.points(), window, n_columns) };
        let measured = self.measured();
        let (start, ends) = places.ends(self.steps, window, n_columns);
        let end = ends.last().copied().unwrap_or(start);
        let columns: Vec<Column> = pyramid.columns(&measured, start, &ends);
        let neighbour = |idx: usize| {
            let point = (self.x(idx), pyramid.value(&measured, idx));
            (point.1.is_finite() && !window.share(point.0).is_nan()).then_some(point)
        };
        let before = start.checked_sub(1).and_then(neighbour);
        let after = (end < n).then(|| neighbour(end)).flatten();
        Reduced { columns, before, after }
    }

    /// The smoothed value at `x`, or the last; `None` before the first point. Without a pyramid only those points are read
    /// that still weigh: what lies ten time constants back weighs less than e⁻¹⁰.
    pub fn value_at(&self, x: Option<f64>) -> Option<f64> {
        let end = x.map_or(self.steps.len(), |until| self.steps.partition_point(|idx| self.x(idx) <= until));
        let last = end.checked_sub(1)?;
        let measured = self.measured();
        if let Some((pyramid, _)) = self.pyramid.filter(|(pyramid, _)| pyramid.n_points() > last) {
            return Some(pyramid.value(&measured, last));
        }
        let start = end.saturating_sub((10.0 / (1.0 - self.weight)).ceil() as usize);
        let mut ema = Ema::new(self.weight);
        let smooth = |idx| {
            let (value, gap) = measured.point(idx);
            ema.next(value, gap)
        };
        (start..end).map(smooth).last()
    }
}
