//! Starts the queue's process where there is none. Must not know what it does.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::unistd::{Pid, getsid};

use crate::launch::program::{self, ProgramError};
use crate::run::catalog::{Catalog, RunView};
use crate::run::dir::RunDir;
use crate::run::inbox;
use crate::run::request::RequestKind;
use crate::run::status::RunStatus;

/// Held by the queue's process while it lives.
pub const LOCK_FILE: &str = "queue.lock";
/// Who the queue's process is.
pub const QUEUE_FILE: &str = "queue.json";
/// What the queue's process did.
pub const LOG_FILE: &str = "queue.log";

/// How long a new process may take to leave our session.
const APART: Duration = Duration::from_secs(2);

/// The queue's process cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A program is missing.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// A file of the queue cannot be opened.
    #[error("cannot open {path}: {source}", path = .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The process cannot be started.
    #[error("cannot start the queue ({path}): {source}", path = .path.display())]
    Spawn {
        /// The program.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Starts the queue's process if runs are waiting and it does not live; whether it was started.
///
/// Called by whoever watches or asks, so that a killed queue heals by itself.
pub fn ensure_queue(root: &Path, catalog: &Catalog) -> Result<bool, StartError> {
    let is_held = |run: &RunView| {
        let standing = inbox::standing(&inbox::pending(&RunDir::new(root.join(&run.id.0))));
        matches!(standing, Some(RequestKind::Pause | RequestKind::Release))
    };
    let is_waiting = catalog.runs.iter().any(|run| run.status == RunStatus::Queued && !is_held(run));
    if is_waiting { start_queue(root) } else { Ok(false) }
}

/// Starts the queue's process if it does not live; whether it was started.
pub fn start_queue(root: &Path) -> Result<bool, StartError> {
    if is_queue_alive(root)? {
        return Ok(false);
    }
    let path = program::finetop()?;
    // The process outlives our working directory's name, so it is told the whole path.
    let root = &std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
    let log_path = root.join(LOG_FILE);
    let log = OpenOptions::new().append(true).create(true).open(&log_path);
    let (log, log_too) =
        log.and_then(|log| log.try_clone().map(|log_too| (log, log_too))).map_err(|source| StartError::Open { path: log_path, source })?;
    let mut command = Command::new(&path);
    command.arg("queue").arg("--runs").arg(root).stdin(Stdio::null()).stdout(log).stderr(log_too);
    let mut child = command.spawn().map_err(|source| StartError::Spawn { path, source })?;
    wait_until_apart(child.id());
    // Waiting for it keeps no zombie; the thread ends with either process.
    std::thread::spawn(move || child.wait());
    Ok(true)
}

/// Whether the queue's process lives: it holds the lock.
pub fn is_queue_alive(root: &Path) -> Result<bool, StartError> {
    Ok(try_lock(root)?.is_none())
}

/// Takes the queue's lock, if it is free.
pub(crate) fn try_lock(root: &Path) -> Result<Option<File>, StartError> {
    let path = root.join(LOCK_FILE);
    let opened = fs::create_dir_all(root)
        .and_then(|()| OpenOptions::new().write(true).create(true).truncate(false).open(&path))
        .map_err(|source| StartError::Open { path, source })?;
    Ok(opened.try_lock().is_ok().then_some(opened))
}

/// Waits until the process leads a session of its own, so that a terminal closed right now cannot take it along.
fn wait_until_apart(id: u32) {
    let process = Pid::from_raw(id.cast_signed());
    let start = Instant::now();
    while start.elapsed() < APART && getsid(Some(process)).is_ok_and(|session| session != process) {
        std::thread::sleep(Duration::from_millis(2));
    }
}
