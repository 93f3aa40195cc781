//! What is shown of a y axis: all values, or without outliers. Pure.

use crate::curve::columns::Reduced;
use crate::curve::stretch::Stretch;

/// Least part of the greatest value that a linear y axis spans.
const LEAST_SPAN: f64 = 0.02;

/// The range of the y axis over the lines that set it, or over all where none does; `None` where there is nothing. Also whether
/// outliers are cut off.
pub fn of_lines(lines: &[(&Reduced, bool)], is_log: bool, clips: bool) -> Option<(Stretch, bool)> {
    // The least and the greatest value of each column.
    let of = |sets_range: bool| -> Vec<(f64, f64)> {
        let lines = lines.iter().filter(|(_, sets)| *sets == sets_range);
        let mut values = Vec::with_capacity(lines.clone().map(|(reduced, _)| reduced.columns.len()).sum());
        for (reduced, _) in lines {
            values.extend(reduced.columns.iter().filter_map(|column| column.values).map(|[_, least, greatest, _]| (least, greatest)));
        }
        values
    };
    let mut values = of(true);
    if values.is_empty() {
        values = of(false);
    }
    if values.is_empty() {
        // Between two points that lie outside the window there is a line all the same.
        let across = lines.iter().filter_map(|(reduced, _)| Some([reduced.before?, reduced.after?]));
        values = across.flatten().map(|(_, y)| (y, y)).collect();
    }
    // Where no value is above 0 there is nothing to take the logarithm of.
    let is_log = is_log && values.iter().any(|values| values.1 > 0.0);
    if is_log {
        values.retain(|values| values.1 > 0.0);
        values.iter_mut().filter(|values| values.0 <= 0.0).for_each(|values| values.0 = values.1);
    }
    let (low, high, is_cut) = if clips { robust(&values)? } else { (least(&values)?, greatest(&values)?, false) };
    // The widest range whose span is a number.
    let bounded = |value: f64| value.clamp(f64::MIN / 4.0, f64::MAX / 4.0);
    let (low, high) = (bounded(low), bounded(high));
    if is_log {
        let low = (low / 1.05).max(f64::MIN_POSITIVE);
        return Some((Stretch { low, high: (high * 1.05).max(low * 1.05), is_log }, is_cut));
    }
    // A curve that hardly moves must not look as if it did.
    let least_span = (high.abs() * LEAST_SPAN).max(1e-9);
    let pad = ((least_span - (high - low)) / 2.0).max((high - low) * 0.04);
    let padded = if low >= 0.0 { (low - pad).max(0.0) } else { low - pad };
    Some((Stretch::linear(padded, high + pad), is_cut))
}

fn least(columns: &[(f64, f64)]) -> Option<f64> {
    columns.iter().map(|values| values.0).reduce(f64::min)
}

fn greatest(columns: &[(f64, f64)]) -> Option<f64> {
    columns.iter().map(|values| values.1).reduce(f64::max)
}

/// Columns from which percentiles mean something.
const LEAST_COLUMNS: usize = 30;

/// A range that outliers do not blow up: from the least to the greatest value, but where one lies farther beyond the
/// 5th or 95th percentile of the columns than these lie apart, only a little beyond it. Returns whether something is cut off.
fn robust(columns: &[(f64, f64)]) -> Option<(f64, f64, bool)> {
    let mut least: Vec<f64> = columns.iter().map(|values| values.0).collect();
    let mut greatest: Vec<f64> = columns.iter().map(|values| values.1).collect();
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

    #[test]
    fn one_outlier_does_not_set_the_range() {
        let mut columns: Vec<(f64, f64)> = (0..99).map(|i| (f64::from(i) / 99.0, f64::from(i) / 99.0)).collect();
        columns.push((1000.0, 1000.0));
        columns.push((-1000.0, -1000.0));
        let (low, high, is_cut) = robust(&columns).expect("there are values");
        assert!(is_cut && high < 2.0 && low > -1.0, "{low} {high}");
        assert_eq!(robust(&columns[..99]), Some((0.0, 98.0 / 99.0, false)));
    }
}
