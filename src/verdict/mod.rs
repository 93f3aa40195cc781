//! What the numbers mean: pure functions over series. Knows no file, no clock and no screen.
//!
//! Each rule is a file with its source and its constants; [`alerts::alerts`] has what they say. To add one: a file with `judge(&Run)`, a variant of
//! [`crate::run::alert::Rule`], a line in `alerts.rs`, a condition in `tests/it/judged/truth.rs`.

pub mod alerts;
pub mod chance;
pub mod divergence;
pub mod eta;
pub mod imbalance;
pub mod interval;
pub mod learning_rate;
pub mod not_learning;
pub mod not_moving;
pub mod one_class;
pub mod overfitting;
pub mod patience;
pub mod plateau;
pub mod series;
pub mod small_validation;
pub mod spike;

pub use alerts::alerts;

use crate::run::alert::{Action, Severity};
use crate::run::state::RunState;
use crate::spec::run::RunSpec;

/// What a rule judges: what a run was meant to do, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The resolved specification.
    pub spec: &'a RunSpec,
    /// The fold of its events.
    pub state: &'a RunState,
}

impl Run<'_> {
    /// The share of its steps that the run has taken, in `[0, 1]`.
    pub fn progress(&self) -> f64 {
        let total = self.state.training.as_ref().map_or(0, |training| training.total_steps);
        if total == 0 { 0.0 } else { (self.state.step() as f64 / total as f64).min(1.0) }
    }
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What is seen, with its figures.
    pub what: String,
    /// The same in a few words.
    pub brief: String,
    /// What to do.
    pub advice: String,
    /// What does it.
    pub action: Option<Action>,
}
