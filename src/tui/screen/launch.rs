//! The screen that starts experiments: its state and what its actions do. Pure.

use std::path::PathBuf;

use crate::tui::act::{self, moved};
use crate::tui::effect::Effect;
use crate::tui::keys::action::Action;
use crate::tui::state::State;

/// What the screen remembers.
#[derive(Debug, Clone, Default)]
pub struct LaunchState {
    /// Experiment files found; `None` before the first look.
    pub files: Option<Vec<PathBuf>>,
    /// Index of the file under the cursor.
    pub cursor: usize,
    /// A plan, or its errors, and whose.
    pub plan: Option<(PathBuf, Result<String, String>)>,
    /// Lines that it is scrolled by.
    pub scroll: usize,
    /// What is being waited for.
    pub waiting: Option<&'static str>,
}

/// Moves the cursor through the files, or the plan.
pub fn travel(state: &mut State, by: i64) {
    let launch = &mut state.launch;
    if let Some((_, plan)) = &launch.plan {
        let n_lines = plan.as_ref().unwrap_or_else(|errors| errors).lines().count();
        launch.scroll = moved(launch.scroll, by, n_lines);
    } else {
        let n_files = launch.files.as_ref().map_or(0, Vec::len);
        launch.cursor = moved(launch.cursor, by, n_files.saturating_sub(1));
    }
}

/// Shows the plan of the file under the cursor; where it is shown, starts it.
pub fn plan(state: &mut State) -> Vec<Effect> {
    let Some(file) = file(state) else { return Vec::new() };
    let is_planned = matches!(&state.launch.plan, Some((planned, Ok(_))) if *planned == file);
    if is_planned {
        return act::act(state, Action::Start);
    }
    state.launch.waiting = Some("reading the experiment and its data");
    vec![Effect::Plan(file)]
}

/// Starts the file under the cursor.
pub fn start(state: &mut State) -> Vec<Effect> {
    let Some(file) = file(state).filter(|_| state.launch.waiting.is_none()) else { return Vec::new() };
    state.launch.waiting = Some("starting");
    vec![Effect::Launch(file)]
}

fn file(state: &State) -> Option<PathBuf> {
    state.launch.files.as_ref().and_then(|files| files.get(state.launch.cursor)).cloned()
}
