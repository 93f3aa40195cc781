//! Cursor, marks, order and focus of the list of runs. Pure.

use crate::tui::keys::action::Action;
use crate::tui::state::{Focus, State};
use crate::tui::update::notice;

/// Moves the cursor through the visible runs.
pub fn move_cursor(state: &mut State, by: i64) {
    let visible = state.visible();
    let position = visible.iter().position(|run| Some(&run.id) == state.cursor.as_ref()).unwrap_or(0) as i64;
    let target = position.saturating_add(by).clamp(0, (visible.len() as i64 - 1).max(0)) as usize;
    state.cursor = visible.get(target).map(|run| run.id.clone());
}

/// Marks runs, or takes marks off.
pub fn mark(state: &mut State, action: Action) {
    let ids: Vec<_> = state.visible().iter().map(|run| run.id.clone()).collect();
    match action {
        Action::MarkAll => {
            notice(state, format!("{} runs marked", ids.len()));
            state.marked.extend(ids);
        }
        Action::MarkNone => {
            state.marked.clear();
            state.mark_anchor = None;
            notice(state, "no run is marked: the charts show all, actions mean the one under the cursor".to_owned());
        }
        Action::MarkRange => {
            let place = |id: Option<&crate::run::catalog::RunId>| id.and_then(|id| ids.iter().position(|other| other == id));
            let Some(here) = place(state.selected().map(|run| run.id.clone()).as_ref()) else { return };
            let there = place(state.mark_anchor.as_ref()).unwrap_or(here);
            let is_marking = state.mark_anchor.as_ref().is_none_or(|anchor| state.marked.contains(anchor));
            for id in &ids[here.min(there)..=here.max(there)] {
                if is_marking {
                    state.marked.insert(id.clone());
                } else {
                    state.marked.remove(id);
                }
            }
            state.mark_anchor = Some(ids[here].clone());
            notice(state, format!("{} runs marked", state.marked.len()));
        }
        _ => {
            let Some(id) = state.selected().map(|run| run.id.clone()) else { return };
            if !state.marked.remove(&id) {
                state.marked.insert(id.clone());
            }
            state.mark_anchor = Some(id);
            notice(
                state,
                format!("{} marked", if state.marked.len() == 1 { "1 run".to_owned() } else { format!("{} runs", state.marked.len()) }),
            );
            move_cursor(state, 1);
        }
    }
}

/// Changes the order of the table.
pub fn sort(state: &mut State, action: Action) {
    match action {
        Action::SortReverse => state.sort.is_reversed = !state.sort.is_reversed,
        Action::SortLeft => state.sort.by = state.sort.by.beside(-1),
        Action::SortRight => state.sort.by = state.sort.by.beside(1),
        _ => state.sort.by = state.sort.by.next(),
    }
    let way = if state.sort.is_reversed { ", reversed" } else { "" };
    notice(state, format!("sorted by {}{way}", state.sort.by.name()));
}

/// Shows the next experiment; after the last one all.
pub fn focus(state: &mut State, by: i64) {
    let experiments = state.experiments();
    let position = match state.experiment() {
        Some(name) => experiments.iter().position(|experiment| *experiment == name).unwrap_or(0),
        None => experiments.len(),
    };
    let next = (position as i64 + by).rem_euclid(experiments.len() as i64 + 1) as usize;
    let (next, text) = match experiments.get(next) {
        Some(name) => (Focus::Named((*name).to_owned()), format!("experiment {name}")),
        None => (Focus::All, "all experiments".to_owned()),
    };
    state.focus = next;
    state.cursor = None;
    notice(state, text);
}
