//! Where the files of a run lie, and how small ones are replaced whole. Must not know what is in them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::spec::run::RunSpec;

/// The folder of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

/// A file of a run folder that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DirError {
    /// The system refused.
    #[error("cannot read {path}: {source}", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused.
    #[error("cannot write {path}: {source}", path = .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its text is not what it should be.
    #[error("cannot understand {path}: {problem}", path = .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its place.
        problem: String,
    },
}

impl RunDir {
    /// The run folder at `path`, which need not exist.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `run.yaml`: the resolved specification.
    pub fn spec_file(&self) -> PathBuf {
        self.path.join("run.yaml")
    }

    /// `job.json`: who runs it now.
    pub fn job_file(&self) -> PathBuf {
        self.path.join("job.json")
    }

    /// `attempt.json`: the fence.
    pub fn attempt_file(&self) -> PathBuf {
        self.path.join("attempt.json")
    }

    /// `exit.json`: how the worker ended.
    pub fn exit_file(&self) -> PathBuf {
        self.path.join("exit.json")
    }

    /// `events.jsonl`: all that happened.
    pub fn events_file(&self) -> PathBuf {
        self.path.join("events.jsonl")
    }

    /// `stdout.log`: what the worker printed.
    pub fn stdout_file(&self) -> PathBuf {
        self.path.join("stdout.log")
    }

    /// `stderr.log`: what the worker complained of.
    pub fn stderr_file(&self) -> PathBuf {
        self.path.join("stderr.log")
    }

    /// `requests/`: what is asked of the worker.
    pub fn requests_dir(&self) -> PathBuf {
        self.path.join("requests")
    }

    /// `checkpoints/`: weights.
    pub fn checkpoints_dir(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    /// `checkpoints/best.safetensors`: what was trained, at the best validation.
    pub fn best_file(&self) -> PathBuf {
        self.checkpoints_dir().join("best.safetensors")
    }

    /// `checkpoints/last.safetensors`: where a restart goes on.
    pub fn last_file(&self) -> PathBuf {
        self.checkpoints_dir().join("last.safetensors")
    }

    /// `checkpoints/previous.safetensors`: the `last` before it, for when it is damaged.
    pub fn previous_file(&self) -> PathBuf {
        self.checkpoints_dir().join("previous.safetensors")
    }

    /// `checkpoints/best-at-last.safetensors`: the best that `last` knows of, where a better one was written since.
    pub fn best_at_last_file(&self) -> PathBuf {
        self.checkpoints_dir().join("best-at-last.safetensors")
    }

    /// `supervisor.lock`: held by the one supervisor while it lives.
    pub fn supervisor_lock_file(&self) -> PathBuf {
        self.path.join("supervisor.lock")
    }

    /// Reads `run.yaml`.
    pub fn read_spec(&self) -> Result<RunSpec, DirError> {
        let path = self.spec_file();
        let text = fs::read_to_string(&path).map_err(|source| DirError::Read { path: path.clone(), source })?;
        serde_yaml::from_str(&text).map_err(|problem| DirError::Malformed { path, problem: problem.to_string() })
    }

    /// Writes `run.yaml`.
    pub fn write_spec(&self, spec: &RunSpec) -> Result<(), DirError> {
        let path = self.spec_file();
        let text =
            serde_yaml::to_string(spec).map_err(|problem| DirError::Malformed { path: path.clone(), problem: problem.to_string() })?;
        write_atomic(&path, text.as_bytes())
    }
}

/// Reads a JSON file; `None` where there is none.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, DirError> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|problem| DirError::Malformed { path: path.to_owned(), problem: problem.to_string() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DirError::Read { path: path.to_owned(), source }),
    }
}

/// Writes a JSON file whole.
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), DirError> {
    let mut text =
        serde_json::to_vec_pretty(value).map_err(|problem| DirError::Malformed { path: path.to_owned(), problem: problem.to_string() })?;
    text.push(b'\n');
    write_atomic(path, &text)
}

/// Replaces a file whole: written aside in the same folder, synced, renamed; on failure nothing is left behind.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), DirError> {
    let aside = aside(path);
    let written = File::create_new(&aside)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&aside, path));
    written.map_err(|source| {
        // The error that matters is the first one; a leftover is hidden and harmless.
        let _ = fs::remove_file(&aside);
        DirError::Write { path: path.to_owned(), source }
    })
}

/// A hidden name in the same folder that no other process or thread uses.
fn aside(path: &Path) -> PathBuf {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!(".{name}.{}.{count}.tmp", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_remains() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job.json");
        assert_eq!(read_json::<u32>(&path).unwrap(), None);
        write_json(&path, &1_u32).unwrap();
        write_json(&path, &2_u32).unwrap();
        assert_eq!(read_json::<u32>(&path).unwrap(), Some(2));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_error_names_the_file_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir_all(path.join("full")).unwrap();
        let error = write_atomic(&path, b"x").unwrap_err().to_string();
        assert!(error.contains("taken"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

        fs::write(folder.path().join("bad.json"), "{").unwrap();
        let error = read_json::<u32>(&folder.path().join("bad.json")).unwrap_err().to_string();
        assert!(error.contains("bad.json") && error.contains("line 1"), "{error}");
    }
}
