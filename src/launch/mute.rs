//! Alerts muted after their run has ended: no worker is there to write it into the log, so whoever asks does, while nobody can start one.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crate::run::catalog::RunView;
use crate::run::clock;
use crate::run::dir::RunDir;
use crate::run::event::{Event, EventKind, RequestSeen};
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
    let path = dir.supervisor_lock_file();
    let lock = OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(fail(path))?;
    // Held while it is written, so that no attempt begins meanwhile.
    let begin = Instant::now();
    while lock.try_lock().is_err() {
        if begin.elapsed() > LEAVES_WITHIN {
            return Err(MuteError::Busy(run.id.to_string()));
        }
        thread::sleep(Duration::from_millis(10));
    }
    let path = dir.events_file();
    let mut file = OpenOptions::new().append(true).create(true).open(&path).map_err(fail(path.clone()))?;
    let event = Event { time: clock::now_seconds(), kind: EventKind::Request(RequestSeen { request: kind, step: run.state.step() }) };
    let line = serde_json::to_string(&event).map_err(|error| fail(path.clone())(error.into()))?;
    // The line end before it closes a line that a crash has torn; of an empty one readers make nothing.
    file.write_all(format!("\n{line}\n").as_bytes()).map_err(fail(path))
}
