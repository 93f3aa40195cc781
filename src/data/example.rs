//! A row and the three splits of a data set.

/// A row with its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The text, or the first of a pair.
    pub text: String,
    /// The second text of a pair.
    pub text_pair: Option<String>,
    /// Index into the task's labels.
    pub label: usize,
}

/// The rows of every split.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dataset {
    /// Rows that gradients come from.
    pub train: Vec<Example>,
    /// Rows that choose the best checkpoint.
    pub validation: Vec<Example>,
    /// Rows looked at once, at the end; empty where the task has none.
    pub test: Vec<Example>,
}
