//! The chart: lines, markers, axes, labels at the lines' ends. Knows no run, only points.
//!
//! A frame costs as much as there are points in the window, and keeps nothing between frames.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::tui::series::{self, Column, Ema};
use crate::tui::text;
use crate::tui::theme::{Glyphs, Theme};
use crate::tui::view::draw;
use crate::tui::view::raster::{self, Raster, Weight};

/// A chart to draw.
#[derive(Debug)]
pub struct Chart<'a> {
    /// The lines, the foremost last.
    pub lines: Vec<ChartLine<'a>>,
    /// Labels at the right, where there is room.
    pub labels: Vec<Label<'a>>,
    /// What is shown of the x axis.
    pub x_range: (f64, f64),
    /// Its name.
    pub x_name: &'static str,
    /// Whether the y axis is logarithmic.
    pub is_log: bool,
    /// Whether outliers are cut off.
    pub clips: bool,
    /// Where the crosshair stands, in units of x.
    pub crosshair: Option<f64>,
    /// Said where there is nothing to draw.
    pub empty: &'static str,
}

/// A line of a chart.
#[derive(Debug)]
pub struct ChartLine<'a> {
    /// Its points.
    pub points: Points<'a>,
    /// How heavy it is.
    pub weight: Weight,
    /// Its colour.
    pub style: Style,
    /// Put on its points; empty for none.
    pub marker: &'a str,
    /// Marked as the best.
    pub best: Option<(f64, f64)>,
    /// Whether the y axis must reach it.
    pub sets_range: bool,
}

/// The points of a line, ascending in x.
#[derive(Debug)]
pub enum Points<'a> {
    /// A few.
    Few(Vec<(f64, f64)>),
    /// A long series that is read in place and smoothed by this weight.
    Long(&'a dyn Series, f64),
}

/// A long series, read in place.
pub trait Series: std::fmt::Debug {
    /// Number of points.
    fn n_points(&self) -> usize;
    /// Point number `idx`.
    fn point(&self, idx: usize) -> (f64, f64);
}

/// A label at the right of a chart.
#[derive(Debug)]
pub struct Label<'a> {
    /// Marker of its line.
    pub marker: &'a str,
    /// Name of its line.
    pub name: &'a str,
    /// The value shown, which is also the height at which it stands.
    pub value: Option<f64>,
    /// Its colour.
    pub style: Style,
}

impl Points<'_> {
    fn reduce(&self, window: (f64, f64), n_columns: usize) -> Vec<Column> {
        match self {
            Self::Few(points) => series::reduce(points.iter().copied(), window, n_columns),
            Self::Long(series, weight) => {
                let mut ema = Ema::new(*weight);
                let points = (0..series.n_points()).map(|idx| {
                    let (x, y) = series.point(idx);
                    (x, ema.next(y))
                });
                series::reduce(points, window, n_columns)
            }
        }
    }
}

/// Columns of the y axis with labels such as 0.95; the series are read once where these suffice.
const LEAST_AXIS_WIDTH: u16 = 5;

/// Least part of the greatest value that a linear y axis spans.
const LEAST_SPAN: f64 = 0.02;

/// The y axis of a drawn chart.
struct Scale {
    low: f64,
    high: f64,
    is_log: bool,
}

impl Scale {
    /// 0 at the top, 1 at the bottom.
    fn share(&self, y: f64) -> f64 {
        let of = |y: f64| if self.is_log { y.max(f64::MIN_POSITIVE).ln() } else { y };
        let (low, high) = (of(self.low), of(self.high));
        if high > low { (1.0 - (of(y) - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 }
    }

    /// The dot row of `y` where a cell has four.
    fn dot(&self, y: f64, n_rows: usize) -> usize {
        (self.share(y) * (n_rows * 4).saturating_sub(1) as f64).round() as usize
    }

    /// The cell row of `y`: that of its dot, so that markers sit on their lines.
    fn row(&self, y: f64, n_rows: usize) -> usize {
        self.dot(y, n_rows) / 4
    }
}

/// Draws a chart into an area; too small an area stays empty.
pub fn draw(buffer: &mut Buffer, area: Rect, chart: &Chart, theme: Theme) {
    if area.width < 14 || area.height < 4 {
        return;
    }
    let gutter = gutter_width(chart, area);
    let reduce = |axis_width: u16| -> Vec<Vec<Column>> {
        let n_columns = usize::from(area.width.saturating_sub(axis_width + gutter)) * 2;
        chart.lines.iter().map(|line| line.points.reduce(chart.x_range, n_columns)).collect()
    };
    let mut reduced = reduce(LEAST_AXIS_WIDTH);
    let Some((scale, is_cut)) = scale(chart, &reduced) else {
        let has_non_finite = reduced.iter().flatten().any(|column| column.has_non_finite);
        let text = if has_non_finite { "nothing but NaN and infinities" } else { chart.empty };
        let column = (usize::from(area.width).saturating_sub(text::width(text)) / 2) as u16;
        draw::put(buffer, area, column, area.height / 2, text, theme.dim());
        return;
    };
    let n_rows = usize::from(area.height - 2);
    let max_ticks = (n_rows / 2).clamp(2, 7);
    let ticks =
        if scale.is_log { series::log_ticks(scale.low, scale.high, max_ticks) } else { series::ticks(scale.low, scale.high, max_ticks) };
    let labels = if scale.is_log { ticks.iter().map(|tick| log_label(*tick)).collect() } else { series::tick_labels(&ticks) };
    let axis_width = labels.iter().map(|label| text::width(label)).max().unwrap_or(0) as u16 + 1;
    let axis_width = axis_width.max(LEAST_AXIS_WIDTH);
    if area.width < axis_width + gutter + 8 {
        return;
    }
    if axis_width > LEAST_AXIS_WIDTH {
        reduced = reduce(axis_width);
    }
    let plot = Rect { x: area.x + axis_width, width: area.width - axis_width - gutter, height: area.height - 2, ..area };
    y_axis(buffer, area, plot, &scale, &ticks, &labels, theme);
    x_axis(buffer, area, plot, chart, theme);
    lines(buffer, plot, chart, &scale, &reduced, theme);
    markers(buffer, plot, chart, &scale, theme);
    non_finite(buffer, plot, &reduced, theme);
    if let Some(x) = chart.crosshair {
        crosshair(buffer, plot, chart, x, theme);
    }
    end_labels(buffer, Rect { x: plot.right() + 1, width: gutter.saturating_sub(1), ..plot }, chart, &scale, theme);
    if is_cut {
        draw::right(buffer, plot, 0, 8, &Line::styled(" outliers cut off (\\) ", theme.dim()));
    }
}

/// Columns for labels at the right: none where they would take more than a third.
fn gutter_width(chart: &Chart, area: Rect) -> u16 {
    let most = if area.width < 90 { 12 } else { 18 };
    let longest = chart.labels.iter().map(|label| text::width(label.name)).max().unwrap_or(0).min(most);
    if longest == 0 || area.width < 48 { 0 } else { (longest as u16 + 10).min(area.width / 3) }
}

/// The range of the y axis over all lines that set it; `None` where there is nothing.
fn scale(chart: &Chart, reduced: &[Vec<Column>]) -> Option<(Scale, bool)> {
    let of_lines = |sets_range: bool| {
        let lines = chart.lines.iter().zip(reduced).filter(move |(line, _)| line.sets_range == sets_range);
        let values = lines.flat_map(|(_, columns)| columns.iter().filter_map(|column| column.values));
        values.filter(|values| !chart.is_log || values[1] > 0.0).collect::<Vec<_>>()
    };
    let mut values = of_lines(true);
    if values.is_empty() {
        values = of_lines(false);
    }
    let (low, high, is_cut) = if chart.clips {
        series::robust_range(&values)?
    } else {
        let low = values.iter().map(|values| values[1]).reduce(f64::min)?;
        (low, values.iter().map(|values| values[2]).reduce(f64::max)?, false)
    };
    if chart.is_log {
        return Some((Scale { low: low / 1.05, high: high * 1.05, is_log: true }, is_cut));
    }
    // A curve that hardly moves must not look as if it did.
    let least_span = (high.abs() * LEAST_SPAN).max(1e-9);
    let pad = ((least_span - (high - low)) / 2.0).max((high - low) * 0.04);
    let padded = if low >= 0.0 { (low - pad).max(0.0) } else { low - pad };
    Some((Scale { low: padded, high: high + pad, is_log: false }, is_cut))
}

fn log_label(tick: f64) -> String {
    if (0.001..1000.0).contains(&tick) { format!("{tick}") } else { format!("{tick:.0e}") }
}

fn y_axis(buffer: &mut Buffer, area: Rect, plot: Rect, scale: &Scale, ticks: &[f64], labels: &[String], theme: Theme) {
    let axis = Rect { width: plot.x - area.x, height: plot.height, ..area };
    for row in 0..axis.height {
        draw::put(buffer, axis, axis.width - 1, row, theme.choose("│", "|"), theme.line());
    }
    let mut last_row = None;
    for (tick, label) in ticks.iter().zip(labels) {
        let row = scale.row(*tick, usize::from(plot.height)) as u16;
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

fn x_axis(buffer: &mut Buffer, area: Rect, plot: Rect, chart: &Chart, theme: Theme) {
    let axis = Rect { y: plot.bottom(), height: 2, ..area };
    let start = plot.x - area.x;
    let rule = format!("{}{}", theme.choose("└", "+"), theme.choose("─", "-").repeat(usize::from(plot.width)));
    draw::put(buffer, axis, start - 1, 0, &rule, theme.line());
    let name_width = text::width(chart.x_name) as u16;
    let ticks = series::ticks(chart.x_range.0, chart.x_range.1, (usize::from(plot.width) / 10).clamp(1, 10));
    let labels = series::tick_labels(&ticks);
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
fn column(x: f64, chart: &Chart, plot: Rect) -> Option<usize> {
    series::column_idx(x, chart.x_range, usize::from(plot.width) * 2).map(|dot| dot / 2)
}

fn lines(buffer: &mut Buffer, plot: Rect, chart: &Chart, scale: &Scale, reduced: &[Vec<Column>], theme: Theme) {
    let mut raster = Raster::new(usize::from(plot.width), usize::from(plot.height));
    let n_rows = usize::from(plot.height);
    for (owner, (line, columns)) in chart.lines.iter().zip(reduced).enumerate() {
        let mut last: Option<(usize, f64)> = None;
        for (x, column) in columns.iter().enumerate() {
            if let Some([first, least, greatest, end]) = column.values {
                if let Some((last_x, last_y)) = last {
                    raster.line((last_x, scale.dot(last_y, n_rows)), (x, scale.dot(first, n_rows)), line.weight, owner);
                }
                raster.line((x, scale.dot(least, n_rows)), (x, scale.dot(greatest, n_rows)), line.weight, owner);
                last = Some((x, end));
            }
            if column.has_non_finite {
                last = None;
            }
        }
    }
    let mut text = [0; 4];
    for (column, row, bits, owner) in raster.cells() {
        let glyph = if theme.glyphs == Glyphs::Unicode { raster::braille(bits) } else { raster::ascii(bits) };
        draw::put(buffer, plot, column as u16, row as u16, glyph.encode_utf8(&mut text), chart.lines[owner].style);
    }
}

/// Markers on the points, at least three cells apart, the last one always; then the best ones over them.
fn markers(buffer: &mut Buffer, plot: Rect, chart: &Chart, scale: &Scale, theme: Theme) {
    let place = |x: f64, y: f64| {
        let column = column(x, chart, plot)?;
        y.is_finite().then(|| (column as u16, scale.row(y, usize::from(plot.height)) as u16))
    };
    for line in chart.lines.iter().filter(|line| !line.marker.is_empty()) {
        let Points::Few(points) = &line.points else { continue };
        let mut next_free = 0;
        for (idx, (x, y)) in points.iter().enumerate() {
            let Some((column, row)) = place(*x, *y) else { continue };
            if column >= next_free || idx + 1 == points.len() {
                draw::put(buffer, plot, column, row, line.marker, line.style);
                next_free = column + 3;
            }
        }
    }
    for line in &chart.lines {
        if let Some((column, row)) = line.best.and_then(|(x, y)| place(x, y)) {
            let style = line.style.add_modifier(ratatui::style::Modifier::BOLD | ratatui::style::Modifier::REVERSED);
            draw::put(buffer, plot, column, row, theme.choose("★", "*"), style);
        }
    }
}

fn non_finite(buffer: &mut Buffer, plot: Rect, reduced: &[Vec<Column>], theme: Theme) {
    for columns in reduced {
        for (x, _) in columns.iter().enumerate().filter(|(_, column)| column.has_non_finite) {
            draw::put(buffer, plot, (x / 2) as u16, 0, theme.choose("✗", "!"), theme.bad());
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

/// Labels beside the ends of their lines, moved apart where they would cover each other.
fn end_labels(buffer: &mut Buffer, gutter: Rect, chart: &Chart, scale: &Scale, theme: Theme) {
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
    let mut next_free = 0;
    for (row, _) in &mut placed {
        *row = (*row).max(next_free);
        next_free = *row + 1;
    }
    let mut limit = n_rows;
    for (row, _) in placed.iter_mut().rev() {
        limit = limit.saturating_sub(1);
        *row = (*row).min(limit);
        limit = *row;
    }
    let n_shown = placed.len().min(n_rows);
    for (row, label) in placed.into_iter().take(n_shown) {
        let value = label.value.map_or_else(|| "--".to_owned(), text::reading);
        let name_width = usize::from(gutter.width).saturating_sub(text::width(&value) + 3);
        let name = text::middle(label.name, name_width);
        let text = format!("{} {name}", label.marker);
        draw::put(buffer, gutter, 0, row as u16, &text, label.style);
        let column = gutter.width - text::width(&value) as u16;
        draw::put(buffer, gutter, column, row as u16, &value, if label.value.is_some() { Style::new() } else { theme.dim() });
    }
}
