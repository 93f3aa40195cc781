//! What a run costs, on the scales that a metric is weighed against. Pure.

use serde::Serialize;

use crate::run::catalog::RunView;
use crate::run::storage::Storage;

/// A kind of cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cost {
    /// Parameters that train.
    #[default]
    Parameters,
    /// Bytes kept for the task.
    Bytes,
    /// Seconds of training up to the best evaluation.
    Seconds,
    /// Highest resident memory of the worker, bytes.
    Memory,
}

/// Steps that are looked at for the peak of a run that has not ended.
const N_SAMPLES: usize = 256;

impl Cost {
    /// All of them, in the order of the key.
    pub const ALL: [Self; 4] = [Self::Parameters, Self::Bytes, Self::Seconds, Self::Memory];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parameters => "parameters",
            Self::Bytes => "bytes",
            Self::Seconds => "seconds",
            Self::Memory => "memory",
        }
    }

    /// What it counts, in words.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Parameters => "parameters that train",
            Self::Bytes => "bytes stored for the task",
            Self::Seconds => "training seconds to the best",
            Self::Memory => "peak memory",
        }
    }

    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Parameters => Self::Bytes,
            Self::Bytes => Self::Seconds,
            Self::Seconds => Self::Memory,
            Self::Memory => Self::Parameters,
        }
    }

    /// What `run` costs; `None` where its log does not say yet, and where it would cost nothing.
    pub fn of(self, run: &RunView) -> Option<f64> {
        let state = &run.state;
        let ledger = || state.training.as_ref().map(|training| training.ledger);
        let cost = match self {
            Self::Parameters => ledger()?.trainable as f64,
            Self::Bytes => {
                let kept = state.finished.as_ref().map(|finished| finished.checkpoint_bytes).filter(|bytes| *bytes > 0);
                let planned = || Some(Storage::new(&ledger()?, &run.spec.as_ref().ok()?.method).task_bytes);
                kept.or_else(planned)? as f64
            }
            Self::Seconds => {
                let best = state.best().or(state.evaluations.last())?;
                let idx = state.steps.n_until(best.step).checked_sub(1)?;
                state.steps.training_seconds(idx)
            }
            Self::Memory => peak_memory(run)? as f64,
        };
        Some(cost).filter(|cost| cost.is_finite() && *cost > 0.0)
    }
}

fn peak_memory(run: &RunView) -> Option<u64> {
    let steps = &run.state.steps;
    let finished = run.state.finished.as_ref().map(|finished| finished.peak_rss_bytes);
    // Memory hardly falls again, so steps at even distances and the last tell the peak.
    let stride = (steps.len() / N_SAMPLES).max(1);
    let seen = (0..steps.len()).step_by(stride).chain(steps.len().checked_sub(1)).map(|idx| steps.rss_bytes(idx)).max();
    finished.max(seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::compare::matched::tests::run_with;

    #[test]
    fn costs_are_those_of_the_log() {
        let run = run_with(&[(10, 0.5), (20, 0.9)]);
        let costs: Vec<Option<f64>> = Cost::ALL.iter().map(|cost| cost.of(&run)).collect();
        let ledger = run.state.training.as_ref().unwrap().ledger;
        assert_eq!(costs[0], Some(ledger.trainable as f64));
        assert_eq!(costs[1], Some(4.0 * ledger.trainable as f64));
        assert!((costs[2].unwrap() - 2.0).abs() < 1e-6);
        assert_eq!(costs[3], Some(f64::from(1 << 28)));
        let fresh = RunView { state: crate::run::state::RunState::default(), ..run };
        assert!(Cost::ALL.iter().all(|cost| cost.of(&fresh).is_none()));
    }
}
