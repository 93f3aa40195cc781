//! Whole runs of the real worker on a tiny model: same bits, resumed bits, requests, divergence, bad input.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use finetop::metric::MetricName;
use finetop::report::mistakes::listing;
use finetop::run::dir::RunDir;
use finetop::run::event::{Event, Outcome};
use finetop::run::exit::code;
use finetop::run::inbox;
use finetop::run::mistakes::{self, Wrong};
use finetop::run::request::RequestKind;
use finetop::run::state::RunState;
use finetop::spec::early_stopping::EarlyStopping;
use finetop::spec::method::Method;
use finetop::spec::optimization::{EvaluateEvery, Schedule};
use finetop::spec::run::RunSpec;

use serde_json::json;

use crate::tiny;

/// How long anything here may take before the test gives up.
const PATIENCE: Duration = Duration::from_mins(2);

pub fn run_dir(folder: &Path, name: &str, spec: &RunSpec) -> RunDir {
    let path = folder.join(name);
    std::fs::create_dir(&path).unwrap();
    let dir = RunDir::new(path);
    dir.write_spec(spec).unwrap();
    dir
}

fn command(dir: &RunDir, attempt: u32) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_finetop-worker"));
    command.arg("train").arg(dir.path()).args(["--attempt", &attempt.to_string()]).stdin(Stdio::null());
    command
}

/// The worker of attempt 1, sharing what it computes through the folder `cache`.
pub fn command_with(dir: &RunDir, cache: &Path) -> Command {
    let mut command = command(dir, 1);
    command.arg("--cache").arg(cache);
    command
}

pub fn work(dir: &RunDir, attempt: u32) -> Output {
    command(dir, attempt).output().unwrap()
}

pub fn start(dir: &RunDir, attempt: u32) -> Child {
    command(dir, attempt).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

pub fn state(dir: &RunDir) -> RunState {
    let mut state = RunState::default();
    let text = std::fs::read_to_string(dir.events_file()).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    for event in whole.lines().filter_map(|line| serde_json::from_str::<Event>(line).ok()) {
        state.apply(&event);
    }
    state
}

pub fn wait_until(dir: &RunDir, what: impl Fn(&RunState) -> bool) -> RunState {
    let start = Instant::now();
    loop {
        let state = state(dir);
        if what(&state) {
            return state;
        }
        assert!(start.elapsed() < PATIENCE, "nothing more happened after {:?}", state.log.back());
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn weights(dir: &RunDir, name: &str) -> Vec<u8> {
    let bytes = std::fs::read(dir.checkpoints_dir().join(name)).unwrap();
    // The header also holds seconds; only the tensors' bytes are compared.
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    bytes[8 + header..].to_vec()
}

pub fn losses(state: &RunState) -> Vec<u64> {
    state.steps.iter().map(|step| step.loss.0.to_bits()).collect()
}

/// Many epochs, so that there is time to interfere.
fn long(mut spec: RunSpec) -> RunSpec {
    spec.optimization.epochs = 5000;
    spec.optimization.schedule = Schedule::Constant;
    spec
}

#[test]
fn every_method_trains_learns_and_leaves_both_checkpoints_and_a_test_metric() {
    let folder = tempfile::tempdir().unwrap();
    for (index, method) in Method::examples().into_iter().enumerate() {
        let mut spec = tiny::spec(folder.path(), method.clone());
        spec.optimization.epochs = 6;
        spec.optimization.learning_rate = if method == Method::Full { 3e-3 } else { 2e-2 };
        let dir = run_dir(folder.path(), &index.to_string(), &spec);
        let output = work(&dir, 1);
        assert!(output.status.success(), "{method:?}: {}", String::from_utf8_lossy(&output.stderr));
        let state = state(&dir);
        let finished = state.finished.as_ref().unwrap();
        assert_eq!((finished.outcome, finished.step), (Outcome::Finished, 66), "{method:?}");
        assert_eq!(finished.reason, "all 6 epochs done");
        assert_eq!((state.steps.len(), state.evaluations.len()), (66, 6));
        let first = state.evaluations[0].metrics[&MetricName::Loss].0;
        let best = state.best().unwrap().metrics[&MetricName::Loss].0;
        assert!(best < first, "{method:?} did not learn: {first} to {best}");
        assert_eq!(state.test.as_ref().unwrap().confusion.as_ref().unwrap().n_rows(), 54);
        let bytes = std::fs::metadata(dir.checkpoints_dir().join("best.safetensors")).unwrap().len();
        assert_eq!(finished.checkpoint_bytes, bytes);
        assert!(bytes > 4 * state.training.unwrap().ledger.trainable);
        assert!(dir.checkpoints_dir().join("last.safetensors").exists());
    }
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_others() {
    let folder = tempfile::tempdir().unwrap();
    let spec = tiny::spec(folder.path(), Method::example("lora", &json!({"rank": 2, "alpha": 5.0, "dropout": 0.2})));
    let dirs: Vec<_> = [("a", 5), ("b", 5), ("c", 6)]
        .map(|(name, seed)| {
            let dir = run_dir(folder.path(), name, &RunSpec { seed, ..spec.clone() });
            assert!(work(&dir, 1).status.success());
            dir
        })
        .into();
    assert_eq!(losses(&state(&dirs[0])), losses(&state(&dirs[1])));
    assert_eq!(weights(&dirs[0], "last.safetensors"), weights(&dirs[1], "last.safetensors"));
    assert_ne!(losses(&state(&dirs[0])), losses(&state(&dirs[2])));
}

#[test]
fn a_run_interrupted_or_killed_ends_with_the_bits_of_an_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = tiny::spec(folder.path(), Method::Full);
    spec.optimization.epochs = 40;
    let whole = run_dir(folder.path(), "whole", &spec);
    assert!(work(&whole, 1).status.success());

    let cut = run_dir(folder.path(), "cut", &spec);
    let mut attempt = 0;
    for (steps, signal) in [(3, "-TERM"), (60, "-KILL"), (120, "-TERM"), (200, "-KILL"), (300, "-KILL")] {
        attempt += 1;
        let mut child = start(&cut, attempt);
        let is_ours = |state: &RunState| state.attempt.as_ref().is_some_and(|begun| begun.attempt == attempt);
        wait_until(&cut, |state| is_ours(state) && (state.step() >= steps || state.finished.is_some()));
        std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        let status = child.wait().unwrap();
        assert!(matches!(status.code(), None | Some(code::INTERRUPTED | code::OK)), "{status}");
    }
    assert!(work(&cut, attempt + 1).status.success());
    assert_eq!(losses(&state(&cut)), losses(&state(&whole)));
    assert_eq!(weights(&cut, "last.safetensors"), weights(&whole, "last.safetensors"));
    assert_eq!(weights(&cut, "best.safetensors"), weights(&whole, "best.safetensors"));
    assert_eq!(mistakes::read(&cut).unwrap().unwrap(), mistakes::read(&whole).unwrap().unwrap());
}

#[test]
fn methods_with_dropout_rates_and_layers_of_their_own_go_on_with_the_bits_of_an_uninterrupted_run() {
    let methods = [
        ("lora", json!({"rank": 2, "dropout": 0.3, "dora": true, "learning_rate_ratio": 4.0})),
        ("houlsby_adapter", json!({"size": 5})),
        ("prefix_tuning", json!({"length": 2, "projection": 7})),
        ("p_tuning_v2", json!({"length": 4, "dropout": 0.2})),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (index, (name, given)) in methods.into_iter().enumerate() {
        let method = Method::example(name, &given);
        let mut spec = tiny::spec(folder.path(), method.clone());
        spec.optimization.gradient_accumulation = 2;
        let whole = run_dir(folder.path(), &format!("whole{index}"), &spec);
        assert!(work(&whole, 1).status.success());
        let cut = run_dir(folder.path(), &format!("cut{index}"), &spec);
        let mut child = start(&cut, 1);
        wait_until(&cut, |state| state.step() >= 2);
        std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(matches!(child.wait().unwrap().code(), Some(code::INTERRUPTED | code::OK)), "{method:?}");
        assert!(work(&cut, 2).status.success());
        assert_eq!(losses(&state(&cut)), losses(&state(&whole)), "{method:?}");
        assert_eq!(weights(&cut, "last.safetensors"), weights(&whole, "last.safetensors"), "{method:?}");
    }
}

#[test]
fn what_the_best_weights_get_wrong_is_kept_with_the_rows_of_its_confusion_matrix() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = tiny::spec(folder.path(), Method::FeatureExtraction);
    spec.optimization.epochs = 2;
    spec.optimization.learning_rate = 1e-4;
    let dir = run_dir(folder.path(), "run", &spec);
    assert!(work(&dir, 1).status.success());
    let state = state(&dir);
    let best = state.best().unwrap();
    let kept = mistakes::read(&dir).unwrap().unwrap();
    let confusion = best.confusion.as_ref().unwrap();
    let mut counted = vec![vec![0; 3]; 3];
    let Wrong::Labels(rows) = &kept.wrong else { panic!("{kept:?}") };
    for row in rows {
        counted[row.truth][row.predicted] += 1;
        assert!(row.probability.0 >= 1.0 / 3.0 && row.probability.0 <= 1.0 && (1..=27).contains(&row.row));
    }
    let off_diagonal = |truth: usize, predicted: usize| if truth == predicted { 0 } else { confusion.counts[truth][predicted] };
    let expected: Vec<Vec<u64>> = (0..3).map(|truth| (0..3).map(|predicted| off_diagonal(truth, predicted)).collect()).collect();
    assert_eq!(counted, expected);
    assert!(kept.n_wrong > 0, "a run that hardly learns gets something wrong");
    assert_eq!((kept.step, kept.n_rows, kept.n_wrong as usize), (best.step, 27, rows.len()));
    let listing = listing(&dir).unwrap().unwrap();
    assert_eq!(listing.no_texts, None);
    assert!(listing.rows.iter().all(|row| row.text.as_ref().is_some_and(|text| text.starts_with(&row.truth))), "{:?}", listing.rows[0]);
}

#[test]
fn a_stop_finishes_the_step_evaluates_keeps_the_best_and_tests_it() {
    let folder = tempfile::tempdir().unwrap();
    let dir = run_dir(folder.path(), "run", &long(tiny::spec(folder.path(), Method::FeatureExtraction)));
    let mut child = start(&dir, 1);
    wait_until(&dir, |state| state.step() > 2);
    inbox::send(&dir, RequestKind::Stop).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(code::OK));
    let state = state(&dir);
    let finished = state.finished.clone().unwrap();
    assert_eq!(finished.outcome, Outcome::Stopped);
    let stopped = format!("stopped by hand at step {0}; its best is kept: step {0}, loss ", finished.step);
    assert!(finished.reason.starts_with(&stopped), "{}", finished.reason);
    assert_eq!(finished.step, state.step());
    assert_eq!(state.evaluations.last().unwrap().step, finished.step);
    assert_eq!(state.test.as_ref().unwrap().step, finished.best_step.unwrap());
    assert!(inbox::hear(&dir).requests.is_empty());
}

#[test]
fn a_signal_stops_as_a_request_does() {
    let folder = tempfile::tempdir().unwrap();
    let dir = run_dir(folder.path(), "run", &long(tiny::spec(folder.path(), Method::Full)));
    let mut child = start(&dir, 1);
    wait_until(&dir, |state| state.step() > 2);
    std::process::Command::new("kill").args(["-USR1", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(code::OK));
    assert_eq!(state(&dir).finished.unwrap().outcome, Outcome::Stopped);
}

#[test]
fn a_paused_run_takes_no_step_until_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let dir = run_dir(folder.path(), "run", &long(tiny::spec(folder.path(), Method::Full)));
    let mut child = start(&dir, 1);
    wait_until(&dir, |state| state.step() > 2);
    inbox::send(&dir, RequestKind::Pause).unwrap();
    wait_until(&dir, |state| state.is_paused);
    std::thread::sleep(Duration::from_millis(150));
    let held = state(&dir).step();
    std::thread::sleep(Duration::from_millis(150));
    assert_eq!(state(&dir).step(), held);
    inbox::send(&dir, RequestKind::Resume).unwrap();
    wait_until(&dir, |state| !state.is_paused && state.step() > held);
    inbox::send(&dir, RequestKind::Stop).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn early_stopping_says_why_and_keeps_the_best() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = long(tiny::spec(folder.path(), Method::Full));
    spec.early_stopping = Some(EarlyStopping { metric: MetricName::Accuracy, patience: 2, min_delta: 0.0 });
    spec.best_metric = MetricName::Accuracy;
    let dir = run_dir(folder.path(), "run", &spec);
    assert!(work(&dir, 1).status.success());
    let state = state(&dir);
    let finished = state.finished.clone().unwrap();
    assert_eq!(finished.outcome, Outcome::Finished);
    assert!(finished.reason.starts_with("early stopping: accuracy has not improved for 2 evaluations (best "), "{}", finished.reason);
    let best = finished.best_step.unwrap();
    assert_eq!(state.evaluations.iter().filter(|evaluation| evaluation.step > best).count(), 2);
}

#[test]
fn a_run_that_diverges_ends_as_diverged_with_the_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = tiny::spec(folder.path(), Method::Full);
    spec.optimization.learning_rate = 1e30;
    spec.optimization.warmup_ratio = 0.0;
    let dir = run_dir(folder.path(), "run", &spec);
    assert_eq!(work(&dir, 1).status.code(), Some(code::DIVERGED));
    let state = state(&dir);
    let finished = state.finished.clone().unwrap();
    assert_eq!(finished.outcome, Outcome::Diverged);
    assert!(finished.reason.contains(&format!("at step {}", state.step())), "{}", finished.reason);
    assert!(!state.steps.last().unwrap().loss.0.is_finite() || !state.steps.last().unwrap().gradient_norm.0.is_finite());
}

#[test]
fn accumulated_gradients_are_those_of_the_whole_batch() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = tiny::spec(folder.path(), Method::Full);
    spec.optimization.dropout = Some(0.0);
    spec.head.dropout = 0.0;
    let whole = run_dir(folder.path(), "whole", &spec);
    spec.optimization.gradient_accumulation = 3;
    let parts = run_dir(folder.path(), "parts", &spec);
    assert!(work(&whole, 1).status.success() && work(&parts, 1).status.success());
    for (one, other) in state(&whole).steps.iter().zip(state(&parts).steps.iter()) {
        assert!((one.loss.0 - other.loss.0).abs() < 1e-4, "step {}: {} and {}", one.step, one.loss.0, other.loss.0);
    }
}

#[test]
fn steps_between_evaluations_are_as_asked_and_the_end_is_always_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = tiny::spec(folder.path(), Method::FeatureExtraction);
    spec.optimization.evaluate = EvaluateEvery::Steps(10);
    let dir = run_dir(folder.path(), "run", &spec);
    assert!(work(&dir, 1).status.success());
    let steps: Vec<_> = state(&dir).evaluations.iter().map(|evaluation| evaluation.step).collect();
    assert_eq!(steps, [10, 20, 30, 33]);
}

#[test]
fn an_older_attempt_writes_nothing_once_a_newer_one_has_begun() {
    let folder = tempfile::tempdir().unwrap();
    let dir = run_dir(folder.path(), "run", &long(tiny::spec(folder.path(), Method::Full)));
    let mut old = start(&dir, 1);
    wait_until(&dir, |state| state.step() > 2);
    let mut new = start(&dir, 2);
    assert_eq!(old.wait().unwrap().code(), Some(code::FENCED));
    wait_until(&dir, |state| state.attempt.as_ref().is_some_and(|attempt| attempt.attempt == 2) && state.step() > 2);
    inbox::send(&dir, RequestKind::Stop).unwrap();
    assert!(new.wait().unwrap().success());
    let text = std::fs::read_to_string(dir.events_file()).unwrap();
    let process_of_new = new.id();
    let from_new: Vec<_> = text.lines().skip_while(|line| !line.contains(&format!("\"process_id\":{process_of_new}"))).collect();
    let steps: Vec<u64> = from_new
        .iter()
        .filter_map(|line| match serde_json::from_str::<Event>(line).unwrap().kind {
            finetop::run::event::EventKind::Step(step) => Some(step.step),
            _ => None,
        })
        .collect();
    assert!(steps.windows(2).all(|pair| pair[1] == pair[0] + 1), "two workers wrote: {steps:?}");
}

fn fails(change: impl FnOnce(&Path, &mut RunSpec)) -> (String, PathBuf, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = tiny::spec(folder.path(), Method::Full);
    change(folder.path(), &mut spec);
    let dir = run_dir(folder.path(), "run", &spec);
    let output = work(&dir, 1);
    assert_eq!(output.status.code(), Some(code::FAILED));
    let finished = state(&dir).finished.unwrap();
    assert_eq!(finished.outcome, Outcome::Failed);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(stderr.trim(), format!("error: {}", finished.reason));
    (finished.reason, dir.path().to_owned(), folder)
}

#[test]
fn bad_input_ends_a_run_as_failed_with_the_reason_in_events_and_stderr() {
    let (truncated, run, _folder) = fails(|folder, _| {
        let path = folder.join("model/model.safetensors");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 7]).unwrap();
    });
    assert!(truncated.contains("model.safetensors: not a whole safetensors file"), "{truncated}");
    assert!(!run.join("checkpoints").exists());
    let (vocabulary, ..) = fails(|folder, _| tiny::write_tokenizer(&folder.join("model/tokenizer.json"), 50));
    assert!(vocabulary.contains("it belongs to another model"), "{vocabulary}");
    let (data, ..) = fails(|folder, _| std::fs::write(folder.join("train.tsv"), b"text\tlabel\n\xff\xfe\tred\n").unwrap());
    assert!(data.contains("train.tsv"), "{data}");
    let (gone, ..) = fails(|folder, _| std::fs::remove_file(folder.join("validation.tsv")).unwrap());
    assert!(gone.contains("validation.tsv"), "{gone}");
    let (device, ..) = fails(|_, spec| spec.device = finetop::spec::run::Device::Cuda(63));
    assert!(device.contains("cuda:63 is not there"), "{device}");
}

#[test]
fn a_folder_without_a_specification_is_bad_usage() {
    let folder = tempfile::tempdir().unwrap();
    let output = work(&RunDir::new(folder.path()), 1);
    assert_eq!(output.status.code(), Some(code::USAGE));
    assert!(String::from_utf8_lossy(&output.stderr).contains("run.yaml"));
}
