//! A long series that only grows, summed up in blocks, so that a chart of it costs as much as it has columns.
//!
//! Blocks of 64 and of 4096 points lie on a fixed grid: they change only at the end that grows. Each keeps first, least, greatest and
//! last value, the two in the middle beside those of the next block, since a frame reads some ten thousand; where a column ends within a
//! block, the points themselves are read, and smoothing goes on from where the block begins.

use std::cmp::Reverse;
use std::ops::Range;

use crate::curve::columns::Column;
use crate::curve::ema::Ema;

/// Points in a block.
pub const BLOCK: usize = 64;

/// Points in a block of blocks.
const TOWER: usize = BLOCK * BLOCK;

/// Series that are summed up side by side: so many hide that each average waits for the one before, and more find no room in registers.
const LANES: usize = 8;

/// Blocks of a series that are read in one go: short pieces of many series by turns are more than memory fetches ahead.
const AHEAD: usize = 4;

/// A series of points: value, and steps since the one before, asked for by number.
pub trait Series {
    /// How many there are.
    fn n_points(&self) -> usize;

    /// Point number `idx`.
    fn point(&self, idx: usize) -> (f64, u64);

    /// The values of the points from number `from` on, and whether each of them follows the one before by at most one step.
    fn block(&self, from: usize, values: &mut [f64; BLOCK]) -> bool;
}

/// A series summed up; the points themselves stay where they are.
#[derive(Debug, Clone)]
pub struct Pyramid {
    n_points: usize,
    /// The average after the last point.
    ema: Ema,
    /// The average before the first point of each block; nothing where values are not smoothed.
    starts: Vec<Ema>,
    blocks: Level,
    towers: Level,
}

/// Blocks of one size.
#[derive(Debug, Clone)]
struct Level {
    /// First and last finite value of each; NaN where there is none.
    ends: Vec<(f64, f64)>,
    /// Least and greatest; an empty range where there is none.
    ranges: Vec<(f64, f64)>,
    /// Which of them hold what is no finite number, ascending: few, if any.
    non_finite: Vec<usize>,
}

impl Level {
    const fn new() -> Self {
        Self { ends: Vec::new(), ranges: Vec::new(), non_finite: Vec::new() }
    }

    fn clear(&mut self) {
        self.ends.clear();
        self.ranges.clear();
        self.non_finite.clear();
    }

    fn begin(&mut self) {
        self.ends.push((f64::NAN, f64::NAN));
        self.ranges.push((f64::INFINITY, f64::NEG_INFINITY));
    }

    /// Takes the next value into the last block.
    fn push(&mut self, value: f64) {
        let n_blocks = self.ends.len();
        let (Some(ends), Some(range)) = (self.ends.last_mut(), self.ranges.last_mut()) else { return };
        if !value.is_finite() {
            if self.non_finite.last() != Some(&(n_blocks - 1)) {
                self.non_finite.push(n_blocks - 1);
            }
            return;
        }
        *ends = (if ends.0.is_nan() { value } else { ends.0 }, value);
        *range = (range.0.min(value), range.1.max(value));
    }

    /// Takes what many values are together into the last block.
    fn push_all(&mut self, [first, least, greatest, last]: [f64; 4]) {
        let (Some(ends), Some(range)) = (self.ends.last_mut(), self.ranges.last_mut()) else { return };
        *ends = (if ends.0.is_nan() { first } else { ends.0 }, last);
        *range = (range.0.min(least), range.1.max(greatest));
    }

    /// What falls into these blocks together.
    fn column(&self, blocks: Range<usize>) -> Column {
        let next = self.non_finite.partition_point(|block| *block < blocks.start);
        let has_non_finite = self.non_finite.get(next).is_some_and(|block| blocks.contains(block));
        let is_there = |ends: &&(f64, f64)| !ends.0.is_nan();
        let ends = &self.ends[blocks.clone()];
        let (first, last) = (ends.iter().find(is_there), ends.iter().rfind(is_there));
        // None is NaN, so that plain comparisons do.
        let wider = |(least, most): (f64, f64), range: &(f64, f64)| {
            (if range.0 < least { range.0 } else { least }, if range.1 > most { range.1 } else { most })
        };
        let (least, greatest) = self.ranges[blocks].iter().fold((f64::INFINITY, f64::NEG_INFINITY), wider);
        Column { values: first.zip(last).map(|(first, last)| [first.0, least, greatest, last.1]), has_non_finite }
    }
}

impl Pyramid {
    /// Nothing yet, to be smoothed by this weight.
    pub const fn new(weight: f64) -> Self {
        Self { n_points: 0, ema: Ema::new(weight), starts: Vec::new(), blocks: Level::new(), towers: Level::new() }
    }

    /// Points summed up so far.
    pub const fn n_points(&self) -> usize {
        self.n_points
    }

    /// Begins anew, to be smoothed by this weight, in the room that is there already.
    pub fn restart(&mut self, weight: f64) {
        (self.n_points, self.ema) = (0, Ema::new(weight));
        self.starts.clear();
        self.blocks.clear();
        self.towers.clear();
    }

    /// Takes in all points of each series, of whichever runs: a block of several at once, where all is as it mostly is.
    pub fn grow_all<S: Series>(all: &mut [(&mut Self, S)]) {
        for (pyramid, series) in &mut *all {
            let whole = pyramid.n_points.next_multiple_of(BLOCK);
            pyramid.push(series, whole.min(series.n_points()));
        }
        let mut waiting: Vec<(usize, &mut Self, &S)> = Vec::new();
        for (pyramid, series) in &mut *all {
            let n_blocks = series.n_points().saturating_sub(pyramid.n_points) / BLOCK;
            if n_blocks > 0 {
                waiting.push((n_blocks, pyramid, series));
            }
        }
        // Those side by side have about as much to take in.
        waiting.sort_by_key(|(n_blocks, ..)| Reverse(*n_blocks));
        for mut group in waiting.chunks_mut(LANES) {
            let mut n_done = 0;
            while let Some((least, ..)) = group.last() {
                let n_blocks = least - n_done;
                match group.len() {
                    1 => Self::grow_lanes::<1, S>(group, n_blocks),
                    2 => Self::grow_lanes::<2, S>(group, n_blocks),
                    3 | 4 => Self::grow_lanes::<4, S>(group, n_blocks),
                    _ => Self::grow_lanes::<LANES, S>(group, n_blocks),
                }
                n_done += n_blocks;
                let n_left = group.partition_point(|(n_blocks, ..)| *n_blocks > n_done);
                group = &mut group[..n_left];
            }
        }
        for (pyramid, series) in all {
            pyramid.push(series, series.n_points());
        }
    }

    /// Takes in the next so many blocks of each; lanes that have no series average nothing.
    fn grow_lanes<const N: usize, S: Series>(group: &mut [(usize, &mut Self, &S)], n_blocks: usize) {
        let (mut values, mut are_dense, mut emas) = ([[[0.0; BLOCK]; N]; AHEAD], [[false; N]; AHEAD], [Ema::new(0.0); N]);
        for done in (0..n_blocks).step_by(AHEAD) {
            let n_read = AHEAD.min(n_blocks - done);
            for (lane, (_, pyramid, series)) in group.iter().enumerate() {
                for ahead in 0..n_read {
                    are_dense[ahead][lane] = series.block(pyramid.n_points + ahead * BLOCK, &mut values[ahead][lane]);
                }
                emas[lane] = pyramid.ema;
            }
            for ahead in 0..n_read {
                let blocks = Ema::blocks(&mut emas, &values[ahead]);
                for (lane, (_, pyramid, series)) in group.iter_mut().enumerate() {
                    if let Some(all) = blocks[lane].filter(|_| are_dense[ahead][lane]) {
                        pyramid.begin();
                        pyramid.ema = emas[lane];
                        pyramid.blocks.push_all(all);
                        pyramid.towers.push_all(all);
                        pyramid.n_points += BLOCK;
                    } else {
                        pyramid.push(*series, pyramid.n_points + BLOCK);
                        emas[lane] = pyramid.ema;
                    }
                }
            }
        }
    }

    /// Takes in the next points, up to number `n`, one by one.
    fn push(&mut self, series: &impl Series, n: usize) {
        while self.n_points < n {
            self.begin();
            let (value, gap) = series.point(self.n_points);
            let value = self.ema.next(value, gap);
            self.blocks.push(value);
            self.towers.push(value);
            self.n_points += 1;
        }
    }

    /// Begins the block of the next point, where it is the first of one.
    fn begin(&mut self) {
        if self.n_points.is_multiple_of(TOWER) {
            self.towers.begin();
        }
        if self.n_points.is_multiple_of(BLOCK) {
            if !self.ema.is_off() {
                self.starts.push(self.ema);
            }
            self.blocks.begin();
        }
    }

    /// The smoothed value of point number `idx`.
    pub fn value(&self, series: &impl Series, idx: usize) -> f64 {
        let Some(start) = self.starts.get(idx / BLOCK) else { return series.point(idx).0 };
        let mut ema = *start;
        let smooth = |idx| {
            let (value, gap) = series.point(idx);
            ema.next(value, gap)
        };
        (idx / BLOCK * BLOCK..=idx).map(smooth).last().unwrap_or(f64::NAN)
    }

    /// What falls between `start` and each of `ends`, which ascend: a column for each.
    pub fn columns(&self, series: &impl Series, start: usize, ends: &[usize]) -> Vec<Column> {
        let mut at = start.min(self.n_points);
        let mut ema = self.before(series, at);
        let mut columns = vec![Column::default(); ends.len()];
        for (column, end) in columns.iter_mut().zip(ends) {
            let end = (*end).min(self.n_points);
            while at < end {
                if at.is_multiple_of(TOWER) && at + TOWER <= end {
                    let to = end / TOWER;
                    column.merge(&self.towers.column(at / TOWER..to));
                    at = to * TOWER;
                } else if at.is_multiple_of(BLOCK) && at + BLOCK <= end {
                    let next_tower = (at / TOWER + 1) * TOWER;
                    let to = end.min(next_tower) / BLOCK;
                    column.merge(&self.blocks.column(at / BLOCK..to));
                    at = to * BLOCK;
                } else {
                    if let Some(start) = self.starts.get(at / BLOCK).filter(|_| at.is_multiple_of(BLOCK)) {
                        ema = *start;
                    }
                    let (value, gap) = series.point(at);
                    column.push(ema.next(value, gap));
                    at += 1;
                }
            }
        }
        columns
    }

    /// The average before point number `idx`.
    fn before(&self, series: &impl Series, idx: usize) -> Ema {
        let Some(start) = self.starts.get(idx / BLOCK) else { return self.ema };
        let mut ema = *start;
        for idx in idx / BLOCK * BLOCK..idx {
            let (value, gap) = series.point(idx);
            ema.next(value, gap);
        }
        ema
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Values, and steps since the one before.
    impl Series for &[(f64, u64)] {
        fn n_points(&self) -> usize {
            self.len()
        }

        fn point(&self, idx: usize) -> (f64, u64) {
            self[idx]
        }

        fn block(&self, from: usize, values: &mut [f64; BLOCK]) -> bool {
            (0..BLOCK).for_each(|idx| values[idx] = self[from + idx].0);
            self[from..from + BLOCK].iter().all(|(_, gap)| *gap <= 1)
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn columns_are_those_of_all_points(
            n in 1_usize..9000,
            grown in proptest::collection::vec(0_usize..9000, 0..4),
            cuts in proptest::collection::vec(0_usize..9000, 2..30),
            weight in prop_oneof![Just(0.0), Just(0.8), Just(0.99)],
            seed in 1_u64..1000,
            // How seldom a value is none, and steps are missing.
            (seldom, missing) in prop_oneof![Just((257, 5)), Just((3001, 1009)), Just((1 << 40, 1 << 40))],
        ) {
            let value = |i: u64| {
                let noise = (i * seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
                if noise.is_multiple_of(seldom) { f64::NAN } else { noise as f64 / 1e5 }
            };
            let gap = |i: u64| 1 + u64::from(i.is_multiple_of(missing));
            let plain: Vec<(f64, u64)> = (0..n as u64).map(|i| (value(i), gap(i))).collect();
            // Others beside it, of which some are behind it, some are averaged otherwise, and one was averaged otherwise before.
            let weights = [0.0, weight, 0.6, 0.5, weight, 0.9, 0.0, 0.3, weight, 0.95, 0.0];
            let mut pyramids = weights.map(Pyramid::new);
            Pyramid::grow_all(&mut [(&mut pyramids[2], &plain[..n / 3])]);
            for until in grown.iter().chain([&n]) {
                let end = |number: usize| until * (number + 1) / if *until == n { number + 1 } else { weights.len() };
                let mut all: Vec<_> =
                    pyramids.iter_mut().enumerate().map(|(number, pyramid)| (pyramid, &plain[..end(number).min(n)])).collect();
                Pyramid::grow_all(&mut all);
                pyramids[2].restart(weight);
            }
            Pyramid::grow_all(&mut [(&mut pyramids[2], &plain[..])]);
            let plain = &plain[..];
            let pyramid = &pyramids[1];
            let mut cuts = cuts;
            cuts.sort_unstable();
            let found = pyramid.columns(&plain, cuts[0], &cuts[1..]);
            let mut ema = Ema::new(weight);
            let smooth: Vec<f64> = plain.iter().map(|(value, gap)| ema.next(*value, *gap)).collect();
            for (column, cut) in found.iter().zip(cuts.windows(2)) {
                let mut expected = Column::default();
                (cut[0].min(n)..cut[1].min(n)).for_each(|idx| expected.push(smooth[idx]));
                prop_assert_eq!(*column, expected);
            }
            for other in [&pyramids[2], &pyramids[4], &pyramids[8]] {
                prop_assert_eq!(&other.columns(&plain, cuts[0], &cuts[1..]), &found);
            }
            let last = pyramid.value(&plain, n - 1);
            prop_assert!(last.to_bits() == smooth[n - 1].to_bits() || last.is_nan());
        }
    }
}
