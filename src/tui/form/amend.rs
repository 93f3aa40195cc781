//! The form of a run that waits for its first attempt: what it writes, which rows it has not, how it is left. Pure.

use std::path::PathBuf;

use crate::run::catalog::RunId;
use crate::run::status::RunStatus;
use crate::spec::experiment::document::Node;
use crate::spec::experiment::{settings, write};
use crate::spec::run::RunSpec;
use crate::tui::effect::Effect;
use crate::tui::form::act;
use crate::tui::form::draft::{self, Step};
use crate::tui::form::field::Field;
use crate::tui::form::from_run::{self, Surroundings};
use crate::tui::form::{FOLDER, Form};
use crate::tui::state::State;
use crate::tui::update::{notice, problem};

/// The run as an experiment of one, its settings on top, where they have rows at once; seed, precision and threads are spelled out, since what
/// is usual for an experiment need not be what the run was given.
pub fn document(spec: &RunSpec, around: Surroundings) -> Node {
    let mut document = from_run::document(spec, &spec.experiment, around);
    let setting_of = |key: &str| settings::KEYS.into_iter().find(|setting| *setting == key);
    let mut moved = Vec::new();
    if let Some(Node::Map(run)) = draft::runs_mut(&mut document).and_then(|runs| runs.first_mut()) {
        run.retain(|(key, value)| match setting_of(key) {
            Some(setting) => {
                moved.push((setting, value.clone()));
                false
            }
            None => true,
        });
    }
    moved.retain(|(key, _)| !matches!(*key, "seed" | "precision"));
    moved.push(("precision", Node::Text(spec.precision.name().to_owned())));
    moved.push(("seed", Node::Integer(spec.seed.into())));
    moved.push(("threads", Node::Integer(spec.threads as i128)));
    for (key, value) in moved {
        draft::put(&mut document, &[Step::Key(key)], Some(value));
    }
    document
}

/// Whether a row is about what stays: names, and how many runs there are.
pub fn is_fixed(field: &Field) -> bool {
    matches!(field.path.last(), Some(Step::Key("name" | "runs_at_once" | "seeds")))
}

impl Form {
    /// The form of the run `id`, which waits with this specification.
    pub fn of_waiting(id: RunId, spec: &RunSpec, around: Surroundings) -> Self {
        let mut form = Self::open(None, PathBuf::from(FOLDER), write::text(&document(spec, around)));
        (form.amends, form.is_saved) = (Some(id), true);
        form.cursor = form.fields().iter().position(|field| field.path == [Step::Key("epochs")]).unwrap_or(0);
        form
    }

    /// What is changed or built, for its title.
    pub fn title(&self) -> String {
        match &self.amends {
            Some(id) => format!("{id}, as it waits"),
            None => self.path().display().to_string(),
        }
    }

    /// What its key does that starts an experiment elsewhere.
    pub const fn what_start_does(&self) -> &'static str {
        if self.amends.is_some() { "F5 changes the run" } else { "F5 starts it" }
    }

    /// Whether what it says is written down.
    pub const fn standing(&self) -> &'static str {
        match (self.amends.is_some(), self.is_saved) {
            (true, true) => "unchanged",
            (true, false) => "not changed yet",
            (false, true) => "saved",
            (false, false) => "not saved",
        }
    }
}

/// Has the waiting run changed as its form says.
pub fn save(state: &mut State) -> Vec<Effect> {
    if state.is_read_only {
        problem(state, "read-only: runs can be looked at, not changed");
        return Vec::new();
    }
    let Some(form) = state.launch.form.as_ref().filter(|_| state.launch.waiting.is_none()) else { return Vec::new() };
    let Some(id) = form.amends.clone() else { return Vec::new() };
    if let Some(first) = form.problems.first() {
        let why = format!("not changed: {first}");
        problem(state, &why);
        return Vec::new();
    }
    let effect = Effect::Amend { id, path: form.path(), text: form.text.clone() };
    state.launch.waiting = Some("changing the run");
    vec![effect]
}

/// Takes in what came of it: back where it was asked for, or the form with the reason why not.
pub fn saved(state: &mut State, answer: Result<String, String>) -> Vec<Effect> {
    state.launch.waiting = None;
    match answer {
        Ok(what) => {
            // Whoever has gone elsewhere meanwhile stays there.
            if act::shown(state).is_some() {
                leave(state);
            }
            state.launch.form = None;
            state.launch.is_form_shown = false;
            notice(state, what);
            vec![Effect::LookAtQueue]
        }
        Err(why) => {
            problem(state, &why);
            Vec::new()
        }
    }
}

/// Leaves the form of a waiting run without changing it; one that says something else is kept.
pub fn back(state: &mut State) -> Vec<Effect> {
    let kept = state.launch.form.take_if(|form| form.is_saved).is_none();
    leave(state);
    if kept {
        notice(state, "the run waits as it was; the form is kept: its row on the launch screen (4) brings it back".to_owned());
    }
    vec![Effect::LookAtQueue]
}

fn leave(state: &mut State) {
    state.launch.is_form_shown = false;
    crate::tui::act::show(state, state.launch.back);
}

/// Says that a run which is being changed waits no longer.
pub fn started(state: &mut State, id: &RunId, status: RunStatus) {
    let is_shown = state.launch.is_form_shown && state.launch.form.as_ref().is_some_and(|form| form.amends.as_ref() == Some(id));
    if is_shown && status != RunStatus::Queued {
        let text = format!("{} is {} now, too late to change it: esc leaves, C makes a new run of it", id.run(), status.name());
        problem(state, &text);
    }
}

#[cfg(test)]
mod tests;
