//! What the numbers mean: pure functions over series. Knows no file, no clock and no screen.

pub mod eta;
pub mod overfitting;
