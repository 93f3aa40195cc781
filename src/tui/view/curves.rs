//! Which curves a chart shows: runs in, chart out. Pure.

use ratatui::style::{Modifier, Style};

use crate::metric::MetricName;
use crate::run::catalog::RunView;
use crate::run::steps::Steps;
use crate::tui::series::Ema;
use crate::tui::state::{State, XAxis};
use crate::tui::theme::Theme;
use crate::tui::view::chart::{Chart, ChartLine, Label, Points, Series};
use crate::tui::view::raster::Weight;

/// What a chart shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Training and validation loss.
    Loss,
    /// The chosen metric on the validation split.
    Metric,
    /// Validation loss minus training loss.
    Gap,
    /// Learning rate.
    LearningRate,
    /// Norm of the gradient before clipping.
    GradientNorm,
    /// Examples per second.
    Speed,
}

/// The steps of a run as a series.
#[derive(Debug)]
pub struct StepSeries<'a> {
    steps: &'a Steps,
    x_axis: XAxis,
    quantity: Quantity,
}

impl Series for StepSeries<'_> {
    fn n_points(&self) -> usize {
        self.steps.len()
    }

    fn point(&self, idx: usize) -> (f64, f64) {
        let y = match self.quantity {
            Quantity::LearningRate => self.steps.learning_rate(idx),
            Quantity::GradientNorm => self.steps.gradient_norm(idx),
            Quantity::Speed => {
                let before = if idx == 0 { 0 } else { self.steps.examples(idx - 1) };
                self.steps.examples(idx).saturating_sub(before) as f64 / self.steps.seconds(idx).max(1e-9)
            }
            _ => self.steps.loss(idx),
        };
        (self.x_axis.of(self.steps, idx), y)
    }
}

impl Quantity {
    /// The title of its chart.
    pub fn title(self, metric: MetricName) -> String {
        match self {
            Self::Loss => "loss".to_owned(),
            Self::Metric => format!("validation {}", metric.name()),
            Self::Gap => "gap: validation − training loss".to_owned(),
            Self::LearningRate => "learning rate".to_owned(),
            Self::GradientNorm => "gradient norm".to_owned(),
            Self::Speed => "examples per second".to_owned(),
        }
    }

    const fn is_of_steps(self) -> bool {
        matches!(self, Self::Loss | Self::LearningRate | Self::GradientNorm | Self::Speed)
    }

    /// Smoothing hides what a schedule is, and adds nothing to it.
    const fn is_smoothed(self) -> bool {
        !matches!(self, Self::LearningRate)
    }
}

/// The series that a chart of these runs reads in place; they must outlive it.
pub fn series<'a>(state: &State, runs: &[&'a RunView], quantity: Quantity) -> Vec<StepSeries<'a>> {
    runs.iter().map(|run| StepSeries { steps: &run.state.steps, x_axis: state.chart.x_axis, quantity }).collect()
}

/// The chart of a quantity over these runs; the selected run is drawn last, over the others.
pub fn chart<'a>(state: &State, theme: Theme, runs: &[&'a RunView], series: &'a [StepSeries<'a>], quantity: Quantity) -> Chart<'a> {
    let options = &state.chart;
    let x_range = x_range(runs, options.x_axis);
    let crosshair = options.crosshair.map(|share| x_range.0 + share * (x_range.1 - x_range.0));
    let mut order: Vec<usize> = (0..runs.len()).collect();
    let selected = state.selected().map(|run| &run.id);
    order.sort_by_key(|idx| Some(&runs[*idx].id) == selected);
    let smoothing = if quantity.is_smoothed() { state.smoothing() } else { 0.0 };
    let (mut raw, mut thin, mut thick) = (Vec::new(), Vec::new(), Vec::new());
    let mut labels = Vec::new();
    for idx in order {
        let (run, steps) = (runs[idx], &series[idx]);
        let slot = state.slot(&run.id);
        let color = Style::new().fg(theme.series_color(slot));
        let line = |points, weight, style, marker, sets_range| ChartLine { points, weight, style, marker, best: None, sets_range };
        if quantity.is_of_steps() {
            let has_validation = quantity == Quantity::Loss;
            if smoothing > 0.0 && runs.len() == 1 {
                raw.push(line(Points::Long(steps, 0.0), Weight::Thin, theme.line().add_modifier(Modifier::DIM), "", false));
            }
            let style = if has_validation { color.add_modifier(Modifier::DIM) } else { color };
            thin.push(line(Points::Long(steps, smoothing), Weight::Thin, style, "", true));
        }
        let points = evaluations(state, run, quantity);
        if !quantity.is_of_steps() || quantity == Quantity::Loss {
            let best = run.state.best().filter(|_| options.shows_best);
            let best = best.and_then(|best| points.iter().find(|point| point.2 == best.step)).map(|point| (point.0, point.1));
            let points = points.iter().map(|point| (point.0, point.1)).collect();
            let marker = theme.marker(slot);
            thick.push(ChartLine { best, ..line(Points::Few(points), Weight::Thick, color, marker, true) });
        }
        let value = if quantity.is_of_steps() && quantity != Quantity::Loss {
            value_of_steps(steps, smoothing, crosshair)
        } else {
            let until = crosshair.unwrap_or(f64::INFINITY);
            points.iter().rev().find(|point| point.0 <= until).map(|point| point.1)
        };
        if value.is_none() && crosshair.is_none() {
            continue;
        }
        labels.push(Label { marker: theme.marker(slot), name: run.id.run(), value, style: color });
    }
    let lines = raw.into_iter().chain(thin).chain(thick).collect();
    let is_log = options.is_log && matches!(quantity, Quantity::Loss | Quantity::GradientNorm | Quantity::LearningRate);
    let labels = if runs.len() > 1 || crosshair.is_some() { labels } else { Vec::new() };
    let empty = if quantity.is_of_steps() { "no step yet" } else { "no evaluation yet" };
    Chart { lines, labels, x_range, x_name: options.x_axis.name(), is_log, clips: options.clips, crosshair, empty }
}

/// From 0 to the furthest that any of the runs has come.
fn x_range(runs: &[&RunView], x_axis: XAxis) -> (f64, f64) {
    let furthest =
        runs.iter().filter_map(|run| Some(x_axis.of(&run.state.steps, run.state.steps.len().checked_sub(1)?))).fold(0.0, f64::max);
    (0.0, if furthest > 0.0 { furthest } else { 1.0 })
}

/// The evaluations of a run: x, y, step.
fn evaluations(state: &State, run: &RunView, quantity: Quantity) -> Vec<(f64, f64, u64)> {
    let x = |step: u64, epoch: f64| match state.chart.x_axis {
        XAxis::Step => step as f64,
        XAxis::Epoch => epoch,
        x_axis => {
            let idx = run.state.steps.n_until(step);
            idx.checked_sub(1).map_or(0.0, |idx| x_axis.of(&run.state.steps, idx))
        }
    };
    if quantity == Quantity::Gap {
        let Some(insight) = state.insights.get(&run.id) else { return Vec::new() };
        let epochs = run.state.evaluations.iter().map(|evaluation| evaluation.epoch);
        let points = insight.points.iter().zip(epochs);
        return points.filter_map(|(point, epoch)| Some((x(point.step, epoch), point.gap()?, point.step))).collect();
    }
    let metric = if quantity == Quantity::Loss { MetricName::Loss } else { state.metric() };
    let of = |evaluation: &crate::run::event::Evaluation| {
        let value = evaluation.metrics.get(&metric)?.0;
        Some((x(evaluation.step, evaluation.epoch), value, evaluation.step))
    };
    run.state.evaluations.iter().filter_map(of).collect()
}

/// The smoothed value at the crosshair, or the last. Of the points before it only those are read that still weigh:
/// what lies ten time constants back weighs less than e⁻¹⁰.
fn value_of_steps(series: &StepSeries, smoothing: f64, crosshair: Option<f64>) -> Option<f64> {
    let end =
        crosshair.map_or(series.steps.len(), |until| series.steps.partition_point(|idx| series.x_axis.of(series.steps, idx) <= until));
    let start = end.saturating_sub((10.0 / (1.0 - smoothing)).ceil() as usize);
    let mut ema = Ema::new(smoothing);
    (start..end).map(|idx| ema.next(series.point(idx).1)).last()
}
