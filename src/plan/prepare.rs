//! An experiment file → a plan: reads and checks everything that its runs will need.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::data;
use crate::data::error::DataError;
use crate::data::splits::{self, Carving};
use crate::data::survey::{self, Survey};
use crate::data::{labels, read};
use crate::plan::cost::{self, Cost};
use crate::plan::environment::Environment;
use crate::plan::error::PlanError;
use crate::plan::places::Places;
use crate::plan::sources::{self, Bases, DataFiles};
use crate::plan::start;
use crate::plan::warnings;
use crate::pretrained::folder::{self, Pretrained};
use crate::spec::experiment::locate::Place;
use crate::spec::experiment::overrides::Overrides;
use crate::spec::experiment::problem::{Problem, Problems};
use crate::spec::experiment::read as experiment_reader;
use crate::spec::experiment::resolve::{self, DEFAULT_MAX_LENGTH, DEFAULT_MODEL, DEFAULT_VALIDATION_SHARE, Found};
use crate::spec::experiment::section::Written;
use crate::spec::experiment::values;
use crate::spec::experiment::written::{Data, Experiment, Source};
use crate::spec::run::{Device, Model, Precision, RunSpec};
use crate::spec::task::{Columns, Task, TaskKind};

/// More bytes than an experiment file may have are not read.
const MOST_BYTES: u64 = (1 << 20) + 1;

/// All that is known of an experiment before it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The experiment file, as it was named.
    pub file: PathBuf,
    /// Its text.
    pub text: String,
    /// What stands in place of what the text says.
    pub overrides: Overrides,
    /// The experiment's name.
    pub name: String,
    /// The runs, in the file's order, at least one.
    pub runs: Vec<PlannedRun>,
    /// How many of them train at the same time.
    pub runs_at_once: usize,
    /// The data of all runs.
    pub task: Task,
    /// What the data are like.
    pub survey: Survey,
    /// The pre-trained model.
    pub model: Model,
    /// What its folder holds.
    pub pretrained: Pretrained,
    /// What is allowed and yet probably a mistake.
    pub warnings: Vec<String>,
    /// Where paths are shown from.
    pub places: Places,
}

/// A run and what it costs.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedRun {
    /// The run, resolved.
    pub spec: RunSpec,
    /// Its cost.
    pub cost: Cost,
    /// Which run of the file it was made from.
    pub made_from: usize,
}

impl Plan {
    /// The runs' specifications.
    pub fn specs(&self) -> Vec<RunSpec> {
        self.runs.iter().map(|run| run.spec.clone()).collect()
    }
}

/// Reads an experiment file, overridden, with its data and model, and checks all of it; nothing is written.
pub fn prepare(path: &Path, overrides: &Overrides, environment: &Environment) -> Result<Plan, PlanError> {
    let bytes = bytes(&environment.current_folder.join(path)).map_err(|message| PlanError::whole(path.to_owned(), message))?;
    of_bytes(path, &bytes, overrides, environment)
}

/// The same of a text that need not be in its file yet: `path` is where it would be.
pub fn of_bytes(path: &Path, bytes: &[u8], overrides: &Overrides, environment: &Environment) -> Result<Plan, PlanError> {
    let failed = |problems: Vec<Problem>| PlanError { file: path.to_owned(), problems };
    let mut experiment = experiment_reader::experiment(bytes).map_err(failed)?;
    overrides.apply(&mut experiment);
    let text = String::from_utf8_lossy(bytes).trim_start_matches('\u{feff}').to_owned();
    let mut problems = Problems::new(&text);
    let default_name = default_name(path, &experiment, &mut problems);
    let bases = Bases::new(path, environment);
    let model = model(&experiment, &bases, environment, &mut problems);
    let files = sources::data_files(&experiment.data, &bases, environment, &mut problems);
    let data = files.as_ref().and_then(|files| checked_data(&experiment.data, files, &mut problems));
    let (Some((model, pretrained)), Some((mut task, survey))) = (model, data) else { return Err(failed(problems.sorted())) };
    task.max_length = task.max_length.min(pretrained.backbone.longest_input());
    let found = Found {
        default_name,
        model: model.clone(),
        backbone: pretrained.backbone.clone(),
        has_pooler: pretrained.has_pooler,
        task: task.clone(),
        n_cores: environment.n_cores,
        // Every GPU that libtorch's CUDA build has kernels for multiplies bf16 at several times the rate of fp32.
        precision: if matches!(experiment.device, Some(Device::Cuda(_))) { Precision::Bf16 } else { environment.precision },
    };
    let mut resolved = resolve::resolve(&experiment, &found, &mut problems);
    let mut notes = Vec::new();
    for (spec, &index) in resolved.runs.iter_mut().zip(&resolved.made_from) {
        start::settle(spec, &experiment.runs[index], &pretrained.backbone, &bases, &mut problems, &mut notes);
    }
    if !problems.is_empty() {
        return Err(failed(problems.sorted()));
    }
    let cost = |spec: &RunSpec| cost::cost(spec, &pretrained.backbone, &survey, environment.multiplies_with_onednn);
    let runs: Vec<PlannedRun> = resolved
        .runs
        .into_iter()
        .zip(resolved.made_from)
        .map(|(spec, made_from)| PlannedRun { cost: cost(&spec), spec, made_from })
        .collect();
    let mut warnings = warnings::warnings(&runs, &task, &survey);
    warnings.extend(files.into_iter().flat_map(|files| files.notes));
    warnings.extend(notes);
    let (name, runs_at_once) = (resolved.name, resolved.runs_at_once);
    Ok(Plan {
        file: path.to_owned(),
        text,
        overrides: overrides.clone(),
        name,
        runs,
        runs_at_once,
        task,
        survey,
        model,
        pretrained,
        warnings,
        places: Places::new(environment),
    })
}

pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let cannot = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => format!("cannot read the file: {error}"),
    };
    if path.is_dir() {
        return Err("it is a folder; name an experiment file in it".to_owned());
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(cannot)?.take(MOST_BYTES).read_to_end(&mut bytes).map_err(cannot)?;
    Ok(bytes)
}

/// The file's name without its ending.
fn default_name(path: &Path, experiment: &Experiment, problems: &mut Problems) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    if experiment.name.is_none() && !values::is_name(&stem) {
        problems.push(
            &Place::default(),
            format!("the file's name, {}, cannot name the experiment", values::quoted(&stem)),
            "give it a `name`",
        );
    }
    stem
}

fn model(experiment: &Experiment, bases: &Bases, environment: &Environment, problems: &mut Problems) -> Option<(Model, Pretrained)> {
    let default = Written { value: DEFAULT_MODEL.to_owned(), place: Place::default() };
    let written = experiment.model.as_ref().unwrap_or(&default);
    let folder = sources::model_folder(&written.value, bases, environment);
    let checked = folder.and_then(|folder| folder::check(&folder).map_err(|error| error.to_string()));
    match checked {
        Ok(pretrained) => Some((Model { id: written.value.clone(), folder: pretrained.folder.clone() }, pretrained)),
        Err(message) => {
            problems.push(&written.place, message, "");
            None
        }
    }
}

fn checked_data(written: &Data, paths: &DataFiles, problems: &mut Problems) -> Option<(Task, Survey)> {
    match read_data(written, paths) {
        Ok(found) => Some(found),
        Err(error) => {
            match data_place(written, paths, &error) {
                Some(place) => problems.push(place, error.to_string(), ""),
                None => problems.add(Problem::whole(format!("--data: {error}"))),
            }
            None
        }
    }
}

fn read_data(written: &Data, paths: &DataFiles) -> Result<(Task, Survey), DataError> {
    let name = |given: &Option<String>, default: &str| given.clone().unwrap_or_else(|| default.to_owned());
    let columns = Columns {
        text: name(&written.text, "text"),
        text_pair: written.text_pair.clone(),
        label: name(&written.label, sources::DEFAULT_LABEL),
    };
    let files = read::files(&paths.train, paths.validation.as_deref(), paths.test.as_deref(), &columns)?;
    let kind = written.kind.unwrap_or_default();
    let labels = match (kind, &written.labels) {
        (TaskKind::Regression, _) => Vec::new(),
        (TaskKind::Classification, Some(labels)) => labels.clone(),
        (TaskKind::Classification, None) => labels::find(&files.train)?,
    };
    let task = Task {
        kind,
        train: paths.train.clone(),
        validation: paths.validation.clone(),
        test: paths.test.clone(),
        validation_share: written.validation_share.as_ref().map_or(DEFAULT_VALIDATION_SHARE, |share| share.value),
        split_seed: written.split_seed.unwrap_or(0),
        max_train_rows: written.max_train_rows,
        columns,
        labels,
        max_length: written.max_length.as_ref().map_or(DEFAULT_MAX_LENGTH, |length| length.value),
    };
    data::check(&files, &task)?;
    let splits = splits::split(files, &Carving::of(&task))?;
    let survey = survey::survey(&splits, kind, &task.labels);
    Ok((task, survey))
}

/// Where the file that an error names stands in the experiment; `None` where the command line names it.
fn data_place<'a>(written: &'a Data, paths: &DataFiles, error: &DataError) -> Option<&'a Place> {
    let (DataError::Unreadable { path, .. }
    | DataError::NotAFile(path)
    | DataError::UnknownFormat(path)
    | DataError::File { path, .. }
    | DataError::Line { path, .. }) = error;
    match &written.source {
        Source::Given(_) => None,
        Source::Folder(folder) => Some(&folder.place),
        Source::Dataset(dataset) => Some(&dataset.id.place),
        Source::Files { validation: Some(file), .. } if paths.validation.as_ref() == Some(path) => Some(&file.place),
        Source::Files { test: Some(file), .. } if paths.test.as_ref() == Some(path) => Some(&file.place),
        Source::Files { train, .. } => Some(&train.place),
    }
}
