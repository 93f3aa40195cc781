//! What the form of a waiting run writes, how it looks, and how it is left.

use std::path::Path;

use super::*;
use crate::plan::error::PlanError;
use crate::run::catalog::{Change, RunUpdate};
use crate::run::synthetic::{EPOCH, Synthetic};
use crate::spec::backbone::Backbone;
use crate::spec::experiment::read;
use crate::spec::method::Method;
use crate::spec::run::Precision;
use crate::tui::form::estimate::{DraftPlan, DraftRun};
use crate::tui::keys::Key;
use crate::tui::message::Message;
use crate::tui::screenshot;
use crate::tui::state::Screen;
use crate::tui::theme::{Colors, Glyphs, Theme};
use crate::tui::update::update;

const PLAIN: Theme = Theme::new(Colors::True, Glyphs::Unicode);

fn spec() -> RunSpec {
    serde_yaml::from_str(include_str!("../../../../tests/fixtures/experiments/run.yaml")).unwrap()
}

fn opened(spec: &RunSpec) -> Form {
    let backbone = Backbone::bert(2, 16, 2);
    let around = Surroundings { current: Path::new("/"), model: Some((&backbone, true)), precision: Precision::Fp32 };
    Form::of_waiting(RunId("demo-1/lora-r8".to_owned()), spec, around)
}

/// The form of a waiting run, opened from the queue.
fn state(size: (u16, u16)) -> State {
    let mut state = State::new("runs".to_owned(), EPOCH, size, None);
    update(&mut state, Message::Updates(Synthetic::new().poll(2.0)));
    press(&mut state, &[Key::Char('5')]);
    update(&mut state, Message::Opened(Box::new(opened(&spec()))));
    state
}

fn press(state: &mut State, keys: &[Key]) -> Vec<Effect> {
    keys.iter().flat_map(|key| update(state, Message::Key(*key))).collect()
}

fn set_epochs(state: &mut State, text: &str) {
    press(state, &[Key::Enter, Key::Ctrl('u')]);
    for c in text.chars() {
        press(state, &[Key::Char(c)]);
    }
    press(state, &[Key::Enter]);
}

fn planned(state: &mut State) {
    let run = DraftRun {
        name: "lora-r8".to_owned(),
        model: "model".to_owned(),
        method: "lora",
        trainable: 74_498,
        percent: 0.33,
        memory_bytes: 612_000_000,
        disk_bytes: 297_992,
        examples: 4000,
        seconds: None,
    };
    let plan = DraftPlan {
        runs: vec![run],
        runs_at_once: 1,
        warnings: Vec::new(),
        full: "demo: 1 run\n".to_owned(),
        free_bytes: Some(212_000_000_000),
    };
    let revision = state.launch.form.as_ref().unwrap().revision;
    update(state, Message::DraftPlanned(revision, Some(Box::new(Ok(plan)))));
}

#[test]
fn a_waiting_run_is_written_down_with_its_settings_on_top_and_what_it_was_given_spelled_out() {
    let mut spec = RunSpec { seed: 7, threads: 3, ..spec() };
    spec.optimization.epochs = 5;
    for method in Method::examples() {
        let form = opened(&RunSpec { method: method.clone(), ..spec.clone() });
        let read = read::experiment(form.text.as_bytes()).unwrap_or_else(|problems| panic!("{}\n{problems:?}", form.text));
        assert_eq!(read.runs[0].method, method, "{}", form.text);
        assert_eq!((read.threads, read.settings.epochs), (Some(3), Some(spec.optimization.epochs)), "{}", form.text);
    }
    let form = opened(&spec);
    assert!(form.text.contains("seed: 7") && form.text.contains("precision: fp32"), "{}", form.text);
    let labels: Vec<String> = form.fields().into_iter().map(|field| field.label).collect();
    assert!(labels.contains(&"epochs".to_owned()) && labels.contains(&"threads".to_owned()), "{labels:?}");
    assert!(["name", "runs at once", "seeds"].iter().all(|fixed| !labels.contains(&(*fixed).to_owned())), "{labels:?}");
}

#[test]
fn the_form_of_a_waiting_run_at_two_sizes() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        let mut state = state((columns, rows));
        set_epochs(&mut state, "9");
        planned(&mut state);
        insta::assert_snapshot!(format!("form_waiting_{columns}x{rows}"), screenshot::text(&state, PLAIN));
    }
}

#[test]
fn saving_changes_the_run_and_leads_back_to_where_it_was_asked_for() {
    for key in [Key::Function(5), Key::Ctrl('s')] {
        let mut state = state((120, 40));
        set_epochs(&mut state, "9");
        let effects = press(&mut state, &[key]);
        let [Effect::Amend { id, text, .. }] = effects.as_slice() else { panic!("{effects:?}") };
        assert!(id.0 == "demo-1/lora-r8" && text.contains("epochs: 9"), "{id} {text}");
        assert_eq!(press(&mut state, &[key]), [], "it is being changed");
        let effects = update(&mut state, Message::Amended(Ok("lora-r8 waits with epochs 3 → 9".to_owned())));
        assert_eq!((effects.as_slice(), state.screen, state.launch.form.is_none()), (&[Effect::LookAtQueue][..], Screen::Queue, true));
    }
}

#[test]
fn a_run_that_has_started_meanwhile_says_so_and_the_form_stays() {
    let mut state = state((120, 40));
    set_epochs(&mut state, "9");
    let started = RunUpdate { id: RunId("demo-1/lora-r8".to_owned()), change: Change::Status(RunStatus::Starting) };
    update(&mut state, Message::Updates(vec![started]));
    assert!(state.notice.as_ref().is_some_and(|notice| notice.text.contains("too late to change it")), "{:?}", state.notice);
    press(&mut state, &[Key::Function(5)]);
    update(&mut state, Message::Amended(Err("demo-1/lora-r8 has started meanwhile: nothing is changed".to_owned())));
    assert!(state.launch.is_form_shown && state.notice.as_ref().is_some_and(|notice| notice.is_problem));
    press(&mut state, &[Key::Escape]);
    assert_eq!((state.screen, state.launch.form.is_some()), (Screen::Queue, true), "what was typed is kept");
}

#[test]
fn nothing_is_changed_by_leaving_by_errors_or_where_runs_can_be_looked_at_only() {
    let mut left = state((120, 40));
    assert_eq!(press(&mut left, &[Key::Escape]), [Effect::LookAtQueue]);
    assert_eq!((left.screen, left.launch.form.is_none()), (Screen::Queue, true));

    let mut wrong = state((120, 40));
    let revision = wrong.launch.form.as_ref().unwrap().revision;
    update(&mut wrong, Message::DraftPlanned(revision, Some(Box::new(Err(PlanError::whole("x".into(), "no such file"))))));
    assert_eq!(press(&mut wrong, &[Key::Function(5)]), []);

    let mut looking = state((120, 40));
    looking.is_read_only = true;
    assert_eq!(press(&mut looking, &[Key::Function(5), Key::Ctrl('s')]), []);
}
