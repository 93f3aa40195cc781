//! What the path that is typed in the form may go on with: names in columns, as `ls` shows them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::run::text::printable;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::draw;

/// Columns between two names.
const GAP: usize = 2;

/// Columns of the longest name that is shown whole.
const LONGEST: usize = 36;

/// Rows that the names fill at this width, with their frame.
pub fn n_rows(fitting: &[String], typed: &str, width: u16) -> u16 {
    let across = across(&names(fitting, typed), usize::from(width.saturating_sub(3)));
    fitting.len().div_ceil(across).max(1).min(usize::from(u16::MAX) - 2) as u16 + 2
}

/// Draws the names, down the columns.
pub fn draw(fitting: &[String], typed: &str, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let inner = draw::panel(buffer, area, theme, &Line::styled(" what fits ", theme.title()), "type on, then tab");
    if fitting.is_empty() {
        return draw::put(buffer, inner, 1, 0, "nothing there fits", theme.warn());
    }
    let names = names(fitting, typed);
    let across = across(&names, usize::from(inner.width.saturating_sub(1)));
    let column_width = usize::from(inner.width.saturating_sub(1)) / across;
    let n_rows = names.len().div_ceil(across).min(usize::from(inner.height)).max(1);
    for (idx, name) in names.iter().take(across * n_rows).enumerate() {
        let (column, row) = (idx / n_rows, idx % n_rows);
        let style = if name.ends_with('/') { theme.accent() } else { Style::new() };
        let place = Rect { x: inner.x + 1 + (column * column_width) as u16, width: (column_width - 1).max(1) as u16, ..inner };
        draw::put(buffer, place.intersection(inner), 0, row as u16, &text::middle(name, column_width.saturating_sub(GAP).max(1)), style);
    }
    let hidden = names.len().saturating_sub(across * n_rows);
    if hidden > 0 && inner.height > 0 {
        let edge = Rect { x: area.x + 2, y: area.bottom() - 1, width: area.width.saturating_sub(4), height: 1 };
        draw::right(buffer, edge, 0, 0, &Line::styled(format!(" {hidden} more "), theme.dim()));
    }
}

/// What is shown of each: what lies below the folder that is typed already.
fn names(fitting: &[String], typed: &str) -> Vec<String> {
    let start = typed.rfind('/').map_or(0, |slash| slash + 1);
    fitting.iter().map(|fit| printable(fit.get(start..).unwrap_or(fit)).into_owned()).collect()
}

/// How many names stand side by side.
fn across(names: &[String], width: usize) -> usize {
    let longest = names.iter().map(|name| text::width(name)).max().unwrap_or(0).clamp(1, LONGEST);
    (width / (longest + GAP)).clamp(1, names.len().max(1))
}
