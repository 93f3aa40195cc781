//! What happens to the state when things happen to the dashboard.

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
fn a_question_about_a_run_that_ends_meanwhile_goes_away() {
    let ends = |state: &mut State| {
        let over = RunUpdate { id: id("full"), change: Change::Status(RunStatus::Finished) };
        update(state, Message::Updates(vec![over]));
    };
    let mut state = playing(20.0);
    press(&mut state, "t");
    ends(&mut state);
    assert_eq!((state.overlay.as_ref(), notice_of(&state)), (None, "full is finished meanwhile: nothing is asked any more"));
    let mut state = playing(20.0);
    press(&mut state, "ty");
    assert!(state.pending.is_some());
    ends(&mut state);
    assert!(state.pending.is_none(), "a stop that was announced");
    let mut state = playing(20.0);
    press(&mut state, "  t");
    ends(&mut state);
    assert!(question_of(&state).starts_with("stop "), "another run of the question still goes on");
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
    let going: Vec<RunId> = state.marked().iter().filter(|run| !run.status.is_over()).map(|run| run.id.clone()).collect();
    assert_eq!(effects, act::control::requests(going, RequestKind::Pause));
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
    assert_eq!(notice_of(&state), "b-1 is in the queue; 4 runs go on; 5 shows why it waits");
    let mut state = playing(500.0);
    update(&mut state, Message::Launched("experiments/b.yaml".into(), Ok("b-1".to_owned())));
    assert_eq!(notice_of(&state), "b-1 started; it goes on when you quit; { shows the one before");
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
fn a_long_log_that_comes_in_parts_is_shown_at_its_end_and_keys_work_meanwhile() {
    let mut state = State::new("runs".to_owned(), EPOCH, (80, 24), None);
    let mut updates = Synthetic::new().poll(20.0);
    let rest = updates.split_off(9);
    update(&mut state, Message::Part(updates));
    assert_eq!((state.is_loaded, state.insights.len()), (false, 0));
    assert_eq!(update(&mut state, Message::Tick(EPOCH + 21.0)), [], "nobody knows yet whether runs wait");
    press(&mut state, "?");
    assert!(matches!(state.overlay, Some(Overlay::Help(_))));
    update(&mut state, Message::Updates(rest));
    assert!(state.is_loaded && state.insights.len() == 7 && state.unjudged.is_empty());
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

#[test]
fn the_mouse_does_what_keys_do() {
    use crate::tui::act::pointer::{Gesture, Pointer};
    let mut state = playing(20.0);
    let press_at = |state: &mut State, column, row| update(state, Message::Pointer(Pointer { gesture: Gesture::Press, column, row }));
    press_at(&mut state, 10, 3);
    assert_eq!(state.selected().map(|run| run.id.clone()), Some(id("feature")), "the second row of the table");
    press_at(&mut state, 3, 3);
    assert!(state.marked.contains(&id("feature")), "its mark");
    press_at(&mut state, 10, 3);
    press_at(&mut state, 10, 3);
    assert_eq!(state.screen, Screen::Run, "again: opened");
    let tab = (0..80).find(|column| crate::tui::view::hit::hit(&state, *column, 0) == Some(crate::tui::view::hit::Hit::Tab(Screen::Queue)));
    press_at(&mut state, tab.unwrap(), 0);
    assert_eq!(state.screen, Screen::Queue);
    press(&mut state, ":");
    press_at(&mut state, 0, 20);
    assert_eq!(state.overlay, None, "outside closes");
}

#[test]
fn a_read_only_dashboard_changes_no_run() {
    let mut state = playing(20.0);
    state.is_read_only = true;
    for keys in ["t", "p", "K", "rs", "rk", "rx", "re", "rw", "rg", "rf", "rr", "rQ", "rl", "ri", "rM", "M", ":stop\n"] {
        assert_eq!(press(&mut state, keys), [], "{keys}");
        assert_eq!((question_of(&state), notice_of(&state)), ("", "read-only: runs can be looked at, not changed"), "{keys}");
        state.notice = None;
    }
}

#[test]
fn whoever_looks_elsewhere_is_told_when_a_run_ends() {
    let ends = |state: &mut State| {
        let change = Change::Status(RunStatus::Finished);
        update(state, Message::Updates(vec![RunUpdate { id: id("full"), change }]))
    };
    let mut looking = playing(20.0);
    looking.notifies = true;
    assert_eq!(ends(&mut looking), []);
    let mut elsewhere = playing(20.0);
    elsewhere.notifies = true;
    update(&mut elsewhere, Message::Focus(false));
    assert_eq!(ends(&mut elsewhere), [Effect::Notify("finetop: full is finished".to_owned())]);
    assert_eq!(ends(&mut elsewhere), [], "once");
}

#[test]
fn what_is_concluded_bit_by_bit_is_what_is_concluded_at_once() {
    let mut state = State::new("runs".to_owned(), EPOCH, (80, 24), None);
    let mut synthetic = Synthetic::new();
    for tenth in 0..600 {
        update(&mut state, Message::Updates(synthetic.poll(f64::from(tenth) / 10.0)));
    }
    let runs: Vec<&RunView> = state.catalog.runs.iter().filter(|run| !run.state.evaluations.is_empty()).collect();
    assert!(runs.len() > 1);
    for run in runs {
        let points = &state.insights[&run.id].points;
        assert_eq!(format!("{points:?}"), format!("{:?}", overfitting::points(&run.state, state.metric())), "{}", run.id);
    }
}

mod control;
