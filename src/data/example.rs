//! A row and the three splits of a data set.

/// A row with its target.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The text, or the first of a pair.
    pub text: String,
    /// The second text of a pair.
    pub text_pair: Option<String>,
    /// What is to be predicted.
    pub target: Target,
}

/// What is to be predicted for a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// Index into the task's labels.
    Label(usize),
    /// A number, finite also in single precision.
    Value(f64),
}

/// The rows of every split.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dataset {
    /// Rows that gradients come from.
    pub train: Vec<Example>,
    /// Rows that choose the best checkpoint.
    pub validation: Vec<Example>,
    /// Rows looked at once, at the end; empty where the task has none.
    pub test: Vec<Example>,
}
