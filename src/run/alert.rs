//! What deserves attention about a run: the payload of the events `alert` and `alert_cleared`.
//!
//! Must not know how it is judged; that is `verdict`.

use serde::{Deserialize, Serialize};

/// What can be the matter with a run. The names in files are stable: people mute rules by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Loss or gradient is no number, or the loss explodes.
    Divergence,
    /// The validation loss rises while the training loss falls.
    Overfitting,
    /// Weights that train stay where they are.
    NotMoving,
    /// The model gives nearly every row the same label.
    OneClass,
    /// The model knows no more than the shares of the labels.
    NotLearning,
    /// The learning rate is far from the method's default.
    LearningRate,
    /// A step's loss or gradient is far out of line.
    Spike,
    /// Neither loss falls any more.
    Plateau,
    /// Too few validation rows to tell evaluations apart.
    SmallValidation,
    /// One label is so common that accuracy says little.
    Imbalance,
}

impl Rule {
    /// Every rule, the most urgent first.
    pub const ALL: [Self; 10] = [
        Self::Divergence,
        Self::Overfitting,
        Self::NotMoving,
        Self::OneClass,
        Self::NotLearning,
        Self::LearningRate,
        Self::Spike,
        Self::Plateau,
        Self::SmallValidation,
        Self::Imbalance,
    ];

    /// The name in files, in requests and on screens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Divergence => "divergence",
            Self::Overfitting => "overfitting",
            Self::NotMoving => "not_moving",
            Self::OneClass => "one_class",
            Self::NotLearning => "not_learning",
            Self::LearningRate => "learning_rate",
            Self::Spike => "spike",
            Self::Plateau => "plateau",
            Self::SmallValidation => "small_validation",
            Self::Imbalance => "imbalance",
        }
    }

    /// Why it matters.
    pub const fn why(self) -> &'static str {
        match self {
            Self::Divergence => "from here on the weights are worthless",
            Self::Overfitting => "the model learns its training rows by heart; later checkpoints are worse on new rows",
            Self::NotMoving => "what does not move cannot learn; the run costs time for nothing",
            Self::OneClass => "such a model answers the same to everything; a rate too high drives it there, and it seldom comes back",
            Self::NotLearning => "the run is no better than always giving the commonest label",
            Self::LearningRate => "methods need rates that differ by factors of a thousand; one of another method rarely works",
            Self::Spike => "a step in a wrong direction can undo many; several of them come before divergence",
            Self::Plateau => "further epochs cost time and give nothing",
            Self::SmallValidation => "best checkpoint and early stopping are then chosen by chance",
            Self::Imbalance => "a model that has learnt nothing looks good by its accuracy",
        }
    }
}

/// How much an alert matters, the most urgent last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Deserves a look.
    Watch,
    /// Something should be done.
    Warning,
    /// The run is lost.
    Problem,
}

/// What helps, as something that a person can do to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Stop it early; the best checkpoint is kept.
    Stop,
    /// Let it go on for more epochs.
    Extend,
    /// Change its learning rate.
    ChangeLearningRate,
    /// Start another like it with other settings or rows.
    Clone,
}

/// A place in training.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// Optimizer steps taken.
    pub step: u64,
    /// Passes over the training split, with fraction.
    pub epoch: f64,
}

/// Something that deserves attention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Which rule says so.
    pub rule: Rule,
    /// How much it matters.
    pub severity: Severity,
    /// What is seen, with its figures.
    pub what: String,
    /// The same in a few words.
    pub brief: String,
    /// Since when the rule says so at this severity.
    pub since: Moment,
    /// When it was last judged.
    pub at: Moment,
    /// What to do.
    pub advice: String,
    /// What does it; `None` where nothing can be done to the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
}

/// A rule no longer has anything to say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AlertCleared {
    /// Which.
    pub rule: Rule,
    /// When.
    pub at: Moment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_in_files() {
        for rule in Rule::ALL {
            assert_eq!(serde_json::to_string(&rule).unwrap(), format!("\"{}\"", rule.name()));
        }
    }
}
