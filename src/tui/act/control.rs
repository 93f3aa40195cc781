//! What is asked of runs: of the marked ones, or of the one under the cursor. Pure.

use crate::run::catalog::{RunId, RunView};
use crate::run::condition::StopAt;
use crate::run::request::RequestKind;
use crate::run::status::RunStatus;
use crate::tui::act::overlay;
use crate::tui::alerts::{self, MutableRule};
use crate::tui::effect::Effect;
use crate::tui::keys::action::Action;
use crate::tui::overlay::alert_list;
use crate::tui::overlay::picker::{Picker, PickerKind};
use crate::tui::overlay::{Overlay, PromptKind, Question};
use crate::tui::state::State;
use crate::tui::update::{notice, problem};
use crate::tui::view::table;

/// Asks something of the runs that are meant.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    let runs = state.targets();
    let Some(first) = runs.first().copied() else {
        problem(state, "there is no run");
        return Vec::new();
    };
    let going: Vec<&RunView> = runs.iter().copied().filter(|run| !run.status.is_over()).collect();
    if going.is_empty() {
        let text = match runs.len() {
            1 => format!("{} is {} already", first.id.run(), first.status.name()),
            n_runs => format!("all {n_runs} marked runs are over already"),
        };
        problem(state, &text);
        return Vec::new();
    }
    if action == Action::Pause {
        // All go the same way: on, where all are paused.
        let all_paused = going.iter().all(|run| run.status == RunStatus::Paused);
        let request = if all_paused { RequestKind::Resume } else { RequestKind::Pause };
        return requests(going.iter().map(|run| run.id.clone()).collect(), request);
    }
    let request = if action == Action::Stop { RequestKind::Stop } else { RequestKind::Kill };
    let (text, otherwise) = match going.as_slice() {
        [run] => (question(run, request), format!("{} goes on", run.id.run())),
        many => {
            let what = if request == RequestKind::Stop { "stop" } else { "kill" };
            let names: Vec<&str> = many.iter().map(|run| run.id.run()).take(4).collect();
            let more = if many.len() > names.len() { ", …" } else { "" };
            (format!("{what} {} runs ({}{more})?", many.len(), names.join(", ")), "they go on".to_owned())
        }
    };
    let announced = (request == RequestKind::Stop).then(|| match going.as_slice() {
        [run] => format!("stopping {}", run.id.run()),
        many => format!("stopping {} runs", many.len()),
    });
    let then = requests(going.iter().map(|run| run.id.clone()).collect(), request);
    state.overlay = Some(Overlay::Question(Question { text, then, otherwise, announced }));
    Vec::new()
}

fn question(run: &RunView, request: RequestKind) -> String {
    let name = run.id.run();
    match (request, run.state.best()) {
        (RequestKind::Stop, _) if run.status == RunStatus::Queued => format!("take {name} off the queue?"),
        (RequestKind::Stop, Some(best)) => format!("stop {name} now? its best so far, step {}, is kept", best.step),
        (RequestKind::Stop, None) => format!("stop {name} now? it is evaluated once and kept"),
        _ => format!("kill {name}? its worker ends now and can be started again from its last checkpoint"),
    }
}

/// The effect of asking runs the same.
pub fn requests(ids: Vec<RunId>, kind: RequestKind) -> Vec<Effect> {
    match ids.as_slice() {
        [] => Vec::new(),
        [id] => vec![Effect::Request(id.clone(), kind)],
        _ => vec![Effect::RequestAll(ids, kind)],
    }
}

/// The runs that are meant and that `fits` lets through; a problem is shown where there is none.
fn meant(state: &mut State, fits: impl Fn(&RunView) -> bool, otherwise: &str) -> Option<Vec<RunId>> {
    let runs = state.targets();
    let ids: Vec<RunId> = runs.iter().filter(|run| fits(run)).map(|run| run.id.clone()).collect();
    if ids.is_empty() {
        let which = match runs.as_slice() {
            [] => "there is no run".to_owned(),
            [run] => format!("{} is {}: {otherwise}", run.id.run(), run.status.name()),
            several => format!("none of the {} marked runs will do: {otherwise}", several.len()),
        };
        problem(state, &which);
        return None;
    }
    Some(ids)
}

/// Runs in a few words: the name of the one, the number of several.
fn in_words(ids: &[RunId]) -> String {
    match ids {
        [id] => id.run().to_owned(),
        several => format!("{} runs", several.len()),
    }
}

const ONLY_GOING: &str = "only what has not ended can be asked that";

/// Asks whether runs are to stop at the end of their epoch.
pub fn stop_at_epoch_end(state: &mut State) {
    let Some(ids) = meant(state, |run| !run.status.is_over(), ONLY_GOING) else { return };
    let names = in_words(&ids);
    state.overlay = Some(Overlay::Question(Question {
        text: format!("stop {names} at the end of the epoch? the best is kept"),
        then: requests(ids, RequestKind::StopAt(StopAt::EpochEnd)),
        otherwise: format!("{names}: nothing was asked"),
        announced: Some(format!("stopping {names} at the end of the epoch")),
    }));
}

/// Announces that runs are asked to stop later.
pub fn stop_later(state: &mut State, ids: &[RunId], stop_at: StopAt) -> Vec<Effect> {
    let text = format!("stopping {} {}", in_words(ids), stop_at.in_words());
    overlay::announce(state, requests(ids.to_vec(), RequestKind::StopAt(stop_at)), text)
}

/// Asks for what is to be typed: when to stop, a learning rate, a patience.
pub fn ask_for(state: &mut State, action: Action) {
    let is_settable = |run: &RunView| run.status != RunStatus::Diverged;
    let has_patience = |run: &RunView| is_settable(run) && run.spec.as_ref().is_ok_and(|spec| spec.early_stopping.is_some());
    let kind = match action {
        Action::StopWhen => meant(state, |run| !run.status.is_over(), ONLY_GOING).map(PromptKind::StopWhen),
        Action::LearningRate => meant(state, is_settable, "it will not go on").map(PromptKind::LearningRate),
        _ => meant(state, has_patience, "it has no early stopping, so no patience to change").map(PromptKind::Patience),
    };
    if let Some(kind) = kind {
        overlay::open_prompt(state, kind);
    }
}

/// Asks runs that have not ended to keep going, or to leave and free their memory.
pub fn going(state: &mut State, action: Action) -> Vec<Effect> {
    if action == Action::KeepGoing && state.pending.is_some() {
        undo(state);
        return Vec::new();
    }
    let is_release = action == Action::Release;
    let fits = |run: &RunView| !run.status.is_over() && (is_release || run.state.standing.stop_at.is_some());
    let otherwise = if is_release { ONLY_GOING } else { "no stop was asked for later" };
    let kind = if is_release { RequestKind::Release } else { RequestKind::KeepGoing };
    meant(state, fits, otherwise).map_or_else(Vec::new, |ids| requests(ids, kind))
}

/// Lets runs go on, or puts them back into the queue.
pub fn again(state: &mut State, action: Action) -> Vec<Effect> {
    let has_ended_early = |run: &RunView| matches!(run.status, RunStatus::Stopped | RunStatus::Failed | RunStatus::Lost);
    if action == Action::Requeue {
        let fits = |run: &RunView| has_ended_early(run) || !run.status.is_over() && run.status != RunStatus::Queued;
        let ids = meant(state, fits, "there is nothing to put back into the queue (r x extends what has finished)");
        return ids.map_or_else(Vec::new, |ids| vec![Effect::Requeue(ids)]);
    }
    let fits = |run: &RunView| has_ended_early(run) || matches!(run.status, RunStatus::Paused | RunStatus::Queued);
    let ids = meant(state, fits, "there is nothing to resume (r x extends what has finished)");
    ids.map_or_else(Vec::new, |ids| requests(ids, RequestKind::Resume))
}

/// Opens the list of rules to mute.
pub fn mute(state: &mut State) {
    if alerts::mutable(state).is_empty() {
        return problem(state, "there is no alert to mute");
    }
    state.overlay = Some(Overlay::Picker(Picker { kind: PickerKind::Mute, cursor: 0 }));
}

/// Mutes the rule in this row for the runs that are meant, or hears it again where all have muted it.
pub fn toggle_mute(state: &State, row: usize) -> Vec<Effect> {
    let Some(MutableRule { rule, is_muted, .. }) = alerts::mutable(state).into_iter().nth(row) else { return Vec::new() };
    let kind = if is_muted { RequestKind::Unmute(rule) } else { RequestKind::Mute(rule) };
    let runs = state.targets();
    let others = runs.iter().filter(|run| run.state.standing.muted.contains(&rule) == is_muted);
    requests(others.map(|run| run.id.clone()).collect(), kind)
}

/// Mutes the rule of the alert under the cursor for its run, or hears it again.
pub fn mute_alert(state: &mut State) -> Vec<Effect> {
    let Some(entry) = alert_list::under_cursor(state) else { return Vec::new() };
    let Some(rule) = entry.rule else {
        problem(state, "this is no rule that can be muted: it is what has happened to the run");
        return Vec::new();
    };
    let kind = if entry.is_muted { RequestKind::Unmute(rule) } else { RequestKind::Mute(rule) };
    requests(vec![entry.id], kind)
}

/// Seconds in which a stop can be taken back.
pub const UNDO_SECONDS: f64 = 5.0;

/// Takes back what is announced.
pub fn undo(state: &mut State) {
    match state.pending.take() {
        Some(pending) => notice(state, format!("taken back: {}", pending.text)),
        None => problem(state, "there is nothing to take back"),
    }
}

/// Asks for how many more epochs.
pub fn extend(state: &mut State) {
    let ids: Vec<_> = state.targets().iter().filter(|run| run.status.is_over()).map(|run| run.id.clone()).collect();
    if ids.is_empty() {
        return problem(state, "only a run that has ended can be extended");
    }
    overlay::open_prompt(state, PromptKind::Extend(ids));
}

/// Copies something of the run under the cursor.
pub fn copy(state: &mut State, action: Action) -> Vec<Effect> {
    let Some(run) = state.selected() else {
        problem(state, "there is no run to copy anything of");
        return Vec::new();
    };
    let text = match action {
        Action::CopyId => run.id.0.clone(),
        Action::CopyPath => format!("{}/{}", state.root, run.id),
        Action::CopyCommand => format!("finetop show {}", run.id),
        _ => table::tabbed(state, run),
    };
    vec![Effect::Copy(crate::tui::text::clean(&text))]
}
