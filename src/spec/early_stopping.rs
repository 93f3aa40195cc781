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
    /// Takes in the value of `metric` at `step`; NaN never improves.
    pub fn observe(&mut self, metric: MetricName, min_delta: f64, step: u64, value: f64) -> Progress {
        let improved = match self.best {
            None => !value.is_nan(),
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
