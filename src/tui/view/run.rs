//! Screen 2: one run.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::curve::quantity::Quantity;
use crate::run::catalog::RunView;
use crate::tui::alerts;
use crate::tui::screen::run::{self, Pane, is_large};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::{confusion, draw, footer, health, layers, log, mistakes, overview, resources};

/// Rows above the panes: who it is, how far it is, what is the matter.
const HEAD_ROWS: u16 = 3;

/// Draws the screen.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let Some(run) = state.selected() else {
        draw::put(buffer, area, 2, area.height / 2, "there is no run yet; n starts an experiment", theme.dim());
        return;
    };
    let [head, body] = Layout::vertical([Constraint::Length(HEAD_ROWS), Constraint::Fill(1)]).areas(area);
    draw_head(state, theme, head, buffer, run);
    if state.is_expanded {
        draw_pane(state, theme, body, buffer, run, "e: less room");
    } else if is_large(state.size) {
        draw_large(state, theme, body, buffer, run);
    } else {
        draw_compact(state, theme, body, buffer, run);
    }
}

/// Where charts, facts and the panes that take turns stand, where there is room for all.
fn parts(area: Rect) -> [Rect; 3] {
    let rows = [Constraint::Fill(3), Constraint::Length(health::ROWS + 2), Constraint::Fill(1)];
    Layout::vertical(rows).areas(area)
}

/// The panels of its charts, and what each shows.
pub fn chart_places(state: &State, area: Rect) -> Vec<(Rect, Quantity)> {
    let [_, body] = Layout::vertical([Constraint::Length(HEAD_ROWS), Constraint::Fill(1)]).areas(area);
    if state.selected().is_none() {
        Vec::new()
    } else if is_large(state.size) && !state.is_expanded {
        large_charts(parts(body)[0])
    } else {
        pane_chart(state, body).map(|(chart, quantity, _)| (chart, quantity)).into_iter().collect()
    }
}

/// The charts where there is room for more than one.
fn large_charts(area: Rect) -> Vec<(Rect, Quantity)> {
    const ROWS: [[Quantity; 3]; 2] =
        [[Quantity::Loss, Quantity::Metric, Quantity::Gap], [Quantity::LearningRate, Quantity::GradientNorm, Quantity::Speed]];
    if area.width >= 150 && area.height >= 24 {
        let rows = Layout::vertical([Constraint::Fill(1); 2]).areas::<2>(area);
        let cells = rows.into_iter().flat_map(|row| Layout::horizontal([Constraint::Fill(1); 3]).areas::<3>(row));
        return cells.zip(ROWS.into_iter().flatten()).collect();
    }
    let [left, right] = Layout::horizontal([Constraint::Fill(1); 2]).areas(area);
    vec![(left, Quantity::Loss), (right, Quantity::Metric)]
}

/// The chart of the pane that is turned to, if it is one, and the strip below it.
fn pane_chart(state: &State, area: Rect) -> Option<(Rect, Quantity, Rect)> {
    let quantity = match run::pane(state) {
        Pane::Loss => Quantity::Loss,
        Pane::Metric => Quantity::Metric,
        _ => return None,
    };
    let strip_rows = if area.height >= 12 { 4 } else { 0 };
    let [chart, strip] = Layout::vertical([Constraint::Fill(1), Constraint::Length(strip_rows)]).areas(area);
    Some((chart, quantity, strip))
}

/// Lines that the log has room for.
pub fn log_rows(state: &State) -> usize {
    // The first row and the last two of the terminal, and the head, are not of the panes.
    let height = state.size.1.saturating_sub(3 + HEAD_ROWS);
    let area = Rect { x: 0, y: 0, width: state.size.0, height };
    let of_log = if is_large(state.size) && !state.is_expanded { parts(area)[2] } else { area };
    usize::from(of_log.height.saturating_sub(2))
}

fn draw_large(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer, run: &RunView) {
    let [charts, facts, log_area] = parts(area);
    for (cell, quantity) in large_charts(charts) {
        overview::draw_chart(state, theme, cell, buffer, &[run], quantity, "");
    }
    let panes = Layout::horizontal([Constraint::Fill(1); 3]).areas::<3>(facts);
    health::parameters(theme, panes[0], buffer, run, "");
    health::health(state, theme, panes[1], buffer, run, "");
    resources::draw(state, theme, panes[2], buffer, run, "");
    let next = format!("tab: {} · e: all the room", run::next(state).name());
    if !run::is_wide(state.size) {
        return draw_pane(state, theme, log_area, buffer, run, &next);
    }
    let [left, right] = Layout::horizontal([Constraint::Fill(5), Constraint::Fill(3)]).areas(log_area);
    if run::pane(state) == Pane::Mistakes {
        mistakes::draw(state, theme, left, buffer, run, &next);
    } else {
        let panes = Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).areas::<2>(left);
        layers::draw(theme, panes[0], buffer, run, state.layer_scroll, "");
        confusion::draw(theme, panes[1], buffer, run, "tab: mistakes");
    }
    log::draw(state, theme, right, buffer, run);
}

/// One pane at a time.
fn draw_compact(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer, run: &RunView) {
    draw_pane(state, theme, area, buffer, run, &format!("tab: {}", run::next(state).name()));
}

/// The pane that is turned to; below a chart a strip of four lines.
fn draw_pane(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer, run: &RunView, note: &str) {
    if let Some((chart, quantity, strip)) = pane_chart(state, area) {
        overview::draw_chart(state, theme, chart, buffer, &[run], quantity, note);
        health::strip(state, theme, strip, buffer, run);
        return;
    }
    match run::pane(state) {
        Pane::Loss | Pane::Metric => {}
        Pane::Parameters => health::parameters(theme, area, buffer, run, note),
        Pane::Layers => layers::draw(theme, area, buffer, run, state.layer_scroll, note),
        Pane::Health => health::health(state, theme, area, buffer, run, note),
        Pane::Confusion => confusion::draw(theme, area, buffer, run, note),
        Pane::Mistakes => mistakes::draw(state, theme, area, buffer, run, note),
        Pane::System => resources::draw(state, theme, area, buffer, run, note),
        Pane::Log => log::draw(state, theme, area, buffer, run),
    }
}

fn draw_head(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer, run: &RunView) {
    let slot = state.slot(&run.id);
    let color = Style::new().fg(theme.series_color(slot));
    let mut who = vec![
        Span::styled(format!(" {} ", theme.marker(slot)), color),
        Span::styled(text::middle(&text::clean(run.id.run()), 28), color.patch(theme.title())),
    ];
    if let Ok(spec) = &run.spec {
        who.push(Span::styled(format!("  {} {}", spec.method.about().name, spec.method.hyperparameters_line()), theme.dim()));
    }
    let mut what =
        vec![Span::styled(format!("{} {}", theme.status_glyph(run.status), run.status.name().to_uppercase()), theme.status(run.status))];
    if let Some(left) = state.seconds_left(run) {
        what.push(Span::raw(format!("  ETA {}", text::duration(left))));
    }
    what.push(Span::raw(" "));
    let what = Line::from(what);
    draw::line(buffer, Rect { width: area.width.saturating_sub(what.width() as u16 + 2), ..area }, 0, &Line::from(who));
    draw::right(buffer, area, 0, 0, &what);
    progress(theme, area, buffer, run, color);
    if let Some(alert) = alerts::alert(state, run) {
        draw::line(buffer, area, 2, &footer::line(theme, &alert, usize::from(area.width)));
    } else {
        let reason = text::clean(&run.reason());
        draw::put(buffer, area, 3, 2, &reason, theme.dim());
    }
}

/// Progress of the whole and of the epoch, or of the preparation.
fn progress(theme: Theme, area: Rect, buffer: &mut Buffer, run: &RunView, color: Style) {
    let row = 1;
    let Some(training) = &run.state.training else {
        let text = match &run.state.preparing {
            Some(preparing) if preparing.total > 0 => format!("{}  {}/{}", text::clean(&preparing.what), preparing.done, preparing.total),
            Some(preparing) => format!("{} …", text::clean(&preparing.what)),
            None => "has not started".to_owned(),
        };
        draw::put(buffer, area, 3, row, &text, theme.dim());
        return;
    };
    let step = run.state.step();
    let total = training.total_steps.max(1);
    let share = step as f64 / total as f64;
    let epoch = run.state.steps.last().map_or(0.0, |step| step.epoch);
    let of_epoch = if step == total { 1.0 } else { epoch.fract() };
    let numbers = format!(
        "{:>3.0}%  step {step}/{total}  epoch {}/{} ",
        share * 100.0,
        (epoch.ceil() as u32).clamp(1, training.epochs.max(1)),
        training.epochs
    );
    let room = usize::from(area.width).saturating_sub(text::width(&numbers) + 6);
    let (whole, part) = (room * 3 / 4, room - room * 3 / 4);
    let edge = theme.line();
    let line = Line::from(vec![
        Span::styled(theme.choose("  ▐", " ["), edge),
        Span::styled(draw::bar(share, whole.saturating_sub(1), theme), color),
        Span::styled(theme.choose("▌", "]"), edge),
        Span::raw(numbers),
        Span::styled(theme.choose("▐", "["), edge),
        Span::styled(draw::bar(of_epoch, part.saturating_sub(1), theme), theme.dim()),
        Span::styled(theme.choose("▌", "]"), edge),
    ]);
    draw::line(buffer, area, row, &line);
}
