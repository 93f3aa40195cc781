//! The lines of a chart as dots: every column from its least to its greatest value, and from one column to the next.
//!
//! Between neighbouring columns a line is upright in both, so that a column of a curve is one stroke.

use ratatui::buffer::Buffer;

use crate::curve::columns::Reduced;
use crate::tui::theme::{Glyphs, Theme};
use crate::tui::view::chart::{Chart, Layout, Scale};
use crate::tui::view::raster::{self, Raster, Weight};

/// Draws all lines, the foremost last.
pub fn draw(buffer: &mut Buffer, chart: &Chart, layout: &Layout, theme: Theme) {
    let plot = layout.plot;
    let mut raster = Raster::new(usize::from(plot.width), usize::from(plot.height));
    for (owner, (line, reduced)) in chart.lines.iter().zip(&layout.reduced).enumerate() {
        let (n_rows, owner) = (usize::from(plot.height), owner as u16);
        let mut pen = Pen { raster: &mut raster, scale: layout.scale, n_rows, weight: line.weight, owner };
        pen.columns(reduced);
        reduced.edges(chart.window, layout.scale.stretch).into_iter().for_each(|(from, to)| pen.stroke(from, to));
    }
    let mut text = [0; 4];
    for (column, row, bits, owner) in raster.cells() {
        let glyph = if theme.glyphs == Glyphs::Unicode { raster::braille(bits) } else { raster::ascii(bits) };
        // One character of one column: no text to be cut, and thousands of them in a frame.
        if let Some(cell) = buffer.cell_mut((plot.x + column as u16, plot.y + row as u16)) {
            cell.set_symbol(glyph.encode_utf8(&mut text)).set_style(chart.lines[usize::from(owner)].style);
        }
    }
}

/// What draws one line.
struct Pen<'a> {
    raster: &'a mut Raster,
    scale: Scale,
    n_rows: usize,
    weight: Weight,
    owner: u16,
}

/// A column that is being drawn: where it is, its dots from top to bottom so far, and the dot that the line leaves it from.
struct Open {
    x: usize,
    top: usize,
    bottom: usize,
    end: usize,
}

impl Pen<'_> {
    fn columns(&mut self, reduced: &Reduced) {
        let mut open: Option<Open> = None;
        for (x, column) in reduced.columns.iter().enumerate() {
            if let Some([first, least, greatest, end]) = column.values {
                let mut next = Open { x, top: self.dot(greatest), bottom: self.dot(least), end: 0 };
                // Most columns of evaluations hold one value.
                let within = |value: f64, pen: &Self| match value {
                    value if value.to_bits() == least.to_bits() => next.bottom,
                    value if value.to_bits() == greatest.to_bits() => next.top,
                    value => pen.dot(value),
                };
                let first = within(first, self);
                next.end = within(end, self);
                if let Some(mut before) = open.take() {
                    self.join(&mut before, &mut next, first);
                    self.close(&before);
                }
                open = Some(next);
            }
            if column.has_non_finite
                && let Some(last) = open.take()
            {
                self.close(&last);
            }
        }
        if let Some(last) = open {
            self.close(&last);
        }
    }

    /// The line from one column to the first dot of the next.
    fn join(&mut self, before: &mut Open, next: &mut Open, first: usize) {
        if next.x > before.x + 1 {
            self.raster.line((before.x, before.end), (next.x, first), self.weight, self.owner);
            return;
        }
        // The nearer half of the way up or down lies in each column.
        let way = before.end.abs_diff(first);
        let (near, far) = (way.saturating_sub(1) / 2, way.div_ceil(2));
        if first >= before.end {
            before.bottom = before.bottom.max(before.end + near);
            next.top = next.top.min(before.end + far);
        } else {
            before.top = before.top.min(before.end - near);
            next.bottom = next.bottom.max(before.end - far);
        }
    }

    fn close(&mut self, column: &Open) {
        self.raster.upright(column.x, (column.top, column.bottom), self.weight, self.owner);
    }

    fn stroke(&mut self, from: (usize, f64), to: (usize, f64)) {
        self.raster.line((from.0, self.dot(from.1)), (to.0, self.dot(to.1)), self.weight, self.owner);
    }

    fn dot(&self, y: f64) -> usize {
        self.scale.dot(y, self.n_rows)
    }
}
