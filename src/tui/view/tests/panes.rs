//! Panes of one run.

use super::{PLAIN, press, snapshot, state, text};
use crate::run::catalog::{Change, RunId, RunUpdate};
use crate::run::event::{Event, EventKind};
use crate::run::synthetic::EPOCH;
use crate::run::updates::{Group, Movement, Part, Place, Updates};
use crate::tui::keys::Key;
use crate::tui::message::Message;
use crate::tui::screenshot;
use crate::tui::update::update;

/// What a run with a method in two layers says of its weights.
fn moved() -> Message {
    let group = |place, part, parameters, norms: Option<(f64, f64, f64)>| {
        let movement = norms.map(|(start, update, gradient)| Movement {
            start_norm: start.into(),
            update_norm: update.into(),
            gradient_norm: gradient.into(),
        });
        Group { place, part, parameters, movement }
    };
    let groups = vec![
        group(Place::Embeddings, Part::Backbone, 11_919_360, None),
        group(Place::Layer(0), Part::Backbone, 1_772_928, None),
        group(Place::Layer(0), Part::Norms, 1536, Some((27.7, 0.013, 0.02))),
        group(Place::Layer(0), Part::Method, 12_288, Some((0.0, 1.25, 0.4))),
        group(Place::Layer(1), Part::Backbone, 1_772_928, None),
        group(Place::Head, Part::Head, 1540, Some((0.8, 0.31, f64::NAN))),
    ];
    let kind = EventKind::Updates(Updates { step: 25, groups });
    let change = Change::Events(vec![Event { time: EPOCH, kind }]);
    Message::Updates(vec![RunUpdate { id: RunId("demo-1/full".to_owned()), change }])
}

#[test]
fn the_tree_of_layers_says_what_is_frozen_adapted_and_trained() {
    let mut state = state(45.0, (80, 24));
    update(&mut state, moved());
    press(&mut state, &[Key::Enter, Key::Tab, Key::Tab, Key::Tab]);
    snapshot("run_layers_80x24", &state, PLAIN);
    let before = text(&screenshot::cells(&state, PLAIN));
    state.size = (80, 16);
    press(&mut state, &[Key::Char('j'), Key::Char('j')]);
    assert_ne!(text(&screenshot::cells(&state, PLAIN)).lines().nth(6), before.lines().nth(6), "it scrolls");
}

#[test]
fn below_the_charts_log_layers_confusion_and_mistakes_take_turns() {
    let mut state = state(45.0, (120, 40));
    update(&mut state, moved());
    press(&mut state, &[Key::Enter]);
    for title in [" log ", " layers ", " confusion at step ", " mistakes "] {
        assert!(text(&screenshot::cells(&state, PLAIN)).contains(title), "{title}");
        press(&mut state, &[Key::Tab]);
    }
}

#[test]
fn the_verdict_is_whole_where_its_pane_is_narrow() {
    for size in [(120, 40), (150, 45), (200, 60)] {
        let mut state = state(45.0, size);
        press(&mut state, &[Key::Enter]);
        let shown = text(&screenshot::cells(&state, PLAIN));
        assert!(shown.contains("OVERFITS: val. loss +19%") && shown.contains("in 3 evals"), "{shown}");
    }
}

#[test]
fn the_key_of_the_help_is_named_on_every_screen() {
    for size in [(60, 16), (80, 24), (120, 40)] {
        let mut state = state(45.0, size);
        for number in '1'..='6' {
            press(&mut state, &[Key::Char(number)]);
            let shown = text(&screenshot::cells(&state, PLAIN));
            assert!(shown.lines().last().is_some_and(|keys| keys.contains("? help")), "{number}: {shown}");
        }
    }
}
