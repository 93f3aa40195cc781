//! What stands on the lines of a chart: markers, changed rates, best and stop, what is no number, the crosshair.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::curve::evaluations::Evaluated;
use crate::tui::theme::Theme;
use crate::tui::view::chart::axes::column;
use crate::tui::view::chart::{BEST, CHANGE, Chart, Layout, Points, STOP};
use crate::tui::view::draw;

/// Draws all that stands on the lines.
pub fn draw(buffer: &mut Buffer, chart: &Chart, layout: &Layout, theme: Theme) {
    markers(buffer, chart, layout, theme);
    non_finite(buffer, layout, theme);
    if let Some(x) = chart.crosshair {
        crosshair(buffer, layout.plot, chart, x, theme);
    }
}

/// Markers on the points, at least three cells apart, the last one always; then changes, stop and best over them.
fn markers(buffer: &mut Buffer, chart: &Chart, layout: &Layout, theme: Theme) {
    let plot = layout.plot;
    let (ruler, n_dots) = (chart.window.ruler(), usize::from(plot.width) * 2);
    let column = |x: f64, y: f64| ruler.column(x, n_dots).filter(|_| y.is_finite()).map(|dot| (dot / 2) as u16);
    let row = |y: f64| layout.scale.row(y, usize::from(plot.height)) as u16;
    let place = |x: f64, y: f64| Some((column(x, y)?, row(y)));
    for line in chart.lines.iter().filter(|line| !line.marker.is_empty()) {
        let Points::Few(points) = &line.points else { continue };
        let mut next_free = 0;
        for (idx, Evaluated { x, y, .. }) in points.iter().enumerate() {
            let Some(column) = column(*x, *y) else { continue };
            if column >= next_free || idx + 1 == points.len() {
                draw::put(buffer, plot, column, row(*y), line.marker, line.style);
                next_free = column + 3;
            }
        }
    }
    for line in &chart.lines {
        for (column, row) in line.changes.iter().filter_map(|(x, y)| place(*x, *y)) {
            let style = line.style.remove_modifier(Modifier::DIM).add_modifier(Modifier::BOLD);
            draw::put(buffer, plot, column, row, theme.choose(CHANGE.0, CHANGE.1), style);
        }
        if let Some((column, row)) = line.stop.and_then(|(x, y)| place(x, y)) {
            let style = line.style.remove_modifier(Modifier::DIM).add_modifier(Modifier::BOLD);
            draw::put(buffer, plot, column, row, theme.choose(STOP.0, STOP.1), style);
        }
        if let Some((column, row)) = line.best.and_then(|(x, y)| place(x, y)) {
            let style = line.style.add_modifier(Modifier::BOLD | Modifier::REVERSED);
            draw::put(buffer, plot, column, row, theme.choose(BEST.0, BEST.1), style);
        }
    }
}

fn non_finite(buffer: &mut Buffer, layout: &Layout, theme: Theme) {
    for reduced in &layout.reduced {
        for (x, _) in reduced.columns.iter().enumerate().filter(|(_, column)| column.has_non_finite) {
            draw::put(buffer, layout.plot, (x / 2) as u16, 0, theme.choose("✗", "!"), theme.bad());
        }
    }
}

fn crosshair(buffer: &mut Buffer, plot: Rect, chart: &Chart, x: f64, theme: Theme) {
    let Some(column) = column(x, chart, plot) else { return };
    for row in 0..plot.height {
        let position = (plot.x + column as u16, plot.y + row);
        if buffer.cell(position).is_some_and(|cell| matches!(cell.symbol(), " " | "·" | ".")) {
            draw::put(buffer, plot, column as u16, row, theme.choose("╎", "|"), theme.accent());
        }
    }
}
