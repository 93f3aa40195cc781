//! The order of the table: which column, which way. Pure.

use std::cmp::Ordering;

use crate::metric::MetricName;
use crate::run::catalog::RunView;
use crate::tui::state::State;

/// What the table is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortBy {
    /// The order of the queue.
    #[default]
    Queue,
    /// Validation metric, best first.
    Metric,
    /// Validation loss, lowest first.
    ValidationLoss,
    /// Gap, smallest first.
    Gap,
    /// Trainable parameters, fewest first.
    Trainable,
    /// Name.
    Name,
    /// Progress, furthest first.
    Progress,
}

/// The order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// Whether the other way round.
    pub is_reversed: bool,
}

impl SortBy {
    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Queue => Self::Metric,
            Self::Metric => Self::ValidationLoss,
            Self::ValidationLoss => Self::Gap,
            Self::Gap => Self::Trainable,
            Self::Trainable => Self::Name,
            Self::Name => Self::Progress,
            Self::Progress => Self::Queue,
        }
    }

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue order",
            Self::Metric => "validation metric, best first",
            Self::ValidationLoss => "validation loss",
            Self::Gap => "gap",
            Self::Trainable => "trainable parameters",
            Self::Name => "name",
            Self::Progress => "progress",
        }
    }
}

/// Brings runs into order; runs without the number come last either way.
pub fn sort(runs: &mut [&RunView], state: &State) {
    let Sort { by, is_reversed } = state.sort;
    if by == SortBy::Name {
        runs.sort_by(|a, b| a.id.cmp(&b.id));
    } else if by != SortBy::Queue {
        let metric = state.metric();
        let mut keyed: Vec<(Option<f64>, &RunView)> = runs.iter().map(|run| (key(run, by, metric, state), *run)).collect();
        keyed.sort_by(|(a, _), (b, _)| match (a, b) {
            (Some(a), Some(b)) if is_reversed => b.total_cmp(a),
            (Some(a), Some(b)) => a.total_cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        });
        keyed.into_iter().zip(runs.iter_mut()).for_each(|((_, run), place)| *place = run);
        return;
    }
    if is_reversed {
        runs.reverse();
    }
}

/// The number that a run is sorted by, ascending.
fn key(run: &RunView, by: SortBy, metric: MetricName, state: &State) -> Option<f64> {
    let key = match by {
        SortBy::Queue | SortBy::Name => None,
        SortBy::Metric => {
            run.state.latest_validation(metric).map(|value| if metric.definition().higher_is_better { -value } else { value })
        }
        SortBy::ValidationLoss => run.state.latest_validation(MetricName::Loss),
        SortBy::Gap => state.insights.get(&run.id).and_then(|insight| insight.verdict.gap),
        SortBy::Trainable => run.state.training.as_ref().map(|training| training.ledger.trainable as f64),
        SortBy::Progress => run.state.training.as_ref().map(|training| -(run.state.step() as f64) / training.total_steps.max(1) as f64),
    };
    key.filter(|key| !key.is_nan())
}
