//! Which curves a chart shows: runs in, chart out. Pure.

use std::borrow::Cow;

use ratatui::style::{Modifier, Style};

use crate::curve::changes;
use crate::curve::evaluations::{self, Evaluated};
use crate::curve::quantity::Quantity;
use crate::curve::run_curves;
use crate::curve::step_curve::StepCurve;
use crate::run::catalog::RunView;
use crate::tui::state::State;
use crate::tui::theme::Theme;
use crate::tui::view::chart::{Chart, ChartLine, Label, Points};
use crate::tui::view::raster::Weight;

/// Runs of which the raw curve is drawn behind the smoothed one; among more, only that of the run under the cursor.
const MOST_RAW: usize = 3;

/// What is drawn of one run.
struct Curves<'a> {
    run: &'a RunView,
    raw: StepCurve<'a>,
    smooth: StepCurve<'a>,
    evaluated: Cow<'a, [Evaluated]>,
}

fn curves<'a>(state: &'a State, run: &'a RunView, quantity: Quantity) -> Curves<'a> {
    let (x_axis, kept) = (state.chart.x_axis, state.curves.get(&run.id));
    let smoothing = if quantity.is_smoothed() { state.smoothing() } else { 0.0 };
    let curve = |weight| run_curves::curve(kept, &run.state.steps, quantity, x_axis, weight);
    let points = || evaluations::points(&run.state, state.concluded(&run.id), quantity, state.metric(), x_axis);
    let known = kept.and_then(|kept| kept.evaluated(&run.state, quantity, state.metric(), x_axis));
    let evaluated = known.map_or_else(|| Cow::Owned(points()), Cow::Borrowed);
    Curves { run, raw: curve(0.0), smooth: curve(smoothing), evaluated }
}

/// The chart of a quantity over these runs; the selected run is drawn last, over the others.
pub fn chart<'a>(state: &'a State, theme: Theme, runs: &[&'a RunView], quantity: Quantity) -> Chart<'a> {
    let options = &state.chart;
    let window = state.window(runs);
    let crosshair = options.crosshair.map(|share| window.at(share));
    let selected = state.selected().map(|run| &run.id);
    let mut order: Vec<&RunView> = runs.to_vec();
    order.sort_by_key(|run| Some(&run.id) == selected);
    let (mut raw, mut thin, mut thick) = (Vec::new(), Vec::new(), Vec::new());
    let mut labels = Vec::new();
    for run in order {
        let slot = state.slot(&run.id);
        let color = Style::new().fg(theme.series_color(slot));
        let curves = curves(state, run, quantity);
        if quantity.is_of_steps() {
            let is_shown_raw = runs.len() <= MOST_RAW || Some(&run.id) == selected;
            if curves.smooth.weight > 0.0 && is_shown_raw {
                raw.push(line(Points::Steps(curves.raw), Weight::Thin, theme.series_faint(slot), false));
            }
            let style = if quantity.is_of_evaluations() { color.add_modifier(Modifier::DIM) } else { color };
            let stop = if quantity.is_of_evaluations() { None } else { stop_of_steps(state, &curves) };
            let changes = changes::places(&run.state, &curves.smooth);
            thin.push(ChartLine { stop, changes, ..line(Points::Steps(curves.smooth), Weight::Thin, style, true) });
        }
        if quantity.is_of_evaluations() {
            let best = evaluations::best(&run.state, &curves.evaluated).filter(|_| options.shows_best);
            let place = |point: Evaluated| (point.x, point.y);
            let stop = evaluations::stop(run).and_then(|_| curves.evaluated.last().copied());
            let points = Points::Few(curves.evaluated.clone());
            let marks = ChartLine { best: best.map(place), stop: stop.map(place), ..line(points, Weight::Thick, color, true) };
            thick.push(ChartLine { marker: theme.marker(slot), ..marks });
        }
        read(&mut labels, theme, &curves, quantity, crosshair, (slot, runs.len() == 1));
    }
    let lines = raw.into_iter().chain(thin).chain(thick).collect();
    let is_log = options.is_log && quantity.may_be_log();
    let labels = if runs.len() > 1 || crosshair.is_some() { labels } else { Vec::new() };
    let empty = if quantity.is_of_steps() { "no step yet" } else { "no evaluation yet" };
    let reach = if options.shares_y { shared(state, runs, quantity) } else { None };
    Chart { lines, labels, window, x_name: options.x_axis.name(), is_log, clips: options.clips, reach, crosshair, empty }
}

/// The least and the greatest value of all metrics that are charted beside this one: losses, rates and seconds share no unit with them.
fn shared(state: &State, runs: &[&RunView], quantity: Quantity) -> Option<(f64, f64)> {
    let is_metric = |quantity: &Quantity| matches!(quantity, Quantity::Metric | Quantity::Named(_));
    if !is_metric(&quantity) {
        return None;
    }
    let charted = state.chart.quantities.iter().copied().filter(is_metric);
    let points = charted.flat_map(|quantity| runs.iter().flat_map(move |run| curves(state, run, quantity).evaluated.into_owned()));
    let values = points.map(|point| point.y).filter(|value| value.is_finite());
    values.fold(None, |range, value| Some(range.map_or((value, value), |(low, high): (f64, f64)| (low.min(value), high.max(value)))))
}

const fn line(points: Points<'_>, weight: Weight, style: Style, sets_range: bool) -> ChartLine<'_> {
    ChartLine { points, weight, style, marker: "", best: None, stop: None, changes: Vec::new(), sets_range }
}

/// Where the curve of a run's steps ends, where it ended early.
fn stop_of_steps(state: &State, curves: &Curves) -> Option<(f64, f64)> {
    evaluations::stop(curves.run)?;
    let last = curves.smooth.steps.len().checked_sub(1)?;
    Some((state.chart.x_axis.of(curves.smooth.steps, last), curves.smooth.value_at(None)?))
}

/// The value of a run at the crosshair, or its last, as labels; of a run alone at the crosshair that of training too.
fn read<'a>(
    labels: &mut Vec<Label<'a>>,
    theme: Theme,
    curves: &Curves<'a>,
    quantity: Quantity,
    crosshair: Option<f64>,
    (slot, is_alone): (usize, bool),
) {
    let style = Style::new().fg(theme.series_color(slot));
    let until = crosshair.unwrap_or(f64::INFINITY);
    let evaluated = || curves.evaluated.iter().rev().find(|point| point.x <= until).map(|point| point.y);
    if quantity == Quantity::Loss && is_alone {
        let train = curves.smooth.value_at(crosshair);
        labels.push(Label { marker: theme.choose("┈", "'"), name: "train", value: train, style: style.add_modifier(Modifier::DIM) });
        labels.push(Label { marker: theme.marker(slot), name: "validation", value: evaluated(), style });
        return;
    }
    let value = if quantity.is_of_evaluations() { evaluated() } else { curves.smooth.value_at(crosshair) };
    if value.is_some() || crosshair.is_some() {
        labels.push(Label { marker: theme.marker(slot), name: curves.run.id.run(), value, style });
    }
}

#[cfg(test)]
mod tests;
