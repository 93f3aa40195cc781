//! The screen of the machine: its state and what its actions do. Pure.

use crate::run::machine::Machine;
use crate::tui::act::moved;
use crate::tui::state::State;

/// What the screen remembers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SystemState {
    /// Rows that the list of workers is scrolled by.
    pub scroll: usize,
    /// The machine when it was looked at last; `None` before.
    pub machine: Option<Machine>,
}

/// Scrolls the workers.
pub fn travel(state: &mut State, by: i64) {
    let n_workers = state.system.machine.as_ref().map_or(0, |machine| machine.workers.len());
    state.system.scroll = moved(state.system.scroll, by, n_workers.saturating_sub(1));
}
