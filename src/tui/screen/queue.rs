//! The screen of what waits, runs and why: its state and what its actions do. Pure.

/// What the screen remembers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QueueState {
    /// The row under the cursor.
    pub cursor: usize,
}
