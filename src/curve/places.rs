//! Where the steps of a run lie on the x axis, block by block, so that the ends of a chart's columns are found without reading steps. Pure.

use crate::curve::axis::XAxis;
use crate::curve::pyramid::BLOCK;
use crate::curve::stretch::Stretch;
use crate::run::steps::Steps;

/// The places of a run's steps on one axis, on which they must ascend.
#[derive(Debug, Clone, Default)]
pub struct Places {
    x_axis: XAxis,
    n_points: usize,
    /// The first and the last of each block, side by side: steps themselves lie far apart in memory.
    blocks: Vec<(f64, f64)>,
}

impl Places {
    /// Takes in new steps; all of them where the axis is another.
    pub fn follow(&mut self, steps: &Steps, x_axis: XAxis) {
        if self.x_axis != x_axis || self.n_points > steps.len() {
            *self = Self { x_axis, ..Self::default() };
        }
        let x = |idx| x_axis.of(steps, idx);
        for block in self.n_points / BLOCK..steps.len().div_ceil(BLOCK) {
            let ends = (x(block * BLOCK), x(((block + 1) * BLOCK).min(steps.len()) - 1));
            self.blocks.truncate(block);
            self.blocks.push(ends);
        }
        self.n_points = steps.len();
    }

    /// Whether they are those of these steps on this axis.
    pub fn fit(&self, steps: &Steps, x_axis: XAxis) -> bool {
        self.x_axis == x_axis && self.n_points == steps.len()
    }

    /// The first point of a window, and the one after the last of each of its columns. Between columns that hold whole blocks the edge is that
    /// of a block, so that no point is read: fewer than a block's go over to the next column, less than that one dot holds.
    pub fn ends(&self, steps: &Steps, window: Stretch, n_columns: usize) -> (usize, Vec<usize>) {
        let block = self.block(0, 0, |x| x < window.low);
        let start = self.point(steps, block, |x| x < window.low);
        let all = self.point(steps, self.block(block, self.blocks.len() - block, |x| x <= window.high), |x| x <= window.high);
        if window.high <= window.low {
            return (start, (0..n_columns).map(|column| if column < n_columns / 2 { start } else { all }).collect());
        }
        let mut ends = Vec::with_capacity(n_columns);
        let ruler = window.ruler();
        let mut before = Edge { x: window.low, block, end: Some(start) };
        let mut n_blocks = (all - start) / BLOCK / n_columns.max(1);
        for column in 1..n_columns {
            let x = ruler.at((column as f64 - 0.5) / (n_columns - 1) as f64);
            let block = self.block(before.block, n_blocks, |place| place < x);
            n_blocks = block - before.block;
            // The edge lies behind the first point of the block before and not behind the first of this one.
            let (least, most) = ((block * BLOCK + 1).saturating_sub(BLOCK), block * BLOCK);
            let mut edge = Edge { x, block, end: None };
            if least >= before.end.unwrap_or(before.block * BLOCK) + BLOCK && most <= all {
                let is_whole = self.blocks[block - 1].1 < x;
                ends.push(if is_whole { most } else { most - BLOCK });
            } else {
                let at = before.end.unwrap_or_else(|| self.point(steps, before.block, |place| place < before.x));
                let end = self.point(steps, block, |place| place < x).clamp(at, all.max(at));
                ends.push(if end - at >= BLOCK { end / BLOCK * BLOCK } else { end });
                edge.end = Some(end);
            }
            before = edge;
        }
        ends.push(all);
        (start, ends)
    }

    /// The first block, from `from` on, whose first point is not `before`; looked for from `guess` blocks on, outwards.
    fn block(&self, from: usize, guess: usize, before: impl Fn(f64) -> bool) -> usize {
        let (mut low, mut high, mut stride) = (from, self.blocks.len(), 1);
        let mut probe = (from + guess).min(high.saturating_sub(1));
        while low < high {
            let lies_before = before(self.blocks[probe].0);
            if lies_before {
                low = probe + 1;
            } else {
                high = probe;
            }
            let next = if lies_before { probe + stride } else { probe.saturating_sub(stride) };
            if (low..high).contains(&next) && (low > from) != (high < self.blocks.len()) {
                // Still on one side of it: farther each time.
                (probe, stride) = (next, stride * 2);
            } else {
                probe = usize::midpoint(low, high);
            }
        }
        low
    }

    /// The first point that is not `before`, where `block` is the first block that begins with such a one.
    fn point(&self, steps: &Steps, block: usize, before: impl Fn(f64) -> bool) -> usize {
        let Some(last) = block.checked_sub(1) else { return 0 };
        let (mut low, mut high) = (last * BLOCK + 1, (block * BLOCK).min(self.n_points));
        while low < high {
            let middle = usize::midpoint(low, high);
            if before(self.x_axis.of(steps, middle)) { low = middle + 1 } else { high = middle }
        }
        low
    }
}

/// Where one column ends and the next begins.
struct Edge {
    x: f64,
    /// The first block that begins behind it.
    block: usize,
    /// The first point behind it, where it was looked for.
    end: Option<usize>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::run::event::StepTaken;
    use crate::run::number::Number;

    fn steps(gaps: &[u16]) -> Steps {
        let mut steps = Steps::default();
        let mut number = 0;
        for gap in gaps {
            number += u64::from(*gap) + 1;
            let (step, seconds) = (number, number as f64 * 0.1);
            let (loss, gradient_norm) = (Number(1.0), Number(1.0));
            let (epoch, learning_rate, rss_bytes) = (seconds, 1.0, 0);
            let (examples, tokens, training_seconds) = (step * 32, step * 900, seconds);
            let taken =
                StepTaken { step, epoch, loss, learning_rate, gradient_norm, examples, tokens, seconds, training_seconds, rss_bytes };
            steps.push(&taken, seconds);
        }
        steps
    }

    /// The same by looking at every point.
    fn slowly(steps: &Steps, x_axis: XAxis, window: Stretch, n_columns: usize) -> (usize, Vec<usize>) {
        let first = |before: &dyn Fn(f64) -> bool| (0..steps.len()).find(|idx| !before(x_axis.of(steps, *idx))).unwrap_or(steps.len());
        let start = first(&|x| x < window.low);
        let all = first(&|x| x <= window.high).max(start);
        let mut ends = Vec::new();
        let mut at = start;
        for column in 1..n_columns {
            let edge = window.at((column as f64 - 0.5) / (n_columns - 1) as f64);
            let end = first(&|x| x < edge).clamp(at, all);
            ends.push(if end - at >= BLOCK { end / BLOCK * BLOCK } else { end });
            at = end;
        }
        ends.push(all);
        (start, ends)
    }

    proptest! {
        #[test]
        fn columns_end_where_all_points_say(
            gaps in proptest::collection::vec(prop_oneof![8 => 0_u16..3, 1 => 0_u16..900], 65..3000), grown in 0_usize..3000,
            n_columns in 2_usize..70, from in 0.0..0.95_f64, width in 0.001..1.0_f64, is_log in any::<bool>(), axis in 0_usize..6,
        ) {
            let steps = steps(&gaps);
            let x_axis = XAxis::ALL[axis];
            let mut places = Places::default();
            let mut part = steps.clone();
            part.forget_after(grown as u64);
            places.follow(&part, x_axis);
            places.follow(&steps, x_axis);
            prop_assert!(places.fit(&steps, x_axis));
            let (low, high) = (x_axis.of(&steps, 0), x_axis.of(&steps, steps.len() - 1));
            let window = Stretch { low, high, is_log }.part(from, (from + width).min(1.0));
            prop_assert_eq!(places.ends(&steps, window, n_columns), slowly(&steps, x_axis, window, n_columns));
        }
    }
}
