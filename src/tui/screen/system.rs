//! The screen of the machine: its state and what its actions do. Pure.

/// What the screen remembers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SystemState {
    /// The row under the cursor.
    pub cursor: usize,
}
