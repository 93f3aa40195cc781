//! The task: rows, labels, splits. Must not read files; `data` does.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::metric::MetricName;

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

/// What is predicted for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// One label of several; the loss is cross-entropy.
    #[default]
    Classification,
    /// A number; the loss is the squared error (as Transformers' `problem_type="regression"`).
    Regression,
}

impl TaskKind {
    /// Every kind with its name in experiment files.
    pub const NAMES: [(&'static str, Self); 2] = [("classification", Self::Classification), ("regression", Self::Regression)];

    /// The name in files and on screens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Classification => "classification",
            Self::Regression => "regression",
        }
    }

    /// The metrics that judge it.
    pub const fn metrics(self) -> &'static [MetricName] {
        match self {
            Self::Classification => &[MetricName::Loss, MetricName::Accuracy, MetricName::F1, MetricName::MacroF1, MetricName::Matthews],
            Self::Regression => &[MetricName::Loss, MetricName::Pearson, MetricName::Spearman],
        }
    }

    /// The metric that chooses the best checkpoint where none is named: accuracy; of a regression the Pearson correlation, which
    /// GLUE reports for STS-B (Wang et al. 2018, arXiv:1804.07461, table 1) and whose size, unlike the loss's, has no unit.
    pub const fn default_metric(self) -> MetricName {
        match self {
            Self::Classification => MetricName::Accuracy,
            Self::Regression => MetricName::Pearson,
        }
    }
}

/// The data of a task, every path absolute, every default resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// What is predicted.
    #[serde(default)]
    pub kind: TaskKind,
    /// File of training rows (TSV, CSV, JSON Lines or Parquet by its ending); a `*` in its name stands for several files, here and below.
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
    /// Label names in the order of the logits; none in a regression.
    pub labels: Vec<String>,
    /// Longest input in tokens; longer ones are truncated.
    pub max_length: i64,
}

impl Task {
    /// Names of the columns of the logits: the labels, or what Transformers calls the one column of a regression.
    pub fn output_names(&self) -> Vec<String> {
        match self.kind {
            TaskKind::Classification => self.labels.clone(),
            TaskKind::Regression => vec!["LABEL_0".to_owned()],
        }
    }

    /// Outputs of the head: a logit for each label, or one number.
    pub const fn n_outputs(&self) -> usize {
        match self.kind {
            TaskKind::Classification => self.labels.len(),
            TaskKind::Regression => 1,
        }
    }
}

/// Names of the columns that hold a row's texts and label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The text, or the first text of a pair.
    pub text: String,
    /// The second text of a pair.
    pub text_pair: Option<String>,
    /// The label, or the number to be predicted.
    pub label: String,
}
