//! What the window is called: how many runs go on and how far they are. Pure.

use crate::run::status::RunStatus;
use crate::tui::state::State;

/// The title of the window.
pub fn title(state: &State) -> String {
    let runs: Vec<_> = state.in_focus().collect();
    let n_over = runs.iter().filter(|run| run.status.is_over()).count();
    let n_bad = runs.iter().filter(|run| matches!(run.status, RunStatus::Failed | RunStatus::Diverged | RunStatus::Lost)).count();
    let done: f64 = runs
        .iter()
        .map(|run| match &run.state.training {
            _ if run.status.is_over() => 1.0,
            Some(training) => run.state.step() as f64 / training.total_steps.max(1) as f64,
            None => 0.0,
        })
        .sum();
    let name = crate::tui::text::clean(state.experiment().unwrap_or("all"));
    match runs.len() {
        0 => "finetop".to_owned(),
        count if n_over == count && n_bad > 0 => format!("finetop {name}: {n_bad} of {count} failed"),
        count if n_over == count => format!("finetop {name}: done"),
        count => format!("finetop {name}: {n_over}/{count} done, {:.0} %", done / count as f64 * 100.0),
    }
}
