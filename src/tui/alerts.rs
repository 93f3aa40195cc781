//! What deserves attention, most urgent first: a pure function of the state.

use crate::run;
use crate::run::alert::{Action, Rule, Severity};
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

/// The most urgent of what the worker of a run says of it, without what is muted.
fn most_urgent(run: &RunView) -> Option<&run::alert::Alert> {
    let heard = run.state.alerts.values().filter(|alert| !run.state.standing.muted.contains(&alert.rule));
    heard.max_by_key(|alert| (alert.severity, std::cmp::Reverse(alert.rule)))
}

/// What a rule says, with the keys that help.
fn of_rule(run: &RunView, said: &run::alert::Alert) -> Alert {
    let is_over = run.status.is_over();
    let urgency = match said.severity {
        // Nothing can be done to what has ended.
        _ if is_over => Urgency::Info,
        Severity::Info => Urgency::Info,
        Severity::Watch => Urgency::Watch,
        Severity::Warning => Urgency::Warning,
        Severity::Problem => Urgency::Problem,
    };
    let remedy = match said.action.filter(|_| !is_over && said.severity >= Severity::Warning) {
        Some(Action::Stop) => Some(("press t to stop, best kept", "t stops it")),
        Some(Action::ChangeLearningRate) => Some(("press r l to change the learning rate", "r l: rate")),
        _ => None,
    };
    let clean = |text: &str| text::clean(text).replace('\n', " ");
    Alert { id: run.id.clone(), urgency, text: clean(&said.what), brief: clean(&said.brief), remedy }
}

/// A rule that can be muted for the runs that are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MutableRule {
    /// Which.
    pub rule: Rule,
    /// What it says of the first run of which it says something.
    pub about: String,
    /// Whether all of the runs have muted it.
    pub is_muted: bool,
}

/// The rules that say something of the runs that are meant, and those that are muted for any of them.
pub fn mutable(state: &State) -> Vec<MutableRule> {
    let runs = state.targets();
    let is_seen_to_overfit = |run: &RunView| state.insights.get(&run.id).is_some_and(|insight| insight.verdict.level != Level::None);
    let says = |run: &RunView, rule: Rule| {
        run.state.alerts.contains_key(&rule)
            || run.state.standing.muted.contains(&rule)
            || run.state.updates.is_empty() && rule == Rule::Overfitting && is_seen_to_overfit(run)
    };
    let of_rule = |rule: Rule| {
        let runs: Vec<&RunView> = runs.iter().copied().filter(|run| says(run, rule)).collect();
        let about = runs.iter().find_map(|run| run.state.alerts.get(&rule)).map_or_else(String::new, |alert| alert.brief.clone());
        let is_muted = runs.iter().all(|run| run.state.standing.muted.contains(&rule));
        (!runs.is_empty()).then_some(MutableRule { rule, about, is_muted })
    };
    Rule::ALL.into_iter().filter_map(of_rule).collect()
}

/// What has happened to a run itself, whatever its numbers say.
pub fn of_status(run: &RunView) -> Option<Alert> {
    let alert = |urgency, text: String| Some(Alert { id: run.id.clone(), urgency, brief: text.clone(), text, remedy: None });
    let reason = || text::clean(&run.reason()).replace('\n', " ");
    match run.status {
        RunStatus::Failed => return alert(Urgency::Problem, format!("failed: {}", reason())),
        RunStatus::Diverged => return alert(Urgency::Problem, format!("diverged: {}", reason())),
        RunStatus::Lost => return alert(Urgency::Problem, format!("lost: {}", reason())),
        RunStatus::Stalled => return alert(Urgency::Warning, "silent for long: its worker lives but writes nothing".to_owned()),
        _ => {}
    }
    let problem = run.spec.as_ref().err()?;
    alert(Urgency::Problem, text::clean(problem).replace('\n', " "))
}

/// What deserves attention about one run.
pub fn alert(state: &State, run: &RunView) -> Option<Alert> {
    if let Some(alert) = of_status(run) {
        return Some(alert);
    }
    let alert = |urgency, text: String| Some(Alert { id: run.id.clone(), urgency, brief: text.clone(), text, remedy: None });
    let can_stop = !run.status.is_over();
    if let Some(said) = most_urgent(run) {
        return Some(of_rule(run, said));
    }
    let muted = &run.state.standing.muted;
    let verdict = state.insights.get(&run.id).filter(|_| !muted.contains(&Rule::Overfitting))?.verdict;
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
