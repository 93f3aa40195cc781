//! Frames, reviewed line by line, and what must hold for every frame.

mod alerts;
mod hints;
mod kept;
mod log;
mod mistakes;
mod panes;
mod screens;

use std::path::PathBuf;

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::style::Color;

use crate::metric::MetricName;
use crate::run::catalog::{Change, RunId, RunUpdate};
use crate::run::event::{Evaluation, Event, EventKind, Level, Note, StepTaken};
use crate::run::number::Number;
use crate::run::synthetic::{EPOCH, Synthetic};
use crate::run::tail::{Line, News};
use crate::spec::task::{Split, TaskKind};
use crate::tui::act::pointer::{Gesture, Pointer};
use crate::tui::keys::Key;
use crate::tui::keys::action::Scope;
use crate::tui::keys::table::KEYS;
use crate::tui::message::Message;
use crate::tui::overlay::Question;
use crate::tui::screenshot;
use crate::tui::state::State;
use crate::tui::theme::{Colors, Glyphs, Theme};
use crate::tui::update::update;

pub(crate) const PLAIN: Theme = Theme::new(Colors::True, Glyphs::Unicode);

pub(crate) fn state(seconds: f64, size: (u16, u16)) -> State {
    let mut state = State::new("runs".to_owned(), EPOCH + seconds, size, None);
    update(&mut state, Message::Updates(Synthetic::new().poll(seconds)));
    state
}

pub(crate) fn press(state: &mut State, keys: &[Key]) {
    for key in keys {
        update(state, Message::Key(*key));
    }
    state.notice = None;
}

pub(crate) fn text(buffer: &Buffer) -> String {
    let rows = buffer.content.chunks(usize::from(buffer.area.width).max(1));
    let lines: Vec<String> =
        rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()).collect();
    lines.join("\n")
}

pub(crate) fn snapshot(name: &str, state: &State, theme: Theme) {
    insta::assert_snapshot!(name, text(&screenshot::cells(state, theme)));
}

#[test]
fn all_runs_at_every_size() {
    for (columns, rows) in [(40, 10), (80, 24), (120, 40), (200, 60)] {
        snapshot(&format!("overview_{columns}x{rows}"), &state(45.0, (columns, rows)), PLAIN);
    }
}

/// The runs as those of a regression: their accuracies as correlations, no confusion matrix.
fn regression(mut updates: Vec<RunUpdate>) -> Vec<RunUpdate> {
    for update in &mut updates {
        match &mut update.change {
            Change::Added(spec) => {
                let spec = spec.as_mut().as_mut().unwrap();
                (spec.task.kind, spec.task.labels, spec.best_metric) = (TaskKind::Regression, Vec::new(), MetricName::Loss);
                spec.early_stopping.as_mut().unwrap().metric = MetricName::Spearman;
            }
            Change::Events(events) => {
                for event in events {
                    let EventKind::Evaluation(evaluation) = &mut event.kind else { continue };
                    let accuracy = evaluation.metrics[&MetricName::Accuracy];
                    evaluation.metrics.retain(|name, _| *name == MetricName::Loss);
                    evaluation.metrics.extend([(MetricName::Pearson, accuracy), (MetricName::Spearman, Number(accuracy.0 - 0.1))]);
                    evaluation.confusion = None;
                }
            }
            _ => {}
        }
    }
    updates
}

#[test]
fn a_regression_is_shown_by_its_own_metrics_alone() {
    let mut state = State::new("runs".to_owned(), EPOCH + 45.0, (80, 24), None);
    update(&mut state, Message::Updates(regression(Synthetic::new().poll(45.0))));
    press(&mut state, &[Key::Tab]);
    snapshot("regression_80x24", &state, PLAIN);
    let mut metrics = Vec::new();
    for _ in 0..4 {
        metrics.push(state.metric());
        press(&mut state, &[Key::Char(';')]);
    }
    assert_eq!(metrics, [MetricName::Pearson, MetricName::Spearman, MetricName::Pearson, MetricName::Spearman]);
    press(&mut state, &[Key::Enter]);
    snapshot("regression_run_80x24", &state, PLAIN);
}

#[test]
fn one_run_at_every_size() {
    for (columns, rows) in [(40, 10), (80, 24), (120, 40), (200, 60)] {
        let mut state = state(45.0, (columns, rows));
        press(&mut state, &[Key::Enter]);
        snapshot(&format!("run_{columns}x{rows}"), &state, PLAIN);
    }
}

#[test]
fn the_panes_of_a_small_screen_are_turned_by_tab() {
    let mut state = state(45.0, (80, 24));
    press(&mut state, &[Key::Enter]);
    for pane in ["metric", "parameters", "layers", "health", "confusion", "mistakes", "system", "log"] {
        press(&mut state, &[Key::Tab]);
        snapshot(&format!("run_pane_{pane}"), &state, PLAIN);
    }
}

#[test]
fn the_launch_screen_shows_files_plans_and_errors() {
    for (columns, rows) in [(40, 10), (80, 24), (120, 40), (200, 60)] {
        let mut state = state(10.0, (columns, rows));
        press(&mut state, &[Key::Char('4')]);
        let files = vec![PathBuf::from("experiments/lora.yaml"), PathBuf::from("experiments/quickstart.yaml")];
        update(&mut state, Message::Files(files.clone()));
        let plan = Ok("quickstart: 3 runs\n\n  full     22,566,916  100.00%  250 steps".to_owned());
        update(&mut state, Message::Planned(files[1].clone(), plan));
        snapshot(&format!("launch_{columns}x{rows}"), &state, PLAIN);
        let errors = Err("experiments/lora.yaml:4:3: unknown key \"rnak\"; did you mean \"rank\"?".to_owned());
        update(&mut state, Message::Planned(files[0].clone(), errors));
        if columns == 80 {
            snapshot("launch_errors", &state, PLAIN);
        }
    }
}

#[test]
fn a_long_plan_says_how_much_of_it_lies_below_and_scrolls() {
    let mut state = state(10.0, (80, 24));
    press(&mut state, &[Key::Char('4')]);
    let file = PathBuf::from("experiments/all-methods.yaml");
    update(&mut state, Message::Files(vec![file.clone()]));
    let lines: Vec<String> = (1..=60).map(|line| format!("line {line} of the plan")).collect();
    update(&mut state, Message::Planned(file, Ok(lines.join("\n"))));
    let shown = text(&screenshot::cells(&state, PLAIN));
    assert!(shown.contains("44 more lines") && shown.contains("line 16 of") && !shown.contains("line 17 of"), "{shown}");
    press(&mut state, &[Key::Char('j'), Key::Char('j')]);
    let shown = text(&screenshot::cells(&state, PLAIN));
    assert!(shown.contains("42 more lines") && shown.contains("line 18 of") && !shown.contains("line 2 of"), "{shown}");
    press(&mut state, &[Key::Char('G'), Key::Char('j'), Key::Char('j'), Key::Char('k')]);
    let shown = text(&screenshot::cells(&state, PLAIN));
    assert!(shown.contains("1 more line ") && shown.contains("line 59 of") && !shown.contains("line 60 of"), "the end stops it: {shown}");
}

#[test]
fn the_help_lists_the_key_table() {
    let mut state = state(10.0, (80, 24));
    press(&mut state, &[Key::Char('?')]);
    snapshot("help_80x24", &state, PLAIN);
    state.size = (120, 220);
    let shown = text(&screenshot::cells(&state, PLAIN));
    let hidden = [Scope::Help, Scope::Question, Scope::Input, Scope::Picker, Scope::Menu, Scope::CopyMenu];
    for binding in KEYS.iter().filter(|binding| !hidden.contains(&binding.scope)) {
        let about = crate::tui::text::cut(binding.about, 60);
        assert!(shown.contains(&about), "{about}");
    }
    press(&mut state, &[Key::Char('s'), Key::Char('m'), Key::Char('o')]);
    let found = text(&screenshot::cells(&state, PLAIN));
    assert!(found.contains("smooth the training curves less") && !found.contains("space"), "{found}");
}

#[test]
fn a_question_a_crosshair_and_an_empty_folder() {
    let mut asking = state(45.0, (80, 24));
    press(&mut asking, &[Key::Char('t')]);
    snapshot("question_80x24", &asking, PLAIN);
    let words = "quickstart-1/full: goes on at step 135 for 2 more epochs, to epoch 7, step 189; the linear schedule is computed for all 189 steps: the \
                 learning rate was 4.13e-7 at step 135, is 1.59e-5 at step 136 and falls to 2.94e-7 at step 189; early stopping goes on: best 0.9155 at \
                 step 108, 1 of 3 evaluations without a gain; extend it?";
    let question = || Question { text: words.to_owned(), then: Vec::new(), otherwise: String::new(), announced: None };
    for (columns, rows) in [(40, 10), (60, 16), (80, 24), (120, 40)] {
        let mut asking = state(45.0, (columns, rows));
        update(&mut asking, Message::Ask(question()));
        snapshot(&format!("question_long_{columns}x{rows}"), &asking, PLAIN);
    }
    let mut reading = state(45.0, (120, 40));
    press(&mut reading, &[Key::Char('c'), Key::Left, Key::Char('y'), Key::Char('x')]);
    snapshot("crosshair_120x40", &reading, PLAIN);
    let mut empty = State::new("runs".to_owned(), 0.0, (80, 24), None);
    snapshot("reading_80x24", &empty, PLAIN);
    update(&mut empty, Message::Updates(Vec::new()));
    snapshot("empty_80x24", &empty, PLAIN);
}

#[test]
fn without_colours_no_cell_has_one_and_nothing_is_lost() {
    let theme = Theme::new(Colors::None, Glyphs::Unicode);
    let state = state(45.0, (80, 24));
    let cells = screenshot::cells(&state, theme);
    assert!(cells.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    assert_eq!(text(&cells), text(&screenshot::cells(&state, PLAIN)), "meaning never rests on colour");
    snapshot("mono_80x24", &state, theme);
}

#[test]
fn ascii_frames_are_ascii() {
    let theme = Theme::new(Colors::Sixteen, Glyphs::Ascii);
    for size in [(80, 24), (120, 40)] {
        let mut state = state(45.0, size);
        snapshot(&format!("ascii_overview_{}x{}", size.0, size.1), &state, theme);
        press(&mut state, &[Key::Enter]);
        assert!(text(&screenshot::cells(&state, theme)).is_ascii());
    }
}

#[test]
fn what_data_say_never_reaches_the_screen_as_control_characters() {
    let mut state = state(45.0, (120, 40));
    let id = RunId("demo-1/\u{1b}[31mred\u{7}".to_owned());
    let bad = Err("broken\u{1b}]0;title\u{7}\nrun.yaml".to_owned());
    update(&mut state, Message::Updates(vec![RunUpdate { id, change: Change::Added(Box::new(bad)) }]));
    press(&mut state, &[Key::Char('G')]);
    for _ in 0..2 {
        let shown = text(&screenshot::cells(&state, PLAIN));
        assert!(shown.contains("red") && !shown.contains("[31m"), "{shown}");
        assert!(shown.chars().all(|c| c == '\n' || !c.is_control()));
        press(&mut state, &[Key::Enter]);
    }
}

/// Something that may happen to a dashboard.
#[derive(Debug, Clone)]
enum Happening {
    Key(Key),
    Size(u16, u16),
    Time(f64),
    Play(f64),
    Step(u64, f64),
    Evaluation(u64, f64),
    Remove(usize),
    Text(String),
    Type(char),
    Paste(String),
    Point(Gesture, u16, u16),
    Focus(bool),
    Resume,
    Part(f64),
    Log(String),
    Name(String),
    Mistakes(String),
    Output(String, u64),
}

const GESTURES: [Gesture; 4] = [Gesture::Press, Gesture::Drag, Gesture::WheelUp, Gesture::WheelDown];

/// Text as data may hold it to harm a terminal.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = [
        "\u{1b}[2J",
        "\u{1b}]52;c;aGk=\u{7}",
        "\u{9b}31m",
        "\r",
        "\n",
        "\t",
        "\u{202e}",
        "\u{200b}",
        "日本",
        "é",
        "a",
        "\u{0}",
        "\u{7f}",
        "👩‍👩‍👧",
    ];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..12).prop_map(|pieces| pieces.concat())
}

fn happenings() -> impl Strategy<Value = Happening> {
    let keys: Vec<Key> = KEYS.iter().flat_map(|binding| binding.keys.iter().copied()).collect();
    let number = prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-1.0), Just(0.0), -1e300..1e300_f64, 0.0..3.0_f64];
    prop_oneof![
        8 => proptest::sample::select(keys).prop_map(Happening::Key),
        2 => (0_u16..230, 0_u16..70).prop_map(|(columns, rows)| Happening::Size(columns, rows)),
        1 => number.clone().prop_map(Happening::Time),
        2 => (0.0..150.0_f64).prop_map(Happening::Play),
        1 => (0_u64..400, number.clone()).prop_map(|(step, value)| Happening::Step(step, value)),
        1 => (0_u64..400, number).prop_map(|(step, value)| Happening::Evaluation(step, value)),
        1 => (0_usize..9).prop_map(Happening::Remove),
        1 => ".{0,60}".prop_map(Happening::Text),
        2 => any::<char>().prop_map(Happening::Type),
        1 => ".{0,30}".prop_map(Happening::Paste),
        1 => any::<bool>().prop_map(Happening::Focus),
        1 => Just(Happening::Resume),
        1 => (0.0..150.0_f64).prop_map(Happening::Part),
        1 => hostile().prop_map(Happening::Log),
        1 => hostile().prop_map(Happening::Name),
        1 => hostile().prop_map(Happening::Mistakes),
        1 => (hostile(), 0_u64..3_000_000).prop_map(|(text, at)| Happening::Output(text, at)),
        2 => (0_usize..4, 0_u16..230, 0_u16..70).prop_map(|(gesture, column, row)| Happening::Point(GESTURES[gesture], column, row)),
    ]
}

fn happen(state: &mut State, synthetic: &mut Synthetic, happening: Happening) {
    let id = RunId("demo-1/full".to_owned());
    let event = |kind| Message::Updates(vec![RunUpdate { id: id.clone(), change: Change::Events(vec![Event { time: EPOCH, kind }]) }]);
    let message = match happening {
        Happening::Key(key) => Message::Key(key),
        Happening::Size(columns, rows) => Message::Resize(columns, rows),
        Happening::Time(time) => Message::Tick(time),
        Happening::Play(seconds) => Message::Updates(synthetic.poll(seconds)),
        Happening::Step(step, value) => event(EventKind::Step(StepTaken {
            step,
            epoch: value,
            loss: Number(value),
            learning_rate: value,
            gradient_norm: Number(value),
            examples: step,
            tokens: 0,
            seconds: value,
            training_seconds: value,
            rss_bytes: u64::MAX,
        })),
        Happening::Evaluation(step, value) => event(EventKind::Evaluation(Evaluation {
            step,
            epoch: value,
            split: Split::Validation,
            metrics: [(MetricName::Loss, Number(value))].into(),
            confusion: None,
            seconds: value,
            is_best: step % 2 == 0,
        })),
        Happening::Remove(idx) => {
            let id = state.catalog.runs.get(idx).map_or_else(|| id.clone(), |run| run.id.clone());
            Message::Updates(vec![RunUpdate { id, change: Change::Removed }])
        }
        Happening::Focus(is_focused) => Message::Focus(is_focused),
        Happening::Resume => Message::Resumed,
        Happening::Part(seconds) => Message::Part(synthetic.poll(seconds)),
        Happening::Log(message) => event(EventKind::Note(Note { level: Level::Warning, message })),
        Happening::Name(name) => {
            let id = RunId(format!("demo-1/{name}"));
            Message::Updates(vec![RunUpdate { id, change: Change::Added(Box::new(Err(name))) }])
        }
        Happening::Mistakes(text) => {
            let id = state.selected().map_or_else(|| id.clone(), |run| run.id.clone());
            let mut listing = mistakes::listing();
            listing.rows.iter_mut().for_each(|row| (row.truth, row.text) = (text.clone(), Some(text.clone())));
            Message::Mistakes(id, Ok(Some(listing)))
        }
        Happening::Output(text, at) => {
            let id = state.selected().map_or_else(|| id.clone(), |run| run.id.clone());
            // What is read is fit for a terminal already.
            let line = Line { at, text: crate::run::text::stripped(&text) };
            Message::Output(id, state.log.source, News { length: at + 10, from: at, lines: vec![line] })
        }
        Happening::Type(c) => Message::Key(Key::Char(c)),
        Happening::Paste(text) => Message::Paste(text),
        Happening::Point(gesture, column, row) => Message::Pointer(Pointer { gesture, column, row }),
        Happening::Text(text) => Message::Planned(PathBuf::from(&text), Err(text)),
    };
    update(state, message);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_sequence_of_happenings_panics_at_any_size(
        size in (0_u16..230, 0_u16..70),
        sequence in proptest::collection::vec(happenings(), 1..40),
        is_ascii in any::<bool>(),
    ) {
        let glyphs = if is_ascii { Glyphs::Ascii } else { Glyphs::Unicode };
        let mut state = State::new("runs".to_owned(), EPOCH, size, None);
        let mut synthetic = Synthetic::new();
        for happening in sequence {
            happen(&mut state, &mut synthetic, happening);
            let cells = screenshot::cells(&state, Theme::new(Colors::True, glyphs));
            prop_assert!(cells.content.iter().all(|cell| !is_ascii || cell.symbol().is_ascii()));
            prop_assert!(cells.content.iter().all(|cell| !cell.symbol().chars().any(char::is_control)), "a control character is drawn");
        }
    }

    #[test]
    fn every_screen_renders_at_every_size(columns in 0_u16..230, rows in 0_u16..70, screen in 0_usize..10) {
        let mut state = state(45.0, (columns, rows));
        press(&mut state, &[Key::Char(['1', '2', '3', '4', '5', '6', '?', ':', 'w', 'r'][screen])]);
        for _ in 0..6 {
            screenshot::cells(&state, PLAIN);
            press(&mut state, &[Key::Tab]);
        }
    }
}
