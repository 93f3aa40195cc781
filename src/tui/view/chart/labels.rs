//! Labels beside the ends of the lines of a chart, moved apart where they would cover each other.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::chart::{Chart, Label, Scale};
use crate::tui::view::draw;

/// Draws as many as there are rows; the last row says how many more there are.
pub fn draw(buffer: &mut Buffer, gutter: Rect, chart: &Chart, scale: Scale, theme: Theme) {
    let n_rows = usize::from(gutter.height);
    if gutter.width < 6 || n_rows == 0 {
        return;
    }
    let mut placed: Vec<(usize, &Label)> = chart
        .labels
        .iter()
        .map(|label| (label.value.filter(|value| value.is_finite()).map_or(n_rows - 1, |value| scale.row(value, n_rows)), label))
        .collect();
    placed.sort_by_key(|(row, _)| *row);
    let n_more = if placed.len() > n_rows { placed.len() - (n_rows - 1) } else { 0 };
    if n_more > 0 {
        placed.truncate(n_rows - 1);
        draw::put(buffer, gutter, 0, gutter.height - 1, &format!("+ {n_more} more"), theme.dim());
    }
    let mut limit = if n_more > 0 { n_rows - 1 } else { n_rows };
    let mut next_free = 0;
    for (row, _) in &mut placed {
        *row = (*row).max(next_free);
        next_free = *row + 1;
    }
    for (row, _) in placed.iter_mut().rev() {
        limit = limit.saturating_sub(1);
        *row = (*row).min(limit);
        limit = *row;
    }
    for (row, label) in placed {
        let value = label.value.map_or_else(|| "--".to_owned(), text::reading);
        let name_width = usize::from(gutter.width).saturating_sub(text::width(&value) + 3);
        let name = text::middle(label.name, name_width);
        let text = format!("{} {name}", label.marker);
        draw::put(buffer, gutter, 0, row as u16, &text, label.style);
        let column = gutter.width.saturating_sub(text::width(&value) as u16);
        draw::put(buffer, gutter, column, row as u16, &value, if label.value.is_some() { Style::new() } else { theme.dim() });
    }
}
