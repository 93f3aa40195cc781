//! What keys do in the form. Pure.

use crate::spec::experiment::document::Node;
use crate::spec::method::Method;
use crate::tui::act::moved;
use crate::tui::effect::Effect;
use crate::tui::form::draft::{self, Step};
use crate::tui::form::field::Kind;
use crate::tui::form::{Editing, Form, Page, amend, complete};
use crate::tui::keys::Key;
use crate::tui::keys::action::Action;
use crate::tui::overlay::input::Input;
use crate::tui::state::{Screen, State};
use crate::tui::update::{notice, problem};

/// The form, where it is what the keys are for.
pub fn shown(state: &State) -> Option<&Form> {
    (state.screen == Screen::Launch && state.launch.is_form_shown).then_some(state.launch.form.as_ref()).flatten()
}

fn form(state: &mut State) -> Option<&mut Form> {
    (state.screen == Screen::Launch && state.launch.is_form_shown).then_some(state.launch.form.as_mut()).flatten()
}

/// Whether a value is being typed.
pub fn is_typing(state: &State) -> bool {
    state.overlay.is_none() && shown(state).is_some_and(|form| form.editing.is_some())
}

/// Takes in a key where a value is typed: what was done outside by it, or `None` where the key was not for the text.
pub fn typed(state: &mut State, key: Key) -> Option<Vec<Effect>> {
    if !is_typing(state) {
        return None;
    }
    let form = form(state)?;
    let editing = form.editing.as_mut()?;
    if !editing.input.key(key) {
        return None;
    }
    complete::narrow(editing);
    Some(follow(form))
}

/// Takes in pasted text as one edit.
pub fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    if !is_typing(state) {
        return Vec::new();
    }
    let Some(form) = form(state) else { return Vec::new() };
    if let Some(editing) = &mut form.editing {
        editing.input.insert(text);
        complete::narrow(editing);
    }
    follow(form)
}

/// The document follows what is typed, so that what is wrong with it is said at once.
pub fn follow(form: &mut Form) -> Vec<Effect> {
    let Some(editing) = &form.editing else { return Vec::new() };
    let mut document = editing.before.0.clone();
    editing.field.write(&mut document, &complete::value(editing));
    form.take_document(document);
    plan(form)
}

/// Asks for the plan of what the form says now, where nothing is wrong with it by itself.
pub fn plan(form: &mut Form) -> Vec<Effect> {
    form.is_planning = form.problems.is_empty();
    if !form.is_planning {
        return Vec::new();
    }
    vec![Effect::PlanDraft { revision: form.revision, path: form.path(), text: form.text.clone() }]
}

/// Shows a form.
pub fn show(state: &mut State, mut form: Form) -> Vec<Effect> {
    if form.amends.is_some() && state.screen != Screen::Launch {
        state.launch.back = state.screen;
    }
    let effects = plan(&mut form);
    state.launch.form = Some(form);
    state.launch.is_form_shown = true;
    crate::tui::act::show(state, Screen::Launch);
    effects
}

/// Moves the cursor through the rows, or scrolls plan or file, of which `n_hidden` lines are out of sight.
pub fn travel(form: &mut Form, by: i64, n_hidden: usize) {
    match form.page {
        Page::Fields => form.cursor = moved(form.cursor, by, form.fields().len().saturating_sub(1)),
        Page::Plan | Page::File => form.scroll = moved(form.scroll, by, n_hidden),
    }
}

/// Does what a key of the form does.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    let now_editing = is_typing(state);
    let Some(form) = form(state) else { return Vec::new() };
    match action {
        Action::Accept if now_editing => {
            form.editing = None;
            return Vec::new();
        }
        Action::Back if now_editing => {
            if let Some(editing) = form.editing.take() {
                let (document, text) = *editing.before;
                form.take_document(document);
                form.take_text(text);
            }
            return plan(form);
        }
        Action::Up | Action::Down if now_editing => {
            form.editing = None;
            travel(form, if action == Action::Up { -1 } else { 1 }, 0);
        }
        Action::Complete => return complete::ask(form),
        Action::FormPage => {
            form.page = if form.document.is_ok() { form.page.next() } else { Page::File };
            form.scroll = 0;
        }
        Action::DryRun => (form.page, form.scroll) = (Page::Plan, 0),
        Action::FormLess => return change(form, |choices, now| (now + choices - 1) % choices),
        Action::FormMore => return change(form, |choices, now| (now + 1) % choices),
        Action::FormEnter => return enter(form),
        Action::FormToggle => return toggle(form),
        Action::FormDefault => {
            let Some((field, mut document)) = form.field().zip(form.document.clone().ok()) else { return Vec::new() };
            field.write(&mut document, "");
            form.take_document(document);
            return plan(form);
        }
        Action::FormAnother => return another(form),
        Action::Save | Action::Start if form.amends.is_some() => return amend::save(state),
        Action::EditFile => return vec![Effect::EditDraft { name: form.path(), text: form.text.clone() }],
        Action::Save => {
            let (path, text) = (form.path(), form.text.clone());
            return vec![Effect::SaveDraft { path, text, overwrites: false }];
        }
        Action::Start => {
            if let Some(first) = form.problems.first() {
                let why = format!("not started: {first}");
                problem(state, &why);
                return Vec::new();
            }
            let effect = Effect::LaunchDraft { path: form.path(), text: form.text.clone() };
            if state.launch.waiting.is_some() {
                return Vec::new();
            }
            state.launch.waiting = Some("starting");
            return vec![effect];
        }
        Action::Back => {
            let is_left = form.page == Page::Fields || form.document.is_err();
            if is_left && form.amends.is_some() {
                return amend::back(state);
            }
            if is_left {
                state.launch.is_form_shown = false;
                notice(state, "the form is kept: its row in the list brings it back".to_owned());
            } else {
                form.page = Page::Fields;
            }
        }
        _ => {}
    }
    Vec::new()
}

/// Types the value under the cursor, opens a run, adds a method.
fn enter(form: &mut Form) -> Vec<Effect> {
    let Some((field, document)) = form.field().zip(form.document.clone().ok()) else { return Vec::new() };
    match field.kind {
        Kind::Run(idx) => form.open = if form.open == Some(idx) { None } else { Some(idx) },
        Kind::Absent(_) | Kind::All(_) | Kind::Source => return toggle(form),
        _ => {
            form.page = Page::Fields;
            let value = field.value(&document).unwrap_or_default();
            let before = Box::new((document, form.text.clone()));
            form.editing = Some(Editing { input: Input::new(&value), field, before, fitting: None });
        }
    }
    Vec::new()
}

/// Adds or takes away a method, takes the next choice; else as enter.
fn toggle(form: &mut Form) -> Vec<Effect> {
    let Some((field, mut document)) = form.field().zip(form.document.clone().ok()) else { return Vec::new() };
    match &field.kind {
        Kind::All(shows_all) => {
            form.shows_all = !shows_all;
            form.cursor = form.fields().len().saturating_sub(1);
            return Vec::new();
        }
        Kind::Absent(name) => {
            let Some(runs) = draft::runs_mut(&mut document) else { return Vec::new() };
            let rank = |name: &str| Method::ALL.iter().position(|about| about.name == name);
            let after = runs.iter().rposition(|run| draft::method(run).and_then(rank) <= rank(name)).map_or(0, |idx| idx + 1);
            runs.insert(after, Node::Map(vec![("method".to_owned(), Node::Text((*name).to_owned()))]));
            form.open = None;
        }
        Kind::Run(idx) => {
            let Some(runs) = draft::runs_mut(&mut document) else { return Vec::new() };
            if *idx < runs.len() {
                runs.remove(*idx);
            }
            form.open = None;
        }
        _ if !field.choices().is_empty() => return change(form, |choices, now| (now + 1) % choices),
        _ => return enter(form),
    }
    form.take_document(document);
    plan(form)
}

/// Another run of the method under the cursor, beside it.
fn another(form: &mut Form) -> Vec<Effect> {
    let Some((field, mut document)) = form.field().zip(form.document.clone().ok()) else { return Vec::new() };
    let idx = match (&field.kind, field.path.get(1)) {
        (Kind::Run(idx), _) | (_, Some(Step::Item(idx))) => *idx,
        (Kind::Absent(_), _) => return toggle(form),
        _ => return Vec::new(),
    };
    let Some(runs) = draft::runs_mut(&mut document) else { return Vec::new() };
    let Some(mut copy) = runs.get(idx).cloned() else { return Vec::new() };
    draft::put(&mut copy, &[Step::Key("name")], None);
    runs.insert(idx + 1, copy);
    form.open = Some(idx + 1);
    form.take_document(document);
    let is_copy = |field: &super::field::Field| field.kind == Kind::Run(idx + 1);
    form.cursor = form.fields().iter().position(is_copy).unwrap_or(form.cursor);
    plan(form)
}

/// Takes another of the choices of the row under the cursor.
fn change(form: &mut Form, next: impl Fn(usize, usize) -> usize) -> Vec<Effect> {
    let Some((field, mut document)) = form.field().zip(form.document.clone().ok()) else { return Vec::new() };
    let choices = field.choices();
    if choices.is_empty() {
        return Vec::new();
    }
    let value = field.value(&document).unwrap_or_else(|| field.default.clone());
    let now = choices.iter().position(|choice| *choice == value);
    let chosen = choices[now.map_or(0, |now| next(choices.len(), now))];
    field.write(&mut document, if chosen == field.default { "" } else { chosen });
    form.take_document(document);
    plan(form)
}
