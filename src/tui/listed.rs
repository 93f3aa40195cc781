//! The runs in view: filtered and sorted once, when something that decides it has changed, for all that asks for them in a frame. Pure.

use std::collections::BTreeMap;

use crate::metric::MetricName;
use crate::run::catalog::{RunId, RunView};
use crate::tui::columns::Column;
use crate::tui::filter::Filter;
use crate::tui::group::GroupBy;
use crate::tui::order::{self, Sort, SortBy};
use crate::tui::state::{Focus, State};

/// Which runs are in view, in the order of the table, and what that was decided by.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// `None` before anything was decided.
    by: Option<By>,
    /// Where they stand among all runs.
    places: Vec<usize>,
}

/// All that decides which runs are in view, and in which order.
#[derive(Debug, Clone, PartialEq)]
struct By {
    revision: u64,
    focus: Focus,
    filter: Filter,
    sort: Sort,
    group: GroupBy,
    metric: Option<MetricName>,
    /// The time, where it decides.
    now: Option<f64>,
}

impl By {
    fn new(state: &State) -> Self {
        let State { revision, focus, filter, sort, group, .. } = state;
        let (focus, filter, metric) = (focus.clone(), filter.clone(), state.chart.metric);
        Self { revision: *revision, focus, filter, sort: *sort, group: *group, metric, now: now(state) }
    }

    fn holds(&self, state: &State) -> bool {
        let is_question = (self.sort, self.group, self.metric) == (state.sort, state.group, state.chart.metric);
        let is_moment = self.revision == state.revision && self.now == now(state);
        is_question && is_moment && self.focus == state.focus && self.filter == state.filter
    }
}

/// Only the time left changes by itself.
fn now(state: &State) -> Option<f64> {
    (state.sort.by == SortBy::Column(Column::Eta)).then_some(state.now)
}

impl Listed {
    /// The runs in view, where what they were decided by still holds.
    pub fn runs<'a>(&self, state: &'a State) -> Option<Vec<&'a RunView>> {
        self.by.as_ref().filter(|by| by.holds(state))?;
        Some(self.places.iter().filter_map(|place| state.catalog.runs.get(*place)).collect())
    }
}

/// Decides anew, where something has changed.
pub fn follow(state: &mut State) {
    if state.listed.by.as_ref().is_some_and(|by| by.holds(state)) {
        return;
    }
    let all: BTreeMap<&RunId, usize> = state.catalog.runs.iter().enumerate().map(|(place, run)| (&run.id, place)).collect();
    let places = anew(state).iter().filter_map(|run| all.get(&run.id).copied()).collect();
    state.listed = Listed { by: Some(By::new(state)), places };
}

/// The runs in focus that the filter lets through, in the order of the table.
pub fn anew(state: &State) -> Vec<&RunView> {
    let mut runs: Vec<&RunView> = state.in_focus().filter(|run| state.filter.matches(run, state)).collect();
    order::sort(&mut runs, state);
    runs
}
