//! `finetop` and the real worker together: experiments from file to JSON, and what survives a killed process.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use finetop::run::dir::{self, RunDir};
use finetop::run::exit::{Attempt, Job};
use finetop::spec::method::Method;
use serde_json::Value;

use crate::tiny;

/// How long anything here may take before the test gives up.
const PATIENCE: Duration = Duration::from_mins(2);

/// A folder with a tiny model, its data and an experiment.
pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new(experiment: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        tiny::spec(folder.path(), Method::Full);
        let head = "name: tiny\nmodel: model\ndata: {train: train.tsv, validation: validation.tsv, test: test.tsv, max_length: 16}\nbatch_size: 8\n";
        std::fs::write(folder.path().join("tiny.yaml"), format!("{head}{experiment}")).unwrap();
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(finetop());
        command
            .current_dir(self.path())
            .args(arguments)
            .env("CI", "1")
            .env("FINETOP_CACHE", self.path().join("cache"))
            .stdin(Stdio::null());
        command
    }

    pub fn finetop(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn run(&self, name: &str) -> RunDir {
        RunDir::new(self.path().join("runs/tiny-1").join(name))
    }

    /// The runs with their status, as `finetop list` tells it.
    fn statuses(&self) -> Vec<(String, String)> {
        let output = self.finetop(&["list", "--json"]);
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |run: &Value, key: &str| run[key].as_str().unwrap().to_owned();
        json["runs"].as_array().unwrap().iter().map(|run| (text(run, "run"), text(run, "status"))).collect()
    }

    pub fn wait_until(&self, what: impl Fn(&[(String, String)]) -> bool) -> Vec<(String, String)> {
        let start = Instant::now();
        loop {
            let statuses = self.statuses();
            if what(&statuses) {
                return statuses;
            }
            assert!(start.elapsed() < PATIENCE, "nothing more happened after {statuses:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Nothing of a failed test may go on.
        for (run, _) in self.statuses() {
            self.finetop(&["kill", &run]);
        }
    }
}

/// The program, beside the worker: `cargo test` builds both.
pub fn finetop() -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_finetop-worker")).with_file_name("finetop");
    assert!(path.exists(), "{} is not built; run `cargo build` first", path.display());
    path
}

pub fn kill_9(process: u32) {
    assert!(Command::new("kill").args(["-9", &process.to_string()]).status().unwrap().success());
}

pub fn worker_of(dir: &RunDir) -> u32 {
    let start = Instant::now();
    loop {
        if let Ok(Some(attempt)) = dir::read_json::<Attempt>(&dir.attempt_file()) {
            return attempt.worker.id;
        }
        assert!(start.elapsed() < PATIENCE, "no worker began in {}", dir.path().display());
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub fn status<'a>(statuses: &'a [(String, String)], run: &str) -> &'a str {
    &statuses.iter().find(|(id, _)| id.ends_with(run)).unwrap().1
}

const THREE: &str = "epochs: 2\nruns_at_once: 2\nruns:\n  - {method: full, lr: 3e-3}\n  - {method: feature_extraction}\n  - {method: lora, rank: 2, targets: all}\n";
const ENDLESS: &str = "epochs: 10000\nrestarts: 0\nschedule: constant\nruns_at_once: 2\nruns:\n  - {method: full, name: a}\n  - {method: lora, name: b}\n  - {method: feature_extraction, name: c, epochs: 2}\n";

#[test]
fn an_experiment_runs_to_one_json_document_that_says_all() {
    let place = Place::new(THREE);
    let output = place.finetop(&["run", "tiny.yaml", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let runs = json["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 3);
    let keys = [
        "run",
        "method",
        "status",
        "reason",
        "seed",
        "trainable",
        "total",
        "best_step",
        "steps",
        "validation",
        "test",
        "seconds",
        "examples_per_second",
        "peak_rss_bytes",
        "checkpoint_bytes",
    ];
    for run in runs {
        for key in keys {
            assert!(!run[key].is_null(), "{key} is missing in {run}");
        }
        assert_eq!((run["status"].as_str(), run["steps"].as_u64()), (Some("finished"), Some(22)));
        assert!(run["test"]["accuracy"].as_f64().is_some_and(|accuracy| accuracy <= 1.0));
    }
}

#[test]
fn what_the_plan_says_is_what_the_worker_counts() {
    let place = Place::new(THREE);
    let plan: Value = serde_json::from_slice(&place.finetop(&["plan", "tiny.yaml", "--json"]).stdout).unwrap();
    let result: Value = serde_json::from_slice(&place.finetop(&["run", "tiny.yaml", "--json"]).stdout).unwrap();
    let (planned, ran) = (plan["runs"].as_array().unwrap(), result["runs"].as_array().unwrap());
    assert_eq!(planned.len(), ran.len());
    for (planned, ran) in planned.iter().zip(ran) {
        let cost = &planned["cost"];
        let counts = [&cost["ledger"]["trainable"], &cost["ledger"]["total"], &cost["total_steps"]];
        assert_eq!(counts, [&ran["trainable"], &ran["total"], &ran["steps"]], "{}", ran["run"]);
        let (planned, bytes) = (cost["checkpoint_bytes"].as_f64().unwrap(), ran["checkpoint_bytes"].as_f64().unwrap());
        assert!((planned - bytes).abs() < 2048.0, "{planned} bytes planned, {bytes} written");
    }
}

#[test]
fn a_killed_queue_stops_nothing_and_whoever_comes_by_starts_another() {
    let place = Place::new(ENDLESS);
    assert!(place.finetop(&["run", "tiny.yaml", "--detach"]).status.success());
    place.wait_until(|runs| status(runs, "/a") == "running" && status(runs, "/b") == "running");
    let queue: Value = serde_json::from_slice(&std::fs::read(place.path().join("runs/queue.json")).unwrap()).unwrap();
    kill_9(queue["process"]["id"].as_u64().unwrap() as u32);
    let runs = place.statuses();
    assert_eq!((status(&runs, "/a"), status(&runs, "/b"), status(&runs, "/c")), ("running", "running", "queued"));
    assert!(place.finetop(&["stop", "tiny-1/a"]).status.success());
    place.wait_until(|runs| status(runs, "/a") == "stopped" && status(runs, "/c") == "finished");
    assert!(place.finetop(&["stop", "tiny-1/b"]).status.success());
    place.wait_until(|runs| status(runs, "/b") == "stopped");
}

#[test]
fn a_killed_worker_fails_alone_and_goes_on_when_resumed() {
    let place = Place::new(ENDLESS);
    assert!(place.finetop(&["run", "tiny.yaml", "--detach"]).status.success());
    place.wait_until(|runs| status(runs, "/a") == "running" && status(runs, "/b") == "running");
    kill_9(worker_of(&place.run("a")));
    let runs = place.wait_until(|runs| status(runs, "/a") == "failed" && status(runs, "/c") == "finished");
    assert_eq!(status(&runs, "/b"), "running");
    let shown = String::from_utf8(place.finetop(&["show", "tiny-1/a"]).stdout).unwrap();
    assert!(shown.contains("killed (signal 9)"), "{shown}");
    assert!(place.finetop(&["resume", "tiny-1/a"]).status.success());
    place.wait_until(|runs| status(runs, "/a") == "running");
    for run in ["tiny-1/a", "tiny-1/b"] {
        assert!(place.finetop(&["stop", run]).status.success());
    }
    place.wait_until(|runs| status(runs, "/a") == "stopped" && status(runs, "/b") == "stopped");
}

#[test]
fn a_run_killed_again_and_again_goes_on_by_itself_as_often_as_it_may_and_then_by_hand() {
    let place = Place::new("epochs: 10000\nschedule: constant\ncheckpoint: {seconds: 1}\nruns:\n  - {method: full, name: a}\n");
    assert!(place.finetop(&["run", "tiny.yaml", "--detach"]).status.success());
    let dir = place.run("a");
    for attempt in 1..=3 {
        let begun = |dir: &RunDir| dir::read_json::<Job>(&dir.job_file()).unwrap().is_some_and(|job| job.attempt == attempt);
        place.wait_until(|runs| begun(&dir) && status(runs, "/a") == "running");
        // A step and a checkpoint are made in each attempt.
        let step = || finetop::run::position::read(&dir.last_file()).map_or(0, |position| position.step);
        let (start, before) = (Instant::now(), step());
        while step() <= before && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
        kill_9(dir::read_json::<Attempt>(&dir.attempt_file()).unwrap().unwrap().worker.id);
    }
    place.wait_until(|runs| status(runs, "/a") == "failed");
    let shown = String::from_utf8(place.finetop(&["show", "tiny-1/a"]).stdout).unwrap();
    assert!(shown.contains("killed (signal 9) (restarted by itself, 2 of at most 2)"), "{shown}");
    let log = std::fs::read_to_string(dir.events_file()).unwrap();
    for number in [1, 2] {
        assert!(log.contains(&format!("restarted by itself, {number} of at most 2: killed (signal 9)")));
    }
    let step = finetop::run::position::read(&dir.last_file()).unwrap().step;
    let answer = String::from_utf8(place.finetop(&["resume", "tiny-1/a"]).stdout).unwrap();
    assert_eq!(answer.trim(), format!("tiny-1/a: queued again; it goes on from step {step}"));
    place.wait_until(|runs| status(runs, "/a") == "running");
    // Paused without a process, and given more epochs after a stop.
    assert!(place.finetop(&["pause", "tiny-1/a", "--release"]).status.success());
    place.wait_until(|runs| status(runs, "/a") == "paused");
    assert!(place.finetop(&["resume", "tiny-1/a"]).status.success());
    place.wait_until(|runs| status(runs, "/a") == "running");
    assert!(place.finetop(&["stop", "tiny-1/a"]).status.success());
    place.wait_until(|runs| status(runs, "/a") == "stopped");
    let said = String::from_utf8(place.finetop(&["extend", "tiny-1/a", "--epochs", "1"]).stdout).unwrap();
    assert!(said.contains("for 1 more epoch, to epoch ") && said.contains("tiny-1/a: queued"), "{said}");
    place.wait_until(|runs| status(runs, "/a") == "finished");
    let again = String::from_utf8(place.finetop(&["extend", "tiny-1/a", "--epochs", "2"]).stdout).unwrap();
    assert!(again.contains("the constant schedule is computed for all "), "{again}");
    place.wait_until(|runs| status(runs, "/a") == "finished");
}

#[test]
fn a_killed_supervisor_leaves_its_worker_to_end_well() {
    let place = Place::new(ENDLESS);
    assert!(place.finetop(&["run", "tiny.yaml", "--detach"]).status.success());
    place.wait_until(|runs| status(runs, "/a") == "running");
    let job: Job = dir::read_json(&place.run("a").job_file()).unwrap().unwrap();
    kill_9(job.supervisor.id);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(status(&place.statuses(), "/a"), "running");
    for run in ["tiny-1/a", "tiny-1/b"] {
        assert!(place.finetop(&["stop", run]).status.success());
    }
    place.wait_until(|runs| status(runs, "/a") == "stopped" && status(runs, "/b") == "stopped");
}

#[test]
fn a_killed_headless_run_leaves_its_runs_to_end() {
    let place = Place::new(THREE);
    let mut child = place.command(&["run", "tiny.yaml", "--headless"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    place.wait_until(|runs| !runs.is_empty());
    kill_9(child.id());
    child.wait().unwrap();
    place.wait_until(|runs| runs.iter().all(|(_, status)| status == "finished"));
}

#[test]
fn the_exit_code_is_not_zero_when_a_run_ends_badly() {
    let place = Place::new(ENDLESS);
    let child = place.command(&["run", "tiny.yaml", "--json"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    place.wait_until(|runs| !runs.is_empty() && status(runs, "/a") == "running" && status(runs, "/b") == "running");
    kill_9(worker_of(&place.run("a")));
    assert!(place.finetop(&["stop", "tiny-1/b"]).status.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let of = |run: &str| json["runs"].as_array().unwrap().iter().find(|value| value["run"].as_str().unwrap().ends_with(run)).unwrap();
    assert_eq!((&of("a")["status"], &of("b")["status"], &of("c")["status"]), (&"failed".into(), &"stopped".into(), &"finished".into()));
    assert!(of("a")["reason"].as_str().unwrap().contains("signal 9"));
}
