//! The lines of a chart as dots: every column from its least to its greatest value, and from one column to the next.

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
        let mut pen = Pen { raster: &mut raster, scale: layout.scale, n_rows: usize::from(plot.height), weight: line.weight, owner };
        pen.columns(reduced);
        reduced.edges(chart.window, layout.scale.stretch).into_iter().for_each(|(from, to)| pen.stroke(from, to));
    }
    let mut text = [0; 4];
    for (column, row, bits, owner) in raster.cells() {
        let glyph = if theme.glyphs == Glyphs::Unicode { raster::braille(bits) } else { raster::ascii(bits) };
        // One character of one column: no text to be cut, and thousands of them in a frame.
        if let Some(cell) = buffer.cell_mut((plot.x + column as u16, plot.y + row as u16)) {
            cell.set_symbol(glyph.encode_utf8(&mut text)).set_style(chart.lines[owner].style);
        }
    }
}

/// What draws one line.
struct Pen<'a> {
    raster: &'a mut Raster,
    scale: Scale,
    n_rows: usize,
    weight: Weight,
    owner: usize,
}

impl Pen<'_> {
    fn columns(&mut self, reduced: &Reduced) {
        let mut last: Option<(usize, f64)> = None;
        for (x, column) in reduced.columns.iter().enumerate() {
            if let Some([first, least, greatest, end]) = column.values {
                if let Some((last_x, last_y)) = last {
                    self.stroke((last_x, last_y), (x, first));
                }
                self.stroke((x, least), (x, greatest));
                last = Some((x, end));
            }
            if column.has_non_finite {
                last = None;
            }
        }
    }

    fn stroke(&mut self, from: (usize, f64), to: (usize, f64)) {
        let dot = |y: f64| self.scale.dot(y, self.n_rows);
        let (from, to) = ((from.0, dot(from.1)), (to.0, dot(to.1)));
        self.raster.line(from, to, self.weight, self.owner);
    }
}
