//! Runs that crash: restarted by the queue itself, but neither for ever nor against someone's will.

use finetop::run::catalog::{Catalog, RunId};
use finetop::run::clock;
use finetop::run::exit::Restart;
use finetop::run::status::RunStatus;
use finetop::run::store::Store;
use finetop::spec::run::RunSpec;
use nix::sys::signal::Signal;

use crate::support::{Runs, spec, text, wait_until};

/// An experiment of one run that may be restarted `restarts` times; the run's id.
fn experiment(runs: &Runs, name: &str, restarts: u32) -> String {
    format!("{}/{name}", runs.experiment_of("crash", &[RunSpec { restarts, ..spec(name) }], 1))
}

#[test]
fn a_run_that_is_killed_goes_on_by_itself_and_says_why() {
    let runs = Runs::new();
    let id = experiment(&runs, "wait", 2);
    runs.start_queue();
    runs.wait_for_status(&id, RunStatus::Running);
    assert!(runs.worker(&id).worker.signal(Signal::SIGKILL));
    wait_until("the second attempt runs", || runs.run(&id).state.attempt.is_some_and(|attempt| attempt.attempt == 2));
    let run = runs.wait_for_status(&id, RunStatus::Running);
    assert_eq!(run.reason(), "restarted by itself, 1 of at most 2: killed (signal 9)");
    assert_eq!(runs.job(&id).restart, Some(Restart { number: 1, reason: "killed (signal 9)".to_owned() }));
    let list = text(&runs.finetop(&["list"]).stdout);
    assert!(list.contains("restarted by itself, 1 of at most 2"), "{list}");
    runs.let_go(&id);
    assert_eq!(runs.wait_for_status(&id, RunStatus::Finished).reason(), "all 1 epochs done");
}

#[test]
fn a_run_that_crashes_every_time_is_restarted_as_often_as_its_experiment_says() {
    for (name, reason) in [("late", "killed (signal 9)"), ("bug", "bug in the worker: index out of range")] {
        let runs = Runs::new();
        let id = experiment(&runs, name, 2);
        runs.start_queue();
        let run = runs.wait_for_status(&id, RunStatus::Failed);
        wait_until("the queue has ended", || runs.queue().is_none());
        assert_eq!(runs.job(&id).attempt, 3, "{name}");
        assert_eq!(run.reason(), format!("{reason} (restarted by itself, 2 of at most 2)"));
        // A person may try again, and then the count begins anew.
        assert!(runs.finetop(&["resume", &id]).status.success());
        wait_until("it was restarted twice more", || runs.job(&id).attempt == 6 && runs.status(&id) == RunStatus::Failed);
    }
}

#[test]
fn a_restart_that_makes_no_step_is_the_last() {
    let runs = Runs::new();
    let id = experiment(&runs, "early", 5);
    runs.start_queue();
    runs.wait_for_status(&id, RunStatus::Failed);
    wait_until("the queue has ended", || runs.queue().is_none());
    assert_eq!(runs.job(&id).attempt, 2);
}

#[test]
fn a_failure_a_kill_by_request_and_restarts_of_zero_are_not_followed_by_a_restart() {
    let runs = Runs::new();
    let fail = experiment(&runs, "fail", 2);
    let late = experiment(&runs, "late", 0);
    let wait = experiment(&runs, "wait", 2);
    let deaf = experiment(&runs, "deaf", 2);
    runs.start_queue();
    runs.wait_for_status(&fail, RunStatus::Failed);
    runs.wait_for_status(&late, RunStatus::Failed);
    for id in [&wait, &deaf] {
        runs.wait_for_status(id, RunStatus::Running);
        assert!(runs.finetop(&["kill", id]).status.success());
        runs.wait_for_status(id, RunStatus::Failed);
    }
    wait_until("the queue has ended", || runs.queue().is_none());
    for id in [&fail, &late, &wait, &deaf] {
        assert_eq!((runs.job(id).attempt, runs.status(id)), (1, RunStatus::Failed), "{id}");
    }
}

#[test]
fn a_stopped_run_can_be_resumed_and_a_finished_one_says_what_to_do_instead() {
    let runs = Runs::new();
    let id = experiment(&runs, "wait", 2);
    runs.start_queue();
    runs.wait_for_status(&id, RunStatus::Running);
    assert!(runs.finetop(&["stop", &id]).status.success());
    runs.wait_for_status(&id, RunStatus::Stopped);
    let answer = text(&runs.finetop(&["resume", &id]).stdout);
    assert!(answer.contains("queued again; it starts from the beginning, since it has no checkpoint"), "{answer}");
    runs.let_go(&id);
    assert_eq!(runs.wait_for_status(&id, RunStatus::Finished).job.unwrap().attempt, 2);
    let output = runs.finetop(&["resume", &id]);
    assert!(
        text(&output.stderr).contains("is finished already: there is nothing to resume (`finetop extend` gives it more epochs)"),
        "{output:?}"
    );
    let output = runs.finetop(&["extend", &id, "--epochs", "2"]);
    assert!(text(&output.stderr).contains("has no checkpoint to go on from"), "{output:?}");
}

#[test]
fn an_extended_specification_is_seen_by_who_watches_already() {
    let runs = Runs::new();
    let id = experiment(&runs, "quick", 0);
    runs.start_queue();
    runs.wait_for_status(&id, RunStatus::Finished);
    let mut store = Store::open(runs.root());
    let mut catalog = Catalog::default();
    let mut epochs = || {
        store.poll(clock::now_seconds()).into_iter().for_each(|update| catalog.apply(update));
        let run = catalog.run(&RunId(id.clone())).unwrap();
        (run.spec.as_ref().unwrap().optimization.epochs, run.state.step(), run.status)
    };
    let (before, step, status) = epochs();
    let mut spec = runs.dir(&id).read_spec().unwrap();
    spec.optimization.epochs = before + 2;
    runs.dir(&id).write_spec(&spec).unwrap();
    assert_eq!(epochs(), (before + 2, step, status));
}
