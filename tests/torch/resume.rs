//! What interrupts a run leaves no trace in its weights: kills at random moments, damaged checkpoints, neighbours, extensions.

use std::path::Path;
use std::time::{Duration, Instant};

use finetop::run::dir::RunDir;
use finetop::run::event::{Event, EventKind, Outcome};
use finetop::run::exit::code;
use finetop::run::inbox;
use finetop::run::position::Position;
use finetop::run::request::RequestKind;
use finetop::spec::continuation::{CheckpointEvery, Extension};
use finetop::spec::early_stopping::{EarlyStopping, Patience};
use finetop::spec::head::Pooling;
use finetop::spec::method::Method;
use finetop::spec::optimization::{EvaluateEvery, LrSchedule};
use finetop::spec::run::RunSpec;
use finetop_engine::optimizer::AdamW;
use finetop_engine::{checkpoint, recovery};

use crate::tiny;
use crate::worker::{losses, run_dir, start, state, wait_until, weights, work};

/// How many kills [`kills_at_random_moments_leave_no_trace_in_the_weights`] makes, where not the usual few.
const KILLS: &str = "FINETOP_KILLS";
/// Where its moments come from, where not from the clock.
const SEED: &str = "FINETOP_KILLS_SEED";

/// After so many kills a run may end, so that many kills are several runs.
const MOST_KILLS_OF_A_RUN: u32 = 12;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a whole number, not {text}")))
}

/// A number in `[0, 1)` and the next state (the generator of `SplitMix64`).
fn draw(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

pub fn assert_same(cut: &RunDir, whole: &RunDir, what: &str) {
    let (cut_state, whole_state) = (state(cut), state(whole));
    assert_eq!(cut_state.finished.as_ref().map(|finished| finished.outcome), Some(Outcome::Finished), "{what}");
    assert!(losses(&cut_state) == losses(&whole_state), "{what}: the losses are not one curve");
    let evaluations = |state: &finetop::run::state::RunState| -> Vec<_> {
        state.evaluations.iter().map(|one| (one.step, one.is_best, one.metrics.clone())).collect()
    };
    assert!(evaluations(&cut_state) == evaluations(&whole_state), "{what}: the evaluations differ");
    for name in ["best.safetensors", "last.safetensors"] {
        assert!(weights(cut, name) == weights(whole, name), "{what}: {name} differs");
    }
}

/// A worker is killed by signal 9: at a moment drawn over its whole life, and every other time in the middle of writing a checkpoint. Where
/// it was faster than its death, what it left is compared, and the next kills are those of a run that begins anew.
#[test]
fn kills_at_random_moments_leave_no_trace_in_the_weights() {
    let n_kills = variable(KILLS).unwrap_or(3);
    let from_clock = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64;
    let seed = variable(SEED).unwrap_or_else(from_clock);
    println!("{SEED}={seed}");
    let mut random = seed;
    let folder = tempfile::tempdir().unwrap();
    let mut spec = tiny::spec(folder.path(), Method::Full);
    spec.optimization.epochs = 20;
    // Two threads that share the rows.
    spec.threads = 2;
    spec.optimization.batch_size = 16;
    spec.optimization.evaluate = EvaluateEvery::Steps(7);
    spec.checkpoint = CheckpointEvery::Steps(3);
    let whole = run_dir(folder.path(), "whole", &spec);
    let begun = Instant::now();
    assert!(work(&whole, 1).status.success());
    let life = begun.elapsed();

    let (mut n_killed, mut n_while_writing, mut n_whole, mut n_runs, mut attempt) = (0, 0, 0, 1, 0);
    let mut cut = run_dir(folder.path(), "cut1", &spec);
    while n_killed < n_kills {
        attempt += 1;
        let mut child = start(&cut, attempt);
        let is_spared = attempt > MOST_KILLS_OF_A_RUN;
        let begun = Instant::now();
        let moment = life.mul_f64(1.1 * draw(&mut random));
        let is_for_writing = attempt % 2 == 0;
        let mut was_writing = false;
        while child.try_wait().unwrap().is_none() {
            if is_spared {
                std::thread::sleep(Duration::from_millis(1));
                continue;
            }
            let is_time = begun.elapsed() >= moment;
            was_writing = is_time && is_for_writing && is_writing(&cut);
            if was_writing || is_time && !is_for_writing {
                break;
            }
            std::thread::yield_now();
        }
        // Where it had ended already there is nobody to kill.
        let _ = child.kill();
        if child.wait().unwrap().code().is_some() {
            assert_same(&cut, &whole, &format!("after {n_killed} kills, {SEED}={seed}"));
            (n_runs, n_whole, attempt) = (n_runs + 1, n_whole + 1, 0);
            cut = run_dir(folder.path(), &format!("cut{n_runs}"), &spec);
            continue;
        }
        n_killed += 1;
        n_while_writing += u64::from(was_writing);
    }
    assert!(work(&cut, attempt + 1).status.success(), "{:?}", state(&cut).log.back());
    assert_same(&cut, &whole, &format!("after all kills, {SEED}={seed}"));
    println!(
        "{n_killed} kills, {n_while_writing} of them while a checkpoint was written; {} runs compared, a life is {life:.1?}",
        n_whole + 1
    );
}

fn is_writing(dir: &RunDir) -> bool {
    ["best", "last", "previous"].iter().any(|name| dir.checkpoints_dir().join(format!("{name}.partial")).exists())
}

#[test]
fn six_runs_at_once_end_with_the_bits_of_each_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut methods = Method::examples();
    methods.dedup_by_key(|method| method.about().name);
    methods.truncate(6);
    let specs: Vec<_> = methods.iter().map(|method| tiny::spec(folder.path(), method.clone())).collect();
    let dirs = |kind: &str| -> Vec<_> { (0..6).map(|index| run_dir(folder.path(), &format!("{kind}{index}"), &specs[index])).collect() };
    let (alone, together) = (dirs("alone"), dirs("together"));
    assert!(alone.iter().all(|dir| work(dir, 1).status.success()));
    let mut children: Vec<_> = together.iter().map(|dir| start(dir, 1)).collect();
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    for ((alone, together), method) in alone.iter().zip(&together).zip(&methods) {
        assert_same(together, alone, &format!("{method:?}"));
    }
}

/// A run left in the middle with `last` of a later step than `previous`.
fn interrupted(folder: &Path, name: &str, spec: &RunSpec) -> RunDir {
    let dir = run_dir(folder, name, spec);
    for attempt in 1..=2 {
        let mut child = start(&dir, attempt);
        wait_until(&dir, |state| state.attempt.as_ref().is_some_and(|begun| begun.attempt == attempt) && state.attempt_steps >= 20);
        assert!(std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(code::INTERRUPTED));
    }
    dir
}

/// Changes one byte of the last tensor.
fn damage(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let at = bytes.len() - 5;
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

fn notes(dir: &RunDir) -> String {
    let text = std::fs::read_to_string(dir.events_file()).unwrap();
    let notes = text.lines().filter_map(|line| match serde_json::from_str::<Event>(line).ok()?.kind {
        EventKind::Note(note) => Some(note.message),
        _ => None,
    });
    notes.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_damaged_checkpoint_is_replaced_by_the_one_before_it_and_two_are_an_error_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = tiny::spec(folder.path(), Method::Full);
    spec.optimization.epochs = 40;
    let whole = run_dir(folder.path(), "whole", &spec);
    assert!(work(&whole, 1).status.success());

    let dir = interrupted(folder.path(), "one", &spec);
    damage(&dir.last_file());
    assert!(work(&dir, 3).status.success(), "{:?}", state(&dir).log.back());
    assert!(notes(&dir).contains("last.safetensors: it is damaged"), "{}", notes(&dir));
    assert!(notes(&dir).contains("goes on from the one before it, of step "), "{}", notes(&dir));
    assert_same(&dir, &whole, "after a damaged last");

    let dir = interrupted(folder.path(), "two", &spec);
    damage(&dir.last_file());
    damage(&dir.previous_file());
    assert_eq!(work(&dir, 3).status.code(), Some(code::FAILED));
    let finished = state(&dir).finished.unwrap();
    assert_eq!(finished.outcome, Outcome::Failed);
    for expected in
        ["last.safetensors: it is damaged", "previous.safetensors: it is damaged", "remove both and the run starts from the beginning"]
    {
        assert!(finished.reason.contains(expected), "{}", finished.reason);
    }
    std::fs::remove_file(dir.last_file()).unwrap();
    std::fs::remove_file(dir.previous_file()).unwrap();
    assert!(work(&dir, 4).status.success());
    assert_same(&dir, &whole, "after both were removed");
}

#[test]
fn a_best_that_the_last_checkpoint_has_not_seen_is_not_taken_for_the_runs_own() {
    let folder = tempfile::tempdir().unwrap();
    tiny::write_model(folder.path(), &tiny::shapes());
    let backbone = finetop::pretrained::config::read(folder.path()).unwrap();
    let (_network, params) = tiny::network(folder.path(), &backbone, &Method::Full, Pooling::Pooler);
    let optimizer = AdamW::new(&tiny::optimization(), 2, &params);
    let dir = RunDir::new(folder.path());
    let at = |step, best_step| Position { step, best: Patience { best: Some((best_step, 0.5)), waited: 0 }, ..Position::default() };
    checkpoint::save_best(&dir.best_file(), &params, &at(3, 3)).unwrap();
    recovery::save_last(&dir, &params, &optimizer, &at(5, 3)).unwrap();
    let known = std::fs::read(dir.best_file()).unwrap();
    // Killed after a later best and before the next `last`.
    checkpoint::save_best(&dir.best_file(), &params, &at(9, 9)).unwrap();
    assert_eq!(recovery::restore(&dir, &params, &optimizer).unwrap().position, at(5, 3));
    assert!(std::fs::read(dir.best_file()).unwrap() == known);
    // And once more: what was kept is still there.
    checkpoint::save_best(&dir.best_file(), &params, &at(9, 9)).unwrap();
    recovery::restore(&dir, &params, &optimizer).unwrap();
    assert!(std::fs::read(dir.best_file()).unwrap() == known);
}

#[test]
fn a_released_run_leaves_its_state_and_goes_on_with_the_bits_of_one_that_was_never_paused() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = tiny::spec(folder.path(), Method::Full);
    spec.optimization.epochs = 60;
    let whole = run_dir(folder.path(), "whole", &spec);
    assert!(work(&whole, 1).status.success());
    let dir = run_dir(folder.path(), "released", &spec);
    let mut child = start(&dir, 1);
    wait_until(&dir, |state| state.step() > 5);
    inbox::send(&dir, RequestKind::Pause).unwrap();
    wait_until(&dir, |state| state.is_paused);
    inbox::send(&dir, RequestKind::Release).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(code::INTERRUPTED));
    let finished = state(&dir).finished.unwrap();
    assert_eq!(finished.outcome, Outcome::Released);
    assert_eq!(finished.reason, format!("paused at step {}, its memory freed; goes on from there when resumed", finished.step));
    assert!(work(&dir, 2).status.success());
    assert_eq!(state(&dir).training.unwrap().resumed_step, finished.step);
    assert_same(&dir, &whole, "after a release");
}

#[test]
fn an_extended_run_is_one_curve_and_its_rate_that_of_the_new_total() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = tiny::spec(folder.path(), Method::Full);
    let dir = run_dir(folder.path(), "run", &spec);
    assert!(work(&dir, 1).status.success());
    let before = state(&dir);
    spec.optimization.epochs = 5;
    spec.extensions.push(Extension { step: 33, from_epochs: 3, to_epochs: 5 });
    dir.write_spec(&spec).unwrap();
    assert!(work(&dir, 2).status.success());
    let after = state(&dir);
    assert_eq!(after.finished.as_ref().unwrap().reason, "all 5 epochs done");
    assert_eq!(after.steps.iter().map(|step| step.step).collect::<Vec<_>>(), (1..=55).collect::<Vec<_>>());
    assert!(after.steps.iter().take(33).eq(before.steps.iter()));
    let schedule = LrSchedule::new(&spec.optimization, 55);
    assert!(after.steps.iter().skip(33).all(|step| step.learning_rate.to_bits() == schedule.at(step.step).to_bits()));
    assert_eq!(after.evaluations[..3], before.evaluations[..]);
    assert_eq!(after.evaluations.len(), 5);
    assert!(after.log.iter().any(|(_, line)| line == "extended from 3 to 5 epochs; goes on at step 33"));
    assert_eq!(after.test.unwrap().step, after.finished.unwrap().best_step.unwrap());
}

#[test]
fn a_run_that_early_stopping_ended_gets_its_patience_anew_but_keeps_its_best() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = tiny::spec(folder.path(), Method::Full);
    spec.optimization.epochs = 5000;
    // Nothing changes, so the first evaluation stays the best.
    spec.optimization.learning_rate = 1e-12;
    spec.best_metric = finetop::metric::MetricName::Accuracy;
    spec.early_stopping = Some(EarlyStopping { metric: spec.best_metric, patience: 2, min_delta: 0.0 });
    let dir = run_dir(folder.path(), "run", &spec);
    assert!(work(&dir, 1).status.success());
    let before = state(&dir).finished.unwrap();
    spec.optimization.epochs = (before.step / 11) as u32 + 4;
    spec.extensions.push(Extension { step: before.step, from_epochs: 5000, to_epochs: spec.optimization.epochs });
    dir.write_spec(&spec).unwrap();
    assert!(work(&dir, 2).status.success());
    let after = state(&dir).finished.unwrap();
    // The patience of two evaluations ran out again.
    assert_eq!((after.best_step, after.step), (before.best_step, before.step + 22));
    assert!(after.reason.starts_with("early stopping: "), "{}", after.reason);
    // Begun once more, as after a kill in its last moments, it ends at once.
    assert!(work(&dir, 3).status.success());
    assert_eq!((state(&dir).finished.unwrap().step, state(&dir).attempt_steps), (after.step, 0));
}
