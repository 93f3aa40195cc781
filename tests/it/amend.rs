//! Runs that are changed while they wait, by the library and by the keys of the dashboard: what their workers are told to train.

use std::fs;

use finetop::launch::amend;
use finetop::launch::outlook;
use finetop::run::amended::Amended;
use finetop::run::catalog::RunId;
use finetop::run::event::EventKind;
use finetop::run::inbox;
use finetop::run::reader::EventReader;
use finetop::run::request::RequestKind;
use finetop::run::status::RunStatus;
use finetop::spec::run::RunSpec;

use crate::pty::start;
use crate::support::{Runs, spec};

fn read(runs: &Runs, id: &str) -> RunSpec {
    serde_yaml::from_str(&fs::read_to_string(runs.root().join(id).join("run-as-read.yaml")).unwrap()).unwrap()
}

fn more_epochs(name: &str) -> RunSpec {
    let mut other = RunSpec { name: "another name".to_owned(), experiment: "another".to_owned(), ..spec(name) };
    other.optimization.epochs = 9;
    other
}

#[test]
fn a_waiting_run_keeps_its_folder_and_place_and_its_worker_reads_what_it_was_changed_to() {
    let runs = Runs::new();
    let name = runs.experiment("amend", &["wait-1", "second", "third"], 1);
    let [first, second] = ["wait-1", "second"].map(|run| format!("{name}/{run}"));
    let order = || outlook::outlook(&runs.root(), &runs.catalog()).entries;
    runs.start_queue();
    runs.wait_for_status(&first, RunStatus::Running);
    let before = order();
    let amended = amend::amend(&runs.root(), &RunId(second.clone()), more_epochs("second")).unwrap();
    assert_eq!(amended.in_words(), "epochs 2 → 9");
    assert_eq!((order(), runs.status(&second)), (before, RunStatus::Queued));
    let waiting = runs.run(&second).state;
    assert_eq!(waiting.first_time, None, "what is changed while it waits is no part of its time");
    assert_eq!(waiting.log.back().map(|(_, line)| line.as_str()), Some("changed while it waited: epochs 2 → 9"));

    runs.let_go(&first);
    runs.wait_for_status(&second, RunStatus::Finished);
    let told = read(&runs, &second);
    assert_eq!((told.optimization.epochs, told.name.as_str(), told.experiment), (9, "second", spec("second").experiment));
    let events = EventReader::new(runs.dir(&second).events_file()).poll().unwrap().events;
    assert_eq!(events[0].kind, EventKind::Amended(amended));
    assert!(matches!(events[1].kind, EventKind::AttemptStarted(_)));
    runs.wait_for_status(&format!("{name}/third"), RunStatus::Finished);
    assert_eq!(read(&runs, &format!("{name}/third")).optimization.epochs, 2);
}

#[test]
fn a_run_that_has_started_was_taken_off_the_queue_or_is_so_already_stays_as_it_is() {
    let runs = Runs::new();
    let name = runs.experiment("amend", &["wait-1", "second"], 1);
    let [first, second] = ["wait-1", "second"].map(|run| format!("{name}/{run}"));
    let refused = |id: &str, spec: RunSpec| {
        let before = fs::read(runs.dir(id).spec_file()).unwrap();
        let why = amend::amend(&runs.root(), &RunId(id.to_owned()), spec).unwrap_err().to_string();
        assert_eq!(fs::read(runs.dir(id).spec_file()).unwrap(), before);
        why
    };
    runs.start_queue();
    runs.wait_for_status(&first, RunStatus::Running);
    assert_eq!(
        refused(&first, more_epochs("wait-1")),
        format!("{first} has started meanwhile: nothing is changed; C makes a new run of it")
    );
    assert!(refused(&second, spec("second")).contains("is so already"));
    inbox::send(&runs.dir(&second), RequestKind::Stop).unwrap();
    assert!(refused(&second, more_epochs("second")).contains("was taken off the queue"));
    assert!(!runs.dir(&second).events_file().exists());
    runs.let_go(&first);
    runs.wait_for_status(&first, RunStatus::Finished);
    assert!(refused(&first, more_epochs("wait-1")).contains("has started"));
    let gone = RunId(format!("{name}/gone"));
    assert!(amend::amend(&runs.root(), &gone, spec("gone")).is_err() && !runs.dir(&gone.0).path().exists());
}

#[test]
fn while_a_run_is_being_changed_no_worker_begins_and_while_one_trains_nothing_is_changed() {
    let runs = Runs::new();
    let name = runs.experiment("amend", &["run"], 1);
    let id = format!("{name}/run");
    let held = finetop::launch::idle::hold(&runs.dir(&id), std::time::Duration::ZERO).unwrap().unwrap();
    let why = amend::amend(&runs.root(), &RunId(id.clone()), more_epochs("run")).unwrap_err().to_string();
    assert!(why.contains("has started"), "{why}");
    drop(held);
    assert_ne!(amend::amend(&runs.root(), &RunId(id.clone()), more_epochs("run")).unwrap(), Amended::default());
    runs.start_queue();
    runs.wait_for_status(&id, RunStatus::Finished);
    assert_eq!(read(&runs, &id).optimization.epochs, 9);
}

#[test]
fn the_dashboard_changes_a_waiting_run_by_its_form() {
    let runs = Runs::new();
    let file = runs.experiment_file(&["wait-1", "wait-2", "third"]);
    let root = runs.root().display().to_string();
    let worker = crate::support::fixture("worker.sh").display().to_string();
    let mut terminal = start(&["--runs", &root, "run", &file], &[("FINETOP_WORKER", &worker), ("HF_HUB_OFFLINE", "1")]);
    let third = "small-1/third";
    terminal.wait_for("third");
    runs.wait_for_status("small-1/wait-1", RunStatus::Running);
    runs.wait_for_status("small-1/wait-2", RunStatus::Running);
    terminal.press("5");
    terminal.wait_for("1 waiting");
    terminal.press("E");
    terminal.wait_for("C makes a new run of it");
    terminal.press("G");
    terminal.press("E");
    terminal.wait_for("third, as it waits");
    // The cursor is on the epochs.
    terminal.press("\r");
    terminal.press("\u{15}");
    terminal.press("7\r");
    terminal.wait_for("not changed yet");
    terminal.wait_for("F5 changes the run");
    terminal.press("\u{13}");
    terminal.wait_for("third waits with epochs 3");
    terminal.wait_for("1 waiting");
    assert_eq!(runs.dir(third).read_spec().unwrap().optimization.epochs, 7);
    runs.let_go("small-1/wait-1");
    runs.let_go("small-1/wait-2");
    runs.wait_for_status(third, RunStatus::Finished);
    assert_eq!(read(&runs, third).optimization.epochs, 7);
    terminal.press("q");
    assert_eq!(terminal.assert_restored(), 0);
}
