//! Curves of runs made ready to be drawn: axes, quantities, smoothing, reduction to columns, ticks. Pure; knows no screen.

pub mod axis;
pub mod changes;
pub mod columns;
pub mod ema;
pub mod evaluations;
pub mod palette;
pub mod places;
pub mod pyramid;
pub mod quantity;
pub mod range;
pub mod run_curves;
pub mod step_curve;
pub mod stretch;
pub mod ticks;
pub mod window;
