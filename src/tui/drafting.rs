//! What the form wants done outside: planning, saving, launching, reading runs and files back. Every failure comes back in words.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use std::{fs, io, thread};

use crate::launch::{amend, begin};
use crate::plan::completion;
use crate::plan::environment::Environment;
use crate::plan::error::PlanError;
use crate::plan::prepare::{self, Plan};
use crate::plan::shape;
use crate::plan::sources::Bases;
use crate::run::catalog::RunId;
use crate::run::experiment;
use crate::spec::experiment::overrides::Overrides;
use crate::spec::experiment::write;
use crate::spec::run::RunSpec;
use crate::tui::effect::Effect;
use crate::tui::form::estimate::DraftPlan;
use crate::tui::form::from_run::{self, Surroundings};
use crate::tui::form::{FOLDER, Form};
use crate::tui::message::Message;
use crate::tui::overlay::Question;

/// How long a draft stays as it is before it is planned.
const SETTLED: Duration = Duration::from_millis(200);

/// The newest state that a plan was asked for; those of earlier ones are given up.
static NEWEST: AtomicU64 = AtomicU64::new(0);

/// One plan is made at a time.
static PLANNING: Mutex<()> = Mutex::new(());

/// Does what the form wants; `number` counts the plans that were asked for.
pub fn perform(effect: Effect, root: Option<&Path>, number: u64) -> Message {
    match effect {
        Effect::PlanDraft { revision, path, text } => plan(root, number, revision, &path, &text),
        Effect::Complete { names, typed, path } => {
            let environment = Environment::current();
            let fitting = completion::fitting(names, &typed, &Bases::new(&path, &environment), &environment.hub);
            Message::Completed(typed, fitting)
        }
        Effect::SaveDraft { path, text, overwrites } => save(path, text, overwrites),
        Effect::LaunchDraft { path, text } => {
            let launched = launch(root, &path, &text);
            Message::Launched(path, launched)
        }
        Effect::OpenFile(path) => match fs::read_to_string(&path) {
            Ok(text) => opened(Some(path), text),
            Err(error) => Message::Failed(format!("cannot read {}: {error}", path.display())),
        },
        Effect::OpenExperiment(id) => open_experiment(root, &id),
        Effect::CloneRun(spec) => opened(None, again(&spec, &format!("{}-copy", spec.experiment))),
        Effect::OpenWaiting(id) => open_waiting(root, id),
        Effect::Amend { id, path, text } => Message::Amended(amended(root, &id, &path, &text)),
        Effect::Rerun(spec) => {
            let path = Path::new(FOLDER).join(format!("{}.yaml", spec.experiment));
            let launched = launch(root, &path, &again(&spec, &spec.experiment));
            Message::Launched(path, launched)
        }
        _ => Message::Failed("this is nothing that the form does".to_owned()),
    }
}

/// Takes the next number of a plan: those with lower ones are given up.
pub fn next_number() -> u64 {
    NEWEST.fetch_add(1, Ordering::SeqCst) + 1
}

fn opened(origin: Option<PathBuf>, text: String) -> Message {
    let folder = origin.as_deref().and_then(Path::parent).map_or_else(|| PathBuf::from(FOLDER), Path::to_owned);
    Message::Opened(Box::new(Form::open(origin, folder, text)))
}

/// The file that a run's experiment was made from, if it still says what it said; else what it said.
fn open_experiment(root: Option<&Path>, id: &RunId) -> Message {
    let Some(root) = root else { return Message::Failed("the demonstration has no files; C makes a form from a run".to_owned()) };
    let folder = root.join(id.experiment());
    let text = match fs::read_to_string(folder.join("experiment.yaml")) {
        Ok(text) => text,
        Err(error) => return Message::Failed(format!("cannot read the file of {}: {error}; C makes a form from the run", id.experiment())),
    };
    let source = experiment::read_record(&folder).ok().flatten().map(|record| PathBuf::from(record.source));
    let origin = source.filter(|source| fs::read_to_string(source).is_ok_and(|now| now == text));
    opened(origin, text)
}

/// A run that waits, to be changed.
fn open_waiting(root: Option<&Path>, id: RunId) -> Message {
    let Some(root) = root else { return Message::Failed("the demonstration has no files; C makes a form from a run".to_owned()) };
    match amend::waiting(root, &id) {
        Ok(spec) => Message::Opened(Box::new(with_surroundings(&spec, |around| Form::of_waiting(id, &spec, around)))),
        Err(error) => Message::Failed(error.to_string()),
    }
}

/// Changes a run that waits; what of it, in words.
fn amended(root: Option<&Path>, id: &RunId, path: &Path, text: &str) -> Result<String, String> {
    let Some(root) = root else { return Err("the demonstration changes nothing; run finetop without demo".to_owned()) };
    let mut runs = prepared(path, text).map_err(|error| error.to_string())?.specs();
    match (runs.pop(), runs.len()) {
        (Some(spec), 0) => {
            let amended = amend::amend(root, id, spec).map_err(|error| error.to_string())?;
            Ok(format!("{} waits with {}", id.run(), amended.in_words()))
        }
        (_, n_others) => {
            Err(format!("one run waits here, and the form has {}: leave one, or start them from the launch screen", n_others + 1))
        }
    }
}

/// A run as an experiment of its own.
fn again(spec: &RunSpec, name: &str) -> String {
    with_surroundings(spec, |around| write::text(&from_run::document(spec, name, around)))
}

/// Gives `work` what is known of this machine and of the run's model.
fn with_surroundings<R>(spec: &RunSpec, work: impl FnOnce(Surroundings) -> R) -> R {
    let environment = Environment::current();
    let shape = shape::shape(Some(&spec.model.folder.display().to_string()), &environment).ok();
    work(Surroundings {
        current: &environment.current_folder,
        model: shape.as_ref().map(|shape| (&shape.backbone, shape.has_pooler)),
        precision: environment.precision,
    })
}

fn prepared(path: &Path, text: &str) -> Result<Plan, PlanError> {
    prepare::of_bytes(path, text.as_bytes(), &Overrides::default(), &Environment::current())
}

fn plan(root: Option<&Path>, number: u64, revision: u64, path: &Path, text: &str) -> Message {
    let is_newest = || NEWEST.load(Ordering::SeqCst) == number;
    thread::sleep(SETTLED);
    if !is_newest() {
        return Message::DraftPlanned(revision, None);
    }
    let _one = PLANNING.lock().unwrap_or_else(PoisonError::into_inner);
    if !is_newest() {
        return Message::DraftPlanned(revision, None);
    }
    let plan = prepared(path, text).map(|plan| DraftPlan::new(&plan, free_bytes(root.unwrap_or(Path::new(".")))));
    Message::DraftPlanned(revision, Some(Box::new(plan)))
}

/// Bytes that are free where the folder is, or would be.
fn free_bytes(folder: &Path) -> Option<u64> {
    let folder = std::path::absolute(folder).ok()?;
    let there = folder.ancestors().find(|path| path.is_dir())?;
    let found = nix::sys::statvfs::statvfs(there).ok()?;
    // The types differ between systems; all of them fit.
    u64::try_from(u128::from(found.blocks_available()) * u128::from(found.fragment_size())).ok()
}

fn launch(root: Option<&Path>, path: &Path, text: &str) -> Result<String, String> {
    let Some(root) = root else { return Err("the demonstration trains nothing; run finetop without demo".to_owned()) };
    let plan = prepared(path, text).map_err(|error| error.to_string())?;
    begin::begin(root, &plan).map_err(|error| error.to_string())
}

/// Writes the file; where there is one already with other content, asks first.
fn save(path: PathBuf, text: String, overwrites: bool) -> Message {
    let written = write_file(&path, &text, overwrites);
    match written {
        Ok(true) => Message::Saved(path),
        Ok(false) => Message::Ask(Question {
            text: format!("{} exists; write over it?", path.display()),
            then: vec![Effect::SaveDraft { path, text, overwrites: true }],
            otherwise: "not saved; another name saves it beside".to_owned(),
            announced: None,
        }),
        Err(error) => Message::Failed(format!("cannot write {}: {error}", path.display())),
    }
}

/// Whether it was written, or says so already; `false` where another file is in the way.
fn write_file(path: &Path, text: &str, overwrites: bool) -> io::Result<bool> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(true);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    if overwrites {
        crate::run::dir::write_atomic(path, text.as_bytes()).map_err(io::Error::other)?;
        return Ok(true);
    }
    match fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}
