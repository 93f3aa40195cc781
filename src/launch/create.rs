//! Makes the folder of an experiment with a folder per run, whole or not at all. Must not start anything.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::run::clock;
use crate::run::dir::{self, DirError, RunDir};
use crate::run::event::FORMAT_VERSION;
use crate::run::experiment::{ExperimentRecord, RECORD_FILE, is_plain_name};
use crate::spec::experiment::overrides::Overrides;
use crate::spec::run::RunSpec;

/// Longest folder name of an experiment without its number, in bytes.
const LONGEST_NAME: usize = 100;

/// What an experiment's folder is made of.
#[derive(Debug, Clone, Copy)]
pub struct NewExperiment<'a> {
    /// Its name, as written.
    pub name: &'a str,
    /// Its file.
    pub source: &'a Path,
    /// The text of its file; copied as it is.
    pub text: &'a str,
    /// What the command line said in place of its file.
    pub overrides: &'a Overrides,
    /// Its runs, resolved, at least one.
    pub runs: &'a [RunSpec],
    /// How many of them may run at once.
    pub runs_at_once: usize,
    /// Their names in the order in which they start.
    pub start_order: &'a [String],
}

/// An experiment's folder that cannot be made; nothing is left of it.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The folder of all runs cannot be made.
    #[error("cannot make the folder {path}: {source}", path = .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error(transparent)]
    File(#[from] DirError),
    /// A run's name is no folder name.
    #[error("the run name \"{0}\" cannot be a folder's name: use letters, digits, \"-\", \"_\" and \".\"")]
    Name(String),
    /// Two runs have one name.
    #[error("two runs are named \"{0}\": give each its own name")]
    Twice(String),
    /// There is nothing to run.
    #[error("the experiment has no runs")]
    Empty,
}

/// Makes `ROOT/NAME-N` for the first free `N` and returns its folder name.
pub fn create(root: &Path, experiment: &NewExperiment) -> Result<String, CreateError> {
    check_names(experiment.runs)?;
    let refused = |path: &Path| {
        let path = path.to_owned();
        move |source| CreateError::Folder { path, source }
    };
    fs::create_dir_all(root).map_err(refused(root))?;
    let aside = root.join(aside_name());
    fs::create_dir(&aside).map_err(refused(&aside))?;
    let created = fill(&aside, experiment).and_then(|()| settle(root, &aside, &folder_name(experiment.name)));
    if created.is_err() {
        // The first error is the one that matters.
        let _ = fs::remove_dir_all(&aside);
    }
    created
}

fn fill(folder: &Path, experiment: &NewExperiment) -> Result<(), CreateError> {
    dir::write_atomic(&folder.join("experiment.yaml"), experiment.text.as_bytes())?;
    for run in experiment.runs {
        let dir = RunDir::new(folder.join(&run.name));
        for path in [dir.path(), &dir.requests_dir()] {
            fs::create_dir(path).map_err(|source| CreateError::Folder { path: path.to_owned(), source })?;
        }
        dir.write_spec(run)?;
    }
    let source = std::path::absolute(experiment.source).unwrap_or_else(|_| experiment.source.to_owned());
    let record = ExperimentRecord {
        format: FORMAT_VERSION,
        name: experiment.name.to_owned(),
        source: source.display().to_string(),
        overrides: experiment.overrides.clone(),
        created: clock::now_seconds(),
        runs: experiment.runs.iter().map(|run| run.name.clone()).collect(),
        runs_at_once: experiment.runs_at_once.max(1),
        start_order: experiment.start_order.to_vec(),
    };
    dir::write_json(&folder.join(RECORD_FILE), &record)?;
    Ok(())
}

/// Gives the finished folder its name: the first number that is free.
fn settle(root: &Path, aside: &Path, name: &str) -> Result<String, CreateError> {
    for number in 1_u64.. {
        let numbered = format!("{name}-{number}");
        let folder = root.join(&numbered);
        if folder.symlink_metadata().is_ok() {
            continue;
        }
        match fs::rename(aside, &folder) {
            Ok(()) => return Ok(numbered),
            // Another process took the number meanwhile.
            Err(error) if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty) => {}
            Err(source) => return Err(CreateError::Folder { path: folder, source }),
        }
    }
    unreachable!("one of all numbers is free")
}

fn check_names(runs: &[RunSpec]) -> Result<(), CreateError> {
    if runs.is_empty() {
        return Err(CreateError::Empty);
    }
    let mut seen = HashSet::new();
    for run in runs {
        if !is_plain_name(&run.name) || run.name.chars().any(char::is_control) {
            return Err(CreateError::Name(run.name.clone()));
        }
        if !seen.insert(&run.name) {
            return Err(CreateError::Twice(run.name.clone()));
        }
    }
    Ok(())
}

/// The experiment's name with every character that is awkward in a shell replaced.
fn folder_name(name: &str) -> String {
    let mut folder = String::new();
    for character in name.chars() {
        if folder.len() >= LONGEST_NAME {
            break;
        }
        let is_plain = character.is_alphanumeric() || matches!(character, '-' | '_' | '.');
        folder.push(if is_plain { character } else { '-' });
    }
    let folder = folder.trim_matches(|character| matches!(character, '-' | '.'));
    if folder.is_empty() { "experiment".to_owned() } else { folder.to_owned() }
}

fn aside_name() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    format!(".new-{}-{}-{}", std::process::id(), clock::now_seconds(), COUNTER.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::experiment;
    use crate::spec::run::RunSpec;

    fn runs(names: &[&str]) -> Vec<RunSpec> {
        let text = include_str!("../../tests/fixtures/golden/run.yaml");
        let spec: RunSpec = serde_yaml::from_str(text).unwrap();
        names.iter().map(|name| RunSpec { name: (*name).to_owned(), ..spec.clone() }).collect()
    }

    fn new_in(root: &Path, name: &str, names: &[&str]) -> Result<String, CreateError> {
        let source = Path::new("experiment.yaml");
        let overrides = Overrides { epochs: Some(2), ..Overrides::default() };
        let (text, runs) = ("name: x # as written\n", runs(names));
        create(root, &NewExperiment { name, source, text, overrides: &overrides, runs: &runs, runs_at_once: 2, start_order: &[] })
    }

    #[test]
    fn experiments_are_numbered_and_their_files_are_all_there() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("runs");
        assert_eq!(new_in(&root, "quick start!", &["full", "lora"]).unwrap(), "quick-start-1");
        assert_eq!(new_in(&root, "quick start!", &["full"]).unwrap(), "quick-start-2");
        let record = experiment::read_record(&root.join("quick-start-1")).unwrap().unwrap();
        assert_eq!(record.overrides.in_words(), "--epochs 2");
        assert_eq!((record.runs, record.runs_at_once), (vec!["full".to_owned(), "lora".to_owned()], 2));
        assert_eq!(RunDir::new(root.join("quick-start-1/lora")).read_spec().unwrap(), runs(&["lora"])[0]);
        assert_eq!(fs::read_to_string(root.join("quick-start-1/experiment.yaml")).unwrap(), "name: x # as written\n");
    }

    #[test]
    fn an_experiment_that_cannot_be_written_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let too_long = "x".repeat(300);
        let error = new_in(folder.path(), "a", &["full", &too_long]).unwrap_err().to_string();
        assert!(error.contains("xxx"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn names_that_are_no_folders_or_not_unique_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for names in [&["../a"][..], &["a/b"], &[""], &["a\u{1b}b"]] {
            assert!(matches!(new_in(folder.path(), "a", names), Err(CreateError::Name(_))), "{names:?}");
        }
        assert!(matches!(new_in(folder.path(), "a", &["a", "a"]), Err(CreateError::Twice(_))));
        assert!(matches!(new_in(folder.path(), "a", &[]), Err(CreateError::Empty)));
        assert_eq!(folder_name("../../etc"), "etc");
        assert_eq!(folder_name("  "), "experiment");
    }
}
