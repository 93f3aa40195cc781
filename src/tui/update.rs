//! `update`: what happened → the new state, and what to do outside. No input or output.

use crate::run::catalog::{Change, RunId, RunUpdate, RunView};
use crate::run::status::RunStatus;
use crate::spec::flat::flat;
use crate::tui::act;
use crate::tui::act::overlay;
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::overlay::Overlay;
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
            state.is_dirty = true;
            if overlay::typed(state, key) {
                return Vec::new();
            }
            let action = state.keymap.action(key, &act::scopes(state));
            return action.map_or_else(Vec::new, |action| act::act(state, action));
        }
        Message::Paste(text) => {
            overlay::paste(state, &text);
        }
        Message::Ask(question) => state.overlay = Some(Overlay::Question(question)),
        Message::Updates(updates) => return take_in(state, updates),
        Message::Requested(Ok(what)) => notice(state, what),
        Message::Files(files) => {
            let is_first_look = state.launch.files.is_none();
            let quickstart = files.iter().position(|file| file.file_stem().is_some_and(|stem| stem == "quickstart"));
            let cursor = if is_first_look { quickstart.unwrap_or(0) } else { state.launch.cursor };
            state.launch.cursor = cursor.min(files.len().saturating_sub(1));
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
        Message::Requested(Err(why)) | Message::Failed(why) => problem(state, &why),
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
    if state.pending.as_ref().is_some_and(|pending| pending.due <= now) {
        state.is_dirty = true;
        return state.pending.take().map(|pending| pending.effects).unwrap_or_default();
    }
    state.is_dirty |= state.pending.is_some();
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
    let is_first = !std::mem::replace(&mut state.is_loaded, true);
    let mut changed: Vec<RunId> = Vec::new();
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
            }
            Change::Removed => {
                state.insights.remove(&id);
                state.marked.remove(&id);
                state.configurations.remove(&id);
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
    if is_first && state.focus == Focus::Newest {
        // Whoever attaches wants to see what goes on, not what waits behind it.
        let is_active = |run: &&RunView| !run.status.is_over() && run.status != RunStatus::Queued;
        let active = state.catalog.runs.iter().rev().find(is_active).map(|run| run.id.experiment().to_owned());
        state.focus = active.map_or(Focus::Newest, Focus::Named);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::request::RequestKind;
    use crate::run::synthetic::{EPOCH, Synthetic};
    use crate::tui::columns::Column;
    use crate::tui::keys::Key;
    use crate::tui::order::SortBy;

    fn playing(seconds: f64) -> State {
        let mut state = State::new("runs".to_owned(), EPOCH, (80, 24), None);
        update(&mut state, Message::Updates(Synthetic::new().poll(seconds)));
        state
    }

    fn press(state: &mut State, keys: &str) -> Vec<Effect> {
        keys.chars().flat_map(|key| update(state, Message::Key(if key == '\n' { Key::Enter } else { Key::Char(key) }))).collect()
    }

    fn id(name: &str) -> RunId {
        RunId(format!("demo-1/{name}"))
    }

    fn notice_of(state: &State) -> &str {
        state.notice.as_ref().map_or("", |notice| &notice.text)
    }

    fn question_of(state: &State) -> &str {
        if let Some(Overlay::Question(question)) = &state.overlay { &question.text } else { "" }
    }

    #[test]
    fn t_asks_once_and_y_requests_the_stop() {
        let mut state = playing(20.0);
        assert_eq!(press(&mut state, "t"), []);
        assert!(question_of(&state).contains("stop full now?"));
        assert_eq!(press(&mut state, "y"), [], "it can be taken back for five seconds");
        let later = |state: &mut State, seconds: f64| update(state, Message::Tick(state.now + seconds));
        later(&mut state, 3.0);
        press(&mut state, "U");
        assert_eq!(notice_of(&state), "taken back: stopping full");
        assert!(!later(&mut state, 9.0).iter().any(|effect| matches!(effect, Effect::Request(..))));
        press(&mut state, "ty");
        assert!(later(&mut state, 5.5).contains(&Effect::Request(id("full"), RequestKind::Stop)));
        press(&mut state, "ty");
        assert_eq!(press(&mut state, "q"), [Effect::Request(id("full"), RequestKind::Stop), Effect::Quit], "what is announced is done");
        assert_eq!(state.overlay, None);
        assert_eq!(press(&mut state, "tn"), [], "n leaves it");
        assert_eq!(notice_of(&state), "full goes on");
    }

    #[test]
    fn other_keys_do_nothing_while_a_question_waits() {
        let mut state = playing(20.0);
        assert_eq!(press(&mut state, "Kjpg4"), []);
        assert!(question_of(&state).contains("kill full?"));
        assert_eq!(state.screen, Screen::Overview);
        assert_eq!(update(&mut state, Message::Key(Key::Ctrl('c'))), [Effect::Quit]);
    }

    #[test]
    fn a_run_that_is_over_cannot_be_stopped() {
        let mut state = playing(20.0);
        assert_eq!(press(&mut state, "jjjt"), []);
        assert_eq!((question_of(&state), notice_of(&state)), ("", "lora-lr5 is diverged already"));
    }

    #[test]
    fn p_pauses_and_lets_go_on() {
        let mut state = playing(20.0);
        assert_eq!(press(&mut state, "p"), [Effect::Request(id("full"), RequestKind::Pause)]);
        let paused = RunUpdate { id: id("full"), change: Change::Status(RunStatus::Paused) };
        update(&mut state, Message::Updates(vec![paused]));
        assert_eq!(press(&mut state, "p"), [Effect::Request(id("full"), RequestKind::Resume)]);
    }

    #[test]
    fn attaching_shows_the_experiment_that_goes_on_and_not_one_that_waits_behind_it() {
        let mut updates = Synthetic::new().poll(20.0);
        let waiting = RunId("later-1/full".to_owned());
        updates.push(RunUpdate { id: waiting, change: Change::Added(Box::new(Err("unread".to_owned()))) });
        let mut state = State::new("runs".to_owned(), EPOCH, (80, 24), None);
        update(&mut state, Message::Updates(updates));
        assert_eq!(state.experiment(), Some("demo-1"));
        let mut named = State::new("runs".to_owned(), EPOCH, (80, 24), Some("later-1".to_owned()));
        update(&mut named, Message::Updates(Synthetic::new().poll(20.0)));
        assert_eq!(named.experiment(), Some("later-1"));
    }

    #[test]
    fn marks_decide_what_the_charts_show_and_what_actions_mean() {
        let mut state = playing(20.0);
        assert_eq!(state.charted().len(), 7, "none is marked: all are shown");
        press(&mut state, "  ");
        assert_eq!((state.charted().len(), state.cursor.clone()), (2, Some(id("lora-r8"))));
        let effects = press(&mut state, "p");
        assert_eq!(effects.len(), state.marked().iter().filter(|run| !run.status.is_over()).count(), "{effects:?}");
        press(&mut state, "a");
        assert_eq!(state.charted().len(), 7);
        press(&mut state, "ugvGv");
        assert_eq!(state.marked.len(), 7, "a range");
    }

    #[test]
    fn a_filter_is_typed_live_and_taken_off_by_escape() {
        let mut state = playing(20.0);
        press(&mut state, "/method:lora");
        assert!(state.visible().len() < 7 && state.visible().iter().all(|run| run.id.run().starts_with("lora")));
        update(&mut state, Message::Key(Key::Escape));
        assert_eq!((state.visible().len(), state.overlay.is_none()), (7, true), "what was only tried is undone");
        press(&mut state, "/method:lora\n");
        assert!(state.visible().len() < 7);
        update(&mut state, Message::Key(Key::Escape));
        assert_eq!(state.visible().len(), 7);
    }

    #[test]
    fn the_palette_does_what_a_key_does() {
        let mut state = playing(20.0);
        press(&mut state, ":x-axis\n");
        assert_eq!(notice_of(&state), "x axis: epoch");
        press(&mut state, ":comp\n");
        assert_eq!(state.screen, Screen::Compare);
    }

    #[test]
    fn pasted_text_is_one_edit_and_never_a_sequence_of_commands() {
        let mut state = playing(20.0);
        update(&mut state, Message::Paste("tq\ny".to_owned()));
        assert_eq!((state.overlay.is_none(), state.screen), (true, Screen::Overview));
        press(&mut state, "/");
        update(&mut state, Message::Paste("lora\n".to_owned()));
        assert_eq!(state.filter.text, "lora");
    }

    #[test]
    fn sorting_puts_the_best_first_and_runs_without_numbers_last() {
        let mut state = playing(40.0);
        press(&mut state, "s");
        assert_eq!(state.sort.by, SortBy::Column(Column::Metric));
        let names: Vec<&str> = state.visible().iter().map(|run| run.id.run()).collect();
        assert_eq!((names[0], names[6]), ("full", "full-seed2"));
        press(&mut state, "S");
        assert_eq!(state.visible().last().map(|run| run.id.run()), Some("full-seed2"));
    }

    #[test]
    fn escape_steps_out_one_layer_at_a_time() {
        let mut state = playing(20.0);
        press(&mut state, "\nc?");
        assert!(matches!(state.overlay, Some(Overlay::Help(_))));
        let escape = |state: &mut State| update(state, Message::Key(Key::Escape));
        escape(&mut state);
        assert_eq!((state.overlay.clone(), state.screen), (None, Screen::Run));
        escape(&mut state);
        assert_eq!((state.chart.crosshair, state.screen), (None, Screen::Run));
        escape(&mut state);
        assert_eq!(state.screen, Screen::Overview);
    }

    #[test]
    fn launching_goes_from_file_to_plan_to_runs() {
        let mut state = playing(20.0);
        assert_eq!(press(&mut state, "n"), [Effect::ListFiles]);
        update(&mut state, Message::Files(vec!["experiments/a.yaml".into(), "experiments/b.yaml".into()]));
        assert_eq!(press(&mut state, "j\n"), [Effect::Plan("experiments/b.yaml".into())]);
        update(&mut state, Message::Planned("experiments/b.yaml".into(), Ok("3 runs".to_owned())));
        assert_eq!(press(&mut state, "\n"), [Effect::Launch("experiments/b.yaml".into())]);
        assert_eq!(press(&mut state, "\n"), [], "it is being started already");
        update(&mut state, Message::Launched("experiments/b.yaml".into(), Ok("b-1".to_owned())));
        assert_eq!((state.screen, state.experiment()), (Screen::Overview, Some("b-1")));
    }

    #[test]
    fn errors_of_an_experiment_are_shown_and_nothing_starts() {
        let mut state = playing(20.0);
        press(&mut state, "n");
        update(&mut state, Message::Files(vec!["a.yaml".into()]));
        update(&mut state, Message::Planned("a.yaml".into(), Err("unknown key".to_owned())));
        assert_eq!(press(&mut state, "\n"), [Effect::Plan("a.yaml".into())], "enter reads it again");
    }

    #[test]
    fn nothing_is_drawn_while_nothing_changes() {
        let mut state = playing(500.0);
        state.is_dirty = false;
        update(&mut state, Message::Tick(EPOCH + 600.0));
        update(&mut state, Message::Updates(Vec::new()));
        assert!(!state.is_dirty, "every run is over: no time left changes");
        let mut state = playing(20.0);
        state.is_dirty = false;
        update(&mut state, Message::Tick(EPOCH + 21.0));
        assert!(state.is_dirty, "a time left has changed");
    }

    #[test]
    fn a_notice_leaves_by_itself() {
        let mut state = playing(500.0);
        press(&mut state, "x");
        assert_eq!(notice_of(&state), "x axis: epoch");
        update(&mut state, Message::Tick(EPOCH + 60.0));
        assert_eq!(state.notice, None);
    }

    #[test]
    fn a_queue_is_asked_for_while_runs_wait() {
        let mut state = playing(20.0);
        let effects = |state: &mut State, time: f64| update(state, Message::Tick(EPOCH + time));
        assert_eq!(effects(&mut state, 21.0), [Effect::EnsureQueue]);
        assert_eq!(effects(&mut state, 22.0), [], "not every second");
        assert_eq!(effects(&mut state, 30.0), [Effect::EnsureQueue]);
        let mut over = playing(500.0);
        assert_eq!(effects(&mut over, 501.0), []);
    }

    #[test]
    fn colours_stay_with_their_runs_when_another_is_removed() {
        let mut state = playing(20.0);
        let before = state.slot(&id("lora-r8"));
        update(&mut state, Message::Updates(vec![RunUpdate { id: id("full"), change: Change::Removed }]));
        assert_eq!(state.slot(&id("lora-r8")), before);
        assert_eq!(state.selected().map(|run| run.id.clone()), Some(id("feature")));
    }
}
