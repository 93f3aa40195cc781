//! A small table: columns as wide as what is in them, those that do not fit left out from the right, rows scrolled.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::draw;

/// Least width to which words are shortened, so that a column of them still fits.
const LEAST_TEXT: usize = 12;

/// A column.
#[derive(Debug)]
pub struct Column {
    /// Its heading.
    pub head: String,
    /// Where its text stands.
    pub align: Align,
    /// Its width at most.
    pub most: usize,
    /// What stands in each row.
    pub cells: Vec<(String, Style)>,
}

/// Where text stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

impl Column {
    /// A column of this heading, empty.
    pub fn new(head: impl Into<String>, align: Align) -> Self {
        Self { head: head.into(), align, most: 30, cells: Vec::new() }
    }

    /// Puts a cell below the others.
    pub fn push(&mut self, text: impl Into<String>, style: Style) {
        self.cells.push((text.into(), style));
    }

    /// Columns that it takes.
    pub fn width(&self) -> usize {
        let widest = self.cells.iter().map(|(cell, _)| text::width(cell)).max().unwrap_or(0);
        widest.max(text::width(&self.head)).min(self.most)
    }
}

/// Draws heading and rows from row `scroll` on, so far as they reach the end of the area; how many columns are shown.
pub fn draw(buffer: &mut Buffer, area: Rect, theme: Theme, columns: &[Column], scroll: usize) -> usize {
    let n_rows = columns.iter().map(|column| column.cells.len()).max().unwrap_or(0);
    let n_shown = usize::from(area.height).saturating_sub(1);
    let first = scroll.min(n_rows.saturating_sub(n_shown));
    let mut x = 1;
    let mut n_columns = 0;
    for column in columns {
        let room = usize::from(area.width).saturating_sub(x);
        let is_cut = column.align == Align::Left && (LEAST_TEXT..column.width()).contains(&room);
        let width = if is_cut { room } else { column.width() };
        if width > room {
            break;
        }
        n_columns += 1;
        put(buffer, area, (x, 0), column, width, &column.head, theme.dim());
        for (row, (cell, style)) in column.cells.iter().skip(first).take(n_shown).enumerate() {
            put(buffer, area, (x, row as u16 + 1), column, width, cell, *style);
        }
        x += width + 2;
    }
    if first + n_shown < n_rows && n_shown > 0 {
        let more = Line::styled(format!(" +{} ↓", n_rows - first - n_shown), theme.dim());
        draw::right(buffer, area, area.height - 1, 0, &more);
    }
    n_columns
}

fn put(buffer: &mut Buffer, area: Rect, (x, row): (usize, u16), column: &Column, width: usize, cell: &str, style: Style) {
    let cell = text::middle(cell, width);
    let indent = if column.align == Align::Left { 0 } else { width - text::width(&cell) };
    draw::put(buffer, area, (x + indent) as u16, row, &cell, style);
}
