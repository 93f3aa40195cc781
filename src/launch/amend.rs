//! Changes a run that waits for its first attempt: its folder and its place in the queue stay. Must not know where the new specification comes
//! from.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::launch::idle;
use crate::run::amended::Amended;
use crate::run::catalog::RunId;
use crate::run::dir::{DirError, RunDir};
use crate::run::event::EventKind;
use crate::run::inbox;
use crate::run::request::RequestKind;
use crate::spec::run::RunSpec;

/// How long another who changes the run may take. A supervisor keeps it until its worker has ended.
const OTHERS_WITHIN: Duration = Duration::from_millis(500);

/// Why a run cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum AmendError {
    /// It trains, or has trained: what it has computed belongs to what it was.
    #[error("{0} has started meanwhile: nothing is changed; C makes a new run of it")]
    Started(String),
    /// It was taken off the queue.
    #[error("{0} was taken off the queue: nothing is changed; C makes a new run of it")]
    Cancelled(String),
    /// It is what it would become.
    #[error("{0} is so already: nothing is changed")]
    Same(String),
    /// Its folder cannot be read or written; `run.yaml` is replaced whole or not at all.
    #[error("nothing is changed: {0}")]
    Dir(#[from] DirError),
    /// Its folder cannot be held.
    #[error("nothing is changed: cannot open {path}: {source}", path = .path.display())]
    Hold {
        /// The lock's file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It was changed, but that could not be written down.
    #[error("it is changed, but its log {path} cannot be written: {source}", path = .path.display())]
    Log {
        /// The log.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The specification of a run under `root` that can still be changed.
///
/// # Errors
/// Where it has started, was taken off the queue, or cannot be read.
pub fn waiting(root: &Path, id: &RunId) -> Result<RunSpec, AmendError> {
    let dir = RunDir::new(root.join(&id.0));
    if dir.job_file().exists() {
        return Err(AmendError::Started(id.to_string()));
    }
    if matches!(inbox::standing(&inbox::pending(&dir)), Some(RequestKind::Stop | RequestKind::Kill)) {
        return Err(AmendError::Cancelled(id.to_string()));
    }
    Ok(dir.read_spec()?)
}

/// Lets the waiting run be what `spec` says but for its names, and writes that into its log; what was changed.
///
/// # Errors
/// Nothing is changed but where the log alone could not be written.
pub fn amend(root: &Path, id: &RunId, spec: RunSpec) -> Result<Amended, AmendError> {
    let dir = RunDir::new(root.join(&id.0));
    // Looked at first without holding it, so that a folder that is gone is not made anew.
    waiting(root, id)?;
    let held = idle::hold(&dir, OTHERS_WITHIN).map_err(|source| AmendError::Hold { path: dir.supervisor_lock_file(), source })?;
    let _held = held.ok_or_else(|| AmendError::Started(id.to_string()))?;
    // While it is held, no attempt can begin.
    let before = waiting(root, id)?;
    let mut after = RunSpec { experiment: before.experiment.clone(), name: before.name.clone(), ..spec };
    if after.model.folder == before.model.folder {
        // The same model, however it is written from where the form is.
        after.model.id.clone_from(&before.model.id);
    }
    let amended = Amended::between(&before, &after);
    if amended.changes.is_empty() {
        return Err(AmendError::Same(id.to_string()));
    }
    dir.write_spec(&after)?;
    idle::append(&dir, EventKind::Amended(amended.clone())).map_err(|source| AmendError::Log { path: dir.events_file(), source })?;
    Ok(amended)
}
