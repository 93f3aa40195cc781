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

    /// First, least, greatest and last average of the values of each series, which each follow the one before by one step, taken in at once; to
    /// the bit what [`Ema::next`] gives for each. `None`, and nothing is taken in, where something is no finite number.
    pub fn blocks<const N: usize, const LENGTH: usize>(all: &mut [Self; N], values: &[[f64; LENGTH]; N]) -> [Option<[f64; 4]>; N] {
        if all.iter().all(Self::is_settled) {
            Self::averages::<N, LENGTH, true>(all, values)
        } else {
            Self::averages::<N, LENGTH, false>(all, values)
        }
    }

    /// Whether further values do not change the correction.
    fn is_settled(&self) -> bool {
        let next = self.weight * self.correction + (1.0 - self.weight);
        self.is_off() || next.to_bits() == self.correction.to_bits()
    }

    /// See [`Ema::blocks`]. Each average waits for the one before, so several series are averaged side by side. Dividing by what stays the same
    /// keeps order, so that where the corrections have settled four averages are divided and not all. What is not finite once stays so to the end.
    #[expect(clippy::needless_range_loop, reason = "the same place of several series")]
    fn averages<const N: usize, const LENGTH: usize, const SETTLED: bool>(
        all: &mut [Self; N],
        values: &[[f64; LENGTH]; N],
    ) -> [Option<[f64; 4]>; N] {
        let weights = all.map(|ema| ema.weight);
        let fresh = weights.map(|weight| 1.0 - weight);
        let (mut sums, mut corrections) = (all.map(|ema| ema.sum), all.map(|ema| if ema.is_off() { 1.0 } else { ema.correction }));
        let (mut first, mut last) = ([f64::NAN; N], [f64::NAN; N]);
        let (mut least, mut greatest) = ([f64::INFINITY; N], [f64::NEG_INFINITY; N]);
        for idx in 0..LENGTH {
            for lane in 0..N {
                sums[lane] = weights[lane] * sums[lane] + fresh[lane] * values[lane][idx];
                if SETTLED {
                    last[lane] = sums[lane];
                } else {
                    corrections[lane] = weights[lane] * corrections[lane] + fresh[lane];
                    last[lane] = sums[lane] / corrections[lane];
                }
                least[lane] = if last[lane] < least[lane] { last[lane] } else { least[lane] };
                greatest[lane] = if last[lane] > greatest[lane] { last[lane] } else { greatest[lane] };
            }
            if idx == 0 {
                first = last;
            }
        }
        let mut lane = 0;
        all.each_mut().map(|ema| {
            let averages = [first[lane], least[lane], greatest[lane], last[lane]];
            let averages = if SETTLED { averages.map(|sum| sum / corrections[lane]) } else { averages };
            let are_finite = averages.iter().all(|average| average.is_finite());
            if are_finite {
                ema.sum = sums[lane];
                ema.correction = if ema.is_off() { ema.correction } else { corrections[lane] };
            }
            lane += 1;
            are_finite.then_some(averages)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_block_is_what_its_values_are_one_by_one(
            n_before in prop_oneof![0_usize..100, 3000_usize..5000],
            weights in proptest::array::uniform3(prop_oneof![Just(0.0), Just(0.5), Just(0.8), Just(0.99), 0.0..1.0]),
            values in proptest::collection::vec(
                prop_oneof![50 => -1e3..1e3_f64, 1 => Just(f64::MAX), 1 => -1e-300..1e-300_f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)],
                48,
            ),
        ) {
            let values: [[f64; 16]; 3] = std::array::from_fn(|lane| std::array::from_fn(|idx| values[lane * 16 + idx]));
            let mut one_by_one = weights.map(Ema::new);
            for ema in &mut one_by_one {
                for idx in 0..n_before {
                    ema.next((idx as f64).sin(), 1);
                }
            }
            let before = one_by_one;
            let mut at_once = before;
            let blocks = Ema::blocks(&mut at_once, &values);
            for (lane, ema) in one_by_one.iter_mut().enumerate() {
                let slowly: Vec<f64> = values[lane].iter().map(|value| ema.next(*value, 1)).collect();
                let Some([first, least, greatest, last]) = blocks[lane] else {
                    prop_assert_eq!(at_once[lane], before[lane]);
                    continue;
                };
                prop_assert_eq!((first, last), (slowly[0], slowly[15]));
                let ends = (f64::INFINITY, f64::NEG_INFINITY);
                prop_assert_eq!((least, greatest), slowly.iter().fold(ends, |ends, value| (ends.0.min(*value), ends.1.max(*value))));
                prop_assert_eq!((ema.next(7.0, 1), ema.next(8.0, 3)), (at_once[lane].next(7.0, 1), at_once[lane].next(8.0, 3)));
            }
        }

        #[test]
        fn the_correction_settles_and_what_is_no_number_is_not_taken_at_once(at in 0_usize..64, weight in 0.0..0.99_f64, bad in 0_usize..3) {
            let mut ema = [Ema::new(weight)];
            for _ in 0..5000 {
                ema[0].next(1.0, 1);
            }
            prop_assert!(ema[0].is_settled());
            let mut values = [[1.0; 64]];
            prop_assert!(Ema::blocks(&mut ema, &values)[0].is_some());
            values[0][at] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][bad];
            prop_assert!(Ema::blocks(&mut ema, &values)[0].is_none());
        }
    }

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
