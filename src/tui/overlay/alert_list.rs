//! The list of all that deserves attention about the runs in focus: what, since when, why it matters, what to do, which key does it. Pure.

use std::collections::BTreeSet;

use crate::run::alert::{Action as Remedy, Moment, Rule, Severity};
use crate::run::catalog::{RunId, RunView};
use crate::tui::alerts::{self, Urgency};
use crate::tui::keys::action::{Action, Scope};
use crate::tui::keys::keymap::Keymap;
use crate::tui::overlay::Overlay;
use crate::tui::state::State;
use crate::tui::text;
use crate::verdict;

/// The list while it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AlertList {
    /// Which alert is under the cursor.
    pub cursor: usize,
}

/// Something that deserves attention.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Which run.
    pub id: RunId,
    /// How urgent.
    pub urgency: Urgency,
    /// Which rule says so; none of what has happened to the run itself.
    pub rule: Option<Rule>,
    /// Whether the rule is muted for the run.
    pub is_muted: bool,
    /// What.
    pub what: String,
    /// Since when.
    pub since: Option<Moment>,
    /// Why it matters.
    pub why: &'static str,
    /// What to do.
    pub advice: String,
    /// The keys that do it, on the run; empty where none does.
    pub keys: String,
}

/// All of them, what is heard before what is muted, the most urgent first.
pub fn entries(state: &State) -> Vec<Entry> {
    let mut entries: Vec<Entry> = state.visible().into_iter().flat_map(|run| of_run(state, run)).collect();
    entries.sort_by_key(|entry| (entry.is_muted, std::cmp::Reverse(entry.urgency)));
    entries
}

/// The one under the cursor.
pub fn under_cursor(state: &State) -> Option<Entry> {
    let Some(Overlay::Alerts(list)) = state.overlay else { return None };
    let entries = entries(state);
    let last = entries.len().checked_sub(1)?;
    entries.into_iter().nth(list.cursor.min(last))
}

fn of_run(state: &State, run: &RunView) -> Vec<Entry> {
    let clean = |text: &str| text::clean(text).replace('\n', " ");
    let of_rules = verdict::alerts::alerts(run, &BTreeSet::new()).into_iter().map(|alert| Entry {
        id: run.id.clone(),
        urgency: match alert.severity {
            _ if run.status.is_over() => Urgency::Info,
            Severity::Info => Urgency::Info,
            Severity::Watch => Urgency::Watch,
            Severity::Warning => Urgency::Warning,
            Severity::Problem => Urgency::Problem,
        },
        rule: Some(alert.rule),
        is_muted: run.state.standing.muted.contains(&alert.rule),
        what: clean(&alert.what),
        since: Some(alert.since),
        why: alert.rule.why(),
        advice: clean(&alert.advice),
        keys: alert.action.map_or_else(String::new, |remedy| keys(&state.keymap, remedy)),
    });
    // What has happened to the run itself: it failed, is lost, is silent.
    let of_run = alerts::of_status(run).map(|alert| Entry {
        id: alert.id,
        urgency: alert.urgency,
        rule: None,
        is_muted: false,
        what: alert.text,
        since: None,
        why: "",
        advice: String::new(),
        keys: String::new(),
    });
    of_run.into_iter().chain(of_rules).collect()
}

fn keys(keymap: &Keymap, remedy: Remedy) -> String {
    let menu = |action| {
        let binding = keymap.bindings.iter().find(|binding| binding.scope == Scope::RunMenu && binding.action == action);
        let key = binding.and_then(|binding| binding.keys.first()).map_or_else(String::new, |key| key.shown());
        format!("{} {key}", keymap.shown(Action::RunMenu))
    };
    match remedy {
        Remedy::Stop => keymap.shown(Action::Stop),
        Remedy::Extend => menu(Action::Extend),
        Remedy::ChangeLearningRate => menu(Action::LearningRate),
        Remedy::Clone => keymap.shown(Action::Clone),
    }
}
