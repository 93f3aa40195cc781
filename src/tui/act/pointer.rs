//! What the mouse does; nothing that cannot be done with keys. Pure.

use crate::tui::act;
use crate::tui::effect::Effect;
use crate::tui::keys::action::Action;
use crate::tui::overlay::Overlay;
use crate::tui::state::{Screen, State};
use crate::tui::view::hit::{self, Hit};

/// Something that the mouse did at a column and row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pointer {
    /// What.
    pub gesture: Gesture,
    /// Column, from 0.
    pub column: u16,
    /// Row, from 0.
    pub row: u16,
}

/// What the mouse can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gesture {
    /// The left button was pressed.
    Press,
    /// The mouse was moved with the left button pressed.
    Drag,
    /// The wheel was turned away.
    WheelUp,
    /// The wheel was turned towards the person.
    WheelDown,
}

/// Does what is meant.
pub fn point(state: &mut State, pointer: Pointer) -> Vec<Effect> {
    let hit = hit::hit(state, pointer.column, pointer.row);
    match pointer.gesture {
        Gesture::WheelUp => act::travel(state, -1),
        Gesture::WheelDown => act::travel(state, 1),
        Gesture::Press => return press(state, hit),
        Gesture::Drag => {
            if let Some(Hit::Chart(share)) = hit {
                state.chart.crosshair = Some(share);
            }
        }
    }
    Vec::new()
}

fn press(state: &mut State, hit: Option<Hit>) -> Vec<Effect> {
    match hit {
        Some(Hit::Tab(screen)) => act::act(
            state,
            match screen {
                Screen::Overview => Action::Overview,
                Screen::Compare => Action::Compare,
                Screen::Run => Action::Run,
                Screen::Launch => Action::Launch,
                Screen::Queue => Action::Queue,
                Screen::System => Action::System,
            },
        ),
        Some(Hit::Run(id, is_mark)) => {
            let was_selected = state.selected().is_some_and(|run| run.id == id);
            state.cursor = Some(id);
            match (is_mark, was_selected) {
                (true, _) => act::act(state, Action::Mark),
                (false, true) => act::act(state, Action::Open),
                (false, false) => Vec::new(),
            }
        }
        Some(Hit::Heading) => act::act(state, Action::Sort),
        Some(Hit::Chart(share)) => {
            state.chart.crosshair = Some(share);
            Vec::new()
        }
        Some(Hit::Row(row)) => {
            match &mut state.overlay {
                Some(Overlay::Palette(palette)) => palette.cursor = row,
                Some(Overlay::Picker(picker)) => picker.cursor = row,
                _ => return Vec::new(),
            }
            let is_palette = matches!(state.overlay, Some(Overlay::Palette(_)));
            act::act(state, if is_palette { Action::Accept } else { Action::Toggle })
        }
        Some(Hit::Outside) => act::act(state, Action::Back),
        None => Vec::new(),
    }
}
