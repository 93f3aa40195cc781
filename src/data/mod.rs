//! The rows of a data set: reading files, labels, splits. Knows no tokens, no tensors and no screen.

pub mod csv;
pub mod error;
pub mod example;
pub mod hash;
pub mod json_lines;
pub mod labels;
pub mod read;
pub mod splits;
pub mod survey;
pub mod table;
pub mod tsv;

use crate::data::error::DataError;
use crate::data::example::Dataset;
use crate::spec::task::Task;

/// Reads all rows of a task, carves what is to be carved, and turns labels into indices. The same rows in the same order, always.
pub fn load(task: &Task) -> Result<Dataset, DataError> {
    let files = read::files(task.train.as_path(), task.validation.as_deref(), task.test.as_deref(), &task.columns)?;
    labels::check(&files, &task.labels)?;
    let splits = splits::split(files, &splits::Carving::of(task))?;
    Ok(splits::dataset(splits, &task.labels))
}
