//! The axes of a chart: rules, ticks, labels.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::curve::ticks;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::chart::{Chart, Layout};
use crate::tui::view::draw;

/// The y axis with a dotted line at each tick.
pub fn y(buffer: &mut Buffer, area: Rect, layout: &Layout, theme: Theme) {
    let plot = layout.plot;
    let axis = Rect { width: plot.x - area.x, height: plot.height, ..area };
    for row in 0..axis.height {
        draw::put(buffer, axis, axis.width - 1, row, theme.choose("│", "|"), theme.line());
    }
    let mut last_row = None;
    for (tick, label) in layout.ticks.iter().zip(&layout.tick_labels) {
        let row = layout.scale.row(*tick, usize::from(plot.height)) as u16;
        if last_row == Some(row) {
            continue;
        }
        last_row = Some(row);
        draw::put(buffer, axis, axis.width - 1, row, theme.choose("┤", "+"), theme.line());
        let column = (axis.width - 1).saturating_sub(text::width(label) as u16);
        draw::put(buffer, axis, column, row, label, theme.dim());
        for column in (3..plot.width).step_by(4) {
            draw::put(buffer, plot, column, row, theme.choose("·", "."), theme.line());
        }
    }
}

/// The x axis with its name at the right.
pub fn x(buffer: &mut Buffer, area: Rect, plot: Rect, chart: &Chart, theme: Theme) {
    let axis = Rect { y: plot.bottom(), height: 2, ..area };
    let start = plot.x - area.x;
    let rule = format!("{}{}", theme.choose("└", "+"), theme.choose("─", "-").repeat(usize::from(plot.width)));
    draw::put(buffer, axis, start - 1, 0, &rule, theme.line());
    let name_width = text::width(chart.x_name) as u16;
    let (low, high, most) = (chart.window.low, chart.window.high, (usize::from(plot.width) / 10).clamp(1, 10));
    let ticks = if chart.window.is_log { ticks::log_ticks(low, high, most.max(2)) } else { ticks::ticks(low, high, most) };
    let labels = if chart.window.is_log { ticks::log_labels(&ticks) } else { ticks::tick_labels(&ticks) };
    let room_end = (area.width - 1).saturating_sub(name_width + 1);
    draw::put(buffer, axis, area.width.saturating_sub(name_width), 1, chart.x_name, theme.dim());
    let mut free_from = 0;
    for (tick, label) in ticks.iter().zip(&labels) {
        let Some(column) = column(*tick, chart, plot) else { continue };
        let column = start + column as u16;
        let width = text::width(label) as u16;
        let first = column.saturating_sub(width / 2);
        if first >= free_from && first + width <= room_end {
            draw::put(buffer, axis, column, 0, theme.choose("┬", "+"), theme.line());
            draw::put(buffer, axis, first, 1, label, theme.dim());
            free_from = first + width + 1;
        }
    }
}

/// The cell column of `x`: that of its dot.
pub fn column(x: f64, chart: &Chart, plot: Rect) -> Option<usize> {
    chart.window.column(x, usize::from(plot.width) * 2).map(|dot| dot / 2)
}
