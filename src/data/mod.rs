//! The rows of a data set: reading files, labels, splits. Knows no tokens, no tensors and no screen.

pub mod csv;
pub mod error;
pub mod example;
pub mod hash;
pub mod inputs;
pub mod json_lines;
pub mod labels;
pub mod parquet;
pub mod read;
pub mod series;
pub mod splits;
pub mod survey;
pub mod table;
pub mod tsv;
pub mod values;

use crate::data::error::DataError;
use crate::data::example::Dataset;
use crate::data::read::Files;
use crate::spec::task::{Task, TaskKind};

/// Reads all rows of a task, carves what is to be carved, and turns labels into indices or numbers. The same rows in the same order, always.
pub fn load(task: &Task) -> Result<Dataset, DataError> {
    let files = read::files(task.train.as_path(), task.validation.as_deref(), task.test.as_deref(), &task.columns)?;
    check(&files, task)?;
    let splits = splits::split(files, &splits::Carving::of(task))?;
    Ok(splits::dataset(splits, task))
}

/// Checks that every row's label is what the task predicts: one of its labels, or a number.
pub fn check(files: &Files, task: &Task) -> Result<(), DataError> {
    match task.kind {
        TaskKind::Classification => labels::check(files, &task.labels),
        TaskKind::Regression => values::check(files, &task.columns.label),
    }
}
