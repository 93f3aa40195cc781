//! The screen of one run: which panes there are, and which of them keys are meant for. Pure.

use crate::tui::effect::Effect;
use crate::tui::screen::{log, mistakes};
use crate::tui::state::{Screen, State};

/// A pane of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// The chart of losses.
    Loss,
    /// The chart of the metric.
    Metric,
    /// Parameters by role.
    Parameters,
    /// Parameters as a tree of layers.
    Layers,
    /// Verdict, patience, gradient.
    Health,
    /// The confusion matrix.
    Confusion,
    /// Validation rows that are got wrong.
    Mistakes,
    /// Processor, memory, time.
    System,
    /// Events and output.
    Log,
}

impl Pane {
    /// All of them, in the order of `tab` where there is room for one.
    pub const ALL: [Self; 9] =
        [Self::Loss, Self::Metric, Self::Parameters, Self::Layers, Self::Health, Self::Confusion, Self::Mistakes, Self::System, Self::Log];

    /// Those that take turns below the others where there is room for more.
    pub const LOWER: [Self; 4] = [Self::Log, Self::Layers, Self::Confusion, Self::Mistakes];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Metric => "metric",
            Self::Parameters => "parameters",
            Self::Layers => "layers",
            Self::Health => "health",
            Self::Confusion => "confusion",
            Self::Mistakes => "mistakes",
            Self::System => "system",
            Self::Log => "log",
        }
    }
}

/// Whether a terminal of this size has room for more than one pane.
pub const fn is_large(size: (u16, u16)) -> bool {
    size.0 >= 100 && size.1 >= 32
}

/// Whether it has room for all but the mistakes, which then take the place of layers and confusion.
pub const fn is_wide(size: (u16, u16)) -> bool {
    is_large(size) && size.0 >= 180
}

/// The panes that take turns.
pub const fn turning(size: (u16, u16)) -> &'static [Pane] {
    if is_large(size) { &Pane::LOWER } else { &Pane::ALL }
}

/// The pane that is turned to, which keys are meant for.
pub fn pane(state: &State) -> Pane {
    let panes = turning(state.size);
    panes[state.pane % panes.len()]
}

/// The pane that `tab` turns to next.
pub fn next(state: &State) -> Pane {
    let panes = turning(state.size);
    panes[(state.pane + 1) % panes.len()]
}

/// Whether what the worker of the run uses now is on the screen.
pub fn shows_worker(state: &State) -> bool {
    let is_shown = pane(state) == Pane::System || is_large(state.size) && !state.is_expanded;
    is_shown && state.selected().is_some_and(|run| !run.status.is_over())
}

/// What is not known yet of what is shown: asked for once.
pub fn lacking(state: &mut State) -> Vec<Effect> {
    if state.screen != Screen::Run {
        return Vec::new();
    }
    let mut effects = planned_memory(state);
    effects.extend(match pane(state) {
        Pane::Mistakes => mistakes::lacking(state),
        Pane::Log => log::lacking(state),
        _ if is_wide(state.size) => log::lacking(state),
        _ => Vec::new(),
    });
    effects
}

/// Asks once for the memory that a plan says of the run that is shown.
fn planned_memory(state: &mut State) -> Vec<Effect> {
    if pane(state) != Pane::System && !is_large(state.size) {
        return Vec::new();
    }
    let Some(id) = state.selected().map(|run| run.id.clone()) else { return Vec::new() };
    if state.planned_memory.as_ref().is_some_and(|(of, _)| *of == id) {
        return Vec::new();
    }
    state.planned_memory = Some((id.clone(), None));
    vec![Effect::PlanMemory(id)]
}
