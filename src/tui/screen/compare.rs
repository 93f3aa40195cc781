//! The screen that compares marked runs: its state and what its actions do. Pure.

use std::collections::BTreeMap;

use crate::report::compare::budget::Budget;
use crate::report::compare::configuration::{self, Difference};
use crate::report::compare::cost::Cost;
use crate::run::catalog::RunView;
use crate::tui::act::moved;
use crate::tui::keys::action::Action;
use crate::tui::state::State;
use crate::tui::update::notice;

/// Its panes: metrics, efficiency, settings, storage.
pub const N_PANES: usize = 4;

/// Names of the panes, in order.
pub const PANES: [&str; N_PANES] = ["metrics", "efficiency", "settings", "storage"];

/// Which of them shows the efficiency frontier.
pub const EFFICIENCY: usize = 1;

/// What the screen remembers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CompareState {
    /// Rows that the longest pane is scrolled by.
    pub scroll: usize,
    /// Runs that the settings are scrolled by.
    pub first_run: usize,
    /// What is held equal.
    pub budget: Budget,
    /// What the metric is weighed against.
    pub cost: Cost,
}

/// Changes what is compared.
pub fn act(state: &mut State, action: Action) {
    match action {
        Action::Budget => {
            state.compare.budget = state.compare.budget.next();
            notice(state, format!("compared at {}", state.compare.budget.about()));
        }
        Action::CostAxis => {
            state.compare.cost = state.compare.cost.next();
            notice(state, format!("weighed against {}", state.compare.cost.about()));
        }
        Action::ColumnLeft => state.compare.first_run = state.compare.first_run.saturating_sub(1),
        Action::ColumnRight => {
            let n_runs = state.charted().len();
            state.compare.first_run = moved(state.compare.first_run, 1, n_runs.saturating_sub(1));
        }
        _ => {}
    }
}

/// Scrolls the rows.
pub fn travel(state: &mut State, by: i64) {
    let runs = state.charted();
    let n_rows = runs.len().max(differences(state, &runs).0.len());
    state.compare.scroll = moved(state.compare.scroll, by, n_rows.saturating_sub(1));
}

/// Where the settings of these runs differ, and how many are the same.
pub fn differences(state: &State, runs: &[&RunView]) -> (Vec<Difference>, usize) {
    let settings: Vec<Option<&BTreeMap<String, String>>> = runs.iter().map(|run| state.configurations.get(&run.id)).collect();
    configuration::differences(&settings)
}
