//! A long series that only grows, summed up in blocks, so that a chart of it costs as much as it has columns.
//!
//! Blocks of 64 and of 4096 points lie on a fixed grid: they change only at the end that grows. Each keeps first, least, greatest and
//! last value, the two in the middle beside those of the next block, since a frame reads some ten thousand; where a column ends within a
//! block, the points themselves are read, and smoothing goes on from where the block begins.

use std::ops::Range;

use crate::curve::columns::Column;
use crate::curve::ema::Ema;

/// Points in a block.
pub const BLOCK: usize = 64;

/// Points in a block of blocks.
const TOWER: usize = BLOCK * BLOCK;

/// A series summed up; the points themselves stay where they are, and are asked for by number: value, and steps since the one before.
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

    /// Takes in the points up to number `n`, that one not included.
    pub fn grow(&mut self, point: &impl Fn(usize) -> (f64, u64), n: usize) {
        for idx in self.n_points..n {
            if idx.is_multiple_of(BLOCK) {
                if !self.ema.is_off() {
                    self.starts.push(self.ema);
                }
                self.blocks.begin();
            }
            if idx.is_multiple_of(TOWER) {
                self.towers.begin();
            }
            let (value, gap) = point(idx);
            let value = self.ema.next(value, gap);
            self.blocks.push(value);
            self.towers.push(value);
        }
        self.n_points = self.n_points.max(n);
    }

    /// The smoothed value of point number `idx`.
    pub fn value(&self, point: &impl Fn(usize) -> (f64, u64), idx: usize) -> f64 {
        let Some(start) = self.starts.get(idx / BLOCK) else { return point(idx).0 };
        let mut ema = *start;
        let smooth = |idx| {
            let (value, gap) = point(idx);
            ema.next(value, gap)
        };
        (idx / BLOCK * BLOCK..=idx).map(smooth).last().unwrap_or(f64::NAN)
    }

    /// What falls between `start` and each of `ends`, which ascend: a column for each.
    pub fn columns(&self, point: &impl Fn(usize) -> (f64, u64), start: usize, ends: &[usize]) -> Vec<Column> {
        let mut at = start.min(self.n_points);
        let mut ema = self.before(point, at);
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
                    let (value, gap) = point(at);
                    column.push(ema.next(value, gap));
                    at += 1;
                }
            }
        }
        columns
    }

    /// The average before point number `idx`.
    fn before(&self, point: &impl Fn(usize) -> (f64, u64), idx: usize) -> Ema {
        let Some(start) = self.starts.get(idx / BLOCK) else { return self.ema };
        let mut ema = *start;
        for idx in idx / BLOCK * BLOCK..idx {
            let (value, gap) = point(idx);
            ema.next(value, gap);
        }
        ema
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn columns_are_those_of_all_points(
            n in 1_usize..9000,
            grown in proptest::collection::vec(0_usize..9000, 0..4),
            cuts in proptest::collection::vec(0_usize..9000, 2..30),
            weight in prop_oneof![Just(0.0), Just(0.9)],
            seed in 1_u64..1000,
        ) {
            let values: Vec<f64> = (0..n as u64).map(|i| {
                let noise = (i * seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
                if noise.is_multiple_of(257) { f64::NAN } else { noise as f64 / 1e5 }
            }).collect();
            let gap = |idx: usize| 1 + u64::from(idx.is_multiple_of(5));
            let point = |idx: usize| (values[idx], gap(idx));
            let mut pyramid = Pyramid::new(weight);
            for until in &grown {
                pyramid.grow(&point, (*until).min(n));
            }
            pyramid.grow(&point, n);
            let mut cuts = cuts;
            cuts.sort_unstable();
            let found = pyramid.columns(&point, cuts[0], &cuts[1..]);
            let mut ema = Ema::new(weight);
            let smooth: Vec<f64> = (0..n).map(|idx| ema.next(values[idx], gap(idx))).collect();
            for (column, cut) in found.iter().zip(cuts.windows(2)) {
                let mut expected = Column::default();
                (cut[0].min(n)..cut[1].min(n)).for_each(|idx| expected.push(smooth[idx]));
                prop_assert_eq!(*column, expected);
            }
            let last = pyramid.value(&point, n - 1);
            prop_assert!(last.to_bits() == smooth[n - 1].to_bits() || last.is_nan());
        }
    }
}
