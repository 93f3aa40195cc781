//! What lies under the pointer: the same layout as the drawing, asked the other way round. Pure.

use ratatui::layout::{Position, Rect};

use crate::run::catalog::RunId;
use crate::tui::state::{Screen, State};
use crate::tui::view::{LEAST_SIZE, header, overlay, overview, table};

/// What lies under the pointer.
#[derive(Debug, Clone, PartialEq)]
pub enum Hit {
    /// The tab of a screen.
    Tab(Screen),
    /// A run in the table; whether on its marks.
    Run(RunId, bool),
    /// A heading of the table.
    Heading,
    /// A place across the charts, from 0 (left) to 1 (right).
    Chart(f64),
    /// A row of the list that lies over the screen.
    Row(usize),
    /// Outside of what lies over the screen.
    Outside,
}

/// What lies at a column and row of the terminal.
pub fn hit(state: &State, column: u16, row: u16) -> Option<Hit> {
    let (width, height) = state.size;
    if width < LEAST_SIZE.0 || height < LEAST_SIZE.1 || column >= width || row >= height {
        return None;
    }
    let area = Rect { x: 0, y: 0, width, height };
    let body = Rect { y: 1, height: height - 3, ..area };
    let here = Position { x: column, y: row };
    if let Some(over) = &state.overlay {
        return overlay::row_at(state, over, body, here);
    }
    if row == 0 {
        return header::tab_at(state, width, column).map(Hit::Tab);
    }
    if state.screen != Screen::Overview {
        return None;
    }
    let (rows, charts, _) = overview::areas(state, body);
    if rows.contains(here) {
        return match here.y - rows.y {
            0 => Some(Hit::Heading),
            row => table::run_at(state, rows, row).map(|id| Hit::Run(id, column < table::MARK_COLUMNS)),
        };
    }
    overview::share_at(state, charts, here).filter(|_| !state.charted().is_empty()).map(Hit::Chart)
}
