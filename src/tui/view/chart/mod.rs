//! The chart: lines, markers, axes, labels at the lines' ends. Knows no run, only curves.
//!
//! A frame costs as much as there are columns, where a curve is kept summed up, and keeps nothing between frames.

mod axes;
mod labels;
mod lines;
mod marks;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::curve::columns::{self, Reduced};
use crate::curve::evaluations::Evaluated;
use crate::curve::range;
use crate::curve::step_curve::StepCurve;
use crate::curve::stretch::Stretch;
use crate::curve::ticks;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::draw;
use crate::tui::view::raster::Weight;

/// Marks where a run was best, in Unicode and in ASCII.
pub const BEST: (&str, &str) = ("★", "*");

/// Marks where a run ended before its last step, in Unicode and in ASCII.
pub const STOP: (&str, &str) = ("⊣", "]");

/// Marks where the learning rate was changed by hand, in Unicode and in ASCII.
pub const CHANGE: (&str, &str) = ("⇅", "#");

/// A chart to draw.
#[derive(Debug)]
pub struct Chart<'a> {
    /// The lines, the foremost last.
    pub lines: Vec<ChartLine<'a>>,
    /// Labels at the right, where there is room.
    pub labels: Vec<Label<'a>>,
    /// What is shown of the x axis.
    pub window: Stretch,
    /// Its name.
    pub x_name: &'static str,
    /// Whether the y axis is logarithmic.
    pub is_log: bool,
    /// Whether outliers are cut off.
    pub clips: bool,
    /// What the y axis must reach beside its own lines: the range of the charts that it shares it with.
    pub reach: Option<(f64, f64)>,
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
    /// Marked as where it stopped before its end.
    pub stop: Option<(f64, f64)>,
    /// Marked as where its learning rate was changed.
    pub changes: Vec<(f64, f64)>,
    /// Whether the y axis must reach it.
    pub sets_range: bool,
}

/// The points of a line, ascending in x.
#[derive(Debug)]
pub enum Points<'a> {
    /// Evaluations.
    Few(Cow<'a, [Evaluated]>),
    /// The steps of a run, read in place.
    Steps(StepCurve<'a>),
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
    fn reduce(&self, window: Stretch, n_columns: usize) -> Reduced {
        match self {
            Self::Few(points) => columns::reduce(points.iter().map(|point| (point.x, point.y)), window, n_columns),
            Self::Steps(curve) => curve.reduce(window, n_columns),
        }
    }
}

/// Columns of the y axis with labels such as 0.95; the series are read once where these suffice.
const LEAST_AXIS_WIDTH: u16 = 5;

/// Columns and rows below which there is no room for axes, and the curves have all of it.
const LEAST_SIZE: (u16, u16) = (14, 4);

/// The y axis of a drawn chart, with its ends in the measure in which equal distances take equal room.
#[derive(Debug, Clone, Copy)]
struct Scale {
    stretch: Stretch,
    high: f64,
    span: f64,
}

impl Scale {
    fn new(stretch: Stretch) -> Self {
        let (low, high) = (stretch.measure(stretch.low), stretch.measure(stretch.high));
        Self { stretch, high, span: high - low }
    }

    /// 0 at the top, 1 at the bottom.
    fn share(self, y: f64) -> f64 {
        let share = if self.span > 0.0 { (self.high - self.stretch.measure(y)) / self.span } else { 0.5 };
        // What has no place on a logarithmic axis lies below it.
        if share.is_nan() { 1.0 } else { share.clamp(0.0, 1.0) }
    }

    /// The dot row of `y` where a cell has four.
    fn dot(self, y: f64, n_rows: usize) -> usize {
        // Never below 0, so this is the nearest; `round` is a call, some ten thousand times in a frame.
        (self.share(y) * (n_rows * 4).saturating_sub(1) as f64 + 0.5) as u32 as usize
    }

    /// The cell row of `y`: that of its dot, so that markers sit on their lines.
    fn row(self, y: f64, n_rows: usize) -> usize {
        self.dot(y, n_rows) / 4
    }
}

/// Where the parts of a chart stand, and what its lines are there.
struct Layout {
    plot: Rect,
    gutter: u16,
    scale: Scale,
    is_cut: bool,
    ticks: Vec<f64>,
    tick_labels: Vec<String>,
    reduced: Vec<Reduced>,
}

/// Where the curves of a chart stand in its area.
pub fn plot_area(area: Rect, chart: &Chart) -> Option<Rect> {
    layout(area, chart).ok().map(|layout| layout.plot)
}

/// Draws a chart into an area.
pub fn draw(buffer: &mut Buffer, area: Rect, chart: &Chart, theme: Theme) {
    let layout = match layout(area, chart) {
        Ok(layout) => layout,
        Err(reduced) => return nothing(buffer, area, chart, &reduced, theme),
    };
    let plot = layout.plot;
    if plot.x > area.x {
        axes::y(buffer, area, &layout, theme);
        axes::x(buffer, area, plot, chart, theme);
    }
    lines::draw(buffer, chart, &layout, theme);
    marks::draw(buffer, chart, &layout, theme);
    labels::draw(buffer, Rect { x: plot.right() + 1, width: layout.gutter.saturating_sub(1), ..plot }, chart, layout.scale, theme);
    if layout.is_cut {
        draw::right(buffer, plot, 0, 8, &Line::styled(" outliers cut off (\\) ", theme.dim()));
    }
}

/// Says why there is nothing to see.
fn nothing(buffer: &mut Buffer, area: Rect, chart: &Chart, reduced: &[Reduced], theme: Theme) {
    let has_non_finite = reduced.iter().flat_map(|reduced| &reduced.columns).any(|column| column.has_non_finite);
    let text = if has_non_finite { "nothing but NaN and infinities" } else { chart.empty };
    let column = (usize::from(area.width).saturating_sub(text::width(text)) / 2) as u16;
    draw::put(buffer, area, column, area.height / 2, text, theme.dim());
}

/// Lays a chart out; the reduced lines alone where there is nothing to see.
fn layout(area: Rect, chart: &Chart) -> Result<Layout, Vec<Reduced>> {
    let gutter = gutter_width(chart, area);
    let reduce = |axis_width: u16| -> Vec<Reduced> {
        let n_columns = usize::from(area.width.saturating_sub(axis_width + gutter)) * 2;
        chart.lines.iter().map(|line| line.points.reduce(chart.window, n_columns)).collect()
    };
    let bare = |reduced: Vec<Reduced>| {
        let Some((scale, is_cut)) = scale(chart, &reduced) else { return Err(reduced) };
        Ok(Layout { plot: area, gutter: 0, scale, is_cut, ticks: Vec::new(), tick_labels: Vec::new(), reduced })
    };
    if area.width < LEAST_SIZE.0 || area.height < LEAST_SIZE.1 {
        return bare(reduce(0)).map(|layout| Layout { is_cut: false, ..layout });
    }
    let mut reduced = reduce(LEAST_AXIS_WIDTH);
    let Some((scale, is_cut)) = scale(chart, &reduced) else { return Err(reduced) };
    let n_rows = usize::from(area.height - 2);
    let max_ticks = (n_rows / 2).clamp(2, 7);
    let Stretch { low, high, is_log } = scale.stretch;
    let ticks = if is_log { ticks::log_ticks(low, high, max_ticks) } else { ticks::ticks(low, high, max_ticks) };
    let tick_labels = if is_log { ticks::log_labels(&ticks) } else { ticks::tick_labels(&ticks) };
    let axis_width = tick_labels.iter().map(|label| text::width(label)).max().unwrap_or(0) as u16 + 1;
    let axis_width = axis_width.max(LEAST_AXIS_WIDTH);
    if area.width < axis_width + gutter + 8 {
        return bare(reduce(0));
    }
    if axis_width > LEAST_AXIS_WIDTH {
        reduced = reduce(axis_width);
    }
    let plot = Rect { x: area.x + axis_width, width: area.width - axis_width - gutter, height: area.height - 2, ..area };
    Ok(Layout { plot, gutter, scale, is_cut, ticks, tick_labels, reduced })
}

/// Columns for labels at the right: none where they would take more than a third.
fn gutter_width(chart: &Chart, area: Rect) -> u16 {
    let most = if area.width < 90 { 12 } else { 18 };
    let longest = chart.labels.iter().map(|label| text::width(label.name)).max().unwrap_or(0).min(most);
    if longest == 0 || area.width < 48 { 0 } else { (longest as u16 + 10).min(area.width / 3) }
}

/// The range of the y axis over all lines that set it; `None` where there is nothing.
fn scale(chart: &Chart, reduced: &[Reduced]) -> Option<(Scale, bool)> {
    let lines: Vec<(&Reduced, bool)> = reduced.iter().zip(chart.lines.iter().map(|line| line.sets_range)).collect();
    let (own, is_cut) = range::of_lines(&lines, chart.is_log, chart.clips)?;
    let (low, high) = chart.reach.map_or((own.low, own.high), |(low, high)| (own.low.min(low), own.high.max(high)));
    Some((Scale::new(Stretch { low, high, ..own }), is_cut))
}
