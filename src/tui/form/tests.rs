//! What keys do to the form, what it writes, and how it looks.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::from_run::{self, Surroundings};
use super::*;
use crate::metric::MetricName;
use crate::run::synthetic::{EPOCH, Synthetic};
use crate::spec::backbone::Backbone;
use crate::spec::early_stopping::EarlyStopping;
use crate::spec::method::Method;
use crate::spec::run::{Precision, RunSpec};
use crate::tui::effect::Effect;
use crate::tui::keys::Key;
use crate::tui::keys::table::KEYS;
use crate::tui::message::Message;
use crate::tui::screenshot;
use crate::tui::state::State;
use crate::tui::theme::{Colors, Glyphs, Theme};
use crate::tui::update::update;
use crate::tui::view::frames::frames;

const PLAIN: Theme = Theme::new(Colors::True, Glyphs::Unicode);

fn playing(size: (u16, u16)) -> State {
    let mut state = State::new("runs".to_owned(), EPOCH, size, None);
    update(&mut state, Message::Updates(Synthetic::new().poll(20.0)));
    state
}

fn press(state: &mut State, keys: &[Key]) -> Vec<Effect> {
    keys.iter().flat_map(|key| update(state, Message::Key(*key))).collect()
}

fn type_in(state: &mut State, text: &str) -> Vec<Effect> {
    text.chars().flat_map(|c| update(state, Message::Key(if c == '\n' { Key::Enter } else { Key::Char(c) }))).collect()
}

/// The launch screen with a new form on it, the cursor on the training rows.
fn blank(size: (u16, u16)) -> State {
    let mut state = playing(size);
    type_in(&mut state, "n");
    update(&mut state, Message::Files(Vec::new()));
    type_in(&mut state, "\n");
    state
}

fn form(state: &State) -> &Form {
    state.launch.form.as_ref().unwrap()
}

/// Moves to the row with this label.
fn go(state: &mut State, label: &str) {
    let form = state.launch.form.as_mut().unwrap();
    form.cursor = form.fields().iter().position(|field| field.label == label).unwrap_or_else(|| panic!("no row {label}"));
}

fn set(state: &mut State, label: &str, value: &str) -> Vec<Effect> {
    go(state, label);
    type_in(state, "\n");
    press(state, &[Key::Ctrl('u')]);
    let mut effects = type_in(state, value);
    effects.extend(type_in(state, "\n"));
    effects
}

#[test]
fn an_experiment_is_built_from_nothing_and_written_as_a_person_would() {
    let mut state = blank((80, 24));
    assert!(!form(&state).problems.is_empty(), "data are missing");
    let effects = type_in(&mut state, "\ntrain.tsv\n");
    assert!(matches!(effects.last(), Some(Effect::PlanDraft { .. })), "{effects:?}");
    set(&mut state, "name", "mine");
    set(&mut state, "epochs", "5");
    set(&mut state, "seeds", "0, 1");
    go(&mut state, "early stopping");
    press(&mut state, &[Key::Right, Key::Right]);
    go(&mut state, "feature_extraction");
    press(&mut state, &[Key::Char(' ')]);
    go(&mut state, "lora");
    press(&mut state, &[Key::Enter]);
    set(&mut state, "rank", "4");
    set(&mut state, "targets", "query value");
    go(&mut state, "bitfit");
    press(&mut state, &[Key::Enter]);
    let expected = "name: mine\ndata: {train: train.tsv}\nepochs: 5\nearly_stopping: {metric: accuracy}\nseeds: [0, 1]\nruns:\n  - {method: full}\n  - {method: lora, rank: 4, targets: [query, value]}\n  - {method: bitfit}\n";
    assert_eq!(form(&state).text, expected);
    assert_eq!((form(&state).problems.as_slice(), form(&state).path()), ([].as_slice(), PathBuf::from("experiments/mine.yaml")));
    let launch = press(&mut state, &[Key::Function(5)]);
    assert!(matches!(launch.as_slice(), [Effect::LaunchDraft { text, .. }] if text == expected), "{launch:?}");
}

#[test]
fn what_is_wrong_is_said_as_one_types_in_the_words_of_the_reader_and_escape_takes_it_back() {
    let mut state = blank((80, 24));
    type_in(&mut state, "\nt.tsv\n");
    let before = form(&state).text.clone();
    go(&mut state, "epochs");
    type_in(&mut state, "\nmany");
    let field = form(&state).field().unwrap();
    let said = form(&state).problem(&field).unwrap().message.clone();
    assert_eq!(Some(&said), read::experiment(form(&state).text.as_bytes()).unwrap_err().first().map(|problem| &problem.message));
    assert!(screenshot::text(&state, PLAIN).contains("must be a whole number"), "{}", screenshot::text(&state, PLAIN));
    assert_eq!(press(&mut state, &[Key::Function(5)]), [], "a key for the form is none for the text");
    press(&mut state, &[Key::Escape]);
    assert_eq!(form(&state).text, before);
}

#[test]
fn nothing_starts_while_something_is_wrong() {
    let mut state = blank((80, 24));
    assert_eq!(press(&mut state, &[Key::Function(5)]), []);
    assert!(state.notice.as_ref().is_some_and(|notice| notice.text.starts_with("not started")));
}

#[test]
fn the_plan_of_an_earlier_state_is_dropped() {
    let mut state = blank((80, 24));
    type_in(&mut state, "\nt.tsv\n");
    let old = form(&state).revision;
    set(&mut state, "epochs", "2");
    let error = PlanError::whole("x".into(), "old");
    update(&mut state, Message::DraftPlanned(old, Some(Box::new(Err(error.clone())))));
    assert!(form(&state).problems.is_empty());
    let now = form(&state).revision;
    update(&mut state, Message::DraftPlanned(now, Some(Box::new(Err(error)))));
    assert_eq!(form(&state).problems.len(), 1);
}

#[test]
fn saving_asks_before_it_writes_over_a_file_and_the_form_is_kept_when_left() {
    let mut state = blank((80, 24));
    let saved = press(&mut state, &[Key::Ctrl('s')]);
    assert!(matches!(saved.as_slice(), [Effect::SaveDraft { overwrites: false, .. }]), "{saved:?}");
    press(&mut state, &[Key::Escape]);
    assert!(!state.launch.is_form_shown && state.launch.form.is_some());
    assert!(screenshot::text(&state, PLAIN).contains("the form that was left"));
}

#[test]
fn a_file_that_no_form_can_show_is_left_to_the_editor_and_keeps_every_byte() {
    let mut state = playing((80, 24));
    let text = "# mine\nruns: [full]\nextra: {deep: [1]}\n";
    let opened = Form::open(Some("a.yaml".into()), PathBuf::new(), text.to_owned());
    update(&mut state, Message::Opened(Box::new(opened)));
    press(&mut state, &[Key::Enter, Key::Char(' '), Key::Backspace, Key::Right]);
    assert_eq!(form(&state).text, text);
    assert!(screenshot::text(&state, PLAIN).contains("`runs` is no list of runs"));
    let edits = press(&mut state, &[Key::Function(4)]);
    assert!(matches!(edits.as_slice(), [Effect::EditDraft { .. }]));
    update(&mut state, Message::Edited(Ok("data: {train: a}\nruns: [{method: full}]\n".to_owned())));
    assert!(form(&state).document.is_ok());
}

#[test]
fn keys_that_the_form_does_not_know_are_kept_and_named() {
    let mut state = playing((80, 24));
    let text = "# a comment at the head\nname: a\ndata: {train: t.tsv}\nweight_decay: 0.2\nrnak: 3\nruns: [{method: full}]\n";
    update(&mut state, Message::Opened(Box::new(Form::open(None, PathBuf::new(), text.to_owned()))));
    set(&mut state, "epochs", "4");
    let written = &form(&state).text;
    assert!(
        written.starts_with("# a comment at the head\n") && written.contains("rnak: 3") && written.contains("weight_decay: 0.2"),
        "{written}"
    );
    press(&mut state, &[Key::Tab, Key::Tab]);
    assert!(screenshot::text(&state, PLAIN).contains("unknown key `rnak`"));
}

#[test]
fn pasted_text_is_one_edit_of_the_value() {
    let mut state = blank((80, 24));
    type_in(&mut state, "\n");
    update(&mut state, Message::Paste("data/\u{1b}[0mtrain.tsv\n".to_owned()));
    press(&mut state, &[Key::Enter]);
    assert_eq!(form(&state).field().unwrap().value(form(&state).document.as_ref().unwrap()), Some("data/[0mtrain.tsv".to_owned()));
}

#[test]
fn every_method_of_the_registry_has_its_rows() {
    for about in Method::ALL {
        let text = format!("data: {{train: t}}\nruns: [{{method: {}}}]\n", about.name);
        let mut form = Form::open(None, PathBuf::new(), text);
        form.open = Some(0);
        let labels: Vec<String> = form.fields().into_iter().map(|field| field.label).collect();
        for own in about.hyperparameters {
            assert!(labels.contains(&own.key.to_owned()), "{}: {}", about.name, own.key);
        }
        assert!(Method::ALL.iter().all(|other| labels.contains(&other.name.to_owned())));
    }
}

#[test]
fn a_run_is_written_down_again_without_its_defaults() {
    let spec: RunSpec = serde_yaml::from_str(include_str!("../../../tests/fixtures/experiments/run.yaml")).unwrap();
    let backbone = Backbone::bert(2, 16, 2);
    let around = Surroundings { current: Path::new("/"), model: Some((&backbone, true)), precision: Precision::Fp32 };
    for method in Method::examples() {
        let text = write::text(&from_run::document(&RunSpec { method: method.clone(), ..spec.clone() }, "again", around));
        let read = read::experiment(text.as_bytes()).unwrap_or_else(|problems| panic!("{text}\n{problems:?}"));
        assert_eq!(read.runs[0].method, method, "{text}");
        assert_eq!(read.settings.epochs.unwrap_or(3), spec.optimization.epochs, "{text}");
    }
    // Beside another file a model in a folder is found by the folder's own path.
    let model = crate::spec::run::Model { id: "./tiny".to_owned(), folder: PathBuf::from("/models/tiny") };
    let text = write::text(&from_run::document(&RunSpec { model, ..spec.clone() }, "again", around));
    assert!(text.contains("model: models/tiny\n"), "{text}");
    insta::assert_snapshot!("run_written_again", write::text(&from_run::document(&spec, "again", around)));
}

#[test]
fn what_the_form_has_rows_for_stands_above_the_run_that_it_was_filled_from() {
    let mut spec: RunSpec = serde_yaml::from_str(include_str!("../../../tests/fixtures/experiments/run.yaml")).unwrap();
    (spec.optimization.epochs, spec.optimization.batch_size) = (5, 16);
    spec.early_stopping = Some(EarlyStopping { metric: MetricName::Accuracy, patience: 7, min_delta: 0.0 });
    let around = Surroundings { current: Path::new("/"), model: None, precision: Precision::Fp32 };
    let text = write::text(&from_run::document(&spec, "again", around));
    let read = read::experiment(text.as_bytes()).unwrap();
    assert_eq!((read.settings.epochs, read.settings.batch_size, read.runs[0].settings.epochs), (Some(5), Some(16), None), "{text}");
    assert!(text.contains("\nearly_stopping: {metric: accuracy, patience: 7}\n"), "{text}");
}

#[test]
fn a_run_is_cloned_from_the_table_and_from_its_menu() {
    for keys in ["C", "rc"] {
        let mut state = playing((80, 24));
        let effects = type_in(&mut state, keys);
        assert!(matches!(effects.as_slice(), [Effect::CloneRun(spec)] if spec.name == "full"), "{effects:?}");
    }
    let mut state = playing((80, 24));
    assert!(matches!(type_in(&mut state, "rE").as_slice(), [Effect::OpenExperiment(_)]));
    assert!(matches!(type_in(&mut state, "rRy").as_slice(), [Effect::Rerun(_)]));
}

fn planned(state: &mut State) {
    let run = |name: &str, method, trainable, seconds| estimate::DraftRun {
        name: name.to_owned(),
        model: "model".to_owned(),
        method,
        trainable,
        percent: trainable as f64 / 227_139.86,
        memory_bytes: 612_000_000,
        disk_bytes: 4 * trainable,
        examples: 4000,
        seconds,
    };
    let plan = DraftPlan {
        runs: vec![
            run("full", "full", 22_713_986, Some(47.0)),
            run("feature_extraction", "feature_extraction", 770, Some(6.0)),
            run("lora", "lora", 74_498, None),
        ],
        runs_at_once: 2,
        warnings: vec![(Some(6), "lora: learning rate 5 is 2500 times the method's default, 2e-3; it may diverge".to_owned())],
        full: "my-experiment: 3 runs\n".to_owned(),
        free_bytes: Some(212_000_000_000),
    };
    let revision = form(state).revision;
    update(state, Message::DraftPlanned(revision, Some(Box::new(Ok(plan)))));
    // The runs of the demonstration are of another model.
    if let Some((_, plan)) = &mut state.launch.form.as_mut().unwrap().plan {
        plan.runs[0].seconds = Some(47.0);
        plan.runs[1].seconds = Some(6.0);
    }
    state.notice = None;
}

#[test]
fn the_form_at_every_size() {
    for (columns, rows) in [(40, 10), (80, 24), (120, 40), (200, 60)] {
        let mut state = blank((columns, rows));
        insta::assert_snapshot!(format!("form_blank_{columns}x{rows}"), screenshot::text(&state, PLAIN));
        type_in(&mut state, "\nassets/did-it-happen/train.tsv\n");
        go(&mut state, "lora");
        type_in(&mut state, "\n");
        set(&mut state, "learning rate", "5");
        planned(&mut state);
        insta::assert_snapshot!(format!("form_planned_{columns}x{rows}"), screenshot::text(&state, PLAIN));
        if columns >= 80 {
            insta::assert_snapshot!(format!("form_in_every_guise_{columns}x{rows}"), frames(&state));
        }
    }
}

#[test]
fn errors_stand_under_the_line_that_they_are_about() {
    let mut state = blank((80, 24));
    type_in(&mut state, "\nt.tsv\n");
    set(&mut state, "epochs", "many");
    press(&mut state, &[Key::Tab, Key::Tab]);
    insta::assert_snapshot!("form_file_80x24", screenshot::text(&state, PLAIN));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_sequence_of_keys_panics_and_what_is_written_reads_back(
        sequence in proptest::collection::vec((0_usize..400, any::<char>()), 1..60),
        size in (0_u16..220, 0_u16..60),
    ) {
        let keys: Vec<Key> = KEYS.iter().flat_map(|row| row.keys.iter().copied()).filter(|key| *key != Key::Ctrl('c')).collect();
        let mut state = blank((size.0, size.1));
        for (idx, c) in sequence {
            let key = keys.get(idx).copied().unwrap_or([Key::Enter, Key::Down, Key::Char(c)][idx % 3]);
            update(&mut state, Message::Key(key));
            screenshot::cells(&state, PLAIN);
            let Some(form) = &state.launch.form else { continue };
            if let Ok(document) = &form.document {
                let (_, read) = document::parse(form.text.as_bytes()).map_err(|problem| TestCaseError::fail(problem.to_string()))?;
                prop_assert_eq!(&read, document, "{}", form.text);
            }
        }
    }
}
