//! All that the dashboard knows. Plain data; changed by `update` and `act` alone, shown by `view`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::metric::MetricName;
use crate::run::catalog::{Catalog, RunId, RunView};
use crate::run::request::RequestKind;
use crate::run::steps::Steps;
use crate::spec::task::TaskKind;
use crate::tui::order::{self, Sort};
use crate::verdict::overfitting::{Point, Verdict};

/// All that the dashboard knows.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The runs.
    pub catalog: Catalog,
    /// What follows from each run's events; kept beside the catalog, so that no frame computes it again.
    pub insights: BTreeMap<RunId, Insight>,
    /// Which colour and marker each run has, for as long as it is known.
    pub slots: BTreeMap<RunId, usize>,
    /// Where runs are kept, for people.
    pub root: String,
    /// Seconds since the Unix epoch at the last tick.
    pub now: f64,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Whether the folder of all runs has been read once.
    pub is_loaded: bool,
    /// Which screen is shown.
    pub screen: Screen,
    /// Rows that the help is scrolled by, while it is open.
    pub help: Option<usize>,
    /// A question that waits for its answer.
    pub question: Option<Question>,
    /// What the last action came to.
    pub notice: Option<Notice>,
    /// Which experiment is shown.
    pub focus: Focus,
    /// The run under the cursor.
    pub cursor: Option<RunId>,
    /// Runs that are left out of the charts.
    pub unmarked: BTreeSet<RunId>,
    /// Order of the table.
    pub sort: Sort,
    /// How charts are drawn.
    pub chart: ChartOptions,
    /// Which pane is on top, where there is no room for all.
    pub pane: usize,
    /// Lines that the log is scrolled up by from its end.
    pub log_scroll: usize,
    /// The last lines of stderr of the run that was opened last.
    pub stderr: Option<(RunId, Vec<String>)>,
    /// The launch screen.
    pub launch: LaunchState,
    /// When runs that wait were last seen without news, so that a queue is asked for.
    pub queue_asked: f64,
    /// Whether a frame must be drawn.
    pub is_dirty: bool,
}

/// What follows from a run's events.
#[derive(Debug, Clone, Default)]
pub struct Insight {
    /// Its evaluations with matched training losses.
    pub points: Vec<Point>,
    /// Whether it overfits.
    pub verdict: Verdict,
    /// Seconds left when last heard of.
    pub seconds_left: Option<f64>,
    /// When it was last heard of, on the viewer's clock.
    pub heard: f64,
}

/// The screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Screen {
    /// All runs, compared.
    #[default]
    Overview,
    /// One run.
    Run,
    /// Start an experiment.
    Launch,
}

/// Which experiment is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Focus {
    /// The one that appeared last.
    #[default]
    Newest,
    /// The one with this folder name.
    Named(String),
    /// All.
    All,
}

/// A question about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Which run.
    pub id: RunId,
    /// What would be asked of it.
    pub request: RequestKind,
    /// The question.
    pub text: String,
}

/// What an action came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// In words.
    pub text: String,
    /// Whether it went wrong.
    pub is_problem: bool,
    /// When it has been shown for long enough.
    pub until: f64,
}

/// What the x axis counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum XAxis {
    /// Optimizer steps.
    #[default]
    Step,
    /// Passes over the training split.
    Epoch,
    /// Training examples.
    Examples,
    /// Seconds spent in training steps.
    Time,
}

impl XAxis {
    /// The name on the axis.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Epoch => "epoch",
            Self::Examples => "examples",
            Self::Time => "training seconds",
        }
    }

    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Step => Self::Epoch,
            Self::Epoch => Self::Examples,
            Self::Examples => Self::Time,
            Self::Time => Self::Step,
        }
    }

    /// Where step number `idx` lies on it.
    pub fn of(self, steps: &Steps, idx: usize) -> f64 {
        match self {
            Self::Step => steps.step(idx) as f64,
            Self::Epoch => steps.epoch(idx),
            Self::Examples => steps.examples(idx) as f64,
            Self::Time => steps.training_seconds(idx),
        }
    }
}

/// Weights of smoothing to choose from.
pub const SMOOTHING: [f64; 6] = [0.0, 0.5, 0.8, 0.9, 0.95, 0.99];

/// How charts are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChartOptions {
    /// The x axis.
    pub x_axis: XAxis,
    /// Index into [`SMOOTHING`].
    pub smoothing_idx: usize,
    /// Whether the y axis of losses is logarithmic.
    pub is_log: bool,
    /// Whether outliers are cut off.
    pub clips: bool,
    /// Whether the best evaluations are marked.
    pub shows_best: bool,
    /// The metric chosen by hand.
    pub metric: Option<MetricName>,
    /// Where the crosshair is, from 0 (left) to 1 (right).
    pub crosshair: Option<f64>,
}

impl Default for ChartOptions {
    fn default() -> Self {
        Self { x_axis: XAxis::Step, smoothing_idx: 2, is_log: false, clips: true, shows_best: true, metric: None, crosshair: None }
    }
}

/// The launch screen.
#[derive(Debug, Clone, Default)]
pub struct LaunchState {
    /// Experiment files found; `None` before the first look.
    pub files: Option<Vec<PathBuf>>,
    /// Index of the file under the cursor.
    pub cursor: usize,
    /// A plan, or its errors, and whose.
    pub plan: Option<(PathBuf, Result<String, String>)>,
    /// Lines that it is scrolled by.
    pub scroll: usize,
    /// What is being waited for.
    pub waiting: Option<&'static str>,
}

impl State {
    /// The dashboard before anything is known.
    pub fn new(root: String, now: f64, size: (u16, u16), focus: Option<String>) -> Self {
        let focus = focus.map_or(Focus::Newest, Focus::Named);
        Self { root, now, size, focus, is_dirty: true, ..Self::default() }
    }

    /// Folder name of the experiment in focus; `None` where all are shown or there is none.
    pub fn experiment(&self) -> Option<&str> {
        match &self.focus {
            Focus::Newest => self.catalog.runs.last().map(|run| run.id.experiment()),
            Focus::Named(name) => Some(name),
            Focus::All => None,
        }
    }

    /// All experiments, in order of appearance.
    pub fn experiments(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for run in &self.catalog.runs {
            if !names.contains(&run.id.experiment()) {
                names.push(run.id.experiment());
            }
        }
        names
    }

    /// The runs in focus, in the order of the table.
    pub fn visible(&self) -> Vec<&RunView> {
        let experiment = self.experiment();
        let in_focus = |run: &&RunView| experiment.is_none_or(|experiment| run.id.experiment() == experiment);
        let mut runs: Vec<&RunView> = self.catalog.runs.iter().filter(in_focus).collect();
        order::sort(&mut runs, self);
        runs
    }

    /// The run under the cursor, or else the first.
    pub fn selected(&self) -> Option<&RunView> {
        let visible = self.visible();
        let under_cursor = visible.iter().find(|run| Some(&run.id) == self.cursor.as_ref());
        under_cursor.or(visible.first()).copied()
    }

    /// The runs whose curves are drawn: the marked ones, or the one under the cursor where none is marked.
    pub fn charted(&self) -> Vec<&RunView> {
        let marked: Vec<&RunView> = self.visible().into_iter().filter(|run| !self.unmarked.contains(&run.id)).collect();
        if marked.is_empty() { self.selected().into_iter().collect() } else { marked }
    }

    /// The metric of table and charts: chosen by hand, else what the first run is judged by, else the usual one of its task.
    pub fn metric(&self) -> MetricName {
        let experiment = self.experiment();
        let in_focus = |run: &&RunView| experiment.is_none_or(|experiment| run.id.experiment() == experiment);
        let spec = self.catalog.runs.iter().filter(in_focus).find_map(|run| run.spec.as_ref().ok());
        let kind = spec.map_or(TaskKind::Classification, |spec| spec.task.kind);
        let fits = |metric: &MetricName| *metric != MetricName::Loss && kind.metrics().contains(metric);
        let by_hand = self.chart.metric.filter(fits);
        by_hand.or(spec.map(|spec| spec.best_metric).filter(fits)).unwrap_or(kind.default_metric())
    }

    /// The metrics that [`State::metric`] can be.
    pub fn metrics(&self) -> Vec<MetricName> {
        let current = self.metric();
        let kinds = [TaskKind::Classification, TaskKind::Regression].into_iter();
        let metrics = kinds.map(TaskKind::metrics).find(|metrics| metrics.contains(&current)).unwrap_or_default();
        metrics.iter().copied().filter(|metric| *metric != MetricName::Loss).collect()
    }

    /// Which colour and marker a run has.
    pub fn slot(&self, id: &RunId) -> usize {
        self.slots.get(id).copied().unwrap_or(0)
    }

    /// Seconds that a run has left, as of now.
    pub fn seconds_left(&self, run: &RunView) -> Option<f64> {
        let insight = self.insights.get(&run.id)?;
        let waited = if run.state.is_paused { 0.0 } else { (self.now - insight.heard).max(0.0) };
        insight.seconds_left.filter(|_| !run.status.is_over()).map(|left| (left - waited).max(0.0))
    }

    /// Weight of the past in smoothed curves.
    pub fn smoothing(&self) -> f64 {
        SMOOTHING[self.chart.smoothing_idx.min(SMOOTHING.len() - 1)]
    }
}
