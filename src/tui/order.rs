//! The order of the table: which column, which way. Pure.

use std::cmp::Ordering;

use crate::run::catalog::RunView;
use crate::tui::columns::{COLUMNS, Column};
use crate::tui::state::State;

/// What the table is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortBy {
    /// The order of the queue.
    #[default]
    Queue,
    /// The name.
    Name,
    /// A column; the best first.
    Column(Column),
}

/// The order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// Whether the other way round.
    pub is_reversed: bool,
}

/// The usual questions, in the order in which they are asked.
const USUAL: [SortBy; 7] = [
    SortBy::Queue,
    SortBy::Column(Column::Metric),
    SortBy::Column(Column::ValidationLoss),
    SortBy::Column(Column::Gap),
    SortBy::Column(Column::Trainable),
    SortBy::Name,
    SortBy::Column(Column::Progress),
];

impl SortBy {
    /// The next of the usual ones.
    #[must_use]
    pub fn next(self) -> Self {
        let idx = USUAL.iter().position(|by| *by == self).map_or(0, |idx| idx + 1);
        USUAL[idx % USUAL.len()]
    }

    /// What stands `by` columns to the right, queue order and name before all columns.
    #[must_use]
    pub fn beside(self, by: i64) -> Self {
        let all: Vec<Self> = [Self::Queue, Self::Name].into_iter().chain(COLUMNS.map(Self::Column)).collect();
        let idx = all.iter().position(|other| *other == self).unwrap_or(0) as i64;
        all[(idx + by).rem_euclid(all.len() as i64) as usize]
    }

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue order",
            Self::Name => "name",
            Self::Column(column) => column.about(),
        }
    }
}

/// Brings runs into order; runs without the number come last either way.
pub fn sort(runs: &mut [&RunView], state: &State) {
    let Sort { by, is_reversed } = state.sort;
    let turn = |ordering: Ordering| if is_reversed { ordering.reverse() } else { ordering };
    match by {
        SortBy::Queue if is_reversed => runs.reverse(),
        SortBy::Queue => {}
        SortBy::Name => runs.sort_by(|a, b| turn(a.id.cmp(&b.id))),
        SortBy::Column(Column::Method) => {
            let method = |run: &RunView| run.spec.as_ref().map_or("", |spec| spec.method.about().name);
            runs.sort_by(|a, b| turn(method(a).cmp(method(b))));
        }
        SortBy::Column(column) => {
            let mut keyed: Vec<(Option<f64>, &RunView)> = runs.iter().map(|run| (column.sort_key(run, state), *run)).collect();
            keyed.sort_by(|(a, _), (b, _)| match (a, b) {
                (Some(a), Some(b)) => turn(a.total_cmp(b)),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            });
            keyed.into_iter().zip(runs.iter_mut()).for_each(|((_, run), place)| *place = run);
        }
    }
    // Groups keep the order in which the best of each comes.
    if let Some(first) = runs.first()
        && state.group.of(first).is_some()
    {
        let mut names: Vec<String> = Vec::new();
        let mut ranked: Vec<(usize, &RunView)> = Vec::with_capacity(runs.len());
        for run in runs.iter() {
            let name = state.group.of(run).unwrap_or_default();
            let rank = names.iter().position(|other| *other == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            ranked.push((rank, run));
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().zip(runs.iter_mut()).for_each(|((_, run), place)| *place = run);
    }
}
