//! When a run ends by itself, and which evaluation counts as its best.

use serde::{Deserialize, Serialize};

use crate::metric::MetricName;

/// Ends a run whose metric has stopped improving.
///
/// An evaluation improves on the best when it is better by more than `min_delta`; after `patience` evaluations
/// in a row that do not, the run ends (as `EarlyStopping` of Lightning and `EarlyStoppingCallback` of Transformers).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// The validation metric watched; also chooses the best checkpoint.
    pub metric: MetricName,
    /// Evaluations without improvement that are borne, at least 1.
    pub patience: u32,
    /// Smallest change that counts, not negative.
    pub min_delta: f64,
}

/// The early-stopping state after some evaluations: a pure fold, so that a resumed run continues it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Patience {
    /// Best value so far with its step.
    pub best: Option<(u64, f64)>,
    /// Evaluations since the best.
    pub waited: u32,
}

/// What an evaluation meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// A new best.
    Improved,
    /// Not better, `waited` evaluations in a row.
    Waiting,
}

impl Patience {
    /// Takes in the value of `metric` at `step`; NaN never improves, an infinite value never begins.
    pub fn observe(&mut self, metric: MetricName, min_delta: f64, step: u64, value: f64) -> Progress {
        let improved = match self.best {
            // An infinite one would be a best that JSON cannot hold.
            None => value.is_finite(),
            Some((_, best)) => {
                let gain = if metric.definition().higher_is_better { value - best } else { best - value };
                gain > min_delta
            }
        };
        if improved {
            *self = Self { best: Some((step, value)), waited: 0 };
            Progress::Improved
        } else {
            self.waited += 1;
            Progress::Waiting
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(metric: MetricName, min_delta: f64, values: &[f64], best: Option<(u64, f64)>, waited: u32) {
        let mut patience = Patience::default();
        for (step, &value) in (1..).zip(values) {
            patience.observe(metric, min_delta, step, value);
        }
        assert_eq!((patience.best, patience.waited), (best, waited), "{values:?}");
    }

    #[test]
    fn the_best_is_the_highest_accuracy_and_the_lowest_loss() {
        check(MetricName::Accuracy, 0.0, &[0.5, 0.7, 0.6, 0.7], Some((2, 0.7)), 2);
        check(MetricName::Loss, 0.0, &[0.5, 0.7, 0.4, 0.6], Some((3, 0.4)), 1);
    }

    #[test]
    fn a_gain_of_min_delta_or_less_is_none() {
        check(MetricName::Accuracy, 0.125, &[0.5, 0.625, 0.5625], Some((1, 0.5)), 2);
        check(MetricName::Accuracy, 0.125, &[0.5, 0.75], Some((2, 0.75)), 0);
    }

    #[test]
    fn nan_never_improves_and_never_is_the_best() {
        check(MetricName::Loss, 0.0, &[f64::NAN], None, 1);
        check(MetricName::Loss, 0.0, &[f64::NAN, 0.5, f64::NAN], Some((2, 0.5)), 1);
    }
}
