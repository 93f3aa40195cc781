//! `update`: what happened → the new state, and what to do outside. No input or output.

use crate::run::catalog::{Change, RunId, RunUpdate};
use crate::run::status::RunStatus;
use crate::tui::act;
use crate::tui::effect::Effect;
use crate::tui::keys;
use crate::tui::message::Message;
use crate::tui::state::{Focus, Insight, Notice, Screen, State};
use crate::verdict::{eta, overfitting};

/// Seconds that a notice stays.
const NOTICE_SECONDS: f64 = 5.0;

/// Seconds between two looks for a queue while runs wait.
const QUEUE_SECONDS: f64 = 5.0;

/// Takes in what happened.
pub fn update(state: &mut State, message: Message) -> Vec<Effect> {
    match message {
        Message::Tick(now) => return tick(state, now),
        Message::Resize(columns, rows) => state.size = (columns, rows),
        Message::Key(key) => {
            let effects = keys::action(key, &act::scopes(state)).map_or_else(Vec::new, |action| act::act(state, action));
            state.is_dirty = true;
            return effects;
        }
        Message::Updates(updates) => return take_in(state, updates),
        Message::Requested(Ok(what)) => notice(state, what),
        Message::Requested(Err(why)) => problem(state, &why),
        Message::Files(files) => {
            state.launch.cursor = state.launch.cursor.min(files.len().saturating_sub(1));
            state.launch.waiting = None;
            state.launch.files = Some(files);
        }
        Message::Planned(path, plan) => {
            state.launch.plan = Some((path, plan));
            state.launch.scroll = 0;
            state.launch.waiting = None;
        }
        Message::Launched(_, Ok(experiment)) => {
            notice(state, format!("{experiment} started; it goes on when you quit"));
            state.launch.waiting = None;
            state.launch.plan = None;
            state.focus = Focus::Named(experiment);
            state.cursor = None;
            state.screen = Screen::Overview;
        }
        Message::Launched(path, Err(why)) => {
            problem(state, "not started: see the errors");
            state.launch.waiting = None;
            state.launch.plan = Some((path, Err(why)));
        }
        Message::Stderr(id, lines) => state.stderr = Some((id, lines)),
        Message::Failed(why) => problem(state, &why),
        Message::Resumed => {
            state.is_dirty = true;
            return vec![Effect::Redraw];
        }
    }
    state.is_dirty = true;
    Vec::new()
}

/// Shows what an action came to.
pub fn notice(state: &mut State, text: String) {
    state.notice = Some(Notice { text, is_problem: false, until: state.now + NOTICE_SECONDS });
}

/// Shows what went wrong.
pub fn problem(state: &mut State, text: &str) {
    let text = crate::tui::text::clean(text).replace('\n', " ");
    state.notice = Some(Notice { text, is_problem: true, until: state.now + NOTICE_SECONDS });
}

fn tick(state: &mut State, now: f64) -> Vec<Effect> {
    state.now = now;
    if state.notice.as_ref().is_some_and(|notice| notice.until <= now) {
        state.notice = None;
        state.is_dirty = true;
    }
    // Only the time left changes by itself.
    if state.insights.values().any(|insight| insight.seconds_left.is_some()) {
        state.is_dirty = true;
    }
    let waits = state.catalog.runs.iter().any(|run| run.status == RunStatus::Queued);
    if waits && (now - state.queue_asked).abs() >= QUEUE_SECONDS {
        state.queue_asked = now;
        return vec![Effect::EnsureQueue];
    }
    Vec::new()
}

fn take_in(state: &mut State, updates: Vec<RunUpdate>) -> Vec<Effect> {
    state.is_dirty |= !state.is_loaded || !updates.is_empty();
    state.is_loaded = true;
    let mut changed: Vec<RunId> = Vec::new();
    let mut effects = Vec::new();
    for update in updates {
        let id = update.id.clone();
        match &update.change {
            Change::Added(_) => {
                let next = state.slots.values().max().map_or(0, |slot| slot + 1);
                state.slots.entry(id.clone()).or_insert(next);
            }
            Change::Removed => {
                state.insights.remove(&id);
                state.unmarked.remove(&id);
            }
            Change::Exit(Some(_)) if state.screen == Screen::Run && state.selected().is_some_and(|run| run.id == id) => {
                effects.push(Effect::ReadStderr(id.clone()));
            }
            _ => {}
        }
        state.catalog.apply(update);
        if !changed.contains(&id) {
            changed.push(id);
        }
    }
    for id in changed {
        refresh(state, id);
    }
    if state.cursor.as_ref().is_some_and(|cursor| state.catalog.run(cursor).is_none()) {
        state.cursor = None;
    }
    effects
}

/// Draws the conclusions from a run's events.
pub fn refresh(state: &mut State, id: RunId) {
    let metric = state.metric();
    let Some(run) = state.catalog.run(&id) else { return };
    let points = overfitting::points(&run.state, metric);
    let verdict = overfitting::judge(&points, metric.definition().higher_is_better);
    let seconds_left = eta::seconds_left(&run.state).filter(|_| !run.status.is_over());
    state.insights.insert(id, Insight { points, verdict, seconds_left, heard: state.now });
}
