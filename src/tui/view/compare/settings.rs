//! Where the effective settings of the runs differ.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::screen::compare;
use crate::tui::text;
use crate::tui::view::compare::{Compared, open};
use crate::tui::view::draw;
use crate::tui::view::grid::{self, Align, Column};

/// Draws the pane.
pub fn draw(compared: &Compared, area: Rect, buffer: &mut Buffer, note: &str) {
    let (state, theme) = (compared.state, compared.theme);
    let (differences, n_same) = compare::differences(state, &compared.runs);
    let first = state.compare.first_run.min(compared.runs.len().saturating_sub(1));
    let mut key = Column::new("SETTING", Align::Left);
    key.most = 26;
    let mut columns: Vec<Column> = (first..compared.runs.len())
        .map(|idx| Column { most: 18, ..Column::new(text::middle(&compared.names[idx], 18), Align::Left) })
        .collect();
    for difference in &differences {
        key.push(difference.key.clone(), Style::new());
        for (column, idx) in columns.iter_mut().zip(first..) {
            let value = difference.values[idx].as_ref();
            let shown = value.map_or_else(|| "--".to_owned(), |value| text::clean(value).replace('\n', " "));
            let style = if value.is_none() { theme.dim() } else { compared.color(idx) };
            column.push(shown, style);
        }
    }
    columns.insert(0, key);
    let says = format!("{n_same} the same");
    let more = if first > 0 || !fits(&columns, area) { "h l: other runs" } else { "" };
    let notes: Vec<&str> = [more, note].into_iter().filter(|note| !note.is_empty()).collect();
    let inner = open(compared, area, buffer, "settings that differ", &says, &notes.join(" · "));
    if differences.is_empty() {
        let text = if compared.runs.len() == 1 { "one run alone: mark others with space" } else { "none: they are set alike" };
        return draw::put(buffer, inner, 1, 0, text, theme.dim());
    }
    grid::draw(buffer, inner, theme, &columns, state.compare.scroll);
}

fn fits(columns: &[Column], area: Rect) -> bool {
    columns.iter().map(|column| column.width() + 2).sum::<usize>() <= usize::from(area.width.saturating_sub(2))
}
