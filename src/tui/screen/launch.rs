//! The screen that starts experiments: its state and what its actions do. Pure.

use std::path::PathBuf;

use crate::run::status::RunStatus;
use crate::tui::act::{self, moved};
use crate::tui::effect::Effect;
use crate::tui::form::{self, Form};
use crate::tui::keys::action::Action;
use crate::tui::state::{Screen, State};
use crate::tui::update::problem;
use crate::tui::view;

/// What the screen remembers.
#[derive(Debug, Clone, Default)]
pub struct LaunchState {
    /// Experiment files found; `None` before the first look.
    pub files: Option<Vec<PathBuf>>,
    /// Index of the row under the cursor: the files, then the ways to begin without one.
    pub cursor: usize,
    /// A plan, or its errors, and whose.
    pub plan: Option<(PathBuf, Result<String, String>)>,
    /// Lines that it is scrolled by.
    pub scroll: usize,
    /// What is being waited for.
    pub waiting: Option<&'static str>,
    /// The experiment that is built or changed.
    pub form: Option<Form>,
    /// Whether it is shown, in place of the list.
    pub is_form_shown: bool,
    /// Where the form of a waiting run leads back to.
    pub back: Screen,
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// An experiment file.
    File(PathBuf),
    /// A form with nothing in it.
    New,
    /// A form that was left.
    Continue,
    /// A form filled from the run under the cursor of the overview.
    FromRun,
}

impl LaunchState {
    /// The rows of the list.
    pub fn entries(&self) -> Vec<Entry> {
        let files = self.files.iter().flatten().cloned().map(Entry::File);
        let kept = self.form.as_ref().map(|_| Entry::Continue);
        files.chain([Entry::New, Entry::FromRun]).chain(kept).collect()
    }

    /// The row under the cursor.
    pub fn entry(&self) -> Option<Entry> {
        self.entries().into_iter().nth(self.cursor)
    }
}

/// Takes in the experiment files that were found; at the first look the cursor is on the one to begin with.
pub fn take_in(state: &mut State, files: Vec<PathBuf>) {
    let is_first_look = state.launch.files.is_none();
    let quickstart = files.iter().position(|file| file.file_stem().is_some_and(|stem| stem == "quickstart"));
    let cursor = if is_first_look { quickstart.unwrap_or(0) } else { state.launch.cursor };
    state.launch.cursor = cursor.min(files.len() + 1);
    state.launch.waiting = None;
    state.launch.files = Some(files);
}

/// Moves the cursor through the list, the form or the plan.
pub fn travel(state: &mut State, by: i64) {
    let body = view::body_of(state);
    let n_hidden = match form::act::shown(state) {
        Some(form) => view::form::n_hidden(form, body),
        None => view::launch::n_hidden(state, body),
    };
    let launch = &mut state.launch;
    if let Some(form) = launch.form.as_mut().filter(|_| launch.is_form_shown) {
        form::act::travel(form, by, n_hidden);
    } else if launch.plan.is_some() {
        launch.scroll = moved(launch.scroll, by, n_hidden);
    } else {
        launch.cursor = moved(launch.cursor, by, launch.entries().len().saturating_sub(1));
    }
}

/// Shows the plan of the file under the cursor; where it is shown, starts it. Of other rows: opens the form.
pub fn plan(state: &mut State) -> Vec<Effect> {
    let file = match state.launch.entry() {
        Some(Entry::File(file)) => file,
        Some(Entry::New) => return form::act::show(state, Form::blank()),
        Some(Entry::FromRun) => return from_run(state),
        Some(Entry::Continue) => {
            state.launch.is_form_shown = true;
            return Vec::new();
        }
        None => return Vec::new(),
    };
    let is_planned = matches!(&state.launch.plan, Some((planned, Ok(_))) if *planned == file);
    if is_planned {
        return act::act(state, Action::Start);
    }
    state.launch.waiting = Some("reading the experiment and its data");
    vec![Effect::Plan(file)]
}

/// Starts the file under the cursor.
pub fn start(state: &mut State) -> Vec<Effect> {
    let Some(file) = file(state).filter(|_| state.launch.waiting.is_none()) else { return Vec::new() };
    state.launch.waiting = Some("starting");
    vec![Effect::Launch(file)]
}

/// Opens the file under the cursor in the form.
pub fn edit(state: &mut State) -> Vec<Effect> {
    match state.launch.entry() {
        Some(Entry::File(file)) => vec![Effect::OpenFile(file)],
        Some(_) => plan(state),
        None => Vec::new(),
    }
}

/// Opens the file under the cursor in the editor.
pub fn edit_file(state: &State) -> Vec<Effect> {
    file(state).map(Effect::EditFile).into_iter().collect()
}

/// Fills the form from the chosen run.
pub fn from_run(state: &mut State) -> Vec<Effect> {
    match state.selected().map(|run| (run.id.clone(), run.spec.clone())) {
        Some((_, Ok(spec))) => vec![Effect::CloneRun(Box::new(spec))],
        Some((id, Err(why))) => {
            problem(state, &format!("{id} cannot be read: {why}"));
            Vec::new()
        }
        None => {
            problem(state, "there is no run to begin with");
            Vec::new()
        }
    }
}

/// Opens the chosen run, where it waits for its first attempt; of another run the file of its experiment, or in the queue what to do instead.
pub fn edit_run(state: &mut State) -> Vec<Effect> {
    let is_queue = state.screen == Screen::Queue;
    let Some(run) = state.selected() else { return from_run(state) };
    let (name, status) = (run.id.run(), run.status.name());
    let how = match run.status {
        RunStatus::Queued if run.job.is_none() => return vec![Effect::OpenWaiting(run.id.clone())],
        RunStatus::Queued => format!("{name} has trained before"),
        _ if is_queue => format!("{name} is {status}"),
        _ => return vec![Effect::OpenExperiment(run.id.clone())],
    };
    problem(state, &format!("{how}: C makes a new run of it; r l, r i change its rate and patience"));
    Vec::new()
}

fn file(state: &State) -> Option<PathBuf> {
    if let Some(Entry::File(file)) = state.launch.entry() { Some(file) } else { None }
}
