//! Opening, using and closing what lies over a screen. Pure.

use crate::run::catalog::RunId;
use crate::run::condition::StopAt;
use crate::run::request::{self, RequestKind, Setting};
use crate::run::status::RunStatus;
use crate::tui::act::control::{self, UNDO_SECONDS};
use crate::tui::act::{self, moved};
use crate::tui::effect::Effect;
use crate::tui::filter::Filter;
use crate::tui::keys::Key;
use crate::tui::keys::action::{Action, Scope};
use crate::tui::overlay::alert_list::{self, AlertList};
use crate::tui::overlay::input::Input;
use crate::tui::overlay::palette::Palette;
use crate::tui::overlay::picker::{Picker, PickerKind};
use crate::tui::overlay::{Overlay, Prompt, PromptKind};
use crate::tui::screen::{log, mistakes};
use crate::tui::state::{Pending, State};
use crate::tui::update::{notice, problem};

/// Opens the palette over what holds on this screen.
pub fn open_palette(state: &mut State) {
    let mut scopes = act::here(state);
    if scopes.contains(&Scope::Runs) || scopes.contains(&Scope::Queue) {
        scopes.insert(1, Scope::RunMenu);
        scopes.push(Scope::CopyMenu);
    }
    scopes.push(Scope::ExportMenu);
    state.overlay = Some(Overlay::Palette(Palette { scopes, ..Palette::default() }));
}

/// Opens a menu.
pub fn open_menu(state: &mut State, scope: Scope) {
    if scope == Scope::RunMenu && state.targets().is_empty() {
        return problem(state, "there is no run");
    }
    state.overlay = Some(Overlay::Menu(scope));
}

/// Opens a list to choose from.
pub fn open_picker(state: &mut State, action: Action) {
    let kind = match action {
        Action::Columns => PickerKind::Columns,
        Action::Charts => PickerKind::Charts,
        _ => PickerKind::Group,
    };
    let cursor = if kind.is_single() { kind.choices(state).iter().position(|choice| choice.is_chosen).unwrap_or(0) } else { 0 };
    state.overlay = Some(Overlay::Picker(Picker { kind, cursor }));
}

/// Opens a line to type.
pub fn open_prompt(state: &mut State, kind: PromptKind) {
    let text = match &kind {
        PromptKind::Filter { before } | PromptKind::Mistakes { before } | PromptKind::Log { before } => before.clone(),
        PromptKind::Extend(_) | PromptKind::StopWhen(_) | PromptKind::LearningRate(_) | PromptKind::Patience(_) => String::new(),
    };
    state.overlay = Some(Overlay::Prompt(Prompt { kind, input: Input::new(&text), problem: None }));
}

/// Takes in a key where text is typed; whether it was meant for the text.
pub fn typed(state: &mut State, key: Key) -> bool {
    let is_typed = state.overlay.as_mut().and_then(Overlay::input).is_some_and(|input| input.key(key));
    if is_typed {
        changed(state);
    }
    is_typed
}

/// Takes in pasted text as one edit; whether there was a place for it.
pub fn paste(state: &mut State, text: &str) -> bool {
    let Some(input) = state.overlay.as_mut().and_then(Overlay::input) else { return false };
    input.insert(text);
    changed(state);
    true
}

/// What follows from another text.
fn changed(state: &mut State) {
    match &mut state.overlay {
        Some(Overlay::Palette(palette)) => palette.cursor = 0,
        Some(Overlay::Help(help)) => help.scroll = 0,
        Some(Overlay::Prompt(Prompt { kind: PromptKind::Filter { .. }, input, problem })) => match Filter::parse(&input.text()) {
            // The table follows what is typed.
            Ok(filter) => {
                *problem = None;
                state.filter = filter;
            }
            Err(why) => *problem = Some(why),
        },
        Some(Overlay::Prompt(Prompt { kind: PromptKind::Log { .. }, input, .. })) => {
            let text = input.text();
            log::search(state, &text);
        }
        Some(Overlay::Prompt(Prompt { kind: PromptKind::Mistakes { .. }, input, .. })) => {
            let words = input.text();
            mistakes::filter(state, words);
        }
        Some(Overlay::Prompt(Prompt { kind, input, problem })) => *problem = kind.problem(&input.text()),
        _ => {}
    }
}

/// Moves what the arrows move in it.
pub fn travel(state: &mut State, by: i64) {
    match &mut state.overlay {
        Some(Overlay::Help(help)) => help.scroll = moved(help.scroll, by, state.keymap.bindings.len() + 20),
        Some(Overlay::Palette(palette)) => {
            let n_commands = palette.commands(&state.keymap).len();
            palette.cursor = moved(palette.cursor, by, n_commands.saturating_sub(1));
        }
        Some(Overlay::Alerts(list)) => {
            let cursor = list.cursor;
            let n_entries = alert_list::entries(state).len();
            state.overlay = Some(Overlay::Alerts(AlertList { cursor: moved(cursor, by, n_entries.saturating_sub(1)) }));
        }
        Some(Overlay::Picker(picker)) => {
            let (kind, cursor) = (picker.kind, picker.cursor);
            let n_choices = kind.choices(state).len();
            let cursor = moved(cursor, by, n_choices.saturating_sub(1));
            state.overlay = Some(Overlay::Picker(Picker { kind, cursor }));
        }
        _ => {}
    }
}

/// Closes it; what was only tried is undone.
pub fn close(state: &mut State) {
    match state.overlay.take() {
        Some(Overlay::Prompt(Prompt { kind: PromptKind::Filter { before }, .. })) => {
            state.filter = Filter::parse(&before).unwrap_or_default();
        }
        Some(Overlay::Prompt(Prompt { kind: PromptKind::Log { before }, .. })) => log::search(state, &before),
        Some(Overlay::Prompt(Prompt { kind: PromptKind::Mistakes { before }, .. })) => mistakes::filter(state, before),
        _ => {}
    }
}

/// Accepts what is typed.
pub fn accept(state: &mut State) -> Vec<Effect> {
    match state.overlay.take() {
        Some(Overlay::Palette(palette)) => {
            let command = palette.commands(&state.keymap).into_iter().nth(palette.cursor);
            return command.map_or_else(Vec::new, |command| act::act(state, command.action));
        }
        Some(Overlay::Prompt(prompt)) => return accept_prompt(state, prompt),
        Some(Overlay::Help(_)) | None => {}
        Some(other) => state.overlay = Some(other),
    }
    Vec::new()
}

fn accept_prompt(state: &mut State, mut prompt: Prompt) -> Vec<Effect> {
    let text = prompt.input.text();
    let accepted: Result<Vec<Effect>, String> = match &prompt.kind {
        PromptKind::Filter { .. } => Filter::parse(&text).map(|filter| {
            state.filter = filter;
            Vec::new()
        }),
        PromptKind::Log { .. } => {
            log::search(state, &text);
            Ok(Vec::new())
        }
        PromptKind::Mistakes { .. } => {
            mistakes::filter(state, text);
            Ok(Vec::new())
        }
        PromptKind::Extend(ids) => match text.trim().parse::<u32>() {
            Ok(epochs) if epochs > 0 => Ok(ids.iter().map(|id| Effect::LookAhead(id.clone(), epochs)).collect()),
            _ => Err(format!("{text:?} is no number of epochs; a whole number such as 6")),
        },
        PromptKind::StopWhen(ids) => StopAt::parse(&text).map(|stop_at| control::stop_later(state, ids, stop_at)),
        PromptKind::LearningRate(ids) => request::learning_rate(&text)
            .map(|rate| control::requests(ids.clone(), RequestKind::Set(Setting { learning_rate: Some(rate), patience: None }))),
        PromptKind::Patience(ids) => request::patience(&text)
            .map(|patience| control::requests(ids.clone(), RequestKind::Set(Setting { learning_rate: None, patience: Some(patience) }))),
    };
    match accepted {
        Ok(effects) => {
            if matches!(prompt.kind, PromptKind::Filter { .. }) && !state.filter.is_empty() {
                let shown = state.visible().len();
                notice(state, format!("{shown} of {} runs; esc takes the filter off", state.in_focus().count()));
            }
            effects
        }
        Err(why) => {
            prompt.problem = Some(why);
            state.overlay = Some(Overlay::Prompt(prompt));
            Vec::new()
        }
    }
}

/// Chooses the row under the cursor, or takes it back.
pub fn toggle(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Picker(picker)) = state.overlay.clone() else { return Vec::new() };
    if picker.kind == PickerKind::Mute {
        return control::toggle_mute(state, picker.cursor);
    }
    picker.kind.toggle(state, picker.cursor);
    if picker.kind.is_single() {
        state.overlay = None;
    }
    Vec::new()
}

/// Announces something that can be taken back for a while.
pub fn announce(state: &mut State, effects: Vec<Effect>, text: String) -> Vec<Effect> {
    // One thing at a time can be taken back; what was announced before is done now.
    let pending = Pending { effects, due: state.now + UNDO_SECONDS, text };
    state.pending.replace(pending).map(|before| before.effects).unwrap_or_default()
}

/// Answers a question.
pub fn answer(state: &mut State, is_yes: bool) -> Vec<Effect> {
    let Some(Overlay::Question(question)) = state.overlay.take() else { return Vec::new() };
    if is_yes {
        let Some(text) = question.announced else { return question.then };
        return announce(state, question.then, text);
    }
    notice(state, question.otherwise);
    Vec::new()
}

/// Withdraws a question, or a stop that was announced, about runs that have all ended meanwhile.
pub fn settle(state: &mut State) {
    let asked = if let Some(Overlay::Question(question)) = &state.overlay { ended(state, &question.then) } else { None };
    let announced = state.pending.as_ref().and_then(|pending| ended(state, &pending.effects));
    if asked.is_some() {
        state.overlay = None;
    }
    if announced.is_some() {
        state.pending = None;
    }
    if let Some(which) = asked.or(announced) {
        notice(state, format!("{which} meanwhile: nothing is asked any more"));
    }
}

/// What became of the runs that effects ask something of, where all of them are over; `None` where one is not, or none is asked.
fn ended(state: &State, effects: &[Effect]) -> Option<String> {
    let mut ids = Vec::new();
    for effect in effects {
        match effect {
            Effect::Request(id, _) => ids.push(id),
            Effect::RequestAll(several, _) => ids.extend(several),
            _ => return None,
        }
    }
    let status = |id: &&RunId| state.catalog.run(id).map(|run| run.status).filter(|status| status.is_over());
    let over: Vec<RunStatus> = ids.iter().map_while(status).collect();
    match (ids.as_slice(), over.as_slice()) {
        ([], _) => None,
        ([id], [status]) => Some(format!("{} is {}", id.run(), status.name())),
        (several, over) => (several.len() == over.len()).then(|| format!("all {} runs have ended", several.len())),
    }
}
