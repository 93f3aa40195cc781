//! How a run goes on after an end: when its state is saved, how often it is restarted, by how much it was extended.

use serde::{Deserialize, Serialize};

/// When `last`, the checkpoint where a restart goes on, is written; the end of training always is.
///
/// What is asked is bounded: writing takes at most a hundredth of the time spent in training steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckpointEvery {
    /// Every so many seconds of training, at least 1; evaluations and pauses are not counted.
    Seconds(u64),
    /// Every so many steps, at least 1.
    Steps(u64),
}

impl Default for CheckpointEvery {
    /// What a crash may cost: half a minute of training.
    fn default() -> Self {
        Self::Seconds(30)
    }
}

/// Restarts after a crash, where the experiment says nothing: one for chance, one more to see that it was not chance.
pub const RESTARTS: u32 = 2;

/// More epochs that a run was given after it had ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The step at which it had ended.
    pub step: u64,
    /// Its epochs before.
    pub from_epochs: u32,
    /// Its epochs since.
    pub to_epochs: u32,
}
