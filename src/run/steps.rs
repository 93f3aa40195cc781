//! The steps of a run in columns: a million of them take 70 MB, and charts read one column at a time. No events, no files.

use std::ops::Range;

use crate::run::event::StepTaken;
use crate::run::number::Number;

/// The steps of a run, ascending, with a column per quantity.
#[derive(Debug, Clone, Default)]
pub struct Steps {
    step: Column<u64>,
    epoch: Column<f64>,
    loss: Column<f64>,
    learning_rate: Column<f64>,
    gradient_norm: Column<f64>,
    examples: Column<u64>,
    tokens: Column<u64>,
    /// Measured, so that seven digits are more than enough.
    seconds: Vec<f32>,
    training_seconds: Column<f64>,
    rss_bytes: Column<u64>,
    /// Measured too: seconds since the run's first event.
    wall_seconds: Vec<f32>,
    n_cuts: u64,
    /// From this number on each step follows the one before by at most one.
    dense_from: usize,
}

/// Numbers in half their width for as long as all of them fit without loss.
#[derive(Debug, Clone)]
enum Column<T: Narrow> {
    Narrow(Vec<T::Half>),
    Wide(Vec<T>),
}

/// A number that may fit into half its width.
trait Narrow: Copy {
    type Half: Copy;
    fn narrow(self) -> Option<Self::Half>;
    fn widen(half: Self::Half) -> Self;
}

impl Narrow for f64 {
    type Half = f32;

    fn narrow(self) -> Option<f32> {
        let half = self as f32;
        (f64::from(half).to_bits() == self.to_bits() || self.is_nan()).then_some(half)
    }

    fn widen(half: f32) -> Self {
        Self::from(half)
    }
}

impl Narrow for u64 {
    type Half = u32;

    fn narrow(self) -> Option<u32> {
        u32::try_from(self).ok()
    }

    fn widen(half: u32) -> Self {
        Self::from(half)
    }
}

impl<T: Narrow> Default for Column<T> {
    fn default() -> Self {
        Self::Narrow(Vec::new())
    }
}

impl<T: Narrow> Column<T> {
    fn push(&mut self, value: T) {
        match self {
            Self::Wide(values) => values.push(value),
            Self::Narrow(values) => match value.narrow() {
                Some(half) => values.push(half),
                None => *self = Self::Wide(values.iter().map(|half| T::widen(*half)).chain([value]).collect()),
            },
        }
    }

    fn at(&self, idx: usize) -> T {
        match self {
            Self::Narrow(values) => T::widen(values[idx]),
            Self::Wide(values) => values[idx],
        }
    }

    /// The numbers from `from` on, as many as there is room for.
    fn read(&self, from: usize, numbers: &mut [T]) {
        let all = from..from + numbers.len();
        match self {
            Self::Narrow(values) => numbers.iter_mut().zip(&values[all]).for_each(|(number, half)| *number = T::widen(*half)),
            Self::Wide(values) => numbers.copy_from_slice(&values[all]),
        }
    }

    fn truncate(&mut self, n: usize) {
        match self {
            Self::Narrow(values) => values.truncate(n),
            Self::Wide(values) => values.truncate(n),
        }
    }
}

impl Column<u64> {
    /// By how much the numbers from `from` on are each more than the one before, which is 0 before the first.
    fn read_gains(&self, from: usize, gains: &mut [f64]) {
        let Some(before) = from.checked_sub(1) else {
            let Some((first, others)) = gains.split_first_mut() else { return };
            *first = self.at(0) as f64;
            return self.read_gains(1, others);
        };
        let all = before..from + gains.len();
        match self {
            Self::Narrow(counts) => {
                gains.iter_mut().zip(counts[all].windows(2)).for_each(|(gain, pair)| *gain = f64::from(pair[1].saturating_sub(pair[0])));
            }
            Self::Wide(counts) => {
                gains.iter_mut().zip(counts[all].windows(2)).for_each(|(gain, pair)| *gain = pair[1].saturating_sub(pair[0]) as f64);
            }
        }
    }
}

impl Steps {
    /// How many there are.
    pub const fn len(&self) -> usize {
        self.wall_seconds.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends a step that ended `wall_seconds` after the run's first event.
    pub fn push(&mut self, taken: &StepTaken, wall_seconds: f64) {
        let n = self.len();
        if n > 0 && taken.step.saturating_sub(self.step.at(n - 1)) > 1 {
            self.dense_from = n;
        }
        self.step.push(taken.step);
        self.epoch.push(taken.epoch);
        self.loss.push(taken.loss.0);
        self.learning_rate.push(taken.learning_rate);
        self.gradient_norm.push(taken.gradient_norm.0);
        self.examples.push(taken.examples);
        self.tokens.push(taken.tokens);
        self.seconds.push(taken.seconds as f32);
        self.training_seconds.push(taken.training_seconds);
        self.rss_bytes.push(taken.rss_bytes);
        self.wall_seconds.push(wall_seconds as f32);
    }

    /// Forgets every step after `step`.
    pub fn forget_after(&mut self, step: u64) {
        let mut n = self.len();
        while n > 0 && self.step.at(n - 1) > step {
            n -= 1;
        }
        if n < self.len() {
            self.truncate(n);
            self.n_cuts += 1;
        }
    }

    /// Forgets all but the first and the last: enough for whoever asks only whether there are any, and which is the last.
    pub fn keep_ends(&mut self) {
        if self.len() > 2 {
            let (last, wall) = (self.at(self.len() - 1), self.wall_seconds(self.len() - 1));
            self.truncate(1);
            self.push(&last, wall);
            self.n_cuts += 1;
        }
    }

    fn truncate(&mut self, n: usize) {
        for column in [&mut self.step, &mut self.examples, &mut self.tokens, &mut self.rss_bytes] {
            column.truncate(n);
        }
        for column in [&mut self.epoch, &mut self.loss, &mut self.learning_rate, &mut self.gradient_norm, &mut self.training_seconds] {
            column.truncate(n);
        }
        self.seconds.truncate(n);
        self.wall_seconds.truncate(n);
    }

    /// How often steps were forgotten; whoever keeps something beside the steps begins anew where this has changed.
    pub const fn n_cuts(&self) -> u64 {
        self.n_cuts
    }

    /// Step number `idx`, from 0.
    ///
    /// # Panics
    /// Where there are no more than `idx`.
    pub fn at(&self, idx: usize) -> StepTaken {
        StepTaken {
            step: self.step(idx),
            epoch: self.epoch(idx),
            loss: Number(self.loss(idx)),
            learning_rate: self.learning_rate(idx),
            gradient_norm: Number(self.gradient_norm(idx)),
            examples: self.examples(idx),
            tokens: self.tokens(idx),
            seconds: self.seconds(idx),
            training_seconds: self.training_seconds(idx),
            rss_bytes: self.rss_bytes(idx),
        }
    }

    /// The last one.
    pub fn last(&self) -> Option<StepTaken> {
        self.len().checked_sub(1).map(|idx| self.at(idx))
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = StepTaken> + ExactSizeIterator + '_ {
        (0..self.len()).map(|idx| self.at(idx))
    }

    /// How many are not after `step`, by halving.
    pub fn n_until(&self, step: u64) -> usize {
        self.partition_point(|idx| self.step(idx) <= step)
    }

    /// How many, from the first on, fulfil `is_before`, which must hold up to some index and not after it.
    pub fn partition_point(&self, is_before: impl Fn(usize) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if is_before(middle) { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Whether each of these follows the one before by at most one.
    pub fn are_consecutive(&self, range: Range<usize>) -> bool {
        // No early end, so that many are compared at once; mostly none is.
        range.start >= self.dense_from
            || match &self.step {
                Column::Narrow(steps) => steps[range].windows(2).fold(true, |all, pair| all & (pair[1].saturating_sub(pair[0]) <= 1)),
                Column::Wide(steps) => steps[range].windows(2).fold(true, |all, pair| all & (pair[1].saturating_sub(pair[0]) <= 1)),
            }
    }

    /// [`StepTaken::loss`] of number `from` and those after it, as many as there is room for; so with the others.
    pub fn losses(&self, from: usize, values: &mut [f64]) {
        self.loss.read(from, values);
    }

    /// [`StepTaken::learning_rate`] of each.
    pub fn learning_rates(&self, from: usize, values: &mut [f64]) {
        self.learning_rate.read(from, values);
    }

    /// [`StepTaken::gradient_norm`] of each.
    pub fn gradient_norms(&self, from: usize, values: &mut [f64]) {
        self.gradient_norm.read(from, values);
    }

    /// [`StepTaken::seconds`] of each, to seven digits.
    pub fn seconds_from(&self, from: usize, values: &mut [f64]) {
        let all = from..from + values.len();
        values.iter_mut().zip(&self.seconds[all]).for_each(|(value, seconds)| *value = f64::from(*seconds));
    }

    /// By how much [`StepTaken::examples`] of each is more than that of the one before.
    pub fn gains_of_examples(&self, from: usize, gains: &mut [f64]) {
        self.examples.read_gains(from, gains);
    }

    /// By how much [`StepTaken::tokens`] of each is more than that of the one before.
    pub fn gains_of_tokens(&self, from: usize, gains: &mut [f64]) {
        self.tokens.read_gains(from, gains);
    }

    /// [`StepTaken::step`] of number `idx`.
    pub fn step(&self, idx: usize) -> u64 {
        self.step.at(idx)
    }

    /// [`StepTaken::epoch`] of number `idx`.
    pub fn epoch(&self, idx: usize) -> f64 {
        self.epoch.at(idx)
    }

    /// [`StepTaken::loss`] of number `idx`.
    pub fn loss(&self, idx: usize) -> f64 {
        self.loss.at(idx)
    }

    /// [`StepTaken::learning_rate`] of number `idx`.
    pub fn learning_rate(&self, idx: usize) -> f64 {
        self.learning_rate.at(idx)
    }

    /// [`StepTaken::gradient_norm`] of number `idx`.
    pub fn gradient_norm(&self, idx: usize) -> f64 {
        self.gradient_norm.at(idx)
    }

    /// [`StepTaken::examples`] of number `idx`.
    pub fn examples(&self, idx: usize) -> u64 {
        self.examples.at(idx)
    }

    /// [`StepTaken::tokens`] of number `idx`.
    pub fn tokens(&self, idx: usize) -> u64 {
        self.tokens.at(idx)
    }

    /// [`StepTaken::seconds`] of number `idx`, to seven digits.
    pub fn seconds(&self, idx: usize) -> f64 {
        f64::from(self.seconds[idx])
    }

    /// [`StepTaken::training_seconds`] of number `idx`.
    pub fn training_seconds(&self, idx: usize) -> f64 {
        self.training_seconds.at(idx)
    }

    /// [`StepTaken::rss_bytes`] of number `idx`.
    pub fn rss_bytes(&self, idx: usize) -> u64 {
        self.rss_bytes.at(idx)
    }

    /// Seconds from the run's first event to the end of number `idx`, pauses included, to seven digits.
    pub fn wall_seconds(&self, idx: usize) -> f64 {
        f64::from(self.wall_seconds[idx])
    }
}

impl PartialEq for Steps {
    /// By what the steps say, however it is kept.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn taken(step: u64, value: f64) -> StepTaken {
        StepTaken {
            step,
            epoch: value,
            loss: Number(value),
            learning_rate: value,
            gradient_norm: Number(-value),
            examples: step * 7,
            tokens: step << 20,
            seconds: 0.25,
            training_seconds: value,
            rss_bytes: step << 40,
        }
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(values in proptest::collection::vec((0_u64..1 << 40, prop_oneof![-1e300..1e300_f64, Just(0.5), Just(f64::INFINITY)]), 0..40)) {
            let mut steps = Steps::default();
            let expected: Vec<StepTaken> = values.iter().map(|(step, value)| taken(*step, *value)).collect();
            for taken in &expected {
                steps.push(taken, 1.0);
            }
            prop_assert_eq!(steps.iter().collect::<Vec<_>>(), expected);
        }

        #[test]
        fn steps_after_a_cut_are_gone_and_counted(n in 1_u64..50, cut in 0_u64..60) {
            let mut steps = Steps::default();
            (1..=n).for_each(|step| steps.push(&taken(step, 0.1), 0.0));
            steps.forget_after(cut);
            prop_assert_eq!(steps.len() as u64, n.min(cut));
            prop_assert_eq!(steps.n_cuts(), u64::from(cut < n));
            prop_assert_eq!(steps.n_until(cut), steps.len());
        }
    }

    #[test]
    fn the_ends_are_kept() {
        let mut steps = Steps::default();
        (1..=9).for_each(|step| steps.push(&taken(step, f64::NAN), 2.0));
        steps.keep_ends();
        assert_eq!(steps.iter().map(|step| step.step).collect::<Vec<_>>(), [1, 9]);
        assert!(steps.last().is_some_and(|last| last.loss.0.is_nan()));
    }
}
