//! What the x axis counts. Every run begins at 0 on each of them, so that runs which started at different times can be compared.

use serde::{Deserialize, Serialize};

use crate::run::steps::Steps;

/// What the x axis counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum XAxis {
    /// Optimizer steps.
    #[default]
    Step,
    /// Passes over the training split.
    Epoch,
    /// Training examples.
    Examples,
    /// Real (unpadded) tokens.
    Tokens,
    /// Seconds spent in training steps.
    Time,
    /// Seconds since the run's first event, pauses and evaluations included.
    Wall,
}

impl XAxis {
    /// All of them, in the order in which they are gone through.
    pub const ALL: [Self; 6] = [Self::Step, Self::Epoch, Self::Examples, Self::Tokens, Self::Time, Self::Wall];

    /// The name on the axis.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Epoch => "epoch",
            Self::Examples => "examples",
            Self::Tokens => "tokens",
            Self::Time => "training seconds",
            Self::Wall => "wall seconds",
        }
    }

    /// The word for it in settings and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Wall => "wall",
            other => other.name(),
        }
    }

    /// The one that a word means.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|axis| axis.word() == word)
    }

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }

    /// Where step number `idx` lies on it.
    pub fn of(self, steps: &Steps, idx: usize) -> f64 {
        match self {
            Self::Step => steps.step(idx) as f64,
            Self::Epoch => steps.epoch(idx),
            Self::Examples => steps.examples(idx) as f64,
            Self::Tokens => steps.tokens(idx) as f64,
            Self::Time => steps.training_seconds(idx),
            Self::Wall => steps.wall_seconds(idx),
        }
    }

    /// Where an evaluation at `step` and `epoch` lies on it: at the last step not after it.
    pub fn of_evaluation(self, steps: &Steps, step: u64, epoch: f64) -> f64 {
        match self {
            Self::Step => step as f64,
            Self::Epoch => epoch,
            axis => steps.n_until(step).checked_sub(1).map_or(0.0, |idx| axis.of(steps, idx)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_axis_is_reached_and_has_a_word_of_its_own() {
        let mut axis = XAxis::default();
        for expected in XAxis::ALL.into_iter().cycle().skip(1).take(XAxis::ALL.len()) {
            axis = axis.next();
            assert_eq!(axis, expected);
            assert_eq!(XAxis::named(axis.word()), Some(axis));
            assert_eq!(serde_yaml::to_string(&axis).unwrap().trim(), axis.word());
        }
    }
}
