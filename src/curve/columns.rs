//! Points reduced to the columns of a chart: first, least, greatest and last of each, so that no spike is lost. Pure.
//!
//! Smoothing comes before reduction, so that a curve looks the same however long it is.

use crate::curve::stretch::Stretch;

/// What falls into one column of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Column {
    /// First, least, greatest and last finite value.
    pub values: Option<[f64; 4]>,
    /// Whether a value is NaN or infinite.
    pub has_non_finite: bool,
}

impl Column {
    /// Takes in the next value.
    pub fn push(&mut self, value: f64) {
        if !value.is_finite() {
            self.has_non_finite = true;
            return;
        }
        self.values = Some(match self.values {
            None => [value; 4],
            Some([first, least, greatest, _]) => [first, least.min(value), greatest.max(value), value],
        });
    }

    /// Takes in what follows.
    pub fn merge(&mut self, next: &Self) {
        self.has_non_finite |= next.has_non_finite;
        self.values = match (self.values, next.values) {
            (Some([first, least, greatest, _]), Some(next)) => Some([first, least.min(next[1]), greatest.max(next[2]), next[3]]),
            (values, next) => values.or(next),
        };
    }
}

/// A curve reduced to the columns of a window.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reduced {
    /// What falls into each column.
    pub columns: Vec<Column>,
    /// The last point before the window, where the curve comes in from it unbroken.
    pub before: Option<(f64, f64)>,
    /// The first point after the window, where the curve goes out to it unbroken.
    pub after: Option<(f64, f64)>,
}

/// From one place to another: column and value each.
pub type Segment = ((usize, f64), (usize, f64));

impl Reduced {
    /// The curve from the edges of the window to the first point in it and from the last one, or across where there is none;
    /// straight on this y axis.
    pub fn edges(&self, window: Stretch, y_axis: Stretch) -> Vec<Segment> {
        let n = self.columns.len();
        if n < 2 {
            return Vec::new();
        }
        let share = |x: usize| x as f64 / (n - 1) as f64;
        // The value at the edge `at` on the line from one (share of the window, value) to another.
        let crossing = |from: (f64, f64), to: (f64, f64), at: f64| {
            let part = if to.0 > from.0 { (at - from.0) / (to.0 - from.0) } else { 0.0 };
            y_axis.at(y_axis.share(from.1) * (1.0 - part) + y_axis.share(to.1) * part)
        };
        let before = self.before.map(|(x, y)| (window.share(x), y));
        let after = self.after.map(|(x, y)| (window.share(x), y));
        let mut filled = self.columns.iter().enumerate().filter(|(_, column)| column.values.is_some() || column.has_non_finite);
        let first = filled.next();
        let last = filled.next_back().or(first);
        let whole = |(x, column): (usize, &Column)| column.values.filter(|_| !column.has_non_finite).map(|values| (x, values));
        let mut edges = Vec::new();
        if first.is_none() {
            edges.extend(
                before.zip(after).map(|(before, after)| ((0, crossing(before, after, 0.0)), (n - 1, crossing(before, after, 1.0)))),
            );
        }
        if let Some((before, (x, [value, ..]))) = before.zip(first.and_then(whole)) {
            edges.push(((0, crossing(before, (share(x), value), 0.0)), (x, value)));
        }
        if let Some((after, (x, [.., value]))) = after.zip(last.and_then(whole)) {
            edges.push(((x, value), (n - 1, crossing((share(x), value), after, 1.0))));
        }
        edges.retain(|(from, to)| from.1.is_finite() && to.1.is_finite());
        edges
    }
}

/// Reduces points, ascending in x, to `n_columns` columns over `window`.
pub fn reduce(points: impl Iterator<Item = (f64, f64)>, window: Stretch, n_columns: usize) -> Reduced {
    let mut reduced = Reduced { columns: vec![Column::default(); n_columns], ..Reduced::default() };
    let mut is_past = false;
    let ruler = window.ruler();
    for (x, y) in points {
        if let Some(idx) = ruler.column(x, n_columns) {
            reduced.columns[idx].push(y);
        } else if x < window.low {
            reduced.before = (y.is_finite() && !ruler.share(x).is_nan()).then_some((x, y));
        } else if x > window.high && !is_past {
            is_past = true;
            reduced.after = y.is_finite().then_some((x, y));
        }
    }
    reduced
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_spike_survives_reduction() {
        let points = (0..100_000).map(|i| (f64::from(i), if i == 54_321 { 9.0 } else { 1.0 }));
        let columns = reduce(points, Stretch::linear(0.0, 99_999.0), 100).columns;
        assert_eq!(columns.iter().filter(|column| column.values.is_some_and(|values| values[2] > 8.0)).count(), 1);
    }

    #[test]
    fn not_a_number_is_a_gap_and_is_flagged() {
        let columns = reduce([(0.0, 1.0), (1.0, f64::NAN), (2.0, 3.0)].into_iter(), Stretch::linear(0.0, 2.0), 3).columns;
        assert_eq!(columns[1], Column { values: None, has_non_finite: true });
        assert_eq!(columns[2].values, Some([3.0; 4]));
    }

    #[test]
    fn the_neighbours_of_a_window_are_kept_unless_the_curve_is_broken() {
        let points = [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, f64::NAN), (4.0, 5.0)];
        let reduced = reduce(points.into_iter(), Stretch::linear(1.5, 2.5), 3);
        assert_eq!((reduced.before, reduced.after), (Some((1.0, 2.0)), None));
    }

    proptest! {
        #[test]
        fn columns_keep_least_and_greatest(values in proptest::collection::vec(-1e3..1e3_f64, 1..200), n in 1_usize..50) {
            let points = values.iter().enumerate().map(|(i, y)| (i as f64, *y));
            let columns = reduce(points, Stretch::linear(0.0, (values.len() - 1) as f64), n).columns;
            let least = columns.iter().filter_map(|column| column.values).map(|v| v[1]).fold(f64::INFINITY, f64::min);
            let greatest = columns.iter().filter_map(|column| column.values).map(|v| v[2]).fold(f64::NEG_INFINITY, f64::max);
            prop_assert!((least - values.iter().copied().fold(f64::INFINITY, f64::min)).abs() < 1e-12);
            prop_assert!((greatest - values.iter().copied().fold(f64::NEG_INFINITY, f64::max)).abs() < 1e-12);
        }
    }
}
