//! Whole flows of the dashboard in a pseudo-terminal, read back as cells.

use std::time::{Duration, Instant};

use finetop::run::status::RunStatus;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use portable_pty::{PtySize, native_pty_system};

use crate::support::{Runs, wait_until};
use crate::terminal::Terminal;

/// The dashboard in a terminal of its own.
pub fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Terminal {
    Terminal::start(env!("CARGO_BIN_EXE_finetop").as_ref(), arguments, variables)
}

/// The id of the program that was started.
pub fn process(terminal: &Terminal) -> i32 {
    terminal.child.process_id().unwrap().cast_signed()
}

/// Whether the program has taken the other screen.
pub fn is_on_other_screen(terminal: &Terminal) -> bool {
    terminal.parser.lock().unwrap().screen().alternate_screen()
}

fn signal(terminal: &Terminal, signal: Signal) {
    kill(Pid::from_raw(process(terminal)), signal).unwrap();
}

/// Whether a line is read at once or as a whole, and echoed.
macro_rules! modes {
    ($terminal:expr) => {
        format!("{:?}", $terminal.master.get_termios().map(|modes| (modes.local_flags, modes.input_flags, modes.output_flags)))
    };
}

#[test]
fn the_first_frame_comes_at_once_and_q_gives_the_terminal_back() {
    let started = Instant::now();
    let mut terminal = start(&["demo", "--at", "20"], &[]);
    terminal.wait_for("finetop");
    // Debug build, busy machine; the release build is measured against 50 ms by hand.
    assert!(started.elapsed() < Duration::from_secs(5));
    terminal.wait_for("lora-r8");
    assert!(is_on_other_screen(&terminal));
    terminal.press("3");
    terminal.wait_for("parameters");
    terminal.press("?");
    terminal.wait_for("runs and charts");
    terminal.press("\u{1b}");
    wait_until("the help is closed", || !terminal.text().contains("runs and charts"));
    terminal.press("q");
    assert_eq!(terminal.assert_restored(), 0);
}

#[test]
fn the_modes_of_the_terminal_are_those_from_before() {
    let pty = native_pty_system().openpty(PtySize::default()).unwrap();
    let before = format!("{:?}", pty.master.get_termios().map(|modes| (modes.local_flags, modes.input_flags, modes.output_flags)));
    let mut terminal = start(&["demo"], &[]);
    terminal.wait_for("finetop");
    assert_ne!(modes!(terminal), before, "raw mode");
    terminal.press("\u{3}");
    assert_eq!(terminal.assert_restored(), 0);
    assert_eq!(modes!(terminal), before);
}

/// Not a test of its own: the program that the next one starts. It takes the terminal as the dashboard does, and panics.
#[test]
#[ignore = "panics on purpose, in a terminal that the test below opens for it"]
fn panics_in_the_middle_of_a_frame() {
    let mut screen = finetop::tui::terminal::Screen::take(true).unwrap();
    screen.draw(|_| panic!("on purpose")).unwrap();
}

#[test]
fn a_panic_gives_the_terminal_back_and_is_told() {
    let program = std::env::current_exe().unwrap();
    let arguments = ["--exact", "pty::panics_in_the_middle_of_a_frame", "--ignored", "--nocapture"];
    let mut terminal = Terminal::start(program.as_os_str(), &arguments, &[("RUST_BACKTRACE", "0")]);
    terminal.assert_restored();
    terminal.wait_for("on purpose");
}

#[test]
fn the_background_of_the_terminal_decides_the_colours() {
    let mut terminal = start(&["demo", "--at", "20"], &[]);
    // The question is asked before the first frame; this terminal is white.
    terminal.press("\u{1b}]11;rgb:ffff/ffff/ffff\u{1b}\\\u{1b}[?62;22c");
    terminal.wait_for("lora-r8");
    let color = |terminal: &Terminal| {
        let parser = terminal.parser.lock().unwrap();
        let screen = parser.screen();
        screen.cell(0, 1).map(vt100::Cell::fgcolor)
    };
    assert_eq!(color(&terminal), Some(vt100::Color::Rgb(0x00, 0x5F, 0xA8)), "the accent on light");
    assert!(!terminal.text().contains("rgb:"), "no answer is taken for keys");
    terminal.press("q");
    assert_eq!(terminal.assert_restored(), 0);
}

#[test]
fn the_mouse_chooses_a_run() {
    let mut terminal = start(&["demo", "--at", "20"], &[]);
    terminal.wait_for("lora-r8");
    // A press of the left button at column 8, row 5, and its release.
    terminal.press("\u{1b}[<0;8;5M\u{1b}[<0;8;5m\r");
    terminal.wait_for("lora rank 8");
    terminal.press("q");
    assert_eq!(terminal.assert_restored(), 0);
}

#[test]
fn settings_give_other_keys_and_bad_ones_are_refused_before_the_terminal_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.yaml");
    std::fs::write(&file, "keys:\n  global:\n    system: B\n").unwrap();
    let settings = file.to_str().unwrap();
    let mut terminal = start(&["demo", "--settings", settings], &[]);
    terminal.wait_for("lora-r8");
    terminal.press("B");
    terminal.wait_for("[6 system]");
    std::fs::write(&file, "keys:\n  global:\n    system: zz\n").unwrap();
    terminal.press("\u{12}");
    terminal.wait_for("is no key");
    terminal.press("q");
    assert_eq!(terminal.assert_restored(), 0);
    let mut refused = start(&["demo", "--settings", settings], &[]);
    assert_eq!(refused.assert_restored(), 2);
    refused.wait_for("keys.global.system: \"zz\" is no key");
}

#[test]
fn signals_give_the_terminal_back() {
    for sent in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        let mut terminal = start(&["demo"], &[]);
        terminal.wait_for("lora-r8");
        signal(&terminal, sent);
        terminal.assert_restored();
    }
}

#[test]
fn t_stops_a_run_after_asking_once() {
    let mut terminal = start(&["demo", "--at", "20"], &[]);
    terminal.wait_for("lora-r8");
    terminal.press("t");
    terminal.wait_for("stop full now?");
    terminal.press("y");
    terminal.wait_for("full stopped by hand");
    terminal.wait_for("1 stop");
    terminal.press("q");
    terminal.assert_restored();
}

#[test]
fn a_resized_terminal_is_drawn_anew_down_to_one_cell() {
    let mut terminal = start(&["demo", "--at", "30"], &[]);
    terminal.wait_for("lora-r8");
    for (rows, cols) in [(1, 1), (10, 40), (40, 120)] {
        terminal.resize(rows, cols);
        if rows > 1 {
            terminal.wait_for(if cols < 60 { "needs 60×16" } else { "alerts" });
        }
    }
    terminal.press("q");
    assert_eq!(terminal.assert_restored(), 0);
}

#[test]
fn a_storm_of_resizes_and_keys_is_weathered() {
    let mut terminal = start(&["demo", "--at", "30"], &[]);
    terminal.wait_for("lora-r8");
    for number in 0..120_u16 {
        terminal.resize(1 + number * 7 % 60, 1 + number * 31 % 200);
        terminal.press(["j", "\t", "3", "1", "c", "e", "x"][usize::from(number) % 7]);
    }
    terminal.press("1");
    terminal.resize(40, 120);
    terminal.wait_for("lora-r8");
    terminal.press("q");
    assert_eq!(terminal.assert_restored(), 0);
}

#[test]
fn a_key_pressed_while_the_size_changes_is_heard_without_another_one() {
    let mut terminal = start(&["demo", "--at", "30"], &[]);
    terminal.wait_for("lora-r8");
    for number in 0..60_u16 {
        let (key, shown) = if number % 2 == 0 { ("3", "[3 run]") } else { ("1", "[1 runs]") };
        for nudge in 0..=number % 5 {
            terminal.resize(24 + (number + 7 * nudge) % 20, 120);
            // So that the next one comes while this one is drawn.
            std::thread::sleep(Duration::from_millis(u64::from(number * 5 + nudge * 3) % 17));
        }
        terminal.resize(30, 120);
        terminal.press(key);
        terminal.wait_for(shown);
    }
    terminal.press("q");
    assert_eq!(terminal.assert_restored(), 0);
}

#[test]
fn frames_are_drawn_at_once_copies_go_to_the_clipboard_and_an_unwanted_mouse_is_left_alone() {
    let mut terminal = start(&["demo", "--at", "20", "--no-mouse"], &[]);
    terminal.wait_for("lora-r8");
    assert_eq!(terminal.parser.lock().unwrap().screen().mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    terminal.press("\u{19}i");
    terminal.wait_for("copied: demo-1/");
    assert_eq!(terminal.n_written("\x1b]52;c;"), 1, "the clipboard of whoever looks");
    terminal.press("q");
    assert_eq!(terminal.assert_restored(), 0);
    assert_eq!(terminal.n_written("\x1b[?1000h"), 0);
    let (begun, ended) = (terminal.n_written("\x1b[?2026h"), terminal.n_written("\x1b[?2026l"));
    assert!(begun > 1 && ended >= begun, "{begun} frames begun, {ended} ended");
}

#[test]
fn suspending_where_no_shell_could_continue_it_just_goes_on() {
    let mut terminal = start(&["demo", "--at", "20"], &[]);
    terminal.wait_for("lora-r8");
    terminal.press("\u{1a}3");
    terminal.wait_for("parameters");
    assert!(is_on_other_screen(&terminal));
    terminal.press("q");
    assert_eq!(terminal.assert_restored(), 0);
}

#[test]
fn no_color_and_a_plain_locale_are_heeded() {
    let mut terminal = start(&["demo", "--at", "20"], &[("NO_COLOR", "1"), ("LANG", "C")]);
    terminal.wait_for("lora-r8");
    {
        let parser = terminal.parser.lock().unwrap();
        let cells = (0..24).flat_map(|row| (0..80).map(move |column| (row, column)));
        for cell in cells.filter_map(|(row, column)| parser.screen().cell(row, column)) {
            assert_eq!((cell.fgcolor(), cell.bgcolor()), (vt100::Color::Default, vt100::Color::Default));
            assert!(cell.contents().is_ascii());
        }
    }
    terminal.press("q");
    terminal.assert_restored();
}

#[test]
fn a_killed_dashboard_stops_nothing_and_another_one_attaches() {
    let runs = Runs::new();
    runs.experiment("alive", &["wait"], 1);
    let root = runs.root().display().to_string();
    let worker =
        runs.command(&[]).get_envs().find_map(|(name, value)| (name == "FINETOP_WORKER").then_some(value)).flatten().unwrap().to_owned();
    let variables = [("FINETOP_WORKER", worker.to_str().unwrap())];
    let mut terminal = start(&["--runs", &root], &variables);
    // The dashboard itself starts the queue that nobody started.
    runs.wait_for_status("alive-1/wait", RunStatus::Running);
    terminal.wait_for("1 running");
    signal(&terminal, Signal::SIGKILL);
    terminal.child.wait().unwrap();
    assert_eq!(runs.status("alive-1/wait"), RunStatus::Running);
    let mut terminal = start(&["--runs", &root], &variables);
    terminal.wait_for("1 running");
    runs.let_go("alive-1/wait");
    terminal.wait_for("1 finished");
    terminal.press("q");
    assert_eq!(terminal.assert_restored(), 0);
}

#[test]
fn an_experiment_is_built_in_the_form_edited_in_the_editor_saved_and_started() {
    let runs = Runs::new();
    // The model and the rows beside the folder of runs.
    std::fs::remove_file(runs.experiment_file(&["unused"])).unwrap();
    let folder = runs.beside("").display().to_string();
    let worker = crate::support::fixture("worker.sh").display().to_string();
    let script = format!("cd '{folder}' && exec '{}' --runs runs", env!("CARGO_BIN_EXE_finetop"));
    let variables = [("FINETOP_WORKER", worker.as_str()), ("EDITOR", "sed -i s/lora/bitfit/"), ("VISUAL", ""), ("HF_HUB_OFFLINE", "1")];
    let mut terminal = Terminal::start("sh".as_ref(), &["-c", &script], &variables);
    terminal.wait_for("finetop");
    terminal.press("n");
    terminal.wait_for("new, in a form");
    terminal.press("\r");
    terminal.wait_for("training rows");
    terminal.press("\rnowhere.tsv\r");
    terminal.wait_for("there is no file nowhere.tsv");
    terminal.press("\r\u{15}rows.tsv\r");
    // The base model is two rows above.
    terminal.press("kk\r\u{15}./tiny\r");
    terminal.wait_for("TRAINABLE");
    terminal.press("\u{1b}OS");
    terminal.wait_for("bitfit ");
    wait_until("the editor's change is planned", || {
        let text = terminal.text();
        text.contains("TRAINABLE") && text.contains("bitfit ") && !text.contains("lora ")
    });
    terminal.press("\u{13}");
    terminal.wait_for("saved: experiments/my-experiment.yaml");
    let saved = std::fs::read_to_string(runs.beside("experiments/my-experiment.yaml")).unwrap();
    assert!(saved.contains("method: bitfit") && saved.contains("model: ./tiny"), "{saved}");
    terminal.press("\u{1b}[15~");
    terminal.wait_for("my-experiment-1");
    runs.wait_for_status("my-experiment-1/bitfit", RunStatus::Finished);
    terminal.wait_for("3 finished");
    terminal.press("C");
    terminal.wait_for("my-experiment-copy");
    terminal.press("q");
    assert_eq!(terminal.assert_restored(), 0);
}
