//! What a run is doing, as a person would say it: a pure function of its events and of what is known from outside.

use serde::{Deserialize, Serialize};

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Waits for its turn.
    Queued,
    /// Its worker was started and has not taken a step yet.
    Starting,
    /// Trains.
    Running,
    /// Holds at a step boundary, by request.
    Paused,
    /// Its worker lives but has been silent for long.
    Stalled,
    /// All epochs done, or early stopping decided.
    Finished,
    /// Stopped by hand; the best checkpoint kept.
    Stopped,
    /// Ended with an error, or was killed.
    Failed,
    /// Its loss became NaN or infinite.
    Diverged,
    /// Its worker is gone and left no word.
    Lost,
}

impl RunStatus {
    /// The name in JSON and on screens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stalled => "stalled",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Diverged => "diverged",
            Self::Lost => "lost",
        }
    }

    /// Whether nothing more will happen by itself.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Finished | Self::Stopped | Self::Failed | Self::Diverged | Self::Lost)
    }

    /// Whether it ended as it was meant to.
    pub const fn is_well(self) -> bool {
        matches!(self, Self::Finished | Self::Stopped)
    }
}
