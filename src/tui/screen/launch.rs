//! The screen that starts experiments: its state and what its actions do. Pure.

use std::path::PathBuf;

use crate::tui::act::{self, moved};
use crate::tui::effect::Effect;
use crate::tui::form::{self, Form};
use crate::tui::keys::action::Action;
use crate::tui::state::State;
use crate::tui::update::problem;

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

/// Moves the cursor through the list, the form or the plan.
pub fn travel(state: &mut State, by: i64) {
    let launch = &mut state.launch;
    if let Some(form) = launch.form.as_mut().filter(|_| launch.is_form_shown) {
        form::act::travel(form, by);
    } else if let Some((_, plan)) = &launch.plan {
        let n_lines = plan.as_ref().unwrap_or_else(|errors| errors).lines().count();
        launch.scroll = moved(launch.scroll, by, n_lines);
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

/// Fills the form from the file that the chosen run was made from.
pub fn from_experiment(state: &mut State) -> Vec<Effect> {
    match state.selected().map(|run| run.id.clone()) {
        Some(id) => vec![Effect::OpenExperiment(id)],
        None => from_run(state),
    }
}

fn file(state: &State) -> Option<PathBuf> {
    if let Some(Entry::File(file)) = state.launch.entry() { Some(file) } else { None }
}
