//! What became of what was asked of runs: the answers at once, what a run heard a moment later, and the silence of one that is dead or busy. Pure.

use std::collections::BTreeSet;

use crate::run::catalog::{Change, RunId, RunUpdate, RunView};
use crate::run::event::{EventKind, Outcome};
use crate::run::status::RunStatus;
use crate::tui::effect::Effect;
use crate::tui::state::State;
use crate::tui::update::{notice, problem};

/// Seconds after which a run that has not heard is looked after.
pub const HEARD_WITHIN_SECONDS: f64 = 10.0;

/// Something that was asked of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The run.
    pub id: RunId,
    /// What, in words.
    pub what: String,
    /// When it should have been heard.
    pub due: f64,
}

/// Shows what runs answered, and remembers to look whether they hear it.
pub fn asked(state: &mut State, what: &str, answers: Vec<(RunId, Result<String, String>)>) {
    let failed: Vec<&str> = answers.iter().filter_map(|(_, answer)| answer.as_ref().err()).map(String::as_str).collect();
    match (answers.as_slice(), failed.as_slice()) {
        ([(_, Ok(answer))], _) => notice(state, answer.clone()),
        (_, []) => notice(state, format!("{} runs: {what}", answers.len())),
        ([_], [why]) => problem(state, why),
        (_, [first, ..]) => problem(state, &format!("{what}: {} of {} runs not: {first}", failed.len(), answers.len())),
    }
    let due = state.now + HEARD_WITHIN_SECONDS;
    let heard = answers.into_iter().filter(|(_, answer)| answer.is_ok());
    state.asked.extend(heard.map(|(id, _)| Asked { id, what: what.to_owned(), due }));
}

/// Looks after what should have been heard by now.
pub fn due(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let (due, waiting) = std::mem::take(&mut state.asked).into_iter().partition(|asked: &Asked| asked.due <= now);
    state.asked = waiting;
    due.into_iter().map(|asked| Effect::LookWhetherHeard(asked.id, asked.what)).collect()
}

/// Says that a run has not heard something, unless that is as it should be.
pub fn unheard(state: &mut State, id: &RunId, what: &str) {
    let text = match state.catalog.run(id) {
        None => format!("{} is gone; it never heard: {what}", id.run()),
        Some(run) if run.status.is_over() && run.status != RunStatus::Failed && run.status != RunStatus::Lost => return,
        Some(run) if run.status.is_over() => format!("{} is dead ({}); it never heard: {what}", id.run(), run.reason()),
        // It is meant to wait until it trains.
        Some(run) if run.status == RunStatus::Queued || is_without_process(run) => return,
        Some(_) => format!("{} has not heard for {HEARD_WITHIN_SECONDS} s: {what}; it loads, evaluates or hangs (r k kills it)", id.run()),
    };
    problem(state, &text);
}

fn is_without_process(run: &RunView) -> bool {
    run.status == RunStatus::Paused && run.state.finished.is_some()
}

/// Tells what runs that were known before have heard, and that they stopped as they were asked to.
pub fn tell(state: &mut State, updates: &[RunUpdate]) {
    let added: BTreeSet<&RunId> =
        updates.iter().filter(|update| matches!(update.change, Change::Added(_))).map(|update| &update.id).collect();
    let mut heard: Vec<(&RunId, String)> = Vec::new();
    for update in updates.iter().filter(|update| !added.contains(&update.id)) {
        let Change::Events(events) = &update.change else { continue };
        for event in events {
            let words = match &event.kind {
                EventKind::Request(seen) => format!("heard: {} (at step {})", seen.request.in_words(), seen.step),
                EventKind::Finished(finished) if finished.outcome == Outcome::Stopped => finished.reason.clone(),
                _ => continue,
            };
            // The latest of a run says most.
            heard.retain(|(id, _)| id.0 != update.id.0);
            heard.push((&update.id, words));
        }
    }
    let Some((last, words)) = heard.last() else { return };
    let text = match heard.len() - 1 {
        0 => format!("{} {words}", last.run()),
        n_others => format!("{} {words}; and {n_others} more {}", last.run(), if n_others == 1 { "run" } else { "runs" }),
    };
    notice(state, text);
}
