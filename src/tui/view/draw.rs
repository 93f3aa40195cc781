//! The few strokes that every panel is made of; none ever leaves its area.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use crate::tui::theme::Theme;

/// Writes a line into a row of an area.
pub fn line(buffer: &mut Buffer, area: Rect, row: u16, line: &Line) {
    if row < area.height && area.width > 0 && inside(buffer, area) {
        buffer.set_line(area.x, area.y + row, line, area.width);
    }
}

/// Writes text at a place of an area.
pub fn put(buffer: &mut Buffer, area: Rect, column: u16, row: u16, text: &str, style: Style) {
    if row < area.height && column < area.width && inside(buffer, area) {
        buffer.set_stringn(area.x + column, area.y + row, text, usize::from(area.width - column), style);
    }
}

/// Writes a line at the right end of a row, if it leaves `reserved` columns free at the left.
pub fn right(buffer: &mut Buffer, area: Rect, row: u16, reserved: usize, line: &Line) {
    let width = line.width();
    if usize::from(area.width) >= width + reserved {
        let offset = area.width - width as u16;
        self::line(buffer, Rect { x: area.x + offset, width: width as u16, ..area }, row, line);
    }
}

/// A box with a title and a note at the right of its upper edge; returns the inside.
pub fn panel(buffer: &mut Buffer, area: Rect, theme: Theme, title: &Line, note: &str) -> Rect {
    if area.width < 4 || area.height < 2 || !inside(buffer, area) {
        return Rect { width: 0, height: 0, ..area };
    }
    let block = Block::bordered().border_set(theme.border()).border_style(theme.line());
    let inner = block.inner(area);
    block.render(area, buffer);
    let title_width = title.width();
    let edge = Rect { x: area.x + 2, width: area.width - 4, height: 1, ..area };
    line(buffer, edge, 0, title);
    if !note.is_empty() {
        right(buffer, edge, 0, title_width + 2, &Line::from(Span::styled(format!(" {note} "), theme.dim())));
    }
    inner
}

/// Empties an area.
pub fn clear(buffer: &mut Buffer, area: Rect) {
    if inside(buffer, area) {
        Clear.render(area, buffer);
    }
}

/// A bar filled to `share`, `width` columns wide.
pub fn bar(share: f64, width: usize, theme: Theme) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let eighths = (share * width as f64 * 8.0).floor() as usize;
    let full = theme.choose("█", "#").repeat(eighths / 8);
    let part = theme.choose(EIGHTHS[eighths % 8], "");
    let used = eighths / 8 + usize::from(!part.is_empty());
    format!("{full}{part}{}", theme.choose(" ", ".").repeat(width.saturating_sub(used)))
}

fn inside(buffer: &Buffer, area: Rect) -> bool {
    buffer.area.intersection(area) == area
}
