//! The task: rows, labels, splits. Must not read files; `data` does.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A part of the data with a purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Rows that gradients come from.
    Train,
    /// Rows that early stopping and the best checkpoint are chosen by.
    Validation,
    /// Rows that are looked at once, at the end, with the best checkpoint.
    Test,
}

impl Split {
    /// The name in files and on screens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// The data of a task, every path absolute, every default resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// File of training rows (TSV, CSV or JSON Lines by its ending).
    pub train: PathBuf,
    /// File of validation rows; where absent they are carved from the training rows.
    pub validation: Option<PathBuf>,
    /// File of test rows, if any.
    pub test: Option<PathBuf>,
    /// Share of the training rows carved off where no validation file is given, in `(0, 1)`.
    pub validation_share: f64,
    /// Seed of the carving and of `max_train_rows`; the same for all runs of an experiment.
    pub split_seed: u64,
    /// Use at most this many training rows, chosen by `split_seed`.
    pub max_train_rows: Option<usize>,
    /// Names of the columns.
    pub columns: Columns,
    /// Label names in the order of the logits.
    pub labels: Vec<String>,
    /// Longest input in tokens; longer ones are truncated.
    pub max_length: i64,
}

/// Names of the columns that hold a row's texts and label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The text, or the first text of a pair.
    pub text: String,
    /// The second text of a pair.
    pub text_pair: Option<String>,
    /// The label.
    pub label: String,
}
