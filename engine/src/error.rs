//! What can go wrong in a worker, in words that say what to do.

use std::path::PathBuf;

use thiserror::Error;

/// Why a run cannot go on.
#[derive(Debug, Error)]
pub enum EngineError {
    /// A file cannot be read or written.
    #[error("{action} {path}")]
    File {
        /// "read", "write" …
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A checkpoint that does not fit the model.
    #[error("load {path}: {problem}")]
    Weights {
        /// The file.
        path: PathBuf,
        /// Which tensor, and what is wrong with it.
        problem: String,
    },
    /// The tokenizer does not fit or cannot be read.
    #[error("load {path}: {problem}")]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The data cannot be used.
    #[error("{0}")]
    Data(String),
    /// The device asked for is not there.
    #[error("{0}")]
    Device(String),
    /// libtorch refused an operation.
    #[error("libtorch: {0}")]
    Torch(#[from] tch::TchError),
    /// The run folder's files.
    #[error("{0}")]
    RunFolder(String),
    /// The worker itself went wrong.
    #[error("bug in the worker: {0}")]
    Bug(String),
    /// Another attempt owns the run's folder now.
    #[error("another attempt owns this run's folder now; this worker leaves")]
    Fenced,
}
