//! `finetop predict` and `finetop latency` before their worker: which runs they take, what they refuse, what they hand on.

use std::fs;

use finetop::run::status::RunStatus;

use crate::support::{Runs, text};

/// Runs that have ended, with weights and a base model as far as anyone looks before the worker does.
fn trained(names: &[&str]) -> Runs {
    let runs = Runs::new();
    let output = runs.finetop(&["run", "--headless", &runs.experiment_file(names)]);
    assert!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
    runs
}

fn give_weights(runs: &Runs, name: &str) {
    let file = runs.dir(&format!("small-1/{name}")).best_file();
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, "weights").unwrap();
}

#[test]
fn what_has_no_weights_is_refused_on_one_line_with_the_reason() {
    let runs = trained(&["a", "fail"]);
    let problem = |arguments: &[&str]| {
        let output = runs.finetop(arguments);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{output:?}");
        text(&output.stderr)
    };
    assert_eq!(problem(&["predict", "--run", "b"]), "error: there is no run \"b\"; there are: small-1/fail, small-1/a\n");
    let finished = "small-1/a is finished (all 1 epochs done) and has no checkpoint; train it again\n";
    assert_eq!(problem(&["predict", "--run", "a"]), format!("error: {finished}"));
    let failed = "small-1/fail is failed (exited with code 1: the model is broken) and has no checkpoint; train it again\n";
    assert_eq!(problem(&["predict", "--run", "fail"]), format!("error: {failed}"));
    let none = problem(&["latency"]);
    assert_eq!(none, format!("left out: {finished}left out: {failed}error: no run of small-1 has weights yet\n"));
    fs::remove_file(runs.beside("tiny").join("config.json")).unwrap();
    give_weights(&runs, "a");
    assert!(problem(&["predict", "--run", "a"]).starts_with("error: the base model of small-1/a is gone: ./tiny was in /"));
}

#[test]
fn a_run_that_did_not_begin_has_no_weights_yet() {
    let runs = Runs::new();
    runs.experiment("small", &["a"], 1);
    fs::create_dir_all(runs.dir("small-1/a").requests_dir()).unwrap();
    assert_eq!(runs.status("small-1/a"), RunStatus::Queued);
    let output = runs.finetop(&["predict", "--run", "a"]);
    let expected = "error: small-1/a is queued and has no checkpoint; wait for its first evaluation\n";
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(2), expected));
    let empty = Runs::new().finetop(&["latency"]);
    assert_eq!(empty.status.code(), Some(2));
    assert!(text(&empty.stderr).starts_with("error: there are no runs in "));
}

#[test]
fn predict_becomes_the_worker_with_all_that_was_asked() {
    let runs = trained(&["a", "fail"]);
    give_weights(&runs, "a");
    give_weights(&runs, "fail");
    let arguments = ["predict", "--run", "a", "--run", "fail", "--run", "small-1/a", "--column=-x", "--threads", "3", "-v", "in.txt"];
    let output = runs.command(&arguments).env("FINETOP_WORKER", "/bin/echo").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let root = runs.root().display().to_string();
    let handed_on = "--run=small-1/a --run=small-1/fail --column=-x --format jsonl --batch-size 32 --threads 3 --verbose -- in.txt";
    assert_eq!(text(&output.stdout), format!("predict --runs {root} {handed_on}\n"));
    let note = "note: small-1/fail is failed (exited with code 1: the model is broken); its best checkpoint so far is used\n";
    assert_eq!(text(&output.stderr), note);
    let output = runs.command(&["latency", "a"]).env("FINETOP_WORKER", "/bin/echo").output().unwrap();
    assert!(text(&output.stderr).starts_with("error: the worker's answer cannot be understood"), "{output:?}");
}
