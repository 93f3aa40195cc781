//! What comes back from outside to the form. Pure.

use crate::tui::effect::Effect;
use crate::tui::form::{act, amend, complete};
use crate::tui::message::Message;
use crate::tui::state::State;
use crate::tui::update::{notice, problem};

/// Takes in what was done outside.
pub fn hear(state: &mut State, message: Message) -> Vec<Effect> {
    state.is_dirty = true;
    match message {
        Message::Opened(form) => return act::show(state, *form),
        Message::Amended(answer) => return amend::saved(state, answer),
        Message::Completed(typed, fitting) => return complete::take_in(state, &typed, fitting),
        Message::DraftPlanned(revision, Some(plan)) => {
            let Some(form) = state.launch.form.as_mut().filter(|form| form.revision == revision) else { return Vec::new() };
            form.planned((*plan).map(|mut plan| {
                plan.estimate(&state.catalog.runs);
                plan
            }));
        }
        Message::Saved(path) => {
            let shown = path.display().to_string();
            if let Some(form) = state.launch.form.as_mut() {
                form.is_saved = true;
                form.folder = path.parent().map_or_else(|| form.folder.clone(), std::path::Path::to_owned);
                form.origin = Some(path);
                let n_problems = form.problems.len();
                let errors = if n_problems == 0 { String::new() } else { format!(", with {n_problems} errors in it") };
                notice(state, format!("saved: {shown}{errors}"));
            }
            return vec![Effect::ListFiles];
        }
        Message::Edited(Ok(text)) => {
            let Some(form) = state.launch.form.as_mut() else { return Vec::new() };
            if text != form.text {
                form.is_saved = false;
                form.take_text(text);
            }
            return act::plan(form);
        }
        Message::EditedFile(path, Ok(())) => return vec![Effect::Plan(path)],
        Message::Edited(Err(why)) | Message::EditedFile(_, Err(why)) => problem(state, &why),
        _ => {}
    }
    Vec::new()
}
