//! What a person may ask of a run: a file per request in `requests/`. Must not know who asks or obeys.

use serde::{Deserialize, Serialize};

/// A request as written to `requests/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// What is asked.
    pub request: RequestKind,
    /// Seconds since the Unix epoch, on the asker's clock; for people, not for logic.
    pub time: f64,
}

/// What may be asked of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// Finish the step, evaluate, keep the best checkpoint, end as stopped. A run still queued is never started.
    Stop,
    /// Hold at the next step boundary, the process and its memory kept; a run still queued is held back.
    Pause,
    /// Save, leave and so free the memory; the run counts as paused.
    Release,
    /// Go on.
    Resume,
    /// Go on after the end, for the epochs that were added to `run.yaml`.
    Extend,
    /// End now, resumable: the worker on SIGTERM, then SIGKILL after ten seconds.
    Kill,
}
