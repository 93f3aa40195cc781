//! What is asked of the real worker while it trains, through `finetop`: later stops, other settings, muted alerts, requeueing.

use std::time::{Duration, Instant};

use finetop::run::alert::Rule;
use finetop::run::condition::StopAt;
use finetop::run::dir::RunDir;
use finetop::run::event::{EventKind, Outcome, RequestSeen};
use finetop::run::inbox;
use finetop::run::request::{RequestKind, Setting};
use finetop::run::state::RunState;
use finetop::spec::continuation::CheckpointEvery;
use finetop::spec::early_stopping::EarlyStopping;
use finetop::spec::method::Method;
use finetop::spec::optimization::LrSchedule;

use crate::flow::{Place, kill_9, status, worker_of};
use crate::resume::assert_same;
use crate::tiny;
use crate::worker::{run_dir, start, state, wait_until, work};

const ENDLESS: &str = "epochs: 10000\nrestarts: 0\nschedule: constant\nwarmup: 0\nearly_stopping: {metric: accuracy, patience: 9000}\nruns:\n  - {method: full, name: a, lr: 1e-3}\n";

/// Steps of an epoch of the tiny data.
const STEPS_PER_EPOCH: u64 = 11;

fn answer(place: &Place, arguments: &[&str]) -> String {
    let output = place.finetop(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Waits until the run's last attempt took this many steps after what holds now.
fn trains_on(dir: &RunDir) -> RunState {
    let before = state(dir).step();
    wait_until(dir, |state| state.step() > before + 3)
}

#[test]
fn a_run_hears_the_shell_while_it_trains_and_stops_when_it_was_told_to() {
    let place = Place::new(ENDLESS);
    answer(&place, &["run", "tiny.yaml", "--detach"]);
    place.wait_until(|runs| status(runs, "/a") == "running");
    let dir = place.run("a");

    assert_eq!(
        answer(&place, &["set", "a", "--lr", "2e-4", "--patience", "8000"]),
        "tiny-1/a: goes on with lr=2e-4 patience=8000 from its next step\n"
    );
    let changed = wait_until(&dir, |state| !state.standing.settings.is_empty()).standing.settings[0].0;
    let steps = trains_on(&dir).steps;
    assert!(steps.iter().all(|step| step.learning_rate.to_bits() == if step.step > changed { 2e-4_f64 } else { 1e-3 }.to_bits()));

    answer(&place, &["mute", "a", "spike", "plateau"]);
    wait_until(&dir, |state| state.standing.muted.len() == 2);
    answer(&place, &["mute", "a", "plateau", "--off"]);
    wait_until(&dir, |state| state.standing.muted.iter().eq([&Rule::Spike]));
    answer(&place, &["stop", "a", "--at", "gap > 1e9"]);
    wait_until(&dir, |state| state.standing.stop_at.is_some());
    let shown = answer(&place, &["show", "a"]);
    assert!(shown.contains("stops when gap > 1000000000") && shown.contains("muted: spike"), "{shown}");
    assert!(answer(&place, &["stop", "a", "--cancel"]).contains("does not stop when gap > 1000000000 after all"));
    wait_until(&dir, |state| state.standing.stop_at.is_none());
    trains_on(&dir);

    assert!(answer(&place, &["stop", "a", "--at", "epoch-end"]).contains("stops at the end of the epoch"));
    place.wait_until(|runs| status(runs, "/a") == "stopped");
    let stopped = state(&dir);
    let finished = stopped.finished.as_ref().unwrap();
    assert_eq!(finished.step % STEPS_PER_EPOCH, 0);
    let reason = &finished.reason;
    assert!(
        reason.starts_with("stopped as asked, at the end of an epoch at step ") && reason.contains("; its best is kept: step "),
        "{reason}"
    );
    assert_eq!(stopped.evaluations.last().unwrap().step, finished.step);
    assert_eq!(stopped.test.unwrap().step, stopped.evaluations.iter().rev().find(|one| one.is_best).unwrap().step, "the best is tested");
}

#[test]
fn what_is_asked_after_the_end_holds_when_the_run_goes_on_or_is_refused_with_what_helps() {
    let place = Place::new(ENDLESS);
    answer(&place, &["run", "tiny.yaml", "--detach"]);
    place.wait_until(|runs| status(runs, "/a") == "running");
    let dir = place.run("a");
    // Its validation accuracy is at least nothing, as soon as there is one.
    answer(&place, &["stop", "a", "--at", "accuracy >= 0"]);
    place.wait_until(|runs| status(runs, "/a") == "stopped");
    let reason = state(&dir).finished.unwrap().reason;
    assert!(reason.starts_with("stopped as asked, when accuracy >= 0: accuracy is "), "{reason}");

    assert!(answer(&place, &["mute", "a", "overfitting"]).contains("mute overfitting is written into its log"));
    assert!(state(&dir).standing.muted.contains(&Rule::Overfitting));
    let output = place.finetop(&["stop", "a", "--at", "500"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(answer(&place, &["set", "a", "--lr", "3e-4"]).contains("`finetop resume` lets it go on, with lr=3e-4"));
    answer(&place, &["requeue", "a"]);
    place.wait_until(|runs| status(runs, "/a") == "running");
    let resumed = wait_until(&dir, |state| !state.standing.settings.is_empty());
    assert_eq!(resumed.standing.settings[0].0, resumed.training.unwrap().resumed_step, "from its first step on");
    assert!(trains_on(&dir).steps.last().is_some_and(|step| step.learning_rate.to_bits() == 3e-4_f64.to_bits()));

    let attempt = state(&dir).attempt.unwrap().attempt;
    assert!(answer(&place, &["requeue", "a"]).contains("saves, leaves and waits for its turn again"));
    wait_until(&dir, |state| state.attempt.as_ref().is_some_and(|started| started.attempt > attempt));
    place.wait_until(|runs| status(runs, "/a") == "running");

    kill_9(worker_of(&dir));
    place.wait_until(|runs| status(runs, "/a") == "failed");
    let output = place.finetop(&["stop", "a", "--at", "epoch-end"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "error: tiny-1/a is failed already: there is nothing to stop (`finetop resume` takes it up again)\n");
}

#[test]
fn a_changed_learning_rate_is_one_curve_also_when_the_run_is_killed_after_the_change() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = tiny::spec(folder.path(), Method::Full);
    spec.optimization.epochs = 40;
    spec.checkpoint = CheckpointEvery::Steps(30);
    let setting = Setting { learning_rate: Some(spec.optimization.learning_rate / 4.0), patience: None };
    let cut = run_dir(folder.path(), "cut", &spec);
    let mut child = start(&cut, 1);
    wait_until(&cut, |state| state.step() > 20);
    inbox::send(&cut, RequestKind::Set(setting)).unwrap();
    // Killed while it is heard, and again after steps that no checkpoint has.
    let begun = Instant::now();
    while !inbox::hear(&cut).requests.is_empty() && begun.elapsed() < Duration::from_mins(1) {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut child = start(&cut, 2);
    let step = state(&cut).step();
    wait_until(&cut, |state| state.attempt.as_ref().is_some_and(|started| started.attempt == 2) && state.step() > step + 35);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(work(&cut, 3).status.success());
    let after = state(&cut);
    assert_eq!(after.standing.settings.len(), 1, "it is written down once: {:?}", after.log);
    let changed = after.standing.settings[0].0;
    let usual = LrSchedule::new(&spec.optimization, after.training.as_ref().unwrap().total_steps);
    let other = LrSchedule { peak: usual.peak / 4.0, ..usual };
    for step in after.steps.iter() {
        let schedule = if step.step > changed { other } else { usual };
        assert_eq!(step.learning_rate.to_bits(), schedule.at(step.step).to_bits(), "step {}", step.step);
    }

    // One that was never killed, told the same at the same step.
    let whole = run_dir(folder.path(), "whole", &spec);
    let event = EventKind::Request(RequestSeen { request: RequestKind::Set(setting), step: changed });
    let line = serde_json::to_string(&finetop::run::event::Event { time: 0.0, kind: event }).unwrap();
    std::fs::write(whole.events_file(), line + "\n").unwrap();
    assert!(work(&whole, 1).status.success());
    assert_same(&cut, &whole, "after a change of the learning rate and two kills");
}

#[test]
fn a_lower_patience_ends_a_run_and_the_best_is_restored_where_there_is_no_test_split() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = tiny::spec(folder.path(), Method::Full);
    spec.optimization.epochs = 5000;
    spec.optimization.learning_rate = 1e-12; // Nothing changes, so the first evaluation stays the best.
    spec.best_metric = finetop::metric::MetricName::Accuracy;
    spec.early_stopping = Some(EarlyStopping { metric: spec.best_metric, patience: 4000, min_delta: 0.0 });
    let dir = run_dir(folder.path(), "patient", &spec);
    let mut child = start(&dir, 1);
    wait_until(&dir, |state| state.evaluations.len() > 3);
    inbox::send(&dir, RequestKind::Set(Setting { learning_rate: None, patience: Some(2) })).unwrap();
    assert!(child.wait().unwrap().success());
    let finished = state(&dir).finished.unwrap();
    assert_eq!(finished.outcome, Outcome::Finished);
    assert!(finished.reason.starts_with("early stopping: accuracy has not improved for "), "{}", finished.reason);

    spec.early_stopping = None;
    spec.task.test = None;
    let dir = run_dir(folder.path(), "untested", &spec);
    let mut child = start(&dir, 1);
    wait_until(&dir, |state| state.step() > 2);
    inbox::send(&dir, RequestKind::StopAt(StopAt::EpochEnd)).unwrap();
    assert!(child.wait().unwrap().success());
    let log = state(&dir).log;
    let restored = |line: &str| {
        line.starts_with("best of step ")
            && line.contains("restored and evaluated: accuracy ")
            && line.ends_with(", the same as when it was saved")
    };
    assert!(log.iter().any(|(_, line)| restored(line)), "{log:?}");
}
