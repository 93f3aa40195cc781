//! The metrics of runs that have spent the same, and what their differences mean.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::metric::MetricName;
use crate::report::compare::budget::Budget;
use crate::report::compare::matched::{Matched, Standing, matched};
use crate::report::compare::words;
use crate::report::table;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::compare::{Compared, open};
use crate::tui::view::draw;
use crate::tui::view::grid::{self, Align, Column};

/// Draws the pane.
pub fn draw(compared: &Compared, area: Rect, buffer: &mut Buffer, note: &str) {
    let (state, theme) = (compared.state, compared.theme);
    let budget = state.compare.budget;
    let found = matched(&compared.runs, budget);
    let Some((amount, limited_by)) = found.amount.zip(found.limited_by) else {
        let inner = open(compared, area, buffer, "metrics", "", note);
        let why = match budget {
            Budget::Flops => "the logs do not say where parameters stand, so FLOPs cannot be estimated; = compares at other budgets",
            _ => "no run has been evaluated yet",
        };
        return draw::put(buffer, inner, 1, 0, why, theme.dim());
    };
    let unit = if budget == Budget::Seconds { "of training" } else { budget.name() };
    let title = format!("best within {} {unit}", words::amount(budget, amount));
    let says = match found.row_counts() {
        Some(_) => "careful: judged on different rows".to_owned(),
        None => format!("= {}: {} has no more", budget.name(), text::middle(&compared.names[limited_by], 16)),
    };
    let inner = open(compared, area, buffer, &title, &says, note);
    grid::draw(buffer, inner, theme, &columns(compared, &found), state.compare.scroll);
}

fn columns(compared: &Compared, found: &Matched) -> Vec<Column> {
    let theme = compared.theme;
    let metric = compared.state.metric();
    let mut run = Column::new("  RUN", Align::Left);
    let mut method = Column::new("METHOD", Align::Left);
    let mut step = Column::new("STEP", Align::Right);
    let mut delta = Column::new("DELTA", Align::Right);
    let mut chance = Column::new("DIFFERENCE", Align::Left);
    let mut interval = Column::new("95 % INTERVAL", Align::Right);
    let standings = found.standings(metric);
    for (idx, view) in compared.runs.iter().enumerate() {
        run.cells.push(compared.name(idx));
        method.push(table::method(view), theme.dim());
        let none = || ("--".to_owned(), theme.dim());
        step.cells.push(found.entries[idx].map_or_else(none, |entry| (entry.evaluation.step.to_string(), Style::new())));
        let standing = standings[idx];
        let others = standing.filter(|standing| !standing.is_best);
        delta.cells.push(others.map_or_else(none, |standing| (format!("{:+.3}", standing.delta), Style::new())));
        chance.cells.push(standing.map_or_else(none, |standing| (words::verdict(&standing).to_owned(), style(theme, &standing))));
        let own = standing.and_then(|standing| standing.interval);
        interval.cells.push(own.map_or_else(none, |own| (format!("{:.3} to {:.3}", own.low, own.high), theme.dim())));
    }
    let value = of_metric(compared, metric, &standings);
    let others = found.metrics().into_iter().filter(|other| *other != metric);
    let others = others.map(|other| of_metric(compared, other, &found.standings(other)));
    [run, value, delta, chance, step, method, interval].into_iter().chain(others).collect()
}

fn of_metric(compared: &Compared, metric: MetricName, standings: &[Option<Standing>]) -> Column {
    let theme = compared.theme;
    let mut column = Column::new(format!("{}  ", metric.definition().short), Align::Right);
    for standing in standings {
        let Some(standing) = standing else {
            column.push("--  ", theme.dim());
            continue;
        };
        let (sign, style) = match (standing.is_best, standing.value.is_finite()) {
            (true, _) => (theme.choose(" ★", " *"), theme.good().add_modifier(Modifier::BOLD)),
            (false, true) => ("  ", Style::new()),
            (false, false) => ("  ", theme.bad()),
        };
        column.push(format!("{}{sign}", text::value(standing.value)), style);
    }
    column
}

fn style(theme: Theme, standing: &Standing) -> Style {
    match (standing.is_best, standing.is_beyond_chance) {
        (true, _) => theme.good(),
        (false, Some(true)) => theme.warn(),
        (false, _) => theme.dim(),
    }
}
