//! Where the time of training steps goes, on average since it was told last. A few looks at the clock for a step, none within a pass.
//!
//! Of threads that share the rows of a batch the one that took longest counts, since the others wait for it.

use std::time::{Duration, Instant};

use finetop::run::split::StepSplit;

/// How long the first steps are summed up, so that something is known soon.
const FIRST: Duration = Duration::from_secs(2);
/// How long steps are summed up.
const EVERY: Duration = Duration::from_secs(10);

/// Where the time of a gradient went, or of a share of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Until the rows were tensors.
    pub data: Duration,
    /// The forward pass and the loss.
    pub forward: Duration,
    /// The backward pass.
    pub backward: Duration,
}

impl Spent {
    /// Of a pass forward that took `forward` in all, `data` of it until the rows were tensors.
    pub fn forward(forward: Duration, data: Duration) -> Self {
        Self { data, forward: forward.saturating_sub(data), backward: Duration::ZERO }
    }

    /// With what one after the other took.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { data: self.data + other.data, forward: self.forward + other.forward, backward: self.backward + other.backward }
    }

    /// The one of several side by side that took longest.
    pub fn longest(shares: impl IntoIterator<Item = Self>) -> Self {
        shares.into_iter().max_by_key(|spent| spent.data + spent.forward + spent.backward).unwrap_or_default()
    }
}

/// Steps summed up since they were told last.
#[derive(Debug)]
pub struct Splits {
    since: Instant,
    every: Duration,
    n_steps: u32,
    spent: Spent,
    update: Duration,
    whole: Duration,
}

impl Splits {
    /// Before the first step.
    pub fn begin() -> Self {
        Self { since: Instant::now(), every: FIRST, n_steps: 0, spent: Spent::default(), update: Duration::ZERO, whole: Duration::ZERO }
    }

    /// Adds a step that took `whole` in all: `spent` for the gradient, `update` for what was made of it.
    pub fn add(&mut self, spent: Spent, update: Duration, whole: Duration) {
        self.n_steps += 1;
        self.spent = self.spent.and(spent);
        (self.update, self.whole) = (self.update + update, self.whole + whole);
    }

    /// What is to be told after step number `step`: where it is time for it or, at an evaluation or the end, in any case.
    pub fn told(&mut self, step: u64, in_any_case: bool) -> Option<StepSplit> {
        if self.n_steps == 0 || !in_any_case && self.since.elapsed() < self.every {
            return None;
        }
        let mean = |of: Duration| of.as_secs_f64() / f64::from(self.n_steps);
        let split = StepSplit {
            step,
            steps: self.n_steps.into(),
            seconds: mean(self.whole),
            data: Some(mean(self.spent.data)),
            forward: Some(mean(self.spent.forward)),
            backward: Some(mean(self.spent.backward)),
            update: Some(mean(self.update)),
        };
        *self = Self { every: EVERY, ..Self::begin() };
        Some(split)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn the_mean_of_all_steps_since_the_last_time_is_told() {
        let mut splits = Splits::begin();
        assert_eq!(splits.told(0, true), None, "nothing is known before a step");
        let spent = Spent::forward(5 * MILLISECOND, MILLISECOND).and(Spent { backward: 8 * MILLISECOND, ..Spent::default() });
        splits.add(spent, 2 * MILLISECOND, 20 * MILLISECOND);
        splits.add(Spent::default(), Duration::ZERO, 20 * MILLISECOND);
        assert_eq!(splits.told(2, false), None, "it is too soon");
        let told = splits.told(2, true).unwrap();
        assert_eq!((told.step, told.steps, told.seconds), (2, 2, 0.02));
        assert_eq!([told.data, told.forward, told.backward, told.update], [Some(0.0005), Some(0.002), Some(0.004), Some(0.001)]);
        assert_eq!(splits.told(2, true), None);
    }

    #[test]
    fn of_shares_side_by_side_the_longest_counts() {
        let of = |milliseconds| Spent { forward: MILLISECOND * milliseconds, ..Spent::default() };
        assert_eq!(Spent::longest([of(2), of(5), of(1)]), of(5));
        assert_eq!(Spent::longest([]), Spent::default());
    }
}
