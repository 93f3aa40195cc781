//! The command line: what it prints and how it exits.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Stdio;

use finetop::run::status::RunStatus;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Runs, text, wait_until};

#[test]
fn a_headless_run_ends_with_a_table_and_zero() {
    let runs = Runs::new();
    let output = runs.finetop(&["run", &runs.experiment_file(&["a", "b"])]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let stdout = text(&output.stdout);
    for expected in
        ["a  validation step 1", "b  finished at step 1: all 1 epochs done", "RUN  METHOD  STATUS", "a    LoRA    finished", "0.7500"]
    {
        assert!(stdout.contains(expected), "no {expected:?} in\n{stdout}");
    }
    assert!(!stdout.contains('\u{1b}'));
}

#[test]
fn what_the_command_line_replaces_is_kept_beside_the_experiment_as_written() {
    let runs = Runs::new();
    let file = runs.experiment_file(&["a"]);
    let rows = runs.beside("mine.csv");
    fs::write(&rows, "text,label\na,no\nb,yes\nc,no\nd,yes\ne,no\n").unwrap();
    let rows = rows.to_str().unwrap();
    let output = runs.finetop(&["run", &file, "--headless", "--data", rows, "--max-train-rows", "3", "--epochs", "2", "--seed", "4"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let folder = runs.root().join("small-1");
    assert_eq!(fs::read_to_string(folder.join("experiment.yaml")).unwrap(), fs::read_to_string(&file).unwrap());
    let record: serde_json::Value = serde_json::from_str(&fs::read_to_string(folder.join("experiment.json")).unwrap()).unwrap();
    assert_eq!(record["overrides"], serde_json::json!({"data": rows, "max_train_rows": 3, "epochs": 2, "seed": 4}));
    let spec = runs.dir("small-1/a").read_spec().unwrap();
    assert_eq!((spec.task.train.to_str(), spec.task.labels.join(",")), (Some(rows), "no,yes".to_owned()));
    assert_eq!((spec.task.validation, spec.task.max_train_rows, spec.optimization.epochs, spec.seed), (None, Some(3), 2, 4));
    let refused = runs.finetop(&["plan", &file, "--max-train-rows", "1"]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
}

#[test]
fn a_headless_run_with_a_failure_exits_with_one_and_says_why() {
    let runs = Runs::new();
    let output = runs.finetop(&["run", "--headless", &runs.experiment_file(&["a", "fail"])]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stdout).contains("fail failed: exited with code 1: the model is broken"), "{output:?}");
}

#[test]
fn json_is_one_document_on_stdout_and_progress_goes_to_stderr() {
    let runs = Runs::new();
    let output = runs.finetop(&["run", "--json", &runs.experiment_file(&["a", "fail"])]);
    assert_eq!(output.status.code(), Some(1));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let run = &document["runs"][0];
    assert_eq!(run["run"], "a");
    assert_eq!(run["status"], "finished");
    assert_eq!(run["test"]["accuracy"], 0.75);
    assert_eq!(document["runs"][1]["status"], "failed");
    assert!(text(&output.stderr).contains("validation step 1"));
}

#[test]
fn the_first_interrupt_stops_the_runs_early_and_says_so() {
    let runs = Runs::new();
    let file = runs.experiment_file(&["wait-1", "wait-2", "never"]);
    let child = runs.command(&["run", &file]).stdout(Stdio::piped()).process_group(0).spawn().unwrap();
    for run in ["wait-1", "wait-2"] {
        wait_until("the runs have begun", || {
            runs.root().join("small-1").exists() && runs.status(&format!("small-1/{run}")) == RunStatus::Running
        });
    }
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let stdout = text(&output.stdout);
    assert!(stdout.contains("asked to stop early"), "{stdout}");
    assert_eq!(["wait-1", "wait-2", "never"].map(|run| runs.status(&format!("small-1/{run}"))), [RunStatus::Stopped; 3]);
}

#[test]
fn a_second_interrupt_kills_also_a_deaf_worker() {
    let runs = Runs::new();
    let file = runs.experiment_file(&["deaf"]);
    let child = runs.command(&["run", &file]).stdout(Stdio::piped()).spawn().unwrap();
    wait_until("the run has begun", || runs.root().join("small-1").exists() && runs.status("small-1/deaf") == RunStatus::Running);
    let process = Pid::from_raw(child.id().cast_signed());
    kill(process, Signal::SIGINT).unwrap();
    wait_until("the run is asked to stop", || {
        fs::read_dir(runs.dir("small-1/deaf").requests_dir()).is_ok_and(|entries| entries.count() == 1)
    });
    kill(process, Signal::SIGTERM).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let run = runs.run("small-1/deaf");
    assert_eq!((run.status, run.reason().as_str()), (RunStatus::Failed, "killed (signal 9)"));
}

#[test]
fn a_killed_watcher_stops_nothing() {
    let runs = Runs::new();
    let file = runs.experiment_file(&["wait"]);
    let mut child = runs.command(&["run", &file]).stdout(Stdio::null()).process_group(0).spawn().unwrap();
    wait_until("the run has begun", || runs.root().join("small-1").exists() && runs.status("small-1/wait") == RunStatus::Running);
    // Its whole process group, as a closed terminal does.
    kill(Pid::from_raw(-child.id().cast_signed()), Signal::SIGKILL).unwrap();
    child.wait().unwrap();
    assert_eq!(runs.status("small-1/wait"), RunStatus::Running);
    assert!(runs.queue().is_some());
    runs.let_go("small-1/wait");
    runs.wait_for_status("small-1/wait", RunStatus::Finished);
}

#[test]
fn detach_prints_the_names_and_leaves() {
    let runs = Runs::new();
    let output = runs.finetop(&["run", "--detach", &runs.experiment_file(&["a", "b"])]);
    assert_eq!(text(&output.stdout), "small-1/a\nsmall-1/b\n");
    runs.wait_for_status("small-1/b", RunStatus::Finished);
}

#[test]
fn a_missing_worker_or_file_is_said_before_anything_is_written() {
    let runs = Runs::new();
    let file = runs.experiment_file(&["a"]);
    let output = runs.command(&["run", &file]).env("FINETOP_WORKER", "/no/such/worker").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: there is no /no/such/worker"), "{output:?}");
    let output = runs.finetop(&["run", "/no/such\u{1b}/file.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("/no/such\\u{1b}/file.yaml"), "{output:?}");
    assert!(!runs.root().exists());
}

#[test]
fn runs_are_asked_by_their_names_and_answer() {
    let runs = Runs::new();
    let name = runs.experiment("ask", &["wait-1", "done"], 2);
    runs.start_queue();
    runs.wait_for_status(&format!("{name}/done"), RunStatus::Finished);
    runs.wait_for_status(&format!("{name}/wait-1"), RunStatus::Running);

    let output = runs.finetop(&["stop", "done"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), "error: ask-1/done is finished already: there is nothing to stop\n");

    let output = runs.finetop(&["stop", "nothing"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stderr), "error: there is no run \"nothing\"; there are: ask-1/done, ask-1/wait-1\n");

    let output = runs.finetop(&["stop", "wait"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).starts_with("ask-1/wait-1: asked to stop"), "{output:?}");
    let run = runs.wait_for_status(&format!("{name}/wait-1"), RunStatus::Stopped);
    assert_eq!(run.reason(), "stopped by hand at step 1");

    let output = runs.finetop(&["show", "wait"]);
    let stdout = text(&output.stdout);
    assert!(stdout.contains("status      stopped") && stdout.contains("10 of 100 trainable"), "{stdout}");
    let output = runs.finetop(&["show", "wait", "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&document["ledger"]["trainable"], &document["storage"]["optimizer_bytes"]), (&10.into(), &80.into()));
}

#[test]
fn charts_of_runs_are_written_as_png_and_svg() {
    let runs = Runs::new();
    assert!(runs.finetop(&["run", "--headless", &runs.experiment_file(&["a", "b"])]).status.success());
    for (name, begin) in [("loss.png", &b"\x89PNG"[..]), ("loss.svg", b"<svg")] {
        let file = runs.beside(name).display().to_string();
        let output = runs.finetop(&["plot", "a", "b", "--x", "step", "--smooth", ".6", "--log-y", "--size", "400x300", "--out", &file]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("2 runs, 400x300 pixels"), "{}", text(&output.stdout));
        assert!(fs::read(&file).unwrap().starts_with(begin));
    }
    let output = runs.finetop(&["plot", "a", "--metric", "f2", "--out", "x.png"]);
    assert!(output.status.code() == Some(2) && text(&output.stderr).contains("one of loss, accuracy"), "{}", text(&output.stderr));
    let output = runs.finetop(&["plot", "a", "--out", "x.gif"]);
    assert!(text(&output.stderr).contains(".png or .svg"), "{}", text(&output.stderr));
}

#[test]
fn a_run_is_told_to_stop_later_to_train_differently_and_to_be_silent() {
    let runs = Runs::new();
    let name = runs.experiment("ask", &["wait-1", "done"], 2);
    runs.start_queue();
    runs.wait_for_status(&format!("{name}/done"), RunStatus::Finished);
    let id = format!("{name}/wait-1");
    runs.wait_for_status(&id, RunStatus::Running);
    let answer = |arguments: &[&str], code: i32| {
        let output = runs.finetop(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        text(if code == 0 { &output.stdout } else { &output.stderr }).clone()
    };
    let stands = |what: &[&str]| wait_until(&format!("{what:?} stands"), || runs.run(&id).state.standing.in_words() == what);

    assert_eq!(answer(&["stop", "wait", "--at", "gap > 0.1"], 0), "ask-1/wait-1: stops when gap > 0.1, evaluates and keeps its best\n");
    stands(&["stops when gap > 0.1"]);
    assert_eq!(answer(&["stop", "wait", "--cancel"], 0), "ask-1/wait-1: does not stop when gap > 0.1 after all\n");
    stands(&[]);
    assert_eq!(answer(&["set", "wait", "--lr", "1e-4"], 0), "ask-1/wait-1: goes on with lr=1e-4 from its next step\n");
    stands(&["lr=1e-4 since step 2"]);
    assert_eq!(answer(&["mute", "wait", "spike"], 0), "ask-1/wait-1: alerts of spike are muted\n");
    stands(&["lr=1e-4 since step 2", "muted: spike"]);
    assert!(answer(&["show", "wait"], 0).contains("muted: spike"));

    // What cannot be understood is no request, and what comes too late says what helps.
    assert!(answer(&["stop", "wait", "--at", "gab > 1"], 2).contains("there are step, epoch, seconds, loss, gap, validation_loss"));
    assert!(answer(&["stop", "wait", "--at", "5", "--cancel"], 2).contains("cannot be used with"));
    assert!(answer(&["set", "wait"], 2).contains("--lr <RATE>"));
    assert!(answer(&["set", "wait", "--lr", "0"], 2).contains("a number above 0"));
    assert!(answer(&["mute", "wait", "noise"], 2).contains("there are divergence, overfitting"));
    assert!(answer(&["set", "done", "--patience", "3"], 1).contains("has no early stopping"));
    assert!(answer(&["stop", "done", "--at", "epoch-end"], 1).contains("is finished already: there is nothing to stop"));
    assert!(answer(&["requeue", "done"], 1).contains("`finetop extend` gives it more epochs"));
    // The log of a run that has ended is still the place for what is muted.
    assert!(answer(&["mute", "done", "spike"], 0).contains("written into its log"));
    assert_eq!(runs.run(&format!("{name}/done")).state.standing.in_words(), ["muted: spike"]);
    assert_eq!(answer(&["mute", "done", "spike", "--off"], 0), "ask-1/done: is finished; unmute spike is written into its log\n");
    assert!(runs.run(&format!("{name}/done")).state.standing.in_words().is_empty());
    runs.let_go(&id);
    runs.wait_for_status(&id, RunStatus::Finished);
}

#[test]
fn a_killed_run_ends_resumable() {
    let runs = Runs::new();
    let name = runs.experiment("kill", &["wait"], 1);
    let id = format!("{name}/wait");
    runs.start_queue();
    runs.wait_for_status(&id, RunStatus::Running);
    assert!(runs.finetop(&["kill", "wait"]).status.success());
    assert_eq!(runs.wait_for_status(&id, RunStatus::Failed).reason(), "asked to leave");
    assert!(runs.finetop(&["resume", "wait"]).status.success());
    runs.let_go(&id);
    assert_eq!(runs.wait_for_status(&id, RunStatus::Finished).job.unwrap().attempt, 2);
}

#[test]
fn an_empty_folder_is_no_error() {
    let runs = Runs::new();
    let output = runs.finetop(&["list"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("finetop run FILE"));
    let output = runs.finetop(&["list", "--json"]);
    assert_eq!(text(&output.stdout), "{\n  \"runs\": []\n}\n");
    assert!(!runs.root().exists(), "looking writes nothing");
    assert_eq!(runs.finetop(&[]).status.code(), Some(2), "no terminal, no dashboard");
    assert_eq!(runs.finetop(&["nonsense"]).status.code(), Some(2));
}

#[test]
fn methods_are_explained_without_a_model_a_network_or_a_worker() {
    let runs = Runs::new();
    let empty = runs.beside("no-home");
    let finetop = |arguments: &[&str]| {
        let mut command = runs.command(arguments);
        command.env("HF_HUB_CACHE", &empty).env("FINETOP_WORKER", "/no/such/worker").output().unwrap()
    };
    let output = finetop(&["methods"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let stdout = text(&output.stdout);
    assert!(stdout.contains("known shape") && stdout.contains("22,713,986") && !stdout.contains('\u{1b}'), "{stdout}");
    let output = finetop(&["methods", "lora", "--model", "bert-base", "--labels", "3"]);
    let stdout = text(&output.stdout);
    assert!(stdout.contains("method 294,912, head 2,307") && stdout.contains("- method: lora"), "{stdout}");
    let output = finetop(&["methods", "lroa"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stderr), "error: there is no method \"lroa\"; did you mean lora?\n");
    assert_eq!(finetop(&["methods", "--labels", "0"]).status.code(), Some(2));
    let output = finetop(&["methods", "--model", "no/such"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("bert-base, bert-large"), "{output:?}");
    let output = finetop(&["methods", "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["methods"].as_array().unwrap().len(), 13);
}
