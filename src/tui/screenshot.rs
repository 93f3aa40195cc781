//! A real frame as a picture, without a terminal. Pure.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use crate::tui::state::State;
use crate::tui::svg;
use crate::tui::theme::Theme;
use crate::tui::view::view;

/// The cells of a frame of `state.size`.
pub fn cells(state: &State, theme: Theme) -> Buffer {
    let (columns, rows) = state.size;
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a backend in memory cannot fail");
    terminal.draw(|frame| view(state, theme, frame)).expect("a backend in memory cannot fail");
    terminal.backend().buffer().clone()
}

/// The frame as an SVG document.
pub fn picture(state: &State, theme: Theme) -> String {
    svg::render(&cells(state, theme))
}
