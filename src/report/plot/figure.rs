//! What a picture of charts shows: curves of runs in panels, with names, ranges and marks. Runs in, figure out.

use crate::curve::axis::XAxis;
use crate::curve::changes;
use crate::curve::columns::{Reduced, reduce};
use crate::curve::evaluations::{self, Concluded};
use crate::curve::quantity::Quantity;
use crate::curve::range;
use crate::curve::run_curves;
use crate::curve::stretch::Stretch;
use crate::curve::window::{self, Zoom};
use crate::metric::MetricName;
use crate::run::catalog::RunView;
use crate::spec::task::TaskKind;
use crate::verdict::overfitting;

/// Columns that curves are reduced to: more than a picture has.
const N_COLUMNS: usize = 1600;

/// Runs of which the raw curve is drawn behind the smoothed one.
const MOST_RAW: usize = 3;

/// What is to be drawn, and how.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Options {
    /// A panel for each.
    pub quantities: Vec<Quantity>,
    /// What [`Quantity::Metric`] is.
    pub metric: MetricName,
    /// The x axis.
    pub x_axis: XAxis,
    /// The part of it that is shown.
    pub zoom: Option<Zoom>,
    /// Weight of smoothing, in `[0, 1)`.
    pub smoothing: f64,
    /// Whether losses, norms and rates have a logarithmic axis.
    pub is_log: bool,
    /// Whether the x axis is logarithmic.
    pub is_x_log: bool,
    /// Whether outliers are cut off.
    pub clips: bool,
    /// Whether the best evaluations are marked.
    pub shows_best: bool,
    /// Stands above all; empty for none.
    pub title: String,
    /// Columns and rows in pixels.
    pub size: (u32, u32),
    /// Whether it is light on dark.
    pub is_dark: bool,
}

/// A run with the slot that gives its colour and marker.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The run.
    pub run: &'a RunView,
    /// Its slot.
    pub slot: usize,
}

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Stands above all.
    pub title: String,
    /// Columns and rows in pixels.
    pub size: (u32, u32),
    /// Whether it is light on dark.
    pub is_dark: bool,
    /// The charts.
    pub panels: Vec<Panel>,
    /// Slot and name of each run.
    pub legend: Vec<(usize, String)>,
}

/// A chart of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What it shows, with its unit.
    pub title: String,
    /// How: smoothing, axes.
    pub note: String,
    /// Name of the x axis.
    pub x_name: &'static str,
    /// The x axis.
    pub x_axis: Stretch,
    /// The y axis; `None` where there is nothing to see.
    pub y_axis: Option<Stretch>,
    /// The curves, the foremost last.
    pub curves: Vec<Curve>,
}

/// How heavy a curve is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// What lies behind a smoothed curve.
    Raw,
    /// Of training steps.
    Thin,
    /// Of evaluations.
    Thick,
}

/// A curve of a chart; places are share of the x axis, value.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Its run's slot.
    pub slot: usize,
    /// How heavy it is.
    pub weight: Weight,
    /// Its unbroken pieces.
    pub pieces: Vec<Vec<(f64, f64)>>,
    /// Where markers stand.
    pub points: Vec<(f64, f64)>,
    /// Where its run was best.
    pub best: Option<(f64, f64)>,
    /// Where its run stopped before its last step.
    pub stop: Option<(f64, f64)>,
    /// Where its learning rate was changed by hand.
    pub changes: Vec<(f64, f64)>,
    /// Shares of the x axis where it is NaN or infinite.
    pub broken: Vec<f64>,
}

/// The picture of these runs, the foremost last.
pub fn figure(subjects: &[Subject], options: &Options) -> Figure {
    let runs: Vec<&RunView> = subjects.iter().map(|subject| subject.run).collect();
    let full = window::full(&runs, options.x_axis, options.is_x_log);
    let window = window::shown(options.zoom, full, &runs, options.x_axis);
    let is_one_experiment = runs.windows(2).all(|pair| pair[0].id.experiment() == pair[1].id.experiment());
    let name = |run: &RunView| if is_one_experiment { run.id.run().to_owned() } else { run.id.to_string() };
    Figure {
        title: options.title.clone(),
        size: options.size,
        is_dark: options.is_dark,
        panels: options.quantities.iter().map(|quantity| panel(subjects, options, window, *quantity)).collect(),
        legend: subjects.iter().map(|subject| (subject.slot, crate::run::text::printable(&name(subject.run)).into_owned())).collect(),
    }
}

/// A curve before it is known what the y axis shows.
struct Draft {
    curve: Curve,
    reduced: Reduced,
}

fn panel(subjects: &[Subject], options: &Options, window: Stretch, quantity: Quantity) -> Panel {
    let (mut raw, mut thin, mut thick) = (Vec::new(), Vec::new(), Vec::new());
    for subject in subjects {
        let (state, slot) = (&subject.run.state, subject.slot);
        let smoothing = if quantity.is_smoothed() { options.smoothing } else { 0.0 };
        let curve = |weight| run_curves::curve(None, &state.steps, quantity, options.x_axis, weight);
        let empty = |weight| Curve {
            slot,
            weight,
            pieces: Vec::new(),
            points: Vec::new(),
            best: None,
            stop: None,
            changes: Vec::new(),
            broken: Vec::new(),
        };
        let stop = evaluations::stop(subject.run);
        if quantity.is_of_steps() {
            if smoothing > 0.0 && subjects.len() <= MOST_RAW {
                raw.push(Draft { curve: empty(Weight::Raw), reduced: curve(0.0).reduce(window, N_COLUMNS) });
            }
            let smooth = curve(smoothing);
            let last = || Some((smooth.x(smooth.steps.len().checked_sub(1)?), smooth.value_at(None)?));
            let stop = stop.filter(|_| !quantity.is_of_evaluations()).and_then(|_| last());
            let changes = changes::places(state, &smooth);
            thin.push(Draft { curve: Curve { stop, changes, ..empty(Weight::Thin) }, reduced: smooth.reduce(window, N_COLUMNS) });
        }
        if quantity.is_of_evaluations() {
            let points = overfitting::points(state, options.metric);
            let concluded = Concluded { points: &points, metric: options.metric, places: &[] };
            let evaluated = evaluations::points(state, concluded, quantity, options.metric, options.x_axis);
            let points: Vec<(f64, f64)> = evaluated.iter().map(|point| (point.x, point.y)).collect();
            let best = evaluations::best(state, &evaluated).filter(|_| options.shows_best).map(|point| (point.x, point.y));
            let stop = stop.and_then(|_| points.last().copied());
            let reduced = reduce(points.iter().copied(), window, N_COLUMNS);
            thick.push(Draft { curve: Curve { points, best, stop, ..empty(Weight::Thick) }, reduced });
        }
    }
    let is_log = options.is_log && quantity.may_be_log();
    let drafts: Vec<Draft> = raw.into_iter().chain(thin).chain(thick).collect();
    let lines: Vec<(&Reduced, bool)> = drafts.iter().map(|draft| (&draft.reduced, draft.curve.weight != Weight::Raw)).collect();
    let range = range::of_lines(&lines, is_log, options.clips);
    let mut notes = Vec::new();
    if quantity.is_smoothed() && options.smoothing > 0.0 {
        notes.push(format!("ema {}", options.smoothing));
    }
    if range.is_some_and(|(y_axis, _)| y_axis.is_log) {
        notes.push("log".to_owned());
    }
    if range.is_some_and(|(_, is_cut)| is_cut) {
        notes.push("outliers cut off".to_owned());
    }
    let y_axis = range.map(|(y_axis, _)| y_axis);
    let curves = y_axis.map_or_else(Vec::new, |y_axis| drafts.into_iter().map(|draft| placed(draft, window, y_axis)).collect());
    let kind = subjects.iter().find_map(|subject| subject.run.spec.as_ref().ok()).map(|spec| spec.task.kind);
    let title = title(quantity, options.metric, kind);
    Panel { title, note: notes.join(", "), x_name: options.x_axis.name(), x_axis: window, y_axis, curves }
}

fn title(quantity: Quantity, metric: MetricName, kind: Option<TaskKind>) -> String {
    match (quantity, kind) {
        (Quantity::Loss, Some(TaskKind::Classification)) => "loss (cross-entropy, nat)".to_owned(),
        (Quantity::Loss, Some(TaskKind::Regression)) => "loss (mean squared error)".to_owned(),
        _ => quantity.title(metric),
    }
}

/// The curve with its places on the axes.
fn placed(Draft { mut curve, reduced }: Draft, window: Stretch, y_axis: Stretch) -> Curve {
    let n = reduced.columns.len();
    let share = |column: usize| column as f64 / (n.max(2) - 1) as f64;
    let mut piece: Vec<(f64, f64)> = Vec::new();
    for (idx, column) in reduced.columns.iter().enumerate() {
        if let Some([first, least, greatest, last]) = column.values {
            for value in [first, least, greatest, last] {
                if piece.last() != Some(&(share(idx), value)) {
                    piece.push((share(idx), value));
                }
            }
        }
        if column.has_non_finite {
            curve.broken.push(share(idx));
            curve.pieces.push(std::mem::take(&mut piece));
        }
    }
    curve.pieces.push(piece);
    let edges = reduced.edges(window, y_axis);
    curve.pieces.extend(edges.into_iter().map(|(from, to)| vec![(share(from.0), from.1), (share(to.0), to.1)]));
    curve.pieces.retain(|piece| !piece.is_empty());
    let inside = |(x, y): (f64, f64)| window.column(x, 2).filter(|_| y.is_finite()).map(|_| (window.share(x), y));
    curve.points = curve.points.iter().filter_map(|point| inside(*point)).collect();
    curve.changes = curve.changes.iter().filter_map(|place| inside(*place)).collect();
    (curve.best, curve.stop) = (curve.best.and_then(inside), curve.stop.and_then(inside));
    curve
}
