//! How training ended.

use finetop::run::event::Outcome;
use finetop::run::position::Position;

use crate::control::Order;

/// How training ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// How.
    pub outcome: Outcome,
    /// Why, in words.
    pub reason: String,
    /// Where.
    pub position: Position,
    /// Bytes on disk of the best checkpoint.
    pub checkpoint_bytes: u64,
}

impl Ending {
    /// That of a run which was told to leave before its first step.
    pub fn before_training(order: Order) -> Self {
        let (outcome, reason) = match order {
            Order::Stop => (Outcome::Stopped, "stopped by hand before the first step"),
            Order::Leave => (Outcome::Interrupted, "told to leave before the first step"),
            Order::Release => (Outcome::Released, "paused while it was loading, its memory freed; goes on when resumed"),
        };
        Self { outcome, reason: reason.to_owned(), position: Position::default(), checkpoint_bytes: 0 }
    }
}
