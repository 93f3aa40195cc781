//! `mistakes.json`: the validation rows that the best weights get most wrong. Must not know the texts of the rows, nor who predicts.

use std::cmp::Ordering;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::run::dir::{self, DirError, RunDir};
use crate::run::event::FORMAT_VERSION;
use crate::run::number::Number;
use crate::run::reader;

/// Rows that the file holds at most.
pub const MOST_ROWS: usize = 1000;

/// What the best weights get wrong of the validation split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mistakes {
    /// [`FORMAT_VERSION`] of the writer.
    pub format: u32,
    /// The step whose weights predicted.
    pub step: u64,
    /// Rows of the validation split.
    pub n_rows: u64,
    /// Rows that were labelled wrongly, of which the first [`MOST_ROWS`] are listed; of a regression all rows.
    pub n_wrong: u64,
    /// A hash of all validation rows in their order, in hexadecimal digits: other texts have another.
    pub fingerprint: String,
    /// Names of the labels, by index; none in a regression.
    pub labels: Vec<String>,
    /// The rows, the worst first.
    pub wrong: Wrong,
}

/// The rows that a run gets wrong, the worst first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// Of a classification: rows with another label than theirs, the most confident first.
    Labels(Vec<WrongLabel>),
    /// Of a regression: rows by how far their value is missed.
    Values(Vec<WrongValue>),
}

/// A row that was given a label that is not its own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WrongLabel {
    /// Its number in the validation split, from 1.
    pub row: u64,
    /// Index of its label.
    pub truth: usize,
    /// Index of the label that it was given.
    pub predicted: usize,
    /// Probability of the label that it was given.
    pub probability: Number,
}

/// A row with the value that it was given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WrongValue {
    /// Its number in the validation split, from 1.
    pub row: u64,
    /// Its value.
    pub truth: Number,
    /// The value that it was given.
    pub predicted: Number,
}

impl WrongValue {
    /// By how much too high it was predicted.
    pub fn residual(&self) -> f64 {
        self.predicted.0 - self.truth.0
    }
}

impl Wrong {
    /// The worst of these rows, the worst first: the most confident labels, or the largest residuals.
    #[must_use]
    pub fn worst(mut self) -> Self {
        match &mut self {
            Self::Labels(rows) => {
                rows.sort_unstable_by(|one, other| worst_first(one.probability.0, other.probability.0, one.row, other.row));
                rows.truncate(MOST_ROWS);
            }
            Self::Values(rows) => {
                rows.sort_unstable_by(|one, other| worst_first(one.residual(), other.residual(), one.row, other.row));
                rows.truncate(MOST_ROWS);
            }
        }
        self
    }

    /// How many rows there are.
    pub const fn len(&self) -> usize {
        match self {
            Self::Labels(rows) => rows.len(),
            Self::Values(rows) => rows.len(),
        }
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of the rows, the worst first.
    pub fn rows(&self) -> Vec<u64> {
        match self {
            Self::Labels(rows) => rows.iter().map(|wrong| wrong.row).collect(),
            Self::Values(rows) => rows.iter().map(|wrong| wrong.row).collect(),
        }
    }
}

/// Greater first, NaN before all; equal ones in the order of the split.
fn worst_first(one: f64, other: f64, row: u64, other_row: u64) -> Ordering {
    other.abs().total_cmp(&one.abs()).then(row.cmp(&other_row))
}

impl Mistakes {
    /// What is told of all rows that the weights of `step` get wrong, in any order, among `n_rows`.
    pub fn new(step: u64, n_rows: usize, fingerprint: u64, labels: &[String], wrong: Wrong) -> Self {
        Self {
            format: FORMAT_VERSION,
            step,
            n_rows: n_rows as u64,
            n_wrong: wrong.len() as u64,
            fingerprint: format!("{fingerprint:016x}"),
            labels: labels.to_vec(),
            wrong: wrong.worst(),
        }
    }

    /// The name of a row's label; its index where it has no name.
    pub fn label(&self, idx: usize) -> String {
        self.labels.get(idx).cloned().unwrap_or_else(|| idx.to_string())
    }
}

/// Where the file lies.
pub fn file(dir: &RunDir) -> PathBuf {
    dir.path().join("mistakes.json")
}

/// Replaces the file whole.
pub fn write(dir: &RunDir, mistakes: &Mistakes) -> Result<(), DirError> {
    let path = file(dir);
    let text = serde_json::to_vec(mistakes);
    let text = text.map_err(|problem| DirError::Malformed { path: path.clone(), problem: problem.to_string() })?;
    dir::write_atomic(&path, &text)
}

/// Reads the file; `None` where there is none yet.
///
/// # Errors
/// In words, also where another version wrote it.
pub fn read(dir: &RunDir) -> Result<Option<Mistakes>, String> {
    #[derive(Deserialize)]
    struct FormatProbe {
        format: u32,
    }
    let path = file(dir);
    let Some(probe) = dir::read_json::<FormatProbe>(&path).map_err(|error| error.to_string())? else { return Ok(None) };
    reader::check_format(probe.format).map_err(|error| error.to_string())?;
    dir::read_json(&path).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn probability() -> impl Strategy<Value = f64> {
        prop_oneof![8 => 0.0..1.0_f64, 1 => Just(f64::NAN), 1 => Just(1.0)]
    }

    proptest! {
        #[test]
        fn the_worst_rows_are_kept_in_order_and_come_back_from_the_file(values in proptest::collection::vec((probability(), -3.0..3.0_f64), 0..1400), is_labels: bool) {
            let n = values.len();
            let wrong = if is_labels {
                let label = |(idx, (probability, _)): (usize, &(f64, f64))| {
                    WrongLabel { row: idx as u64 + 1, truth: idx % 3, predicted: (idx + 1) % 3, probability: Number(*probability) }
                };
                Wrong::Labels(values.iter().enumerate().map(label).collect())
            } else {
                let value = |(idx, (truth, predicted)): (usize, &(f64, f64))| {
                    WrongValue { row: idx as u64 + 1, truth: Number(*truth), predicted: Number(*predicted) }
                };
                Wrong::Values(values.iter().enumerate().map(value).collect())
            };
            let labels = if is_labels { vec!["a".to_owned(), "b\u{1b}".to_owned(), "c".to_owned()] } else { Vec::new() };
            let written = Mistakes::new(7, 2000, 0xab, &labels, wrong);
            prop_assert_eq!((written.n_wrong as usize, written.wrong.len()), (n, n.min(MOST_ROWS)));
            let badness: Vec<f64> = match &written.wrong {
                Wrong::Labels(rows) => rows.iter().map(|row| row.probability.0).collect(),
                Wrong::Values(rows) => rows.iter().map(|row| row.residual().abs()).collect(),
            };
            prop_assert!(badness.windows(2).all(|pair| pair[0].is_nan() || pair[0] >= pair[1]), "{badness:?}");
            let folder = tempfile::tempdir().unwrap();
            let dir = RunDir::new(folder.path());
            write(&dir, &written).unwrap();
            prop_assert_eq!(read(&dir).unwrap().unwrap(), written);
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else remains");
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let folder = tempfile::tempdir().unwrap();
            let dir = RunDir::new(folder.path());
            std::fs::write(file(&dir), bytes).unwrap();
            let _ = read(&dir);
        }
    }

    #[test]
    fn the_file_is_as_documented_and_another_format_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::new(folder.path());
        assert_eq!(read(&dir), Ok(None));
        let wrong = Wrong::Labels(vec![WrongLabel { row: 12, truth: 1, predicted: 0, probability: Number(0.75) }]);
        write(&dir, &Mistakes::new(25, 872, 0xff, &["no".to_owned(), "yes".to_owned()], wrong)).unwrap();
        let text = std::fs::read_to_string(file(&dir)).unwrap();
        let expected = concat!(
            r#"{"format":1,"step":25,"n_rows":872,"n_wrong":1,"fingerprint":"00000000000000ff","labels":["no","yes"],"#,
            r#""wrong":{"labels":[{"row":12,"truth":1,"predicted":0,"probability":0.75}]}}"#
        );
        assert_eq!(text, expected);
        std::fs::write(file(&dir), r#"{"format": 9, "other": 1}"#).unwrap();
        assert!(read(&dir).unwrap_err().contains("update finetop"));
    }
}
