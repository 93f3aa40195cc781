//! Screen 1: all runs, compared.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::{Line, Span};

use crate::curve::quantity::Quantity;
use crate::run::catalog::RunView;
use crate::tui::alerts;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::{Colors, Glyphs, Theme};
use crate::tui::view::{chart, curves, draw, footer, table, tiles};

/// Rows of the body from which there is a pane for alerts; below it the message row shows the most urgent.
pub const TALL_ROWS: u16 = 32;

/// Draws the screen.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    if is_empty(state) {
        empty(state, theme, area, buffer);
        return;
    }
    let (table_area, charts, alerts_area) = areas(state, area);
    if state.is_expanded {
        draw_charts(state, theme, area, buffer);
        return;
    }
    table::draw(state, theme, table_area, buffer);
    draw_charts(state, theme, charts, buffer);
    if alerts_area.height > 0 {
        draw_alerts(state, theme, alerts_area, buffer);
    }
}

/// Whether there is nothing to show yet.
fn is_empty(state: &State) -> bool {
    table::n_rows(state) == 0 || !state.is_loaded
}

/// The panels of its charts, and what each shows.
pub fn chart_places(state: &State, area: Rect) -> Vec<(Rect, Quantity)> {
    let charts = if state.is_expanded { area } else { areas(state, area).1 };
    if is_empty(state) { Vec::new() } else { places(state, charts) }
}

/// Where table, charts and alerts stand.
pub fn areas(state: &State, area: Rect) -> (Rect, Rect, Rect) {
    let n_rows = table::n_rows(state).min(usize::from(u16::MAX)) as u16;
    let is_tall = area.height >= TALL_ROWS;
    let most_rows = if is_tall { (area.height / 3).max(8) } else { 8.min(area.height / 2) };
    let table_rows = n_rows.min(most_rows) + 1;
    let n_alerts = if is_tall { (alerts::alerts(state).len() as u16).clamp(1, 5) + 2 } else { 0 };
    let rows = [Constraint::Length(table_rows), Constraint::Min(6), Constraint::Length(n_alerts)];
    let [table_area, charts, alerts_area] = Layout::vertical(rows).areas(area);
    (table_area, charts, alerts_area)
}

/// How far to the right in its chart a place lies, from 0 to 1.
pub fn share_at(state: &State, charts: Rect, here: Position) -> Option<f64> {
    let runs = state.charted();
    let (cell, quantity) = places(state, charts).into_iter().find(|(cell, _)| cell.contains(here))?;
    let chart = curves::chart(state, Theme::new(Colors::None, Glyphs::Ascii), &runs, quantity);
    let inner = Rect { x: cell.x + 1, y: cell.y + 1, width: cell.width.saturating_sub(2), height: cell.height.saturating_sub(2) };
    let plot = chart::plot_area(inner, &chart)?;
    let column = f64::from(here.x) - f64::from(plot.x);
    Some((column / f64::from(plot.width.saturating_sub(1).max(1))).clamp(0.0, 1.0))
}

/// Which charts are shown where: all of them, or as many as fit from the pane's on.
fn places(state: &State, area: Rect) -> Vec<(Rect, Quantity)> {
    let quantities = &state.chart.quantities;
    let n = quantities.len().max(1);
    let pane = state.pane % n;
    let cells = if state.is_expanded { vec![area] } else { tiles::cells(area, n) };
    let first = if cells.len() < n { pane } else { 0 };
    cells.into_iter().zip(quantities.iter().copied().cycle().skip(first)).collect()
}

fn draw_charts(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let runs = state.charted();
    let places = places(state, area);
    let n_hidden = state.chart.quantities.len() - places.len().min(state.chart.quantities.len());
    for (idx, (cell, quantity)) in places.iter().enumerate() {
        let is_last = idx + 1 == places.len();
        let note = match n_hidden {
            _ if !is_last => String::new(),
            _ if state.is_expanded => "tab: next · e: less room".to_owned(),
            0 => String::new(),
            n => format!("tab: {n} more"),
        };
        draw_chart(state, theme, *cell, buffer, &runs, *quantity, &note);
    }
}

/// A chart in its panel.
pub fn draw_chart(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer, runs: &[&RunView], quantity: Quantity, note: &str) {
    let chart = curves::chart(state, theme, runs, quantity);
    let mut title = vec![Span::styled(format!(" {} ", quantity.title(state.metric())), theme.title())];
    if quantity == Quantity::Loss {
        let legend = theme.choose("┈ train  ━● validation ", "'. train  :o validation ");
        title.push(Span::styled(legend, theme.dim()));
    }
    let is_seen = |has: fn(&chart::ChartLine) -> bool| area.width >= 56 && chart.lines.iter().any(has);
    let marks = [
        (is_seen(|line| line.best.is_some()), chart::BEST, "best"),
        (is_seen(|line| line.stop.is_some()), chart::STOP, "stop"),
        (is_seen(|line| !line.changes.is_empty()), chart::CHANGE, "rate"),
    ];
    for (is_there, mark, name) in marks {
        if is_there {
            title.push(Span::styled(format!(" {} {name} ", theme.choose(mark.0, mark.1)), theme.dim()));
        }
    }
    let mut notes = Vec::new();
    if let Some(x) = chart.crosshair {
        notes.push(format!("{} {}", chart.x_name, crate::tui::text::value(x)));
    }
    if state.chart.zoom.is_some() {
        notes.push("zoomed".to_owned());
    }
    if chart.reach.is_some() {
        notes.push("shared y".to_owned());
    }
    if chart.is_log {
        notes.push("log".to_owned());
    }
    if quantity.is_smoothed() && state.smoothing() > 0.0 {
        notes.push(format!("ema {}", state.smoothing()));
    }
    if !note.is_empty() {
        notes.push(note.to_owned());
    }
    let inner = draw::panel(buffer, area, theme, &Line::from(title), &notes.join(" · "));
    chart::draw(buffer, inner, &chart, theme);
}

fn draw_alerts(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let inner = draw::panel(buffer, area, theme, &Line::styled(" alerts ", theme.title()), "");
    let alerts = alerts::alerts(state);
    if alerts.is_empty() {
        draw::put(buffer, inner, 1, 0, "nothing needs attention", theme.dim());
    }
    for (row, alert) in alerts.iter().enumerate() {
        draw::line(buffer, inner, row as u16, &footer::line(theme, alert, usize::from(inner.width)));
    }
}

fn empty(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let lines = if state.is_loaded && state.in_focus().next().is_some() {
        vec![
            Line::styled(format!("no run fits {}", text::clean(&state.filter.text)), theme.title()),
            Line::from(vec![Span::styled("esc", theme.accent()), Span::raw("  take the filter off")]),
        ]
    } else if state.is_loaded {
        vec![
            Line::styled(format!("no runs in {} yet", state.root), theme.title()),
            Line::raw(""),
            Line::from(vec![Span::styled("n", theme.accent()), Span::raw("  start an experiment, from a file or a form")]),
            Line::from(vec![Span::styled("?", theme.accent()), Span::raw("  all keys")]),
            Line::from(vec![Span::styled("q", theme.accent()), Span::raw("  quit")]),
        ]
    } else {
        let found = match state.catalog.runs.len() {
            0 => String::new(),
            1 => ", 1 run so far".to_owned(),
            count => format!(", {count} runs so far"),
        };
        vec![Line::styled(format!("reading {} …{found}", state.root), theme.dim())]
    };
    let width = lines.iter().map(Line::width).max().unwrap_or(0) as u16;
    let place = Rect {
        x: area.x + area.width.saturating_sub(width) / 2,
        y: area.y + area.height.saturating_sub(lines.len() as u16) / 2,
        width: width.min(area.width),
        height: (lines.len() as u16).min(area.height),
    };
    for (row, line) in lines.iter().enumerate() {
        draw::line(buffer, place.intersection(area), row as u16, line);
    }
}
