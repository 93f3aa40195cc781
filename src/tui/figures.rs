//! The charts of the dashboard as figures to be drawn into a file: the same runs, colours, axes and part of them. Pure.

use crate::report::plot::figure::{self, Figure, Options, Subject};
use crate::tui::state::{Screen, State};

/// Pixels of a picture of one chart, and of each of several.
const ONE: (u32, u32) = (960, 600);
const EACH: (u32, u32) = (560, 380);

/// The charts that are shown, as one figure.
pub fn of_charts(state: &State) -> Figure {
    let runs = state.charted_here();
    let selected = state.selected().map(|run| &run.id);
    let mut subjects: Vec<Subject> =
        runs.iter().map(|run| Subject { run, slot: state.slot(&run.id), kept: state.curves.get(&run.id) }).collect();
    subjects.sort_by_key(|subject| Some(&subject.run.id) == selected);
    let quantities = &state.chart.quantities;
    let shown = if state.is_expanded && state.screen == Screen::Overview {
        vec![quantities[state.pane % quantities.len().max(1)]]
    } else {
        quantities.clone()
    };
    let chart = &state.chart;
    let title = match (state.screen, &runs[..]) {
        (Screen::Run, [run]) => run.id.to_string(),
        _ => state.experiment().unwrap_or("all experiments").to_owned(),
    };
    let size = match shown.len() as u32 {
        0 | 1 => ONE,
        n @ 2..=4 => (EACH.0 * 2, EACH.1 * n.div_ceil(2) + 90),
        n => (EACH.0 * 3, EACH.1 * n.div_ceil(3) + 90),
    };
    let options = Options {
        quantities: shown,
        metric: state.metric(),
        x_axis: chart.x_axis,
        zoom: chart.zoom,
        smoothing: state.smoothing(),
        is_log: chart.is_log,
        is_x_log: chart.is_x_log,
        clips: chart.clips,
        shows_best: chart.shows_best,
        title: crate::run::text::printable(&title).into_owned(),
        size,
        is_dark: false,
        inset: None,
    };
    figure::figure(&subjects, &options)
}
