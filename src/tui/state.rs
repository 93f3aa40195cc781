//! All that the dashboard knows. Plain data; changed by `update` and `act` alone, shown by `view`.

use std::collections::{BTreeMap, BTreeSet};

use crate::curve::axis::XAxis;
use crate::curve::evaluations::Concluded;
use crate::curve::quantity::Quantity;
use crate::curve::run_curves::RunCurves;
use crate::curve::stretch::Stretch;
use crate::curve::window::{self, Zoom};
use crate::metric::MetricName;
use crate::run::catalog::{Catalog, RunId, RunView};
use crate::spec::task::TaskKind;
use crate::tui::act::heard::Asked;
use crate::tui::columns::Column;
use crate::tui::effect::Effect;
use crate::tui::filter::Filter;
use crate::tui::group::GroupBy;
use crate::tui::keys::keymap::Keymap;
use crate::tui::listed::{self, Listed};
use crate::tui::order::Sort;
use crate::tui::overlay::Overlay;
use crate::tui::screen::compare::CompareState;
use crate::tui::screen::launch::LaunchState;
use crate::tui::screen::log::LogState;
use crate::tui::screen::mistakes::MistakesState;
use crate::tui::screen::queue::QueueState;
use crate::tui::screen::system::SystemState;
use crate::verdict::overfitting::{Point, Verdict};

/// Curves in a chart at most: more cannot be told apart.
pub const MOST_CHARTED: usize = 40;

/// All that the dashboard knows.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct State {
    /// The runs.
    pub catalog: Catalog,
    /// What follows from each run's events; kept beside the catalog, so that no frame computes it again.
    pub insights: BTreeMap<RunId, Insight>,
    /// The curves of each run summed up, for the charts that are shown; kept for the same reason.
    pub curves: BTreeMap<RunId, RunCurves>,
    /// The metric that they were summed up for.
    pub followed: Option<MetricName>,
    /// How often anything of the runs, or of what was concluded from them, has changed.
    pub revision: u64,
    /// The runs in view; kept, so that no frame filters and sorts them again.
    pub listed: Listed,
    /// Runs whose events have been taken in and not been judged yet.
    pub unjudged: BTreeSet<RunId>,
    /// The resolved configuration of each run, by dotted key.
    pub configurations: BTreeMap<RunId, BTreeMap<String, String>>,
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
    /// What lies over it.
    pub overlay: Option<Overlay>,
    /// What keys do.
    pub keymap: Keymap,
    /// Whether runs can be looked at only.
    pub is_read_only: bool,
    /// Whether the terminal is told when a run ends while nobody looks.
    pub notifies: bool,
    /// Whether somebody looks: the terminal has the focus, as far as it says.
    pub is_focused: bool,
    /// What will be done unless it is taken back.
    pub pending: Option<Pending>,
    /// What was asked of runs and may not have been heard yet.
    pub asked: Vec<Asked>,
    /// What the last action came to.
    pub notice: Option<Notice>,
    /// Which experiment is shown.
    pub focus: Focus,
    /// The run under the cursor.
    pub cursor: Option<RunId>,
    /// Runs that are marked: the charts show them, and what is asked of runs is asked of them.
    pub marked: BTreeSet<RunId>,
    /// The run that was marked or unmarked last, where a range begins.
    pub mark_anchor: Option<RunId>,
    /// Which runs are shown.
    pub filter: Filter,
    /// Order of the table.
    pub sort: Sort,
    /// What its rows are grouped by.
    pub group: GroupBy,
    /// Columns that were taken off the table.
    pub hidden_columns: BTreeSet<Column>,
    /// How charts are drawn.
    pub chart: ChartOptions,
    /// Which pane is on top, where there is no room for all.
    pub pane: usize,
    /// Whether it has all the room.
    pub is_expanded: bool,
    /// The log of the run that is shown.
    pub log: LogState,
    /// Rows that the tree of layers is scrolled by.
    pub layer_scroll: usize,
    /// The last lines of stderr of the run that was opened last.
    pub stderr: Option<(RunId, Vec<String>)>,
    /// The memory that a plan says of the run that was opened last, bytes; `None` within where that cannot be told.
    pub planned_memory: Option<(RunId, Option<u64>)>,
    /// What the run that is shown gets wrong.
    pub mistakes: MistakesState,
    /// The screen that compares.
    pub compare: CompareState,
    /// The launch screen.
    pub launch: LaunchState,
    /// The screen of what waits.
    pub queue: QueueState,
    /// The screen of the machine.
    pub system: SystemState,
    /// When runs that wait were last seen without news, so that a queue is asked for.
    pub queue_asked: f64,
    /// Whether a frame must be drawn.
    pub is_dirty: bool,
}

/// What follows from a run's events.
#[derive(Debug, Clone)]
pub struct Insight {
    /// Its evaluations with matched training losses.
    pub points: Vec<Point>,
    /// The metric that they hold.
    pub metric: MetricName,
    /// How often its steps had been cut when they were made.
    pub n_cuts: u64,
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
    /// All runs and their charts.
    #[default]
    Overview,
    /// Marked runs side by side.
    Compare,
    /// One run.
    Run,
    /// Start an experiment.
    Launch,
    /// What waits, runs and why.
    Queue,
    /// The machine.
    System,
}

impl Screen {
    /// All of them, in the order of their keys.
    pub const ALL: [Self; 6] = [Self::Overview, Self::Compare, Self::Run, Self::Launch, Self::Queue, Self::System];

    /// Its name on the tab.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overview => "runs",
            Self::Compare => "compare",
            Self::Run => "run",
            Self::Launch => "launch",
            Self::Queue => "queue",
            Self::System => "system",
        }
    }
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

/// Something that is done a moment later, so that it can be taken back.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// What is done.
    pub effects: Vec<Effect>,
    /// When.
    pub due: f64,
    /// What it is, in words.
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

/// Weights of smoothing to choose from.
pub const SMOOTHING: [f64; 6] = [0.0, 0.5, 0.8, 0.9, 0.95, 0.99];

/// How charts are drawn.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct ChartOptions {
    /// Which charts are shown, in order; never none.
    pub quantities: Vec<Quantity>,
    /// The x axis.
    pub x_axis: XAxis,
    /// The part of it that was zoomed to.
    pub zoom: Option<Zoom>,
    /// Whether it is logarithmic.
    pub is_x_log: bool,
    /// Index into [`SMOOTHING`].
    pub smoothing_idx: usize,
    /// Whether the y axis of losses is logarithmic.
    pub is_log: bool,
    /// Whether outliers are cut off.
    pub clips: bool,
    /// Whether the charts of metrics share one range of the y axis.
    pub shares_y: bool,
    /// Whether the best evaluations are marked.
    pub shows_best: bool,
    /// The metric chosen by hand.
    pub metric: Option<MetricName>,
    /// Whether charts are images, as the terminal can show them.
    pub draws_images: bool,
    /// Where the crosshair is, from 0 (left) to 1 (right).
    pub crosshair: Option<f64>,
}

impl Default for ChartOptions {
    fn default() -> Self {
        Self {
            quantities: Quantity::USUAL.to_vec(),
            x_axis: XAxis::Step,
            zoom: None,
            is_x_log: false,
            smoothing_idx: 2,
            is_log: false,
            clips: true,
            shares_y: false,
            shows_best: true,
            metric: None,
            draws_images: false,
            crosshair: None,
        }
    }
}

impl State {
    /// The dashboard before anything is known.
    pub fn new(root: String, now: f64, size: (u16, u16), focus: Option<String>) -> Self {
        let focus = focus.map_or(Focus::Newest, Focus::Named);
        Self { root, now, size, focus, is_dirty: true, is_focused: true, ..Self::default() }
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

    /// The runs in focus.
    pub fn in_focus(&self) -> impl Iterator<Item = &RunView> {
        let experiment = self.experiment();
        self.catalog.runs.iter().filter(move |run| experiment.is_none_or(|experiment| run.id.experiment() == experiment))
    }

    /// The runs in focus that the filter lets through, in the order of the table.
    pub fn visible(&self) -> Vec<&RunView> {
        self.listed.runs(self).unwrap_or_else(|| listed::anew(self))
    }

    /// The run under the cursor, or else the first; on the screen of the queue the one under the cursor there.
    pub fn selected(&self) -> Option<&RunView> {
        if self.screen == Screen::Queue {
            return self.queue.rows().get(self.queue.cursor).and_then(|row| self.catalog.run(&row.id));
        }
        let visible = self.visible();
        let under_cursor = visible.iter().find(|run| Some(&run.id) == self.cursor.as_ref());
        under_cursor.or(visible.first()).copied()
    }

    /// The visible runs that are marked.
    pub fn marked(&self) -> Vec<&RunView> {
        self.visible().into_iter().filter(|run| self.marked.contains(&run.id)).collect()
    }

    /// The runs whose curves are drawn: the marked ones, or all where none is marked, as many as can be told apart.
    pub fn charted(&self) -> Vec<&RunView> {
        let marked = self.marked();
        let mut runs = if marked.is_empty() { self.visible() } else { marked };
        runs.truncate(MOST_CHARTED);
        runs
    }

    /// The runs whose curves are drawn on this screen.
    pub fn charted_here(&self) -> Vec<&RunView> {
        if self.screen == Screen::Run { self.selected().into_iter().collect() } else { self.charted() }
    }

    /// All of the x axis of these runs.
    pub fn whole_axis(&self, runs: &[&RunView]) -> Stretch {
        window::full(runs, self.chart.x_axis, self.chart.is_x_log)
    }

    /// What is shown of it.
    pub fn window(&self, runs: &[&RunView]) -> Stretch {
        window::shown(self.chart.zoom, self.whole_axis(runs), runs, self.chart.x_axis)
    }

    /// Every quantity that charts of these runs can show.
    pub fn quantities(&self) -> Vec<Quantity> {
        Quantity::all(&self.metrics())
    }

    /// The runs that an action is meant for: the marked ones, or the one under the cursor; on the screens of one run and of the queue that one.
    pub fn targets(&self) -> Vec<&RunView> {
        let marked = if matches!(self.screen, Screen::Run | Screen::Queue) { Vec::new() } else { self.marked() };
        if marked.is_empty() { self.selected().into_iter().collect() } else { marked }
    }

    /// The metric of table and charts: chosen by hand, else what the first run is judged by, else the usual one of its task.
    pub fn metric(&self) -> MetricName {
        let spec = self.in_focus().find_map(|run| run.spec.as_ref().ok());
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

    /// What was concluded from the evaluations of a run.
    pub fn concluded(&self, id: &RunId) -> Concluded<'_> {
        let insight = self.insights.get(id);
        let (points, metric) = insight.map_or((&[][..], MetricName::Loss), |insight| (&insight.points, insight.metric));
        Concluded { points, metric, places: &[] }
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
