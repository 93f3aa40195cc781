//! What can be wrong with a data file, each with its file and, where there is one, its line.

use std::path::{Path, PathBuf};

use crate::data::read;

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
    #[error("{0} has an unknown ending; accepted: .tsv, .csv, .jsonl, .parquet")]
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
    #[error("{}: {problem}", place(path, *line))]
    Line {
        /// The file.
        path: PathBuf,
        /// Its line, or its row where it has no lines, counted from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

/// A line of a file, or a row of a Parquet file, which has no lines.
pub fn place(path: &Path, line: usize) -> String {
    if read::has_lines(path) { format!("{}:{line}", path.display()) } else { format!("{} row {line}", path.display()) }
}

/// Quotes a value from a file: control characters escaped, cut after 60 characters.
pub fn quoted(value: &str) -> String {
    const LONGEST: usize = 60;
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}…", &value[..end]),
        None => format!("{value:?}"),
    }
}
