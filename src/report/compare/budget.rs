//! What a run has spent when it took a step: the scales on which runs are made equal. Pure.

use serde::Serialize;

use crate::report::compare::flops;
use crate::run::catalog::RunView;

/// What is held equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    /// Optimizer steps.
    #[default]
    Steps,
    /// Training examples.
    Examples,
    /// Seconds spent in training steps; pauses and evaluations not counted.
    Seconds,
    /// Floating-point operations of training, estimated.
    Flops,
}

impl Budget {
    /// All of them, in the order of the key.
    pub const ALL: [Self; 4] = [Self::Steps, Self::Examples, Self::Seconds, Self::Flops];

    /// The name on the command line and on screens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Examples => "examples",
            Self::Seconds => "seconds",
            Self::Flops => "flops",
        }
    }

    /// What is held equal, in words.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Steps => "equal optimizer steps",
            Self::Examples => "equal training examples",
            Self::Seconds => "equal training seconds",
            Self::Flops => "equal training FLOPs (estimated)",
        }
    }

    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Steps => Self::Examples,
            Self::Examples => Self::Seconds,
            Self::Seconds => Self::Flops,
            Self::Flops => Self::Steps,
        }
    }

    /// What `run` had spent after `step` optimizer steps; `None` where its log does not say.
    pub fn spent(self, run: &RunView, step: u64) -> Option<f64> {
        let steps = &run.state.steps;
        if self == Self::Steps {
            return Some(step as f64);
        }
        let Some(idx) = steps.n_until(step).checked_sub(1) else { return Some(0.0) };
        match self {
            Self::Steps => Some(step as f64),
            Self::Examples => Some(steps.examples(idx) as f64),
            Self::Seconds => Some(steps.training_seconds(idx)).filter(|seconds| seconds.is_finite()),
            Self::Flops => flops::until(run, idx),
        }
    }
}
