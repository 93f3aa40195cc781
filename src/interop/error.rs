//! Why a folder cannot be read as an adapter, or a run cannot be written as one.

use std::path::{Path, PathBuf};

use crate::pretrained::header::HeaderError;

/// Why a folder cannot be read as an adapter.
#[derive(Debug, thiserror::Error)]
pub enum InteropError {
    /// A file is missing, unreadable or says something that cannot be used.
    #[error("{path}: {problem}", path = .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// The weights are not a whole safetensors file.
    #[error(transparent)]
    Header(#[from] HeaderError),
}

impl InteropError {
    /// A problem of a file.
    pub fn of(path: &Path, problem: impl Into<String>) -> Self {
        Self::File { path: path.to_owned(), problem: problem.into() }
    }
}

/// Why a run cannot be written in a format: what the format lacks, and what would work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

impl Refusal {
    /// A refusal in words.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
