//! Files of a run written by others than the worker: `job.json`, `attempt.json`, `exit.json`, and the worker's exit codes.

use serde::{Deserialize, Serialize};

/// The worker's exit codes, part of its contract under any launcher.
pub mod code {
    /// The run ended well: finished, early stopping, or stopped by hand.
    pub const OK: i32 = 0;
    /// The run failed; its last event and stderr say why.
    pub const FAILED: i32 = 1;
    /// Bad command line or unreadable run folder.
    pub const USAGE: i32 = 2;
    /// The loss became NaN or infinite.
    pub const DIVERGED: i32 = 3;
    /// Interrupted (SIGTERM) or released; started again, it goes on from its last checkpoint.
    pub const INTERRUPTED: i32 = 4;
    /// Another attempt owns the folder now; nothing was written.
    pub const FENCED: i32 = 5;
}

/// `job.json`, written by the launcher by atomic replace: who runs this run now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// 1 for the first; the supervisor hands it to the worker.
    pub attempt: u32,
    /// Host name of the supervisor.
    pub host: String,
    /// The supervisor's process and process group.
    pub supervisor: ProcessIdentity,
    /// Seconds since the Unix epoch when it was started.
    pub started: f64,
    /// Why the queue started it by itself; none where a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Restart>,
}

/// A start after a crash, by the queue itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restart {
    /// 1 for the first since a person started it.
    pub number: u32,
    /// What the crash was, in words.
    pub reason: String,
}

/// A process that cannot be mistaken for a later one with the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// Process id.
    pub id: u32,
    /// Start time as the kernel counts it (clock ticks since boot on Linux); 0 where unknown.
    pub start: u64,
}

/// `attempt.json`, written by the worker by atomic rename when it starts: the fence. A worker that finds
/// another's here exits with [`code::FENCED`] before it writes anything more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// As in `job.json`.
    pub attempt: u32,
    /// Host name of the worker.
    pub host: String,
    /// The worker's process.
    pub worker: ProcessIdentity,
}

/// `exit.json`, written by the supervisor when its worker has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exit {
    /// The attempt that ended.
    pub attempt: u32,
    /// Exit code, where it exited.
    pub code: Option<i32>,
    /// Signal, where one killed it.
    pub signal: Option<i32>,
    /// What lies behind the end, where the supervisor knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The last lines of its stderr, control characters removed, at most 20.
    pub stderr_tail: Vec<String>,
    /// Seconds since the Unix epoch.
    pub time: f64,
}

/// What lies behind the end of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The supervisor ended it, because it was asked to.
    Asked,
    /// Memory was refused, or the kernel killed it for lack of memory.
    OutOfMemory,
}
