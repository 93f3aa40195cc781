//! The queue, its supervisors and what happens when any of them is killed.

use std::process::Stdio;

use finetop::launch::outlook;
use finetop::launch::queue::Place;
use finetop::launch::wishes::{self, Wishes};
use finetop::run::catalog::RunId;
use finetop::run::exit::code;
use finetop::run::inbox;
use finetop::run::request::RequestKind;
use finetop::run::status::RunStatus;
use nix::sys::signal::Signal;

use crate::support::{Runs, text, wait_until};

#[test]
fn runs_are_started_in_order_and_the_queue_ends_by_itself() {
    let runs = Runs::new();
    let name = runs.experiment("quick", &["a", "b", "c"], 1);
    assert_eq!(runs.status(&format!("{name}/a")), RunStatus::Queued);
    runs.start_queue();
    let starts: Vec<_> = ["a", "b", "c"]
        .iter()
        .map(|run| {
            let run = runs.wait_for_status(&format!("{name}/{run}"), RunStatus::Finished);
            assert_eq!(run.state.step(), 2);
            run.job.unwrap().started
        })
        .collect();
    assert!(starts.is_sorted(), "{starts:?}");
    wait_until("every supervisor has left word", || runs.run(&format!("{name}/c")).exit.is_some_and(|exit| exit.code == Some(code::OK)));
    wait_until("the queue has ended", || runs.queue().is_none());
}

#[test]
fn an_experiment_may_name_another_order_of_starting_than_of_showing() {
    let runs = Runs::new();
    let name = runs.experiment_in_order("order", &["a", "b", "c"], &["c", "a"]);
    runs.start_queue();
    let starts = ["c", "a", "b"].map(|run| runs.wait_for_status(&format!("{name}/{run}"), RunStatus::Finished).job.unwrap().started);
    assert!(starts.is_sorted(), "{starts:?}");
    assert_eq!(runs.catalog().runs.iter().map(|run| run.id.run().to_owned()).collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn a_killed_queue_takes_nothing_along_and_is_started_again_by_the_next_command() {
    let runs = Runs::new();
    let name = runs.experiment("kill", &["wait-1", "wait-2", "third"], 2);
    let [first, second, third] = ["wait-1", "wait-2", "third"].map(|run| format!("{name}/{run}"));
    runs.start_queue();
    runs.wait_for_status(&first, RunStatus::Running);
    runs.wait_for_status(&second, RunStatus::Running);
    runs.kill_queue();
    assert_eq!([&first, &second, &third].map(|id| runs.status(id)), [RunStatus::Running, RunStatus::Running, RunStatus::Queued]);
    runs.let_go(&first);
    runs.wait_for_status(&first, RunStatus::Finished);
    assert_eq!(runs.status(&third), RunStatus::Queued);
    runs.start_queue();
    runs.wait_for_status(&third, RunStatus::Finished);
    // The worker of the dead queue was adopted, not started again.
    assert_eq!(runs.status(&second), RunStatus::Running);
    assert_eq!(runs.job(&second).attempt, 1);
    runs.let_go(&second);
    assert_eq!(runs.wait_for_status(&second, RunStatus::Finished).state.steps.len(), 2);
}

#[test]
fn a_killed_worker_is_shown_as_failed_and_the_others_go_on() {
    let runs = Runs::new();
    let name = runs.experiment("kill", &["wait-1", "wait-2"], 2);
    let [first, second] = ["wait-1", "wait-2"].map(|run| format!("{name}/{run}"));
    runs.start_queue();
    runs.wait_for_status(&first, RunStatus::Running);
    runs.wait_for_status(&second, RunStatus::Running);
    assert!(runs.worker(&first).worker.signal(Signal::SIGKILL));
    let run = runs.wait_for_status(&first, RunStatus::Failed);
    assert_eq!(run.reason(), "killed (signal 9)");
    assert_eq!(runs.status(&second), RunStatus::Running);

    // It may be asked to go on: a second attempt.
    let output = runs.finetop(&["resume", &first]);
    assert!(text(&output.stdout).contains("queued again"), "{output:?}");
    runs.let_go(&first);
    let run = runs.wait_for_status(&first, RunStatus::Finished);
    assert_eq!(run.job.unwrap().attempt, 2);
    runs.let_go(&second);
    runs.wait_for_status(&second, RunStatus::Finished);
}

#[test]
fn a_worker_that_fails_leaves_the_last_lines_of_its_stderr() {
    let runs = Runs::new();
    let name = runs.experiment("fail", &["fail"], 1);
    runs.start_queue();
    let run = runs.wait_for_status(&format!("{name}/fail"), RunStatus::Failed);
    assert_eq!(run.reason(), "exited with code 1: the model is broken");
    assert_eq!(run.exit.unwrap().stderr_tail, ["first line", "the model is broken"]);
}

#[test]
fn a_worker_whose_supervisor_was_killed_lives_on_and_can_still_be_killed() {
    let runs = Runs::new();
    let name = runs.experiment("orphan", &["wait-1", "wait-2"], 2);
    let [first, second] = ["wait-1", "wait-2"].map(|run| format!("{name}/{run}"));
    runs.start_queue();
    for id in [&first, &second] {
        runs.wait_for_status(id, RunStatus::Running);
        assert!(runs.job(id).supervisor.signal(Signal::SIGKILL));
        wait_until("the supervisor is dead", || !runs.job(id).supervisor.is_alive());
        assert_eq!(runs.status(id), RunStatus::Running);
    }
    runs.let_go(&first);
    runs.wait_for_status(&first, RunStatus::Finished);
    let output = runs.finetop(&["kill", &second]);
    assert!(output.status.success(), "{output:?}");
    let run = runs.wait_for_status(&second, RunStatus::Lost);
    assert_eq!(run.reason(), "its worker is gone and left no word");
}

#[test]
fn a_waiting_run_can_be_held_back_released_and_stopped() {
    let runs = Runs::new();
    let name = runs.experiment("hold", &["a", "b"], 1);
    let [first, second] = ["a", "b"].map(|run| format!("{name}/{run}"));
    // Nothing runs yet: requests are all that there is.
    inbox::send(&runs.dir(&first), RequestKind::Pause).unwrap();
    inbox::send(&runs.dir(&second), RequestKind::Stop).unwrap();
    let run = runs.run(&second);
    assert_eq!((run.status, run.reason().as_str()), (RunStatus::Stopped, "stopped before it began"));
    runs.start_queue();
    assert!(runs.queue().is_none(), "nothing may be started");
    assert_eq!(runs.status(&first), RunStatus::Queued);
    let output = runs.finetop(&["resume", &first]);
    assert!(output.status.success(), "{output:?}");
    runs.wait_for_status(&first, RunStatus::Finished);
    assert_eq!(runs.status(&second), RunStatus::Stopped);
    assert!(!runs.dir(&second).job_file().exists());
}

#[test]
fn two_queues_never_start_a_run_twice() {
    let runs = Runs::new();
    let name = runs.experiment("twice", &["wait"], 1);
    let id = format!("{name}/wait");
    let queues: Vec<_> = (0..4).map(|_| runs.command(&["queue"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()).collect();
    let folder = runs.root().join(&id);
    let supervisors: Vec<_> = (0..3)
        .map(|_| {
            let arguments = ["supervise", folder.to_str().unwrap(), "--attempt", "1"];
            runs.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    runs.wait_for_status(&id, RunStatus::Running);
    runs.let_go(&id);
    runs.wait_for_status(&id, RunStatus::Finished);
    for mut child in queues.into_iter().chain(supervisors) {
        child.wait().unwrap();
    }
    let log = std::fs::read_to_string(runs.dir(&id).events_file()).unwrap();
    assert_eq!(log.matches("attempt_started").count(), 1);
}

#[test]
fn a_missing_worker_is_said_where_the_run_is_shown() {
    let runs = Runs::new();
    let name = runs.experiment("missing", &["a"], 1);
    let output = runs.command(&["list"]).env("FINETOP_WORKER", runs.beside("nothing-here")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let run = runs.wait_for_status(&format!("{name}/a"), RunStatus::Failed);
    assert!(run.reason().contains("nothing-here"), "{}", run.reason());
}

#[test]
fn a_run_whose_folder_is_being_removed_is_not_started_anew() {
    let runs = Runs::new();
    let name = runs.experiment("remove", &["done", "wait"], 1);
    let [done, wait] = ["done", "wait"].map(|run| format!("{name}/{run}"));
    runs.start_queue();
    runs.wait_for_status(&wait, RunStatus::Running);
    // Half removed: what is left looks as if nobody had taken it up.
    for file in [runs.dir(&done).job_file(), runs.dir(&done).exit_file(), runs.dir(&done).events_file()] {
        std::fs::remove_file(file).unwrap();
    }
    runs.let_go(&wait);
    runs.wait_for_status(&wait, RunStatus::Finished);
    wait_until("the queue has ended", || runs.queue().is_none());
    assert!(!runs.dir(&done).job_file().exists());
}

#[test]
fn a_wished_order_and_number_at_once_are_obeyed_while_the_queue_runs() {
    let runs = Runs::new();
    let name = runs.experiment("wish", &["wait-1", "b", "wait-2"], 1);
    let [first, second, third] = ["wait-1", "b", "wait-2"].map(|run| format!("{name}/{run}"));
    runs.start_queue();
    runs.wait_for_status(&first, RunStatus::Running);
    let order = vec![RunId(third.clone())];
    wishes::write(&runs.root(), &Wishes { order: order.clone(), runs_at_once: Some(2) }).unwrap();
    // Two at once, the last one before the second.
    runs.wait_for_status(&third, RunStatus::Running);
    assert_eq!(runs.status(&second), RunStatus::Queued);
    let outlook = outlook::outlook(&runs.root(), &runs.catalog());
    assert_eq!(outlook.entries[0].id.0, third);
    assert_eq!(outlook.entries.iter().filter(|entry| entry.place == Place::Active).count(), 2);
    assert!(outlook.process.is_some());
    wishes::write(&runs.root(), &Wishes { order, runs_at_once: Some(3) }).unwrap();
    runs.wait_for_status(&second, RunStatus::Finished);
    runs.let_go(&first);
    runs.let_go(&third);
    runs.wait_for_status(&third, RunStatus::Finished);
}
