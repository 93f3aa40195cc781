//! A long series that only grows, summed up in blocks, so that a chart of it costs as much as it has columns.
//!
//! Blocks of 64 and of 4096 points lie on a fixed grid: they change only at the end that grows. Each keeps first, least, greatest and
//! last value; where a column ends within a block, the points themselves are read, and smoothing goes on from where the block begins.

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
    /// The average before the first point of each block.
    starts: Vec<Ema>,
    blocks: Vec<Column>,
    towers: Vec<Column>,
}

impl Pyramid {
    /// Nothing yet, to be smoothed by this weight.
    pub const fn new(weight: f64) -> Self {
        Self { n_points: 0, ema: Ema::new(weight), starts: Vec::new(), blocks: Vec::new(), towers: Vec::new() }
    }

    /// Points summed up so far.
    pub const fn n_points(&self) -> usize {
        self.n_points
    }

    /// Takes in the points up to number `n`, that one not included.
    pub fn grow(&mut self, point: &impl Fn(usize) -> (f64, u64), n: usize) {
        for idx in self.n_points..n {
            if idx.is_multiple_of(BLOCK) {
                self.starts.push(self.ema);
                self.blocks.push(Column::default());
            }
            if idx.is_multiple_of(TOWER) {
                self.towers.push(Column::default());
            }
            let (value, gap) = point(idx);
            let value = self.ema.next(value, gap);
            for column in [self.blocks.last_mut(), self.towers.last_mut()].into_iter().flatten() {
                column.push(value);
            }
        }
        self.n_points = self.n_points.max(n);
    }

    /// The smoothed value of point number `idx`.
    pub fn value(&self, point: &impl Fn(usize) -> (f64, u64), idx: usize) -> f64 {
        let mut ema = self.starts[idx / BLOCK];
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
                    column.merge(&self.towers[at / TOWER]);
                    at += TOWER;
                } else if at.is_multiple_of(BLOCK) && at + BLOCK <= end {
                    column.merge(&self.blocks[at / BLOCK]);
                    at += BLOCK;
                } else {
                    if at.is_multiple_of(BLOCK) {
                        ema = self.starts[at / BLOCK];
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
