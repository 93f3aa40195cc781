//! Cost against quality: a scatter with a logarithmic cost axis, the efficient runs joined by a line, and the same as a list.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use crate::curve::ticks;
use crate::report::compare::cost::Cost;
use crate::report::compare::frontier::{Point, frontier, ranges};
use crate::tui::text;
use crate::tui::theme::Glyphs;
use crate::tui::view::compare::{Compared, open};
use crate::tui::view::draw;
use crate::tui::view::grid::{self, Align, Column};
use crate::tui::view::raster::{self, Raster, Weight};

/// Columns of the axis of the metric.
const AXIS_WIDTH: u16 = 7;

/// Columns of a pane from which the list stands beside the scatter.
const WIDE: u16 = 76;

/// Columns of the list beside the scatter.
const LIST_WIDTH: u16 = 44;

/// Draws the pane.
pub fn draw(compared: &Compared, area: Rect, buffer: &mut Buffer, note: &str) {
    let (state, theme) = (compared.state, compared.theme);
    let (cost, metric) = (state.compare.cost, state.metric());
    let title = format!("best {} against {}", metric.name(), cost.about());
    let inner = open(compared, area, buffer, &title, "o: other cost", note);
    let points = frontier(&compared.runs, cost, metric);
    if points.is_empty() {
        return draw::put(buffer, inner, 1, 0, "no run has been evaluated yet", theme.dim());
    }
    let (chart, list) = areas(inner, points.len());
    scatter(compared, chart, buffer, &points, cost);
    grid::draw(buffer, list, theme, &columns(compared, &points, cost), state.compare.scroll);
}

/// Where scatter and list stand inside the pane.
pub fn areas(inner: Rect, n_points: usize) -> (Rect, Rect) {
    let [chart, list] = if inner.width >= WIDE {
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(LIST_WIDTH)]).areas(inner)
    } else {
        let list_rows = (n_points as u16 + 1).min(inner.height / 3);
        Layout::vertical([Constraint::Fill(1), Constraint::Length(list_rows)]).areas(inner)
    };
    (chart, list)
}

fn columns(compared: &Compared, points: &[Point], cost: Cost) -> Vec<Column> {
    let theme = compared.theme;
    let mut run = Column::new("  RUN", Align::Left);
    let mut value = Column::new(compared.state.metric().definition().short, Align::Right);
    let mut costs = Column::new(cost.name().to_uppercase(), Align::Right);
    let mut efficient = Column::new("", Align::Left);
    for point in points {
        run.cells.push(compared.name(point.idx));
        value.push(text::value(point.value), Style::new());
        costs.push(short(cost, point.cost), Style::new());
        let sign = if point.is_efficient { theme.choose("★", "*") } else { "" };
        efficient.push(sign, theme.good());
    }
    run.most = 20;
    vec![run, value, costs, efficient]
}

/// A cost in at most seven columns.
pub fn short(cost: Cost, amount: f64) -> String {
    match cost {
        Cost::Parameters => text::count(amount as u64),
        Cost::Bytes | Cost::Memory => text::bytes(amount as u64),
        Cost::Seconds => text::duration(amount),
    }
}

fn scatter(compared: &Compared, area: Rect, buffer: &mut Buffer, points: &[Point], cost: Cost) {
    let theme = compared.theme;
    if area.width < AXIS_WIDTH + 12 || area.height < 5 {
        return;
    }
    let plot = Rect { x: area.x + AXIS_WIDTH, width: area.width - AXIS_WIDTH - 1, height: area.height - 2, ..area };
    let (x_range, y_range) = ranges(points);
    let (width, height) = (usize::from(plot.width), usize::from(plot.height));
    let share = |value: f64, (low, high): (f64, f64)| ((value - low) / (high - low)).clamp(0.0, 1.0);
    let dot = |point: &Point| {
        let x = share(point.cost.log10(), x_range) * (width * 2 - 1) as f64;
        let y = (1.0 - share(point.value, y_range)) * (height * 4 - 1) as f64;
        (x.round() as usize, y.round() as usize)
    };
    for row in 0..plot.height {
        draw::put(buffer, area, AXIS_WIDTH - 1, row, theme.choose("│", "|"), theme.line());
    }
    let axis = format!("{}{}", theme.choose("└", "+"), theme.choose("─", "-").repeat(width));
    draw::put(buffer, area, AXIS_WIDTH - 1, plot.height, &axis, theme.line());
    for tick in ticks::ticks(y_range.0, y_range.1, (height / 3).clamp(2, 8)) {
        let row = ((1.0 - share(tick, y_range)) * (height * 4 - 1) as f64).round() as u16 / 4;
        draw::put(buffer, Rect { width: AXIS_WIDTH - 1, ..area }, 0, row, &format!("{:>6}", text::value(tick)), theme.dim());
        draw::put(buffer, area, AXIS_WIDTH - 1, row, theme.choose("┤", "+"), theme.line());
    }
    cost_ticks(compared, Rect { y: plot.bottom() + 1, height: 1, ..plot }, buffer, x_range, cost);
    let mut raster = Raster::new(width, height);
    let efficient: Vec<&Point> = points.iter().filter(|point| point.is_efficient).collect();
    for pair in efficient.windows(2) {
        let (from, to) = (dot(pair[0]), dot(pair[1]));
        // A run stays the best to be had until the next one can be paid.
        raster.line(from, (to.0, from.1), Weight::Thin, 1);
        raster.line((to.0, from.1), to, Weight::Thin, 1);
    }
    for (column, row, bits, _) in raster.cells() {
        let symbol = if theme.glyphs == Glyphs::Ascii { raster::ascii(bits) } else { raster::braille(bits) };
        draw::put(buffer, plot, column as u16, row as u16, symbol.encode_utf8(&mut [0; 4]), theme.dim());
    }
    // The efficient ones last, so that no other hides them.
    for point in points.iter().filter(|point| !point.is_efficient).chain(efficient) {
        let (x, y) = dot(point);
        let (column, row) = ((x / 2) as u16, (y / 4) as u16);
        let style = compared.color(point.idx).add_modifier(if point.is_efficient { Modifier::BOLD } else { Modifier::empty() });
        let marker = theme.marker(compared.state.slot(&compared.runs[point.idx].id));
        draw::put(buffer, plot, column, row, marker, style);
        if point.is_efficient {
            let name = text::middle(&compared.names[point.idx], 12);
            let (room, wide) = (plot.width.saturating_sub(column + 2), text::width(&name) as u16);
            // At the right edge it stands to the left of its marker.
            let start = if room >= wide { Some(column + 2) } else { column.checked_sub(wide + 1) };
            if let Some(start) = start.filter(|_| row + 1 < plot.height) {
                draw::put(buffer, plot, start, row + 1, &name, compared.color(point.idx));
            }
        }
    }
}

/// Labels of the logarithmic axis.
fn cost_ticks(compared: &Compared, area: Rect, buffer: &mut Buffer, (low, high): (f64, f64), cost: Cost) {
    let most = usize::from(area.width / 10).clamp(2, 8);
    let mut free = 0;
    let (first, last) = (low.ceil() as i32, high.floor() as i32);
    let stride = ((last - first + 1).max(1) as usize).div_ceil(most);
    for power in (first..=last).step_by(stride) {
        let label = short(cost, 10.0_f64.powi(power));
        let share = ((f64::from(power) - low) / (high - low)).clamp(0.0, 1.0);
        let centre = (share * f64::from(area.width.saturating_sub(1))).round() as u16;
        let width = text::width(&label) as u16;
        let column = centre.saturating_sub(width / 2).min(area.width.saturating_sub(width));
        if column >= free {
            draw::line(
                buffer,
                Rect { x: area.x + column, width: area.width - column, ..area },
                0,
                &Line::styled(label, compared.theme.dim()),
            );
            free = column + width + 1;
        }
    }
}
