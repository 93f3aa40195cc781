//! The list of what deserves attention.

use super::{PLAIN, press, snapshot, state, text};
use crate::run::alert::{self, Moment, Rule, Severity};
use crate::run::catalog::{Change, RunId, RunUpdate};
use crate::run::event::{Event, EventKind};
use crate::run::request::RequestKind;
use crate::run::synthetic::EPOCH;
use crate::tui::effect::Effect;
use crate::tui::keys::Key;
use crate::tui::message::Message;
use crate::tui::screenshot;
use crate::tui::state::{Screen, State};
use crate::tui::update::update;

/// Runs of which one is overfitting and has few validation rows.
fn alarmed(size: (u16, u16)) -> State {
    let mut state = state(45.0, size);
    let alert = |rule, severity, what: &str, advice: &str, action| {
        let since = Moment { step: 100, epoch: 4.0 };
        let alert = alert::Alert {
            rule,
            severity,
            what: what.to_owned(),
            brief: what.to_owned(),
            since,
            at: since,
            advice: advice.to_owned(),
            action,
        };
        Event { time: EPOCH + 40.0, kind: EventKind::Alert(alert) }
    };
    let events = vec![
        alert(
            Rule::Overfitting,
            Severity::Warning,
            "validation loss up 3 evaluations",
            "stop it; its best is of step 100",
            Some(alert::Action::Stop),
        ),
        alert(Rule::SmallValidation, Severity::Watch, "48 validation rows", "set more rows aside", Some(alert::Action::Clone)),
    ];
    update(&mut state, Message::Updates(vec![RunUpdate { id: RunId("demo-1/full".to_owned()), change: Change::Events(events) }]));
    state
}

/// Opens the list and moves to the alert that is meant to be found.
fn seek(state: &mut State) -> String {
    press(state, &[Key::Char('!')]);
    for _ in 0..20 {
        let shown = text(&screenshot::cells(state, PLAIN));
        if shown.contains("its best is of step 100") {
            return shown;
        }
        press(state, &[Key::Char('j')]);
    }
    text(&screenshot::cells(state, PLAIN))
}

#[test]
fn every_alert_says_what_since_when_why_what_to_do_and_which_key_does_it() {
    for size in [(80, 24), (120, 40)] {
        let mut state = alarmed(size);
        let shown = seek(&mut state);
        snapshot(&format!("alerts_{}x{}", size.0, size.1), &state, PLAIN);
        for part in
            ["since  step 100, epoch 4.0", "do     stop it; its best is of step 100", "key    t ", "learns its training rows by heart"]
        {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
}

#[test]
fn from_the_list_an_alert_is_muted_and_its_run_opened() {
    let mut state = alarmed((120, 40));
    seek(&mut state);
    let full = RunId("demo-1/full".to_owned());
    let muted = update(&mut state, Message::Key(Key::Char('M')));
    assert_eq!(muted, [Effect::Request(full.clone(), RequestKind::Mute(Rule::Overfitting))]);
    press(&mut state, &[Key::Enter]);
    assert_eq!((state.screen, state.overlay.clone(), state.cursor.clone()), (Screen::Run, None, Some(full)));
}
