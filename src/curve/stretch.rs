//! What is shown of an axis: from where to where, linear or logarithmic.

/// What is shown of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Its lower end; above 0 where it is logarithmic.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Whether equal ratios take equal room.
    pub is_log: bool,
}

impl Stretch {
    /// A linear stretch.
    pub const fn linear(low: f64, high: f64) -> Self {
        Self { low, high, is_log: false }
    }

    /// How far along `value` lies: 0 at the lower end, 1 at the upper, beyond them outside. NaN where it has no place on the axis.
    pub fn share(self, value: f64) -> f64 {
        self.ruler().share(value)
    }

    /// `value` in the measure in which equal distances take equal room; NaN where it has no place on the axis.
    pub fn measure(self, value: f64) -> f64 {
        match self.is_log {
            true if value <= 0.0 => f64::NAN,
            true => value.ln(),
            // Half, since the span of two finite numbers may not be one.
            false => value / 2.0,
        }
    }

    /// What lies so far along.
    pub fn at(self, share: f64) -> f64 {
        self.ruler().at(share)
    }

    /// The column of `value`; `None` outside.
    pub fn column(self, value: f64, n_columns: usize) -> Option<usize> {
        self.ruler().column(value, n_columns)
    }

    /// The same for many values: the ends are measured once.
    pub fn ruler(self) -> Ruler {
        Ruler { stretch: self, low: self.measure(self.low), high: self.measure(self.high) }
    }

    /// The stretch between two shares of this one.
    #[must_use]
    pub fn part(self, from: f64, to: f64) -> Self {
        let end = |share: f64, edge: f64, own: f64| if (share - edge).abs() < 1e-12 { own } else { self.at(share) };
        Self { low: end(from, 0.0, self.low), high: end(to, 1.0, self.high), is_log: self.is_log }
    }
}

/// A stretch whose ends are measured.
#[derive(Debug, Clone, Copy)]
pub struct Ruler {
    stretch: Stretch,
    low: f64,
    high: f64,
}

impl Ruler {
    /// See [`Stretch::share`].
    pub fn share(self, value: f64) -> f64 {
        let value = self.stretch.measure(value);
        if value.is_nan() {
            f64::NAN
        } else if self.high > self.low {
            (value - self.low) / (self.high - self.low)
        } else {
            0.5
        }
    }

    /// See [`Stretch::at`].
    pub fn at(self, share: f64) -> f64 {
        if self.stretch.is_log {
            (self.low * (1.0 - share) + self.high * share).exp()
        } else {
            self.stretch.low * (1.0 - share) + self.stretch.high * share
        }
    }

    /// See [`Stretch::column`].
    pub fn column(self, value: f64, n_columns: usize) -> Option<usize> {
        if n_columns == 0 || !value.is_finite() || value < self.stretch.low || value > self.stretch.high {
            return None;
        }
        let share = self.share(value);
        // Never below 0, so this is the nearest; `round` is a call, some ten thousand times in a frame.
        (!share.is_nan()).then(|| ((share * (n_columns - 1) as f64 + 0.5) as usize).min(n_columns - 1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_lies_at_a_share_has_that_share(low in 1e-6..1e6_f64, factor in 1.01..1e6_f64, share in 0.0..=1.0_f64, is_log in any::<bool>()) {
            let stretch = Stretch { low, high: low * factor, is_log };
            prop_assert!((stretch.share(stretch.at(share)) - share).abs() < 1e-6);
        }

        #[test]
        fn a_column_is_always_inside(low in any::<f64>(), high in any::<f64>(), value in any::<f64>(), n in 0_usize..50, is_log in any::<bool>()) {
            let column = Stretch { low, high, is_log }.column(value, n);
            prop_assert!(column.is_none_or(|column| column < n));
        }
    }
}
