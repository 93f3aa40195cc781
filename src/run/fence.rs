//! One attempt at a time: a worker owns its run folder as long as `attempt.json` names it.
//!
//! With real cluster launchers two workers have been seen writing one folder; so a worker claims it by atomic
//! rename and looks again before each batch of events and each checkpoint.

use crate::run::dir::{self, DirError, RunDir};
use crate::run::exit::{Attempt, ProcessIdentity};
use crate::run::process;

/// The claim of one worker on a run folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    dir: RunDir,
    own: Attempt,
}

/// Why a worker may not write.
#[derive(Debug, thiserror::Error)]
pub enum FenceError {
    /// Another attempt owns the folder.
    #[error("attempt {other} on {host} (process {process_id}) owns {dir} now; this is attempt {own}, which writes nothing more")]
    Fenced {
        /// The owner's attempt.
        other: u32,
        /// The owner's host.
        host: String,
        /// The owner's process.
        process_id: u32,
        /// Our attempt.
        own: u32,
        /// The run folder.
        dir: String,
    },
    /// The attempt file cannot be read or written.
    #[error(transparent)]
    Dir(#[from] DirError),
}

/// Takes the folder for `attempt` of this process.
///
/// # Errors
///
/// Where a newer attempt, or another process with the same attempt, has it already.
pub fn claim(dir: &RunDir, attempt: u32) -> Result<Fence, FenceError> {
    let own = Attempt { attempt, host: process::host_name(), worker: ProcessIdentity::of_self() };
    claim_as(dir, own)
}

fn claim_as(dir: &RunDir, own: Attempt) -> Result<Fence, FenceError> {
    let fence = Fence { dir: dir.clone(), own };
    match fence.owner()? {
        Some(owner) if owner.attempt >= fence.own.attempt && owner != fence.own => Err(fence.fenced(&owner)),
        _ => {
            dir::write_json(&dir.attempt_file(), &fence.own)?;
            fence.check()?;
            Ok(fence)
        }
    }
}

impl Fence {
    /// Whether the folder is still ours.
    ///
    /// # Errors
    ///
    /// Where it is another's, or where `attempt.json` is gone or cannot be read: then nobody can know, so nobody writes.
    pub fn check(&self) -> Result<(), FenceError> {
        match self.owner()? {
            Some(owner) if owner == self.own => Ok(()),
            Some(owner) => Err(self.fenced(&owner)),
            None => Err(FenceError::Dir(DirError::Read {
                path: self.dir.attempt_file(),
                source: std::io::Error::from(std::io::ErrorKind::NotFound),
            })),
        }
    }

    /// Our claim.
    pub fn attempt(&self) -> &Attempt {
        &self.own
    }

    fn owner(&self) -> Result<Option<Attempt>, DirError> {
        dir::read_json(&self.dir.attempt_file())
    }

    fn fenced(&self, owner: &Attempt) -> FenceError {
        FenceError::Fenced {
            other: owner.attempt,
            host: owner.host.clone(),
            process_id: owner.worker.id,
            own: self.own.attempt,
            dir: self.dir.path().display().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(attempt: u32, id: u32) -> Attempt {
        Attempt { attempt, host: "here".to_owned(), worker: ProcessIdentity { id, start: 5 } }
    }

    #[test]
    fn a_newer_attempt_fences_the_older_one_and_never_the_other_way_round() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::new(folder.path());
        let first = claim_as(&dir, attempt(1, 10)).unwrap();
        first.check().unwrap();
        let second = claim_as(&dir, attempt(2, 11)).unwrap();
        second.check().unwrap();
        let error = first.check().unwrap_err();
        assert!(matches!(error, FenceError::Fenced { other: 2, own: 1, .. }), "{error}");
        assert!(matches!(claim_as(&dir, attempt(1, 10)), Err(FenceError::Fenced { .. })));
        second.check().unwrap();
    }

    #[test]
    fn the_same_attempt_of_another_process_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::new(folder.path());
        claim_as(&dir, attempt(1, 10)).unwrap();
        assert!(matches!(claim_as(&dir, attempt(1, 11)), Err(FenceError::Fenced { .. })));
        claim_as(&dir, attempt(1, 10)).unwrap();
    }

    #[test]
    fn a_removed_attempt_file_stops_the_writer() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::new(folder.path());
        let fence = claim(&dir, 1).unwrap();
        std::fs::remove_file(dir.attempt_file()).unwrap();
        assert!(fence.check().is_err());
    }
}
