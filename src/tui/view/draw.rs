//! The few strokes that every panel is made of; none ever leaves its area.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use crate::tui::text;
use crate::tui::theme::Theme;

/// Writes a line into a row of an area; where it is cut, that is seen.
pub fn line(buffer: &mut Buffer, area: Rect, row: u16, line: &Line) {
    if row < area.height && area.width > 0 && is_inside(buffer, area) {
        buffer.set_line(area.x, area.y + row, line, area.width);
        if line.width() > usize::from(area.width) && text::width(line.to_string().trim_end()) > usize::from(area.width) {
            mark_cut(buffer, area, row);
        }
    }
}

/// Writes text at a place of an area; where it is cut, that is seen.
pub fn put(buffer: &mut Buffer, area: Rect, column: u16, row: u16, text: &str, style: Style) {
    if row < area.height && column < area.width && is_inside(buffer, area) {
        let room = usize::from(area.width - column);
        buffer.set_stringn(area.x + column, area.y + row, text, room, style);
        if text::width(text.trim_end()) > room {
            mark_cut(buffer, area, row);
        }
    }
}

/// Ends a row of an area with an ellipsis.
fn mark_cut(buffer: &mut Buffer, area: Rect, row: u16) {
    let (last, y) = (area.right() - 1, area.y + row);
    if area.width > 1 && text::width(buffer[(last - 1, y)].symbol()) > 1 {
        buffer[(last - 1, y)].set_symbol(" ");
    }
    buffer[(last, y)].set_symbol("…");
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
    if area.width < 4 || area.height < 2 || !is_inside(buffer, area) {
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

/// Says in the lower edge of a box how many lines lie below, and which keys lead there; nothing where all are seen.
pub fn scrolled(buffer: &mut Buffer, area: Rect, theme: Theme, n_above: usize, n_below: usize) {
    if (n_above > 0 || n_below > 0) && area.width > 4 && area.height > 1 {
        let edge = Rect { x: area.x + 2, y: area.bottom() - 1, width: area.width - 4, height: 1 };
        let below = match n_below {
            0 => "the end".to_owned(),
            1 => "1 more line".to_owned(),
            many => format!("{many} more lines"),
        };
        right(buffer, edge, 0, 0, &Line::styled(format!(" j k scroll  {below} "), theme.dim()));
    }
}

/// The inside of a box.
pub const fn inside(area: Rect) -> Rect {
    Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(2), height: area.height.saturating_sub(2) }
}

/// Empties an area.
pub fn clear(buffer: &mut Buffer, area: Rect) {
    if is_inside(buffer, area) {
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

fn is_inside(buffer: &Buffer, area: Rect) -> bool {
    buffer.area.intersection(area) == area
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_is_seen_to_be_and_blanks_are_not_missed() {
        let area = Rect::new(0, 0, 6, 1);
        for (words, expected) in
            [("abcdef", "abcdef"), ("abcdefg", "abcde…"), ("abcdef   ", "abcdef"), ("日本語日", "日本 …"), ("abc日本", "abc日…")]
        {
            let (mut by_line, mut by_put) = (Buffer::empty(area), Buffer::empty(area));
            line(&mut by_line, area, 0, &Line::raw(words.to_owned()));
            put(&mut by_put, area, 0, 0, words, Style::new());
            for buffer in [by_line, by_put] {
                // The second cell of a wide character holds a blank.
                let mut shown = String::new();
                let mut column = 0;
                while column < area.width {
                    let symbol = buffer[(column, 0)].symbol();
                    shown.push_str(symbol);
                    column += text::width(symbol).max(1) as u16;
                }
                assert_eq!(shown, expected);
            }
        }
    }
}
