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

/// The frame as text, a line for each row.
pub fn text(state: &State, theme: Theme) -> String {
    let buffer = cells(state, theme);
    let rows = buffer.content.chunks(usize::from(buffer.area.width).max(1));
    let line = |row: &[ratatui::buffer::Cell]| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned();
    rows.map(line).chain([String::new()]).collect::<Vec<_>>().join("\n")
}

/// The frame as an SVG document.
pub fn picture(state: &State, theme: Theme) -> String {
    svg::render(&cells(state, theme))
}
