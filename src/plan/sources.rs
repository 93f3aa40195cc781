//! What an experiment names → absolute paths: data files and the model's folder.

use std::path::{Path, PathBuf};

use crate::data::read::ENDINGS;
use crate::plan::environment::Environment;
use crate::pretrained::hub_cache;
use crate::spec::experiment::problem::Problems;
use crate::spec::experiment::section::Written;
use crate::spec::experiment::written::{Data, Source};

/// Names under which a folder may hold its validation split; the first is ours.
const VALIDATION_NAMES: [&str; 3] = ["validation", "dev", "valid"];

/// The data files, absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFiles {
    /// Training rows.
    pub train: PathBuf,
    /// Validation rows.
    pub validation: Option<PathBuf>,
    /// Test rows.
    pub test: Option<PathBuf>,
}

/// The folders that a relative path may start from: the experiment file's own, then the current one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bases {
    own: PathBuf,
    current: PathBuf,
    home: Option<PathBuf>,
}

impl Bases {
    /// The bases for an experiment file.
    pub fn new(file: &Path, environment: &Environment) -> Self {
        let own = environment.current_folder.join(file).parent().map_or_else(|| environment.current_folder.clone(), Path::to_owned);
        Self { own, current: environment.current_folder.clone(), home: environment.hub.home.clone() }
    }

    /// The path if it exists from one of the bases.
    pub fn find(&self, text: &str) -> Option<PathBuf> {
        if let (Some(rest), Some(home)) = (text.strip_prefix("~/"), &self.home) {
            return Some(home.join(rest)).filter(|path| path.exists());
        }
        [&self.own, &self.current].into_iter().map(|base| tidy(&base.join(text))).find(|path| path.exists())
    }

    /// Where a path that was not found was looked for, in words.
    pub fn looked_in(&self, text: &str) -> String {
        if Path::new(text).is_absolute() || text.starts_with("~/") {
            return String::new();
        }
        if self.own == self.current {
            return format!("looked in {}", self.current.display());
        }
        format!("looked in {} and in {}", tidy(&self.own).display(), self.current.display())
    }
}

/// The path without `.` components and doubled separators.
fn tidy(path: &Path) -> PathBuf {
    path.components().filter(|component| *component != std::path::Component::CurDir).collect()
}

/// Finds the data files; what is not there is a problem where it is named.
pub fn data_files(data: &Data, bases: &Bases, problems: &mut Problems) -> Option<DataFiles> {
    match &data.source {
        Source::Files { train, validation, test } => {
            // A file that is not named is fine; one that is and is missing is not. All that are missing are told.
            let train = file(train, bases, problems);
            let validation = validation.as_ref().map(|path| file(path, bases, problems).ok_or(()));
            let test = test.as_ref().map(|path| file(path, bases, problems).ok_or(()));
            Some(DataFiles { train: train?, validation: validation.transpose().ok()?, test: test.transpose().ok()? })
        }
        Source::Folder(folder) => in_folder(folder, bases, problems),
    }
}

fn file(written: &Written<String>, bases: &Bases, problems: &mut Problems) -> Option<PathBuf> {
    let found = bases.find(&written.value);
    if found.is_none() {
        problems.push(&written.place, format!("there is no file {}", written.value), &bases.looked_in(&written.value));
    }
    found
}

fn in_folder(written: &Written<String>, bases: &Bases, problems: &mut Problems) -> Option<DataFiles> {
    let Some(folder) = bases.find(&written.value).filter(|path| path.is_dir()) else {
        problems.push(&written.place, format!("there is no folder {}", written.value), &bases.looked_in(&written.value));
        return None;
    };
    let mut find = |names: &[&str]| {
        let candidates = names.iter().flat_map(|name| ENDINGS.map(|ending| folder.join(format!("{name}.{ending}"))));
        let found: Vec<PathBuf> = candidates.filter(|path| path.is_file()).collect();
        if let [first, second, ..] = &found[..] {
            let message = format!("{} holds both {} and {}", written.value, file_name(first), file_name(second));
            problems.push(&written.place, message, "name the files one by one: train, validation, test");
        }
        found.into_iter().next()
    };
    let (train, validation, test) = (find(&["train"]), find(&VALIDATION_NAMES), find(&["test"]));
    if train.is_none() {
        problems.push(&written.place, format!("{} holds no train.tsv, train.csv or train.jsonl", written.value), "");
    }
    Some(DataFiles { train: train?, validation, test })
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Finds a model's folder: a folder of that name, else the hub's cache.
pub fn model_folder(id: &str, bases: &Bases, environment: &Environment) -> Result<PathBuf, String> {
    if let Some(folder) = bases.find(id).filter(|path| path.is_dir()) {
        return Ok(folder);
    }
    let looks_like_path = id.starts_with(['/', '.', '~']) || id.matches('/').count() > 1;
    if looks_like_path {
        let looked_in = bases.looked_in(id);
        return Err(format!("there is no folder {id}{}{looked_in}", if looked_in.is_empty() { "" } else { "; " }));
    }
    hub_cache::find(id, &environment.hub).map_err(|error| error.to_string())
}
