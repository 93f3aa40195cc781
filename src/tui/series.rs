//! Curves made ready for a screen: smoothing, reduction to columns, axis ticks. Pure; knows no terminal.
//!
//! Smoothing comes before reduction, so that a curve looks the same however long it is; a column keeps its first,
//! least, greatest and last value, so that no spike is lost.

/// Exponential moving average, free of the bias of its start.
///
/// Paper: Kingma & Ba 2015, arXiv:1412.6980, §3 (the correction); the same smoothing as `TensorBoard`'s.
#[derive(Debug, Clone, Copy)]
pub struct Ema {
    weight: f64,
    sum: f64,
    correction: f64,
}

impl Ema {
    /// Keeps `weight` of the past at each value, in `[0, 1)`; 0 is off.
    pub const fn new(weight: f64) -> Self {
        Self { weight, sum: 0.0, correction: 0.0 }
    }

    /// The average with `value` taken in; what is not a finite number passes through and leaves no trace.
    pub fn next(&mut self, value: f64) -> f64 {
        if !value.is_finite() {
            return value;
        }
        self.sum = self.weight * self.sum + (1.0 - self.weight) * value;
        self.correction = self.weight * self.correction + (1.0 - self.weight);
        self.sum / self.correction
    }
}

/// What falls into one column of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Column {
    /// First, least, greatest and last finite value.
    pub values: Option<[f64; 4]>,
    /// Whether a value is NaN or infinite.
    pub has_non_finite: bool,
}

/// Reduces points to `n_columns` columns over `window`; points outside it are left out.
pub fn reduce(points: impl Iterator<Item = (f64, f64)>, window: (f64, f64), n_columns: usize) -> Vec<Column> {
    let mut columns = vec![Column::default(); n_columns];
    if n_columns == 0 {
        return columns;
    }
    for (x, y) in points {
        let Some(idx) = column_idx(x, window, n_columns) else { continue };
        let column = &mut columns[idx];
        if !y.is_finite() {
            column.has_non_finite = true;
            continue;
        }
        column.values = Some(match column.values {
            None => [y; 4],
            Some([first, least, greatest, _]) => [first, least.min(y), greatest.max(y), y],
        });
    }
    columns
}

/// The column of `x`, `None` outside the window.
pub fn column_idx(x: f64, window: (f64, f64), n_columns: usize) -> Option<usize> {
    let (low, high) = window;
    if n_columns == 0 || !x.is_finite() || x < low || x > high {
        return None;
    }
    let share = if high > low { (x - low) / (high - low) } else { 0.5 };
    Some(((share * (n_columns - 1) as f64).round() as usize).min(n_columns - 1))
}

/// Round numbers from `low` to `high`, at most `max` of them: 1, 2 or 5 times a power of ten apart.
pub fn ticks(low: f64, high: f64, max: usize) -> Vec<f64> {
    if !(low.is_finite() && high.is_finite()) || high <= low || max == 0 {
        return if low.is_finite() && max > 0 { vec![low] } else { Vec::new() };
    }
    let rough = (high - low) / max as f64;
    let power = 10.0_f64.powf(rough.log10().floor());
    let distance = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|distance| *distance >= rough * (1.0 - 1e-9));
    let Some(distance) = distance.filter(|distance| distance.is_normal()) else { return Vec::new() };
    let first = (low / distance - 1e-9).ceil();
    let last = (high / distance + 1e-9).floor();
    let n_ticks = (last - first + 1.0).max(0.0) as usize;
    (0..n_ticks)
        .map(|n| {
            let tick = (first + n as f64) * distance;
            if tick.abs() < distance * 1e-6 { 0.0 } else { tick }
        })
        .take(max + 1)
        .collect()
}

/// Powers of ten from `low` to `high`, and 2 and 5 times them where there is room; both above 0.
pub fn log_ticks(low: f64, high: f64, max: usize) -> Vec<f64> {
    if !(low > 0.0 && high > low && high.is_finite()) {
        return ticks(low, high, max);
    }
    for factors in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]] {
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let all = (first..=last).flat_map(|power| factors.iter().map(move |factor| factor * 10.0_f64.powi(power)));
        let inside: Vec<f64> = all.filter(|tick| (low * 0.999..=high * 1.001).contains(tick)).collect();
        if inside.len() <= max && inside.len() >= 2 {
            return inside;
        }
    }
    ticks(low, high, max)
}

/// Ticks with just the digits that tell them apart, `K` and `M` for large ones.
pub fn tick_labels(ticks: &[f64]) -> Vec<String> {
    let distance = ticks.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    let greatest = ticks.iter().fold(0.0_f64, |greatest, tick| greatest.max(tick.abs()));
    let (scale, unit) = match greatest {
        g if g >= 1e7 => (1e6, "M"),
        g if g >= 1e4 => (1e3, "K"),
        _ => (1.0, ""),
    };
    if greatest > 0.0 && greatest < 1e-3 {
        return ticks.iter().map(|tick| if *tick == 0.0 { "0".to_owned() } else { format!("{tick:.0e}") }).collect();
    }
    let digits = if distance.is_finite() { (-(distance / scale).log10().floor()).clamp(0.0, 6.0) as usize } else { 2 };
    ticks.iter().map(|tick| format!("{:.digits$}{unit}", tick / scale)).collect()
}

/// Columns from which percentiles mean something.
const LEAST_COLUMNS: usize = 30;

/// A range that outliers do not blow up: from the least to the greatest value, but where one lies farther beyond the
/// 5th or 95th percentile of the columns than these lie apart, only a little beyond it. Returns whether something is cut off.
pub fn robust_range(columns: &[[f64; 4]]) -> Option<(f64, f64, bool)> {
    let mut least: Vec<f64> = columns.iter().map(|values| values[1]).collect();
    let mut greatest: Vec<f64> = columns.iter().map(|values| values[2]).collect();
    let low = least.iter().copied().reduce(f64::min)?;
    let high = greatest.iter().copied().reduce(f64::max)?;
    let (last, few) = (columns.len() - 1, columns.len().div_ceil(20).min(columns.len() - 1));
    let (_, p5, _) = least.select_nth_unstable_by(few, f64::total_cmp);
    let (_, p95, _) = greatest.select_nth_unstable_by(last - few, f64::total_cmp);
    let (p5, p95, spread) = (*p5, *p95, *p95 - *p5);
    if columns.len() < LEAST_COLUMNS || spread <= 0.0 {
        return Some((low, high, false));
    }
    let cut_low = if low < p5 - spread { p5 - 0.15 * spread } else { low };
    let cut_high = if high > p95 + spread { p95 + 0.15 * spread } else { high };
    Some((cut_low, cut_high, cut_low > low || cut_high < high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_spike_survives_reduction() {
        let points = (0..100_000).map(|i| (f64::from(i), if i == 54_321 { 9.0 } else { 1.0 }));
        let columns = reduce(points, (0.0, 99_999.0), 100);
        assert_eq!(columns.iter().filter(|column| column.values.is_some_and(|values| values[2] > 8.0)).count(), 1);
    }

    #[test]
    fn not_a_number_is_a_gap_and_is_flagged() {
        let columns = reduce([(0.0, 1.0), (1.0, f64::NAN), (2.0, 3.0)].into_iter(), (0.0, 2.0), 3);
        assert_eq!(columns[1], Column { values: None, has_non_finite: true });
        assert_eq!(columns[2].values, Some([3.0; 4]));
    }

    #[test]
    fn smoothing_starts_at_the_first_value_and_forgets_not_a_number() {
        let mut ema = Ema::new(0.9);
        assert!((ema.next(5.0) - 5.0).abs() < 1e-12);
        assert!(ema.next(f64::NAN).is_nan());
        assert!((ema.next(5.0) - 5.0).abs() < 1e-12);
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(tick_labels(&ticks(0.0, 250.0, 5)), ["0", "50", "100", "150", "200", "250"]);
        assert_eq!(tick_labels(&ticks(0.21, 0.63, 3)), ["0.4", "0.6"]);
        assert_eq!(tick_labels(&ticks(0.0, 20_000.0, 4)), ["0K", "5K", "10K", "15K", "20K"]);
        assert_eq!(log_ticks(0.01, 1.0, 4), [0.01, 0.1, 1.0]);
    }

    #[test]
    fn one_outlier_does_not_set_the_range() {
        let mut columns: Vec<[f64; 4]> = (0..99).map(|i| [f64::from(i) / 99.0; 4]).collect();
        columns.push([1000.0; 4]);
        columns.push([-1000.0; 4]);
        let (low, high, is_cut) = robust_range(&columns).expect("there are values");
        assert!(is_cut && high < 2.0 && low > -1.0, "{low} {high}");
        assert_eq!(robust_range(&columns[..99]), Some((0.0, 98.0 / 99.0, false)));
    }

    proptest! {
        #[test]
        fn ticks_lie_inside_and_are_few(low in -1e9..1e9_f64, length in 0.0..1e9_f64, max in 0_usize..12) {
            let ticks = ticks(low, low + length, max);
            prop_assert!(ticks.len() <= max + 1);
            for tick in &ticks {
                prop_assert!(*tick >= low - length * 1e-3 - 1e-3 && *tick <= low + length * 1.001 + 1e-3, "{tick}");
            }
        }

        #[test]
        fn columns_keep_least_and_greatest(values in proptest::collection::vec(-1e3..1e3_f64, 1..200), n in 1_usize..50) {
            let points = values.iter().enumerate().map(|(i, y)| (i as f64, *y));
            let columns = reduce(points, (0.0, (values.len() - 1) as f64), n);
            let least = columns.iter().filter_map(|column| column.values).map(|v| v[1]).fold(f64::INFINITY, f64::min);
            let greatest = columns.iter().filter_map(|column| column.values).map(|v| v[2]).fold(f64::NEG_INFINITY, f64::max);
            prop_assert!((least - values.iter().copied().fold(f64::INFINITY, f64::min)).abs() < 1e-12);
            prop_assert!((greatest - values.iter().copied().fold(f64::NEG_INFINITY, f64::max)).abs() < 1e-12);
        }
    }
}
