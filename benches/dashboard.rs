//! What the dashboard itself takes, without a terminal: `cargo bench -p finetop --bench dashboard [-- PART]`.
//!
//! Percentiles and worst cases in place of means, since a frame that is late is late whatever the others were. Each figure stands beside
//! what it may be at most; the program fails where one is exceeded and `--strict` is given. What needs a terminal, a process and a clock of
//! the world (memory, idling, the way from key to screen) is measured by `benches/peers/terminal.py`.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use finetop::metric::MetricName;
use finetop::run::catalog::{Change, RunId, RunUpdate};
use finetop::run::event::{Evaluation, Event, EventKind, StepTaken};
use finetop::run::number::Number;
use finetop::run::status::RunStatus;
use finetop::run::store::Store;
use finetop::spec::run::RunSpec;
use finetop::spec::task::Split;
use finetop::tui::image::pictures::sequences;
use finetop::tui::image::wanted::{figure, wanted};
use finetop::tui::image::{Protocol, Support};
use finetop::tui::keys::Key;
use finetop::tui::message::Message;
use finetop::tui::state::State;
use finetop::tui::theme::{Colors, Glyphs, Theme};
use finetop::tui::update::update;
use finetop::tui::view::view;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

/// Runs of the large load.
const N_RUNS: usize = 20;

/// Steps of each of its runs; a step has ten numbers.
const N_STEPS: u64 = 50_000;

/// Steps between two of its evaluations; an evaluation has five metrics.
const EVALUATED_EVERY: u64 = 250;

/// Steps of the log of 36 MB.
const LONG_LOG: u64 = 120_000;

/// Runs of the long list.
const N_LISTED: usize = 500;

const NOW: f64 = 1_735_689_600.0;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let is_strict = arguments.iter().any(|argument| argument == "--strict");
    let part = arguments.iter().find(|argument| !argument.starts_with('-'));
    let mut table = Table::default();
    for (name, measure) in [("log", log as fn(&mut Table)), ("frame", frames), ("arrive", arriving), ("list", listing), ("image", images)] {
        if part.is_none_or(|part| name.contains(part.as_str())) {
            measure(&mut table);
        }
    }
    if is_strict && table.n_late > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// What is printed.
#[derive(Default)]
struct Table {
    has_head: bool,
    n_late: usize,
}

impl Table {
    /// A line: what, how often, the middle one, the 99th of a hundred, the worst, milliseconds; and what the 99th may be at most.
    fn row(&mut self, what: &str, mut seconds: Vec<f64>, most: Option<f64>) {
        if !std::mem::replace(&mut self.has_head, true) {
            println!("{:<58}{:>6}{:>9}{:>9}{:>9}{:>9}", "milliseconds", "n", "p50", "p99", "worst", "at most");
        }
        seconds.sort_by(f64::total_cmp);
        let at = |share: f64| seconds[((seconds.len() - 1) as f64 * share).round() as usize] * 1e3;
        let is_late = most.is_some_and(|most| at(0.99) > most);
        self.n_late += usize::from(is_late);
        let most = most.map_or_else(String::new, |most| format!("{most}{}", if is_late { " !" } else { "" }));
        println!("{what:<58}{:>6}{:>9.2}{:>9.2}{:>9.2}{most:>9}", seconds.len(), at(0.5), at(0.99), at(1.0));
    }
}

fn timed(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// A terminal that swallows what is drawn, its escape sequences included.
struct Screen {
    terminal: Terminal<CrosstermBackend<std::io::Sink>>,
    theme: Theme,
}

impl Screen {
    fn new(size: (u16, u16)) -> Self {
        let viewport = Viewport::Fixed(Rect::new(0, 0, size.0, size.1));
        let terminal =
            Terminal::with_options(CrosstermBackend::new(std::io::sink()), TerminalOptions { viewport }).expect("a terminal in memory");
        Self { terminal, theme: Theme::new(Colors::True, Glyphs::Unicode) }
    }

    fn draw(&mut self, state: &State) {
        self.terminal.draw(|frame| view(state, self.theme, frame)).expect("a terminal in memory cannot fail");
    }
}

fn spec(name: &str) -> RunSpec {
    let golden = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden/run.yaml")).expect("the golden run");
    let golden: RunSpec = serde_yaml::from_str(&golden).expect("the golden run is one");
    RunSpec { name: name.to_owned(), ..golden }
}

fn id(run: usize) -> RunId {
    RunId(format!("load-1/run-{run:03}"))
}

/// A noisy exponential decay with spikes, the same every time.
fn step(run: usize, step: u64) -> Event {
    let noise = |salt: u64| {
        let mut hash = (step ^ (run as u64) << 40 ^ salt << 52).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        hash ^= hash >> 29;
        hash = hash.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (hash >> 40) as f64 / f64::from(1_u32 << 24)
    };
    let spike = if noise(1) < 0.0005 { 3.0 } else { 0.0 };
    let seconds = 0.1 + noise(2) * 0.01;
    let taken = StepTaken {
        step,
        epoch: step as f64 / 1000.0,
        loss: Number(f64::from(((-(step as f64) / (10_000.0 + 500.0 * run as f64)).exp() + noise(3) * 0.1 + spike) as f32)),
        learning_rate: 1e-4 * (1.0 - step as f64 / (N_STEPS as f64 + 1.0)),
        gradient_norm: Number(f64::from((1.0 + noise(4)) as f32)),
        examples: step * 32,
        tokens: step * 900,
        seconds,
        training_seconds: step as f64 * 0.105 + seconds,
        rss_bytes: 1_000_000_000 + step,
    };
    Event { time: NOW + step as f64 * 0.105, kind: EventKind::Step(taken) }
}

fn evaluation(run: usize, at: u64) -> Event {
    let loss = 0.2 + (-(at as f64) / (9000.0 + 400.0 * run as f64)).exp();
    let share = 1.0 - loss / 2.0;
    let metrics = [MetricName::Loss, MetricName::Accuracy, MetricName::F1, MetricName::MacroF1, MetricName::Matthews];
    let metrics = metrics.into_iter().map(|name| (name, Number(if name == MetricName::Loss { loss } else { share }))).collect();
    let epoch = at as f64 / 1000.0;
    let kind = EventKind::Evaluation(Evaluation {
        step: at,
        epoch,
        split: Split::Validation,
        metrics,
        confusion: None,
        seconds: 1.0,
        is_best: true,
    });
    Event { time: NOW + at as f64 * 0.105, kind }
}

/// How the golden run began.
fn beginning() -> Vec<Event> {
    let golden =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden/events.jsonl")).expect("the golden log");
    let events = golden.lines().filter_map(|line| serde_json::from_str::<Event>(line).ok());
    let mut events: Vec<Event> =
        events.filter(|event| matches!(event.kind, EventKind::AttemptStarted(_) | EventKind::TrainingStarted(_))).collect();
    events.truncate(2);
    for event in &mut events {
        event.time = NOW;
        if let EventKind::TrainingStarted(training) = &mut event.kind {
            training.steps_per_epoch = 1000;
            training.total_steps = 2 * N_STEPS;
            training.epochs = 100;
        }
    }
    events
}

fn events(run: usize, from: u64, to: u64) -> Vec<Event> {
    let mut events = if from == 1 { beginning() } else { Vec::new() };
    for number in from..=to {
        events.push(step(run, number));
        if number % EVALUATED_EVERY == 0 {
            events.push(evaluation(run, number));
        }
    }
    events
}

fn state_of(n_runs: usize, n_steps: u64, size: (u16, u16)) -> State {
    let mut state = State::new("runs".to_owned(), NOW, size, None);
    let mut updates = Vec::new();
    for run in 0..n_runs {
        let spec = Box::new(Ok(spec(&format!("run-{run:03}"))));
        updates.push(RunUpdate { id: id(run), change: Change::Added(spec) });
        updates.push(RunUpdate { id: id(run), change: Change::Events(events(run, 1, n_steps)) });
        updates.push(RunUpdate { id: id(run), change: Change::Status(RunStatus::Running) });
    }
    update(&mut state, Message::Updates(updates));
    state
}

fn press(state: &mut State, key: char) {
    let key = match key {
        '\n' => Key::Enter,
        '<' => Key::ShiftLeft,
        '>' => Key::ShiftRight,
        other => Key::Char(other),
    };
    update(state, Message::Key(key));
}

/// A folder of runs with one log of about 36 MB, as a worker writes it.
fn write_log(root: &Path, n_steps: u64) -> PathBuf {
    let run = root.join("load-1/run-000");
    fs::create_dir_all(&run).expect("a folder");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden/run.yaml");
    fs::copy(&golden, run.join("run.yaml")).expect("the golden run");
    fs::copy(&golden, root.join("load-1/experiment.yaml")).expect("the golden run");
    let record = r#"{"format": 1, "name": "load", "source": "", "created": 0, "runs": ["run-000"], "runs_at_once": 1}"#;
    fs::write(root.join("load-1/experiment.json"), record).expect("a record");
    let mut text = String::new();
    for event in events(0, 1, n_steps) {
        writeln!(text, "{}", serde_json::to_string(&event).expect("an event")).expect("text");
    }
    fs::write(run.join("events.jsonl"), text).expect("a log");
    run.join("events.jsonl")
}

/// From nothing to the first frame of a long log.
fn log(table: &mut Table) {
    let folder = tempfile::tempdir().expect("a folder");
    let log = write_log(folder.path(), LONG_LOG);
    let megabytes = fs::metadata(&log).expect("it was written").len() as f64 / 1e6;
    let (mut read, mut shown) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        let mut store = Store::open(folder.path());
        let mut state = State::new("runs".to_owned(), NOW, (200, 60), None);
        let mut screen = Screen::new((200, 60));
        let start = Instant::now();
        let mut reading = 0.0;
        loop {
            let (mut updates, mut is_whole) = (Vec::new(), false);
            reading += timed(|| is_whole = store.poll_part(NOW, &mut updates));
            update(&mut state, if is_whole { Message::Updates(updates) } else { Message::Part(updates) });
            if is_whole {
                break;
            }
        }
        screen.draw(&state);
        read.push(reading);
        shown.push(start.elapsed().as_secs_f64());
    }
    table.row(&format!("a log of {megabytes:.0} MB, read"), read, None);
    table.row(&format!("a log of {megabytes:.0} MB, read, taken in and drawn"), shown, Some(200.0));
}

/// Frames of every screen over the large load.
fn frames(table: &mut Table) {
    let mut state = state_of(N_RUNS, N_STEPS, (80, 24));
    for size in [(80, 24), (120, 40), (200, 60)] {
        state.size = size;
        let mut screen = Screen::new(size);
        for (name, key) in [("runs", '1'), ("compare", '2'), ("run", '3'), ("queue", '5'), ("system", '6')] {
            press(&mut state, key);
            screen.draw(&state);
            let mut seconds = Vec::new();
            for number in 0..100 {
                // A key that moves the cursor, then back.
                press(&mut state, if number % 2 == 0 { 'j' } else { 'k' });
                seconds.push(timed(|| screen.draw(&state)));
            }
            table.row(&format!("frame of {name}, {}x{}, after a key", size.0, size.1), seconds, Some(4.0));
        }
        press(&mut state, '1');
        let mut seconds = Vec::new();
        for number in 0..100 {
            let at = state.catalog.runs[0].state.step() + 1;
            let updates = (0..N_RUNS).map(|run| RunUpdate { id: id(run), change: Change::Events(events(run, at, at)) });
            update(&mut state, Message::Updates(updates.collect()));
            seconds.push(timed(|| screen.draw(&state)));
            black_box(number);
        }
        table.row(&format!("frame of runs, {}x{}, after a step of each run", size.0, size.1), seconds, Some(4.0));
        // Eight axes on, so that every size is measured on another one.
        let keys = [
            ("another smoothing", "]]][[["),
            ("another x axis", "xxxxxxxx"),
            ("logarithmic", "yyyyyyyy"),
            ("zoomed and moved", "++<<>>--"),
        ];
        for (name, keys) in keys {
            let (mut both, mut seconds) = (Vec::new(), Vec::new());
            for key in keys.chars() {
                let pressed = timed(|| press(&mut state, key));
                let drawn = timed(|| screen.draw(&state));
                seconds.push(drawn);
                both.push(pressed + drawn);
            }
            table.row(&format!("frame of runs, {}x{}, {name}", size.0, size.1), seconds, Some(4.0));
            table.row(&format!("… and its key, {}x{}, {name}", size.0, size.1), both, None);
        }
    }
}

/// From key to frame while 10,000 events a second arrive over the large load, all at once every quarter of a second.
fn arriving(table: &mut Table) {
    let size = (200, 60);
    let mut state = state_of(N_RUNS, N_STEPS, size);
    let mut screen = Screen::new(size);
    screen.draw(&state);
    let (mut taken_in, mut keys) = (Vec::new(), Vec::new());
    for number in 0..40 {
        let at = state.catalog.runs[0].state.step();
        let updates = (0..N_RUNS).map(|run| RunUpdate { id: id(run), change: Change::Events(events(run, at + 1, at + 125)) });
        let message = Message::Updates(updates.collect());
        let mut both = timed(|| drop(update(&mut state, message)));
        taken_in.push(both);
        both += timed(|| {
            press(&mut state, if number % 2 == 0 { 'j' } else { 'k' });
            screen.draw(&state);
        });
        keys.push(both);
    }
    table.row("2,500 events of 20 runs taken in", taken_in, None);
    table.row("… and then a key and its frame, 200x60", keys, Some(16.0));
}

/// A list of 500 runs.
fn listing(table: &mut Table) {
    let size = (200, 60);
    let mut state = State::new(String::new(), NOW, size, None);
    let loaded = timed(|| state = state_of(N_LISTED, 100, size));
    table.row("500 runs of 100 steps taken in", vec![loaded], None);
    let mut screen = Screen::new(size);
    for (name, keys) in [("", "jk"), (", sorted", "sj"), (", filtered", "/r")] {
        let (first, second) = (keys.chars().next().unwrap_or('j'), keys.chars().last().unwrap_or('k'));
        if name == ", filtered" {
            press(&mut state, first);
        }
        let mut seconds = Vec::new();
        for number in 0..60 {
            let key = if number % 2 == 0 && name != ", filtered" { first } else { second };
            seconds.push(timed(|| {
                press(&mut state, key);
                screen.draw(&state);
            }));
        }
        table.row(&format!("500 runs, key and frame, 200x60{name}"), seconds, Some(4.0));
    }
}

/// Charts as images over the large load: their figures, which the dashboard's own thread makes between two frames, and what another thread
/// takes to draw each and to write it as it is sent.
fn images(table: &mut Table) {
    let mut state = state_of(N_RUNS, N_STEPS, (120, 40));
    state.chart.draws_images = true;
    for size in [(120, 40), (200, 60)] {
        state.size = size;
        let screen = Screen::new(size);
        for (name, key) in [("runs", '1'), ("compare", '2'), ("run", '3')] {
            press(&mut state, key);
            for protocol in [Protocol::Kitty, Protocol::Sixel, Protocol::Iterm] {
                let support = Support { protocol, cell: (10, 20), ground: None, is_through_tmux: false };
                let wanted = wanted(&state, screen.theme, support);
                let (mut made, mut drawn, mut n_bytes) = (Vec::new(), Vec::new(), 0);
                for _ in 0..5 {
                    let mut figures = Vec::new();
                    made.push(timed(|| figures.extend(wanted.iter().map(|wanted| figure(&state, screen.theme, wanted)))));
                    n_bytes = 0;
                    for (wanted, figure) in wanted.iter().zip(&figures) {
                        let cells = (wanted.area.width, wanted.area.height);
                        drawn.push(timed(|| n_bytes += sequences(figure, cells, 33, support).len()));
                    }
                }
                let what = format!("{} of {name}, {}x{}", wanted.len(), size.0, size.1);
                if protocol == Protocol::Kitty {
                    table.row(&format!("figures of {what}"), made, Some(16.0));
                }
                table.row(&format!("… each drawn for {}, {} KB in all", protocol.name(), n_bytes / 1000), drawn, None);
            }
        }
    }
}
