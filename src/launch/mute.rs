//! Alerts muted after their run has ended: no worker is there to write it into the log, so whoever asks does, while nobody can start one.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::launch::idle;
use crate::run::catalog::RunView;
use crate::run::dir::RunDir;
use crate::run::event::{EventKind, RequestSeen};
use crate::run::request::RequestKind;

/// How long the supervisor of a run that has just ended may take to write how.
const LEAVES_WITHIN: Duration = Duration::from_secs(2);

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum MuteError {
    /// Its supervisor lives.
    #[error("{0} is just being started or ended; ask again in a moment")]
    Busy(String),
    /// A file cannot be written.
    #[error("cannot write {path}: {source}", path = .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Adds the request to the log of a run that no worker trains; what will happen, in words.
pub fn write_down(dir: &RunDir, run: &RunView, kind: RequestKind) -> Result<String, super::control::ControlError> {
    append(dir, run, kind)?;
    Ok(format!("{}: is {}; {} is written into its log", run.id, run.status.name(), kind.in_words()))
}

fn append(dir: &RunDir, run: &RunView, kind: RequestKind) -> Result<(), MuteError> {
    let fail = |path: PathBuf| move |source: io::Error| MuteError::Write { path, source };
    let held = idle::hold(dir, LEAVES_WITHIN).map_err(fail(dir.supervisor_lock_file()))?;
    let _held = held.ok_or_else(|| MuteError::Busy(run.id.to_string()))?;
    let seen = RequestSeen { request: kind, step: run.state.step() };
    idle::append(dir, EventKind::Request(seen)).map_err(fail(dir.events_file()))
}
