//! Screen 1: all runs, compared.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::{Line, Span};

use crate::tui::alerts;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::curves::{self, Quantity};
use crate::tui::view::{chart, draw, footer, table};

/// Rows of the body from which there is a pane for alerts; below it the message row shows the most urgent.
pub const TALL_ROWS: u16 = 32;

/// Draws the screen.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let n_rows = table::n_rows(state).min(usize::from(u16::MAX)) as u16;
    if n_rows == 0 || !state.is_loaded {
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
pub fn share_at(_state: &State, charts: Rect, here: Position) -> f64 {
    let n_charts = if charts.width >= 150 && charts.height >= 30 { 3 } else { 1 + u16::from(charts.width >= 100) };
    let width = (charts.width / n_charts).max(1);
    // Axis labels stand left of the curves, end labels right of them.
    let (left, right) = (6.0, 24.0);
    let column = f64::from((here.x - charts.x) % width);
    ((column - left) / (f64::from(width) - left - right).max(1.0)).clamp(0.0, 1.0)
}

fn draw_charts(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let runs = state.charted();
    if state.is_expanded {
        let (quantity, other) = if state.pane == 0 { (Quantity::Loss, "metric") } else { (Quantity::Metric, "loss") };
        draw_chart(state, theme, area, buffer, &runs, quantity, &format!("tab: {other} · e: less room"));
        return;
    }
    if area.width >= 150 && area.height >= 30 {
        let rows = Layout::vertical([Constraint::Fill(1); 2]).areas::<2>(area);
        let quantities =
            [[Quantity::Loss, Quantity::Metric, Quantity::Gap], [Quantity::LearningRate, Quantity::GradientNorm, Quantity::Speed]];
        for (row, quantities) in rows.into_iter().zip(quantities) {
            for (cell, quantity) in Layout::horizontal([Constraint::Fill(1); 3]).areas::<3>(row).into_iter().zip(quantities) {
                draw_chart(state, theme, cell, buffer, &runs, quantity, "");
            }
        }
    } else if area.width >= 100 {
        let [left, right] = Layout::horizontal([Constraint::Fill(1); 2]).areas(area);
        draw_chart(state, theme, left, buffer, &runs, Quantity::Loss, "");
        draw_chart(state, theme, right, buffer, &runs, Quantity::Metric, "");
    } else {
        let (quantity, other) = if state.pane == 0 { (Quantity::Loss, "tab: metric") } else { (Quantity::Metric, "tab: loss") };
        draw_chart(state, theme, area, buffer, &runs, quantity, other);
    }
}

/// A chart in its panel.
pub fn draw_chart(
    state: &State,
    theme: Theme,
    area: Rect,
    buffer: &mut Buffer,
    runs: &[&crate::run::catalog::RunView],
    quantity: Quantity,
    note: &str,
) {
    let series = curves::series(state, runs, quantity);
    let chart = curves::chart(state, theme, runs, &series, quantity);
    let mut title = vec![Span::styled(format!(" {} ", quantity.title(state.metric())), theme.title())];
    if quantity == Quantity::Loss {
        let legend = theme.choose("┈ train  ━● validation ", "'. train  :o validation ");
        title.push(Span::styled(legend, theme.dim()));
        if state.chart.shows_best && area.width >= 56 {
            title.push(Span::styled(theme.choose(" ★ best ", " * best "), theme.dim()));
        }
    }
    let mut notes = Vec::new();
    if let Some(x) = chart.crosshair {
        notes.push(format!("{} {}", chart.x_name, crate::tui::text::value(x)));
    }
    if chart.is_log {
        notes.push("log".to_owned());
    }
    if quantity == Quantity::Loss && state.smoothing() > 0.0 {
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
            Line::styled(format!("no runs in {}", state.root), theme.title()),
            Line::raw(""),
            Line::from(vec![Span::styled("n", theme.accent()), Span::raw("  start an experiment")]),
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
