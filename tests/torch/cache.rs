//! What runs share through the cache: features and rounded weights, with the bits that each would compute alone.

use std::path::{Path, PathBuf};

use finetop::run::dir::RunDir;
use finetop::run::event::{Event, EventKind};
use finetop::spec::method::Method;
use finetop::spec::run::{Precision, RunSpec};

use crate::tiny;
use crate::worker::{command_with, losses, run_dir, state, weights, work};

fn feature_extraction(folder: &Path) -> RunSpec {
    tiny::spec(folder, Method::FeatureExtraction)
}

/// A run that shares through `cache`, and whether it did well.
fn shared(folder: &Path, name: &str, spec: &RunSpec, cache: &Path) -> RunDir {
    let dir = run_dir(folder, name, spec);
    let output = command_with(&dir, cache).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    dir
}

fn events(dir: &RunDir) -> Vec<EventKind> {
    let text = std::fs::read_to_string(dir.events_file()).unwrap();
    text.lines().map(|line| serde_json::from_str::<Event>(line).unwrap().kind).collect()
}

/// What it said to people.
fn notes(dir: &RunDir) -> Vec<String> {
    events(dir).into_iter().filter_map(|event| if let EventKind::Note(note) = event { Some(note.message) } else { None }).collect()
}

/// How many splits it computed features of.
fn computed(dir: &RunDir) -> usize {
    let is_begin =
        |event: &EventKind| matches!(event, EventKind::Preparing(what) if what.what.starts_with("computing features") && what.done == 0);
    events(dir).iter().filter(|event| is_begin(event)).count()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn assert_same_bits(one: &RunDir, other: &RunDir) {
    assert_eq!(losses(&state(one)), losses(&state(other)));
    assert_eq!(weights(one, "last.safetensors"), weights(other, "last.safetensors"));
    assert_eq!(state(one).test.unwrap().metrics, state(other).test.unwrap().metrics);
}

const REUSED: &str = "features of train, validation, test are those that an earlier run computed";

#[test]
fn features_are_computed_once_for_all_runs_and_seeds_and_change_no_bit() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let spec = feature_extraction(folder.path());
    let alone = run_dir(folder.path(), "alone", &spec);
    assert!(work(&alone, 1).status.success());
    let first = shared(folder.path(), "first", &spec, &cache);
    let second = shared(folder.path(), "second", &spec, &cache);
    assert_eq!([computed(&alone), computed(&first), computed(&second)], [3, 3, 0]);
    assert!(notes(&first).is_empty());
    assert_eq!(notes(&second), [REUSED]);
    assert_same_bits(&alone, &first);
    assert_same_bits(&alone, &second);
    let mut other = spec.clone();
    other.seed = 77;
    other.optimization.batch_size = 5;
    let other_seed = shared(folder.path(), "seed", &other, &cache);
    assert_eq!((computed(&other_seed), notes(&other_seed)), (0, vec![REUSED.to_owned()]));
    let mut shorter = spec.clone();
    shorter.task.max_length = 5;
    assert!(computed(&shared(folder.path(), "shorter", &shorter, &cache)) > 0);
    let rounded = RunSpec { precision: Precision::Bf16, ..spec.clone() };
    assert_eq!(computed(&shared(folder.path(), "bf16", &rounded, &cache)), 3);
    // Another checkpoint under the same name.
    let model = spec.model.folder.join("model.safetensors");
    let mut bytes = std::fs::read(&model).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&model, bytes).unwrap();
    assert_eq!(computed(&shared(folder.path(), "changed", &spec, &cache)), 3);
}

#[test]
fn damaged_features_are_computed_again_which_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let spec = feature_extraction(folder.path());
    let first = shared(folder.path(), "first", &spec, &cache);
    for path in files(&cache.join("features")) {
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
        std::fs::write(&path, bytes).unwrap();
    }
    let second = shared(folder.path(), "second", &spec, &cache);
    assert_eq!(computed(&second), 3);
    let said = notes(&second);
    assert!(
        said.len() == 3 && said.iter().all(|note| note.contains("damaged and computed again") && note.contains("does not have the hash")),
        "{said:?}"
    );
    assert_same_bits(&first, &second);
    assert_eq!(notes(&shared(folder.path(), "third", &spec, &cache)), [REUSED]);
}

#[test]
fn runs_that_begin_at_once_share_without_harm() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    for precision in [Precision::Fp32, Precision::Bf16] {
        let spec = RunSpec { precision, ..feature_extraction(folder.path()) };
        let dirs: Vec<_> = (0..4).map(|index| run_dir(folder.path(), &format!("{precision:?}{index}"), &spec)).collect();
        let workers: Vec<_> = dirs.iter().map(|dir| command_with(dir, &cache).spawn().unwrap()).collect();
        assert!(workers.into_iter().all(|mut worker| worker.wait().unwrap().success()));
        for dir in &dirs {
            assert_same_bits(&dirs[0], dir);
            assert!(notes(dir).iter().all(|note| !note.contains("damaged")), "{:?}", notes(dir));
        }
    }
    assert_eq!((files(&cache.join("features")).len(), files(&cache.join("weights")).len()), (6, 1));
}

#[test]
fn a_cache_that_cannot_be_written_costs_time_alone() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    std::fs::write(&cache, "a file where a folder should be").unwrap();
    let spec = RunSpec { precision: Precision::Bf16, ..feature_extraction(folder.path()) };
    let said = notes(&shared(folder.path(), "run", &spec, &cache));
    assert!(said.iter().any(|note| note.starts_with("features cannot be kept in ")), "{said:?}");
    assert!(said.iter().any(|note| note.starts_with("rounded weights cannot be shared through ")), "{said:?}");
}

#[test]
fn rounded_weights_from_the_cache_give_every_method_the_bits_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    for (index, method) in Method::examples().into_iter().enumerate() {
        let mut spec = RunSpec { precision: Precision::Bf16, ..tiny::spec(folder.path(), method) };
        spec.optimization.epochs = 1;
        let alone = run_dir(folder.path(), &format!("alone{index}"), &spec);
        assert!(work(&alone, 1).status.success());
        assert_same_bits(&alone, &shared(folder.path(), &format!("shared{index}"), &spec, &cache));
    }
    assert_eq!(files(&cache.join("weights")).len(), 1);
}
