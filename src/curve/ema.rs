//! Smoothing: an exponential moving average, weighted by the steps that lie between values.

/// Exponential moving average, free of the bias of its start.
///
/// `m ← d·m + (1 − d)·v` with `d = weight^Δ`, where Δ is the number of steps since the value before, and `m / (1 − Πd)`
/// is shown. Where every step is logged it is the smoothing of `TensorBoard`; where steps are missing the past has faded
/// for as long as it lasted. Δ counts steps on every x axis, so that a curve keeps its shape when the axis is changed.
///
/// Paper: Kingma & Ba 2015, arXiv:1412.6980, §3 (the correction).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ema {
    weight: f64,
    sum: f64,
    correction: f64,
}

impl Ema {
    /// Keeps `weight` of the past at each step, in `[0, 1)`; 0 is off.
    pub const fn new(weight: f64) -> Self {
        Self { weight, sum: 0.0, correction: 0.0 }
    }

    /// Whether values pass through as they are.
    pub const fn is_off(&self) -> bool {
        self.weight <= 0.0
    }

    /// The average with `value`, `gap` steps after the one before, taken in; what is not a finite number passes through
    /// and leaves no trace.
    pub fn next(&mut self, value: f64, gap: u64) -> f64 {
        if !value.is_finite() || self.is_off() {
            return value;
        }
        let decay = if gap <= 1 { self.weight } else { self.weight.powi(gap.min(1 << 30) as i32) };
        self.sum = decay * self.sum + (1.0 - decay) * value;
        self.correction = decay * self.correction + (1.0 - decay);
        // Of a mean only rounding can lead beyond what was averaged.
        let mean = self.sum / self.correction;
        if mean.is_finite() { mean } else { value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_starts_at_the_first_value_and_forgets_not_a_number() {
        let mut ema = Ema::new(0.9);
        assert!((ema.next(5.0, 1) - 5.0).abs() < 1e-12);
        assert!(ema.next(f64::NAN, 1).is_nan());
        assert!((ema.next(5.0, 1) - 5.0).abs() < 1e-12);
    }

    #[test]
    fn a_missing_stretch_weighs_as_if_the_next_value_had_held_throughout() {
        let (mut dense, mut thin) = (Ema::new(0.9), Ema::new(0.9));
        dense.next(1.0, 1);
        let all = (0..7).map(|_| dense.next(3.0, 1)).last().unwrap();
        thin.next(1.0, 1);
        assert!((thin.next(3.0, 7) - all).abs() < 1e-12);
    }
}
