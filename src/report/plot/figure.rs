//! What a picture of charts shows: curves of runs in panels, with names, ranges and marks. Runs in, figure out.

use std::borrow::Cow;

use crate::curve::axis::XAxis;
use crate::curve::changes;
use crate::curve::columns::{Reduced, reduce};
use crate::curve::evaluations::{self, Concluded, Evaluated};
use crate::curve::quantity::Quantity;
use crate::curve::range;
use crate::curve::run_curves::{self, RunCurves};
use crate::curve::stretch::Stretch;
use crate::curve::window::{self, Zoom};
use crate::metric::MetricName;
use crate::report::plot::canvas::Ink;
use crate::run::catalog::RunView;
use crate::run::state::RunState;
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
    /// How it is drawn where it stands within something else.
    pub inset: Option<Inset>,
}

/// How a figure is drawn within something else that has a title of its own and explains the marks: closer to the edges, the runs named
/// with their last values. In pixels alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inset {
    /// What it stands on.
    pub ground: Ink,
    /// Pixels of the picture for each of the drawing: letters and strokes grow with it.
    pub scale: f64,
    /// What the y axes must reach beside their own curves.
    pub reach: Option<(f64, f64)>,
}

/// A run with the slot that gives its colour and marker.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The run.
    pub run: &'a RunView,
    /// Its slot.
    pub slot: usize,
    /// Its curves summed up, where they are kept.
    pub kept: Option<&'a RunCurves>,
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
    /// How it is drawn where it stands within something else.
    pub inset: Option<Inset>,
    /// The charts.
    pub panels: Vec<Panel>,
    /// Slot and name of each run.
    pub legend: Vec<(usize, String)>,
}

/// A chart of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What it shows, with its unit; empty where that stands elsewhere.
    pub title: String,
    /// How: smoothing, axes.
    pub note: String,
    /// Name of the x axis.
    pub x_name: &'static str,
    /// The x axis.
    pub x_axis: Stretch,
    /// Places on it with their labels, where they are not numbers as they are.
    pub x_ticks: Option<Vec<(f64, String)>>,
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
    /// What joins several runs and is none of theirs.
    Frontier,
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
    /// Its last value in a few characters, whether or not it is in sight.
    pub last: Option<String>,
    /// What stands beside its last marker.
    pub name: Option<String>,
    /// Where its run was best.
    pub best: Option<(f64, f64)>,
    /// Where its run stopped before its last step.
    pub stop: Option<(f64, f64)>,
    /// Where its learning rate was changed by hand.
    pub changes: Vec<(f64, f64)>,
    /// Shares of the x axis where it is NaN or infinite.
    pub broken: Vec<f64>,
}

impl Curve {
    /// One with nothing on it.
    pub const fn new(slot: usize, weight: Weight) -> Self {
        Self {
            slot,
            weight,
            pieces: Vec::new(),
            points: Vec::new(),
            last: None,
            name: None,
            best: None,
            stop: None,
            changes: Vec::new(),
            broken: Vec::new(),
        }
    }
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
        inset: options.inset,
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
    // Where nobody enlarges the picture, what lies between its pixels is not seen.
    let n_columns = options.inset.map_or(N_COLUMNS, |_| N_COLUMNS.min(options.size.0.max(2) as usize));
    for subject in subjects {
        let (state, slot) = (&subject.run.state, subject.slot);
        let smoothing = if quantity.is_smoothed() { options.smoothing } else { 0.0 };
        let curve = |weight| run_curves::curve(subject.kept, &state.steps, quantity, options.x_axis, weight);
        let empty = |weight| Curve::new(slot, weight);
        let stop = evaluations::stop(subject.run);
        if quantity.is_of_steps() {
            if smoothing > 0.0 && subjects.len() <= MOST_RAW {
                raw.push(Draft { curve: empty(Weight::Raw), reduced: curve(0.0).reduce(window, n_columns) });
            }
            let smooth = curve(smoothing);
            let last = smooth.value_at(None);
            let end = || Some((smooth.x(smooth.steps.len().checked_sub(1)?), last?));
            let stop = stop.filter(|_| !quantity.is_of_evaluations()).and_then(|_| end());
            let changes = changes::places(state, &smooth);
            thin.push(Draft {
                curve: Curve { last: last.map(short), stop, changes, ..empty(Weight::Thin) },
                reduced: smooth.reduce(window, n_columns),
            });
        }
        if quantity.is_of_evaluations() {
            let known = subject.kept.and_then(|kept| kept.evaluated(state, quantity, options.metric, options.x_axis));
            let evaluated = known.map_or_else(|| Cow::Owned(evaluated(state, quantity, options)), Cow::Borrowed);
            let points: Vec<(f64, f64)> = evaluated.iter().map(|point| (point.x, point.y)).collect();
            let best = evaluations::best(state, &evaluated).filter(|_| options.shows_best).map(|point| (point.x, point.y));
            let stop = stop.and_then(|_| points.last().copied());
            let reduced = reduce(points.iter().copied(), window, n_columns);
            let last = points.last().map(|point| short(point.1));
            thick.push(Draft { curve: Curve { points, last, best, stop, ..empty(Weight::Thick) }, reduced });
        }
    }
    let is_log = options.is_log && quantity.may_be_log();
    let drafts: Vec<Draft> = raw.into_iter().chain(thin).chain(thick).collect();
    let lines: Vec<(&Reduced, bool)> = drafts.iter().map(|draft| (&draft.reduced, draft.curve.weight != Weight::Raw)).collect();
    let range = range::of_lines(&lines, is_log, options.clips).map(|(own, is_cut)| (reaching(own, options.inset), is_cut));
    let is_headed = options.inset.is_none();
    let mut notes = Vec::new();
    if is_headed && quantity.is_smoothed() && options.smoothing > 0.0 {
        notes.push(format!("ema {}", options.smoothing));
    }
    if is_headed && range.is_some_and(|(y_axis, _)| y_axis.is_log) {
        notes.push("log".to_owned());
    }
    if range.is_some_and(|(_, is_cut)| is_cut) {
        notes.push("outliers cut off".to_owned());
    }
    let y_axis = range.map(|(y_axis, _)| y_axis);
    let curves = y_axis.map_or_else(Vec::new, |y_axis| drafts.into_iter().map(|draft| placed(draft, window, y_axis)).collect());
    let kind = subjects.iter().find_map(|subject| subject.run.spec.as_ref().ok()).map(|spec| spec.task.kind);
    let title = if is_headed { title(quantity, options.metric, kind) } else { String::new() };
    Panel { title, note: notes.join(", "), x_name: options.x_axis.name(), x_axis: window, x_ticks: None, y_axis, curves }
}

/// The evaluations of a run where nobody keeps them: all its steps are read for them.
fn evaluated(state: &RunState, quantity: Quantity, options: &Options) -> Vec<Evaluated> {
    let points = overfitting::points(state, options.metric);
    let concluded = Concluded { points: &points, metric: options.metric, places: &[] };
    evaluations::points(state, concluded, quantity, options.metric, options.x_axis)
}

/// A value in a few characters.
fn short(value: f64) -> String {
    match value.abs() {
        size if size == 0.0 || (0.01..1000.0).contains(&size) => format!("{value:.3}"),
        size if size.is_finite() => format!("{value:.1e}"),
        _ if value.is_nan() => "NaN".to_owned(),
        _ => value.to_string(),
    }
}

/// The y axis, as far as it must reach.
fn reaching(own: Stretch, inset: Option<Inset>) -> Stretch {
    let reach = inset.and_then(|inset| inset.reach);
    reach.map_or(own, |(low, high)| Stretch { low: own.low.min(low), high: own.high.max(high), ..own })
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
