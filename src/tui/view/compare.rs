//! The screen "compare".

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::tui::state::State;
use crate::tui::theme::Theme;
use crate::tui::view::draw;

/// Draws the screen.
pub fn draw(_state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    draw::panel(buffer, area, theme, &Line::styled(" compare ", theme.title()), "");
}
