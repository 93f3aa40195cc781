//! The dashboard from end to end, in a pseudo-terminal, while it really trains: an experiment is built, watched, compared, stopped, changed,
//! cloned, extended, left and found again. What the screen says is the only signal to go on; files are read where the screen cannot know.

use std::fs;
use std::time::{Duration, Instant};

use finetop::run::dir::RunDir;
use finetop::run::event::Outcome;

use crate::flow::{Place, finetop};
use crate::terminal::Terminal;
use crate::worker::state;

const DOWN: &str = "\u{1b}[B";
const ESCAPE: &str = "\u{1b}";
const CLEAR: &str = "\u{15}";
const F4: &str = "\u{1b}OS";
const F5: &str = "\u{1b}[15~";
const SAVE: &str = "\u{13}";

/// A dashboard on the runs of the place, with an editor that does what `editor.sh` there says.
fn dashboard(place: &Place) -> Terminal {
    let script = format!("cd '{}' && exec '{}'", place.path().display(), finetop().display());
    let cache = place.path().join("cache").display().to_string();
    let variables = [("FINETOP_CACHE", cache.as_str()), ("EDITOR", "sh editor.sh"), ("VISUAL", ""), ("HF_HUB_OFFLINE", "1")];
    let terminal = Terminal::start("sh".as_ref(), &["-c", &script], &variables);
    terminal.resize(40, 120);
    terminal.wait_for("finetop");
    terminal
}

/// Back to the table; what follows an escape at once would be read as one key with it.
fn back(terminal: &mut Terminal) {
    terminal.press(ESCAPE);
    terminal.wait_for("[1 runs]");
}

fn wait_without(terminal: &Terminal, text: &str) {
    terminal.wait_while(&format!("{text:?} stays"), |screen| screen.contains(text));
}

/// Waits for a line that has all of these.
fn wait_for_line(terminal: &Terminal, texts: &[&str]) {
    let has_all = |line: &str| texts.iter().all(|text| line.contains(text));
    terminal.wait_while(&format!("no line has {texts:?}"), |screen| !screen.lines().any(has_all));
}

/// Answers a question with yes.
fn agree(terminal: &mut Terminal, question: &str) {
    terminal.wait_for(question);
    terminal.press("y");
}

fn experiment_is_built_and_started(terminal: &mut Terminal, place: &Place) {
    terminal.press("n");
    terminal.wait_for("new, in a form");
    terminal.press("\r");
    terminal.wait_for("training rows");
    terminal.press(&format!("\rtrain.tsv{DOWN}\rvalidation.tsv{DOWN}\rtest.tsv\r"));
    // Up to the base model and the name, down to epochs, batch size, learning rate.
    terminal.press(&format!("kkkk\r./model\rk\r{CLEAR}tiny\rjjjjjj\r10000\rj\r2\rj\rfast\r"));
    terminal.wait_for("not the text \"fast\"");
    terminal.press(&format!("\r{CLEAR}\r"));
    terminal.wait_for("TRAINABLE");
    let change = "s/{method: feature_extraction}/{method: feature_extraction, epochs: 2}/";
    let more = "schedule: constant\\nwarmup: 0\\nrestarts: 0\\nruns_at_once: 3\\n";
    fs::write(place.path().join("editor.sh"), format!("sed -i '{change}' \"$1\" && printf '{more}' >> \"$1\"\n")).unwrap();
    terminal.press(F4);
    terminal.wait_for("▸ epochs 2");
    terminal.wait_for("3 at once");
    terminal.press(SAVE);
    terminal.wait_for("saved: experiments/tiny.yaml");
    terminal.press(F5);
    terminal.wait_for("tiny-1 started");
    wait_for_line(terminal, &["full", "running"]);
    wait_for_line(terminal, &["feature", "finished", "2/2 100%"]);
    wait_for_line(terminal, &["lora", "running"]);
}

fn runs_and_charts_are_looked_at(terminal: &mut Terminal, place: &Place) {
    terminal.press("g\r");
    terminal.wait_for("[3 run]");
    terminal.wait_for("health");
    terminal.press("l");
    terminal.wait_for("feature_extraction");
    back(terminal);
    terminal.press("e");
    terminal.wait_for("less room");
    terminal.press("xc");
    terminal.wait_for("╎");
    terminal.press("ce");
    wait_without(terminal, "less room");
    terminal.press("Xv");
    terminal.wait_for("written: finetop-charts-1.svg");
    let picture = fs::read_to_string(place.path().join("finetop-charts-1.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.contains("lora"), "the chart has its runs");
    terminal.press("g G 2");
    terminal.wait_for("[2 compare]");
    terminal.wait_for("best within");
    terminal.press("=");
    terminal.wait_for("examples");
    back(terminal);
    terminal.press("u");
}

fn runs_are_stopped_and_changed(terminal: &mut Terminal) {
    terminal.press("Gre");
    agree(terminal, "stop lora at the end of the epoch?");
    terminal.wait_for("stopping lora at the end of the epoch");
    terminal.press("U");
    terminal.wait_for("taken back");
    // A stop that will never come has its sign until it is taken back.
    terminal.press("rw");
    terminal.wait_for("a step such as 500");
    terminal.press("loss < -1\r");
    terminal.wait_for("⊣lora");
    terminal.press("rg");
    wait_without(terminal, "⊣lora");
    terminal.press("grl");
    terminal.wait_for("the highest of the schedule");
    terminal.press("1e-4\r");
    wait_for_line(terminal, &["● full", "1.0e-4"]);
    terminal.press("p");
    wait_for_line(terminal, &["full", "paused"]);
    terminal.press("p");
    wait_for_line(terminal, &["full", "running"]);
    // And the other has trained on, though it was asked to stop twice.
    wait_for_line(terminal, &["lora", "running"]);
    terminal.press("Gre");
    agree(terminal, "stop lora at the end of the epoch?");
    wait_for_line(terminal, &["lora", "stopped"]);
}

fn a_run_is_cloned_with_a_change_and_extended(terminal: &mut Terminal, place: &Place) {
    terminal.press("gC");
    terminal.wait_for("tiny-copy");
    terminal.wait_for("TRAINABLE");
    // Two runs at once with all threads each would wait for each other's threads.
    let change = "sed -i 's/epochs: 10000/epochs: 2/' \"$1\" && printf 'threads: 1\\n' >> \"$1\"\n";
    fs::write(place.path().join("editor.sh"), change).unwrap();
    terminal.press(F4);
    // While the editor has the terminal nothing else hears a key.
    terminal.wait_for("epochs             2");
    terminal.press(F5);
    // It asks for one run at once, and another trains: from the queue's screen both may.
    terminal.wait_for("tiny-copy-1 is in the queue; 1 run goes on; 5 shows why");
    terminal.press("5");
    wait_for_line(terminal, &["tiny-copy-1/full", "queued", "first; 1 of at most 1 run"]);
    terminal.press("+");
    terminal.wait_for("runs at once from now on");
    back(terminal);
    wait_for_line(terminal, &["full", "finished", "2/2 100%"]);
    terminal.press("grx");
    terminal.wait_for("how many to add");
    terminal.press("2\r");
    agree(terminal, "extend it?");
    wait_for_line(terminal, &["full", "finished", "4/4 100%"]);
}

fn it_is_left_while_it_trains(mut terminal: Terminal, place: &Place) {
    terminal.press("q");
    assert_eq!(terminal.assert_restored(), 0);
    terminal.wait_for("1 run goes on");
    let n_bytes = || fs::metadata(place.run("full").events_file()).unwrap().len();
    let (begin, before) = (Instant::now(), n_bytes());
    while n_bytes() < before + 10_000 {
        assert!(begin.elapsed() < Duration::from_mins(1), "without the dashboard nothing is trained");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn all_is_there_after_coming_back(place: &Place) {
    let mut terminal = dashboard(place);
    // What goes on is shown first.
    terminal.wait_for("tiny-1 1/2");
    wait_for_line(&terminal, &["full", "running"]);
    wait_for_line(&terminal, &["feature", "finished"]);
    wait_for_line(&terminal, &["lora", "stopped"]);
    terminal.wait_for("⇅");
    terminal.press("}");
    terminal.wait_for("tiny-copy-1 2/2");
    wait_for_line(&terminal, &["full", "finished", "4/4 100%"]);
    terminal.press("{");
    terminal.wait_for("tiny-1 1/2");
    terminal.press("gt");
    agree(&mut terminal, "stop full now?");
    terminal.wait_for("stopping full");
    wait_for_line(&terminal, &["full", "stopped"]);
    assert!(terminal.n_written("\x1b[?2026h") > 1, "frames are drawn at once");
    terminal.press("q");
    assert_eq!(terminal.assert_restored(), 0);
}

/// What the screen has said is what the logs say.
fn it_has_really_happened(place: &Place) {
    let (full, lora) = (state(&place.run("full")), state(&place.run("lora")));
    let copy = state(&RunDir::new(place.path().join("runs/tiny-copy-1/full")));
    let stopped = full.finished.as_ref().unwrap();
    assert_eq!(stopped.outcome, Outcome::Stopped);
    let changed = full.standing.settings[0].0;
    let last = full.steps.last().unwrap();
    assert!(last.step > changed && (last.learning_rate - 1e-4).abs() < 1e-12, "{} at step {}", last.learning_rate, last.step);
    let stopped = lora.finished.as_ref().unwrap();
    assert!(stopped.outcome == Outcome::Stopped && stopped.reason.contains("at the end of an epoch"), "{stopped:?}");
    let steps_per_epoch = copy.training.as_ref().unwrap().steps_per_epoch;
    assert_eq!((copy.finished.as_ref().unwrap().outcome, copy.step()), (Outcome::Finished, 4 * steps_per_epoch));
}

#[test]
fn a_tour_of_the_dashboard_while_it_trains() {
    let place = Place::new("");
    fs::remove_file(place.path().join("tiny.yaml")).unwrap();
    let mut terminal = dashboard(&place);
    experiment_is_built_and_started(&mut terminal, &place);
    runs_and_charts_are_looked_at(&mut terminal, &place);
    runs_are_stopped_and_changed(&mut terminal);
    a_run_is_cloned_with_a_change_and_extended(&mut terminal, &place);
    it_is_left_while_it_trains(terminal, &place);
    all_is_there_after_coming_back(&place);
    it_has_really_happened(&place);
}
