//! The screen that compares marked runs: its state and what its actions do. Pure.

/// What the screen remembers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CompareState {
    /// The row under the cursor.
    pub cursor: usize,
}
