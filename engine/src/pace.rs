//! When `last` is written: as often as asked, but never for more than a hundredth of the time in training steps. Pure.

use finetop::spec::continuation::CheckpointEvery;

/// Writing takes at most this share of the seconds spent in training steps.
pub const LARGEST_SHARE: f64 = 0.01;

/// What the first writing is taken to cost: bytes a second, hash and disk together, of a slow disk.
const EXPECTED_BYTES_PER_SECOND: f64 = 150e6;

/// The pace of one attempt. Its clock is the seconds spent in training steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    every: CheckpointEvery,
    began: f64,
    last: f64,
    spent: f64,
    expected: f64,
}

impl Pace {
    /// The pace of an attempt that begins at `training_seconds` and writes `bytes` each time.
    pub fn new(every: CheckpointEvery, training_seconds: f64, bytes: u64) -> Self {
        let expected = bytes as f64 / EXPECTED_BYTES_PER_SECOND;
        Self { every, began: training_seconds, last: training_seconds, spent: 0.0, expected }
    }

    /// Whether `last` is to be written after `step`.
    pub fn is_due(&self, step: u64, training_seconds: f64) -> bool {
        let is_asked = match self.every {
            CheckpointEvery::Seconds(seconds) => training_seconds - self.last >= seconds as f64,
            CheckpointEvery::Steps(steps) => step.is_multiple_of(steps),
        };
        is_asked && self.spent + self.expected <= LARGEST_SHARE * (training_seconds - self.began)
    }

    /// Takes in that it was written and took `seconds`.
    pub fn wrote(&mut self, training_seconds: f64, seconds: f64) {
        self.last = training_seconds;
        self.spent += seconds;
        self.expected = seconds;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_due_as_often_as_asked_where_that_is_cheap() {
        let mut by_seconds = Pace::new(CheckpointEvery::Seconds(30), 100.0, 1000);
        assert!(!by_seconds.is_due(1, 129.0));
        assert!(by_seconds.is_due(1, 130.0));
        by_seconds.wrote(130.0, 0.01);
        assert!(!by_seconds.is_due(2, 159.0));
        assert!(by_seconds.is_due(2, 160.0));
        let by_steps = Pace::new(CheckpointEvery::Steps(50), 0.0, 1000);
        assert_eq!([49, 50, 51, 100].map(|step| by_steps.is_due(step, 60.0)), [false, true, false, true]);
    }

    proptest::proptest! {
        #[test]
        fn writing_takes_at_most_a_hundredth_of_the_time_whatever_is_asked_and_whatever_it_costs(
            steps in 1_u64..20, bytes in 0_u64..3_000_000_000, costs in proptest::collection::vec(0.001_f64..2.0, 1..20)
        ) {
            let mut pace = Pace::new(CheckpointEvery::Steps(steps), 5.0, bytes);
            let (mut spent, mut largest) = (0.0, 0.0_f64);
            for step in 1..3000_u64 {
                let training_seconds = 5.0 + step as f64 * 0.2;
                if pace.is_due(step, training_seconds) {
                    let cost = costs[step as usize % costs.len()];
                    pace.wrote(training_seconds, cost);
                    spent += cost;
                    largest = largest.max(cost);
                    // What one writing takes is known only afterwards: it may be over by that much, then it waits.
                    proptest::prop_assert!(spent - largest <= LARGEST_SHARE * (training_seconds - 5.0));
                }
            }
        }
    }
}
