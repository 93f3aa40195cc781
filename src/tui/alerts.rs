//! What deserves attention, most urgent first: a pure function of the state.

use crate::run::catalog::{RunId, RunView};
use crate::run::status::RunStatus;
use crate::tui::state::State;
use crate::tui::text;
use crate::verdict::overfitting::Level;

/// How urgent an alert is, the most urgent last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Good to know.
    Info,
    /// Deserves a look.
    Watch,
    /// Something can be done.
    Warning,
    /// Something went wrong.
    Problem,
}

/// A line that deserves attention.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Which run.
    pub id: RunId,
    /// How urgent.
    pub urgency: Urgency,
    /// What is the matter, without the run's name.
    pub text: String,
    /// The same in fewer words, for a narrow line.
    pub brief: String,
    /// What can be done, in many words and in few; `None` where nothing.
    pub remedy: Option<(&'static str, &'static str)>,
}

/// What deserves attention among the runs in focus, most urgent first.
pub fn alerts(state: &State) -> Vec<Alert> {
    let mut alerts: Vec<Alert> = state.visible().into_iter().filter_map(|run| alert(state, run)).collect();
    // A run that still trains can be helped, so it comes before one that is lost.
    alerts.sort_by_key(|alert| std::cmp::Reverse((alert.remedy.is_some(), alert.urgency)));
    alerts
}

/// What deserves attention about one run.
pub fn alert(state: &State, run: &RunView) -> Option<Alert> {
    let alert = |urgency, text: String| Some(Alert { id: run.id.clone(), urgency, brief: text.clone(), text, remedy: None });
    let reason = || text::clean(&run.reason()).replace('\n', " ");
    match run.status {
        RunStatus::Failed => return alert(Urgency::Problem, format!("failed: {}", reason())),
        RunStatus::Diverged => return alert(Urgency::Problem, format!("diverged: {}", reason())),
        RunStatus::Lost => return alert(Urgency::Problem, format!("lost: {}", reason())),
        RunStatus::Stalled => return alert(Urgency::Warning, "silent for long: its worker lives but writes nothing".to_owned()),
        _ => {}
    }
    if let Err(problem) = &run.spec {
        return alert(Urgency::Problem, text::clean(problem).replace('\n', " "));
    }
    let verdict = &state.insights.get(&run.id)?.verdict;
    let can_stop = !run.status.is_over();
    let urgency = match verdict.level {
        Level::Overfitting if can_stop => Urgency::Warning,
        Level::Overfitting => Urgency::Info,
        Level::Watch if can_stop => Urgency::Watch,
        _ if run.skipped > 0 => return alert(Urgency::Watch, format!("{} lines of its log are not understood", run.skipped)),
        _ => return None,
    };
    let remedy = (urgency == Urgency::Warning).then_some(("press t to stop, best kept", "t stops it"));
    Some(Alert { brief: verdict.in_brief(), remedy, ..alert(urgency, verdict.in_words(state.metric()))? })
}
