//! `update`: what happened → the new state, and what to do outside. No input or output.

use std::collections::BTreeSet;

use crate::curve::run_curves::{self, Charted, RunCurves};
use crate::run::catalog::{Change, RunId, RunUpdate, RunView};
use crate::run::status::RunStatus;
use crate::spec::flat::flat;
use crate::tui::act;
use crate::tui::act::overlay;
use crate::tui::effect::Effect;
use crate::tui::form;
use crate::tui::keys::action::Action;
use crate::tui::listed;
use crate::tui::message::Message;
use crate::tui::overlay::Overlay;
use crate::tui::screen;
use crate::tui::state::{Focus, Insight, Notice, Screen, State};
use crate::verdict::{eta, overfitting};

/// Seconds that a notice stays.
const NOTICE_SECONDS: f64 = 5.0;

/// Seconds between two looks for a queue while runs wait.
const QUEUE_SECONDS: f64 = 5.0;

/// Takes in what happened, and asks for what is shown since and not known yet.
pub fn update(state: &mut State, message: Message) -> Vec<Effect> {
    let mut effects = happen(state, message);
    if state.followed != Some(state.metric()) {
        state.followed = Some(state.metric());
        follow_all(state);
    }
    listed::follow(state);
    effects.extend(screen::run::lacking(state));
    effects
}

fn happen(state: &mut State, message: Message) -> Vec<Effect> {
    match message {
        Message::Tick(now) => return tick(state, now),
        Message::Resize(columns, rows) => state.size = (columns, rows),
        Message::Key(key) => {
            state.is_dirty = true;
            if overlay::typed(state, key) {
                return Vec::new();
            }
            if let Some(effects) = form::act::typed(state, key) {
                return effects;
            }
            let action = state.keymap.action(key, &act::scopes(state));
            return action.map_or_else(Vec::new, |action| act::act(state, action));
        }
        Message::Paste(text) => {
            state.is_dirty = true;
            if !overlay::paste(state, &text) {
                return form::act::paste(state, &text);
            }
        }
        Message::Pointer(pointer) => {
            state.is_dirty = true;
            return act::pointer::point(state, pointer);
        }
        Message::Focus(is_focused) => state.is_focused = is_focused,
        Message::Settings(settings) => {
            settings.apply(state);
            notice(state, "the settings were read again".to_owned());
            if settings.images && !state.chart.draws_images {
                return vec![Effect::AskForImages];
            }
        }
        Message::Images(Ok(protocol)) => {
            state.chart.draws_images = true;
            notice(state, format!("charts are images ({}) but where values are read off them", protocol.name()));
        }
        Message::Ask(question) => state.overlay = Some(Overlay::Question(question)),
        Message::Updates(updates) => return take_in(state, updates, true),
        Message::Part(updates) => return take_in(state, updates, false),
        Message::Requested(Ok(what)) => notice(state, what),
        Message::Asked(what, answers) => act::heard::asked(state, &what, answers),
        Message::Unheard(id, what) => act::heard::unheard(state, &id, &what),
        Message::Files(files) => screen::launch::take_in(state, files),
        Message::Planned(path, plan) => {
            state.launch.plan = Some((path, plan));
            state.launch.scroll = 0;
            state.launch.waiting = None;
        }
        Message::DraftPlanned(..)
        | Message::Completed(..)
        | Message::Saved(_)
        | Message::Opened(_)
        | Message::Amended(_)
        | Message::Edited(_)
        | Message::EditedFile(..) => {
            return form::hear::hear(state, message);
        }
        Message::Launched(_, Ok(experiment)) => {
            let text = begun(state, &experiment);
            notice(state, text);
            state.launch.waiting = None;
            state.launch.plan = None;
            state.launch.is_form_shown = false;
            state.focus = Focus::Named(experiment);
            state.cursor = None;
            state.screen = Screen::Overview;
        }
        Message::Launched(path, Err(why)) => {
            state.launch.waiting = None;
            if state.launch.is_form_shown {
                problem(state, &format!("not started: {why}"));
                return Vec::new();
            }
            problem(state, "not started: see the errors");
            state.launch.plan = Some((path, Err(why)));
        }
        Message::Stderr(id, lines) => {
            state.stderr = Some((id, lines));
            screen::log::look_through(state);
        }
        Message::Output(id, source, news) => {
            state.is_dirty |= screen::log::take_in(state, id, source, news);
            return Vec::new();
        }
        Message::PlannedMemory(id, bytes) => state.planned_memory = Some((id, bytes)),
        Message::Mistakes(id, listing) => state.mistakes.listing = Some((id, listing)),
        Message::Requested(Err(why)) | Message::Failed(why) | Message::Images(Err(why)) => problem(state, &why),
        Message::Queue(outlook) => screen::queue::take_in(state, outlook),
        Message::Machine(machine) => state.system.machine = Some(*machine),
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
    let unheard = act::heard::due(state);
    if !unheard.is_empty() {
        return unheard;
    }
    if state.pending.as_ref().is_some_and(|pending| pending.due <= now) {
        state.is_dirty = true;
        return state.pending.take().map(|pending| pending.effects).unwrap_or_default();
    }
    state.is_dirty |= state.pending.is_some();
    // Only the time left changes by itself.
    if state.insights.values().any(|insight| insight.seconds_left.is_some()) {
        state.is_dirty = true;
    }
    let waits = state.is_loaded && state.catalog.runs.iter().any(|run| run.status == RunStatus::Queued);
    let mut effects = match state.screen {
        Screen::Queue => vec![Effect::LookAtQueue],
        Screen::System => vec![Effect::LookAtMachine],
        Screen::Run if screen::run::shows_worker(state) => vec![Effect::LookAtMachine],
        _ => Vec::new(),
    };
    if waits && (now - state.queue_asked).abs() >= QUEUE_SECONDS {
        state.queue_asked = now;
        effects.push(Effect::EnsureQueue);
    }
    effects
}

/// Takes in what the store has found, all of it or a part.
fn take_in(state: &mut State, updates: Vec<RunUpdate>, is_whole: bool) -> Vec<Effect> {
    state.is_dirty |= !state.is_loaded || !updates.is_empty();
    state.revision += 1;
    let is_first = !state.is_loaded;
    state.is_loaded |= is_whole;
    if !is_first {
        act::heard::tell(state, &updates);
    }
    let mut changed: BTreeSet<RunId> = BTreeSet::new();
    let mut effects = Vec::new();
    for update in updates {
        let id = update.id.clone();
        match &update.change {
            Change::Added(spec) => {
                if let Ok(spec) = spec.as_ref() {
                    state.configurations.insert(id.clone(), flat(spec));
                }
                let next = state.slots.values().max().map_or(0, |slot| slot + 1);
                state.slots.entry(id.clone()).or_insert(next);
                // What was concluded from a log that is read anew.
                state.insights.remove(&id);
            }
            Change::Removed => {
                state.insights.remove(&id);
                state.curves.remove(&id);
                state.marked.remove(&id);
                state.configurations.remove(&id);
            }
            Change::Status(status) if status.is_over() && !is_first && !state.is_focused && state.notifies => {
                let was_over = state.catalog.run(&id).is_none_or(|run| run.status.is_over());
                if !was_over {
                    effects.push(Effect::Notify(format!("finetop: {} is {}", id.run(), status.name())));
                }
            }
            Change::Status(status) => form::amend::started(state, &id, *status),
            Change::Exit(Some(_)) if state.screen == Screen::Run && state.selected().is_some_and(|run| run.id == id) => {
                effects.push(Effect::ReadStderr(id.clone()));
            }
            _ => {}
        }
        state.catalog.apply(update);
        changed.insert(id);
    }
    // All steps of a run are read for it: once for all parts.
    state.unjudged.append(&mut changed);
    if is_whole {
        let judged = std::mem::take(&mut state.unjudged);
        for id in &judged {
            refresh(state, id.clone());
        }
        follow(state, |id| judged.contains(id));
        if !state.log.search.is_empty() {
            screen::log::look_through(state);
        }
    }
    if is_first && is_whole && state.focus == Focus::Newest {
        // Whoever attaches wants to see what goes on, not what waits behind it.
        let is_active = |run: &&RunView| !run.status.is_over() && run.status != RunStatus::Queued;
        let active = state.catalog.runs.iter().rev().find(is_active).map(|run| run.id.experiment().to_owned());
        state.focus = active.map_or(Focus::Newest, Focus::Named);
    }
    if state.cursor.as_ref().is_some_and(|cursor| state.catalog.run(cursor).is_none()) {
        state.cursor = None;
    }
    overlay::settle(state);
    effects
}

/// What is said of an experiment that was begun: whether others run already, so that it may have to wait.
fn begun(state: &State, experiment: &str) -> String {
    let is_ahead = |run: &&RunView| !run.status.is_over() && run.status != RunStatus::Queued && run.id.experiment() != experiment;
    match state.catalog.runs.iter().filter(is_ahead).count() {
        0 if state.catalog.runs.iter().any(|run| run.id.experiment() != experiment) => {
            format!(
                "{experiment} started; it goes on when you quit; {} shows the one before",
                state.keymap.shown(Action::PreviousExperiment)
            )
        }
        0 => format!("{experiment} started; it goes on when you quit"),
        1 => format!("{experiment} is in the queue; 1 run goes on; 5 shows why it waits"),
        many => format!("{experiment} is in the queue; {many} runs go on; 5 shows why it waits"),
    }
}

/// Sums up the curves of every run for the charts that are shown.
pub fn follow_all(state: &mut State) {
    follow(state, |_| true);
}

/// Sums up what is new in the curves of these runs.
fn follow(state: &mut State, is_meant: impl Fn(&RunId) -> bool) {
    let meant = state.catalog.runs.iter().filter(|run| is_meant(&run.id));
    let mut kept: Vec<(&RunView, RunCurves)> = meant.map(|run| (run, state.curves.remove(&run.id).unwrap_or_default())).collect();
    let (metric, x_axis, weight) = (state.metric(), state.chart.x_axis, state.smoothing());
    let mut runs: Vec<_> = kept.iter_mut().map(|(run, curves)| (curves, &run.state, state.concluded(&run.id))).collect();
    run_curves::follow(&mut runs, &Charted { quantities: &state.chart.quantities, metric, x_axis, weight });
    let kept: Vec<(RunId, RunCurves)> = kept.into_iter().map(|(run, curves)| (run.id.clone(), curves)).collect();
    state.curves.extend(kept);
}

/// Draws the conclusions from a run's events.
pub fn refresh(state: &mut State, id: RunId) {
    state.revision += 1;
    let metric = state.metric();
    let Some(run) = state.catalog.run(&id) else { return };
    let n_cuts = run.state.steps.n_cuts();
    let known = state.insights.get(&id).filter(|insight| insight.n_cuts == n_cuts).map_or(&[][..], |insight| &insight.points);
    let points = overfitting::points_since(&run.state, metric, known);
    let verdict = overfitting::judge(&points, metric.definition().higher_is_better);
    let seconds_left = eta::seconds_left(&run.state).filter(|_| !run.status.is_over());
    state.insights.insert(id, Insight { points, metric, n_cuts, verdict, seconds_left, heard: state.now });
}

#[cfg(test)]
mod tests;
