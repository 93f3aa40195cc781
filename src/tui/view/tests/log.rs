//! The log of a run: following, holding still, searching, and the worker's output.

use super::{PLAIN, press, snapshot, state, text};
use crate::run::catalog::{Change, RunId, RunUpdate};
use crate::run::event::{Event, EventKind, Level, Note};
use crate::run::synthetic::EPOCH;
use crate::run::tail::{Line, News};
use crate::tui::effect::Effect;
use crate::tui::keys::Key;
use crate::tui::message::Message;
use crate::tui::screen::log::LogSource;
use crate::tui::screenshot;
use crate::tui::state::State;
use crate::tui::update::update;

fn shown(state: &State) -> String {
    text(&screenshot::cells(state, PLAIN))
}

/// More lines in the log of the run that is shown.
fn say(state: &mut State, numbers: std::ops::Range<usize>) {
    let event = |number| {
        let message = format!("line {number}{}", if number % 10 == 7 { " has a Needle in it" } else { "" });
        Event { time: EPOCH + 50.0 + number as f64, kind: EventKind::Note(Note { level: Level::Info, message }) }
    };
    let change = Change::Events(numbers.map(event).collect());
    update(state, Message::Updates(vec![RunUpdate { id: RunId("demo-1/full".to_owned()), change }]));
}

/// The log of a run with a hundred lines.
fn opened(size: (u16, u16)) -> State {
    let mut state = state(45.0, size);
    press(&mut state, &[Key::Enter]);
    if size.0 < 100 {
        press(&mut state, &[Key::BackTab]);
    }
    say(&mut state, 0..100);
    state
}

fn type_in(state: &mut State, text: &str) {
    let keys: Vec<Key> = text.chars().map(Key::Char).collect();
    press(state, &keys);
}

#[test]
fn the_log_follows_until_it_is_scrolled_and_then_stands_still_whatever_comes() {
    let mut state = opened((80, 24));
    assert!(shown(&state).contains("follows") && shown(&state).contains("line 99"), "{}", shown(&state));
    press(&mut state, &[Key::Char('k'), Key::Up]);
    let held = shown(&state);
    assert!(held.contains("2 below") && held.contains("line 97") && !held.contains("line 98"), "{held}");
    say(&mut state, 100..300);
    let later = shown(&state);
    assert!(later.contains("202 below"), "{later}");
    let body = |frame: &str| frame.lines().skip(5).take(15).collect::<Vec<_>>().join("\n");
    assert_eq!(body(&held), body(&later), "what is shown stays");
    press(&mut state, &[Key::End]);
    assert!(shown(&state).contains("line 299") && shown(&state).contains("▼ follows"));
    press(&mut state, &[Key::Char('f')]);
    say(&mut state, 300..1000);
    let later = shown(&state);
    assert!(
        !later.contains("line 999") && later.contains("line 50"),
        "the oldest lines that are left, where those held have been forgotten: {later}"
    );
    press(&mut state, &[Key::Char('F')]);
    assert!(shown(&state).contains("line 999"));
    press(&mut state, &[Key::Char('g'), Key::Char('j')]);
    let top = shown(&state);
    press(&mut state, &[Key::Char('k')]);
    assert_ne!(top, shown(&state), "one key from the top moves it by one line");
}

#[test]
fn what_is_looked_for_is_marked_counted_and_gone_through() {
    for size in [(80, 24), (120, 40)] {
        let mut state = opened(size);
        press(&mut state, &[Key::Char('e')]);
        type_in(&mut state, "/needle");
        assert!(shown(&state).contains("/needle: 10 of 10"), "{}", shown(&state));
        press(&mut state, &[Key::Enter]);
        snapshot(&format!("run_log_search_{}x{}", size.0, size.1), &state, PLAIN);
        press(&mut state, &[Key::Char('N'), Key::Char('N'), Key::Char('N')]);
        assert!(shown(&state).contains("/needle: 7 of 10") && shown(&state).contains("line 67 has"), "{}", shown(&state));
        press(&mut state, &[Key::Char('n')]);
        assert!(shown(&state).contains("8 of 10") && shown(&state).contains("line 77 has"));
        press(&mut state, &[Key::Char('n'), Key::Char('n'), Key::Char('n')]);
        assert!(shown(&state).contains("/needle: 1 of 10") && shown(&state).contains("line 7 has"), "from the last to the first");
        assert_eq!(state.overlay, None, "n starts no experiment meanwhile");
        press(&mut state, &[Key::Escape]);
        assert!(!shown(&state).contains("/needle") && state.is_expanded, "esc ends the search and nothing else");
    }
}

#[test]
fn the_output_of_a_worker_is_read_while_it_is_shown() {
    let mut state = opened((80, 24));
    let id = RunId("demo-1/full".to_owned());
    let read = |from| Effect::ReadOutput(RunId("demo-1/full".to_owned()), LogSource::Stdout, from);
    assert_eq!(update(&mut state, Message::Key(Key::Char('s'))), [read(None)]);
    let lines = (0..400_u64).map(|number| Line { at: (100 << 20) + number * 10, text: format!("out {number:>5}") });
    let news = News { length: (100 << 20) + 4000, from: 100 << 20, lines: lines.collect() };
    update(&mut state, Message::Output(id, LogSource::Stdout, news));
    state.notice = None;
    snapshot("run_log_stdout_80x24", &state, PLAIN);
    let now = state.now;
    let effects = update(&mut state, Message::Tick(now + 1.5));
    assert!(effects.contains(&read(Some((100 << 20) + 3990))), "read on from its last line: {effects:?}");
    press(&mut state, &[Key::Char('s')]);
    assert!(shown(&state).contains("reading …"), "{}", shown(&state));
}
