//! What an experiment names → absolute paths: data files and the model's folder.

use std::path::{Path, PathBuf};

use crate::data::read::ENDINGS;
use crate::data::{parquet, series};
use crate::hub::cache;
use crate::hub::dataset::{self, Choice};
use crate::hub::error::HubError;
use crate::hub::repository::{Kind, Repository};
use crate::plan::environment::Environment;
use crate::spec::experiment::problem::{Problem, Problems};
use crate::spec::experiment::section::Written;
use crate::spec::experiment::written::{Data, DatasetWritten, Source};

/// The column of the label where none is named.
pub const DEFAULT_LABEL: &str = "label";
/// Names under which a folder may hold its validation split; the first is ours.
const VALIDATION_NAMES: [&str; 3] = ["validation", "dev", "valid"];

/// End of a split's name where the hub keeps it in one Parquet file.
const HUB_ENDING: &str = "-00000-of-00001.parquet";

/// The data files, absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFiles {
    /// Training rows.
    pub train: PathBuf,
    /// Validation rows.
    pub validation: Option<PathBuf>,
    /// Test rows.
    pub test: Option<PathBuf>,
    /// What the user should know of them.
    pub notes: Vec<String>,
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

    /// The folder of the experiment file.
    pub fn own(&self) -> &Path {
        &self.own
    }

    /// The paths that a text may mean, the likelier first.
    pub fn meant(&self, text: &str) -> Vec<PathBuf> {
        match (text.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => vec![home.join(rest)],
            _ => [&self.own, &self.current].into_iter().map(|base| tidy(&base.join(text))).collect(),
        }
    }

    /// The path if it exists from one of the bases.
    pub fn find(&self, text: &str) -> Option<PathBuf> {
        self.meant(text).into_iter().find(|path| path.exists())
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
pub fn data_files(data: &Data, bases: &Bases, environment: &Environment, problems: &mut Problems) -> Option<DataFiles> {
    match &data.source {
        Source::Files { train, validation, test } => {
            // A file that is not named is fine; one that is and is missing is not. All that are missing are told.
            let train = file(train, bases, problems);
            let validation = validation.as_ref().map(|path| file(path, bases, problems).ok_or(()));
            let test = test.as_ref().map(|path| file(path, bases, problems).ok_or(()));
            Some(DataFiles { train: train?, validation: validation.transpose().ok()?, test: test.transpose().ok()?, notes: Vec::new() })
        }
        Source::Dataset(written) => in_cache(written, data.label.as_deref().unwrap_or(DEFAULT_LABEL), environment, problems),
        Source::Folder(written) => {
            let Some(folder) = bases.find(&written.value).filter(|path| path.is_dir()) else {
                problems.push(&written.place, format!("there is no folder {}", written.value), &bases.looked_in(&written.value));
                return None;
            };
            in_folder(&folder, &written.value).map_err(|(message, hint)| problems.push(&written.place, message, &hint)).ok()
        }
        Source::Given(path) => given(path, bases).map_err(|message| problems.add(Problem::whole(format!("--data: {message}")))).ok(),
    }
}

fn file(written: &Written<String>, bases: &Bases, problems: &mut Problems) -> Option<PathBuf> {
    let found = bases.find(&written.value);
    if found.is_none() {
        problems.push(&written.place, format!("there is no file {}", written.value), &bases.looked_in(&written.value));
    }
    found
}

/// The files that the command line means: those of a folder, or one of training rows.
fn given(path: &Path, bases: &Bases) -> Result<DataFiles, String> {
    let (found, shown) = (tidy(&bases.current.join(path)), path.display().to_string());
    if found.is_dir() {
        return in_folder(&found, &shown).map_err(|(message, hint)| if hint.is_empty() { message } else { format!("{message}; {hint}") });
    }
    if !found.exists() {
        return Err(format!("there is no file or folder {shown}"));
    }
    Ok(DataFiles { train: found, validation: None, test: None, notes: Vec::new() })
}

/// The files of a folder that errors show as `shown`; or what is wrong, and a hint.
fn in_folder(folder: &Path, shown: &str) -> Result<DataFiles, (String, String)> {
    let find = |names: &[&str]| {
        let endings = ENDINGS.map(|ending| format!(".{ending}")).into_iter().chain([HUB_ENDING.to_owned()]);
        let candidates = endings.flat_map(|ending| names.iter().map(move |name| folder.join(format!("{name}{ending}"))));
        let found: Vec<PathBuf> = candidates.filter(|path| path.is_file()).collect();
        if let [first, second, ..] = &found[..] {
            let message = format!("{shown} holds both {} and {}", file_name(first), file_name(second));
            return Err((message, "name the files one by one: train, validation, test".to_owned()));
        }
        Ok(found.into_iter().next())
    };
    let (train, validation, test) = (find(&["train"])?, find(&VALIDATION_NAMES)?, find(&["test"])?);
    let missing = || (format!("{shown} holds no train.tsv, train.csv, train.jsonl or train.parquet"), String::new());
    Ok(DataFiles { train: train.ok_or_else(missing)?, validation, test, notes: Vec::new() })
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The data set that an experiment names, and which rows of it.
pub fn dataset(written: &DatasetWritten) -> Result<(Repository, Choice), HubError> {
    let name = |given: &Option<Written<String>>| given.as_ref().map(|name| name.value.clone());
    let choice = Choice {
        config: name(&written.config),
        train: name(&written.train),
        validation: name(&written.validation),
        test: name(&written.test),
    };
    Ok((Repository::parse(Kind::Dataset, &written.id.value)?, choice))
}

/// The files of a data set in the hub's cache.
fn in_cache(written: &DatasetWritten, label: &str, environment: &Environment, problems: &mut Problems) -> Option<DataFiles> {
    let found = dataset(written).and_then(|(repository, choice)| dataset::find(&repository, &choice, &environment.hub));
    let files = match found {
        Ok(files) => files,
        Err(error) => {
            problems.push(&written.id.place, error.to_string(), "");
            return None;
        }
    };
    let mut one = |files: Vec<PathBuf>| match &files[..] {
        [] => Ok(None),
        [file] => Ok(Some(file.clone())),
        // A run's specification has one path for a split.
        several => series::path(several).map(Some).ok_or_else(|| {
            let message = format!("a split of {} is in {} files whose names have nothing in common", written.id.value, several.len());
            problems.push(&written.id.place, message, "save it as one file and name the files: train, validation, test");
        }),
    };
    let (train, validation, mut test) = (one(files.train).ok()??, one(files.validation).ok()?, one(files.test).ok()?);
    let mut notes = Vec::new();
    if let Some(path) = test.take_if(|path| has_no_labels(path, label)) {
        let split = path.file_name().unwrap_or_default().display();
        notes.push(format!("the test split of {} has no labels ({split} holds -1 or nothing); it is left out", written.id.value));
    }
    Some(DataFiles { train, validation, test, notes })
}

/// Whether the labels of a split are kept secret.
fn has_no_labels(path: &Path, label: &str) -> bool {
    let files = series::files(path).unwrap_or_else(|| vec![path.to_owned()]);
    files.into_iter().all(|file| std::fs::read(file).is_ok_and(|bytes| parquet::has_no_labels(bytes, label)))
}

/// The model that `id` names, where it is no folder: an id on the hub.
pub fn hub_model(id: &str, bases: &Bases) -> Option<Result<Repository, String>> {
    if bases.find(id).is_some_and(|path| path.is_dir()) {
        return None;
    }
    let before_revision = id.split('@').next().unwrap_or_default();
    if id.starts_with(['/', '.', '~']) || before_revision.matches('/').count() > 1 {
        let looked_in = bases.looked_in(id);
        return Some(Err(format!("there is no folder {id}{}{looked_in}", if looked_in.is_empty() { "" } else { "; " })));
    }
    Some(Repository::parse(Kind::Model, id).map_err(|error| error.to_string()))
}

/// Finds a model's folder: a folder of that name, else the hub's cache.
pub fn model_folder(id: &str, bases: &Bases, environment: &Environment) -> Result<PathBuf, String> {
    match hub_model(id, bases) {
        Some(repository) => cache::find(&repository?, &environment.hub).map_err(|error| error.to_string()),
        None => bases.find(id).ok_or_else(|| format!("there is no folder {id}")),
    }
}
