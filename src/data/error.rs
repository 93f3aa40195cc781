//! What can be wrong with a data file, each with its file and, where there is one, its line.

use std::path::PathBuf;

/// Why data cannot be used. Values are quoted with control characters escaped; paths are not.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The path is that of something else.
    #[error("{0} is not a file")]
    NotAFile(PathBuf),
    /// The ending tells no format.
    #[error("{0} has an unknown ending; accepted: .tsv, .csv, .jsonl")]
    UnknownFormat(PathBuf),
    /// Something about the file as a whole.
    #[error("{path}: {problem}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Something about a line.
    #[error("{path}:{line}: {problem}")]
    Line {
        /// The file.
        path: PathBuf,
        /// Its line, counted from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

/// Quotes a value from a file: control characters escaped, cut after 60 characters.
pub fn quoted(value: &str) -> String {
    const LONGEST: usize = 60;
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}…", &value[..end]),
        None => format!("{value:?}"),
    }
}
