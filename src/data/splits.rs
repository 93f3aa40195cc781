//! Rows → splits: a validation split carved where none is given, and a limit on the training rows. Pure, and the same everywhere.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::data::error::DataError;
use crate::data::example::{Dataset, Example, Target};
use crate::data::read::{Files, Row};
use crate::data::{hash, values};
use crate::spec::task::{Task, TaskKind};

/// How rows are carved and limited.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Carving {
    /// What is predicted: of labels each gives its share, of numbers the rows together.
    pub kind: TaskKind,
    /// Share of the training rows that becomes the validation split, in `(0, 1)`.
    pub validation_share: f64,
    /// Seed of both choices.
    pub seed: u64,
    /// Use at most this many training rows.
    pub max_train_rows: Option<usize>,
}

impl Carving {
    /// The carving of a task.
    pub fn of(task: &Task) -> Self {
        Self { kind: task.kind, validation_share: task.validation_share, seed: task.split_seed, max_train_rows: task.max_train_rows }
    }
}

/// The rows of every split, with the files that they came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splits {
    /// Training rows.
    pub train: Part,
    /// Validation rows.
    pub validation: Part,
    /// Test rows; empty where there are none.
    pub test: Part,
}

/// The rows of one split.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// The file that they were read from; `None` where there is none.
    pub path: Option<PathBuf>,
    /// The rows, in their file's order.
    pub rows: Vec<Row>,
}

/// Splits the rows of a task's files.
pub fn split(files: Files, carving: &Carving) -> Result<Splits, DataError> {
    let train_path = files.train.path;
    let (train, validation) = if let Some(file) = files.validation {
        (files.train.rows, Part { path: Some(file.path), rows: file.rows })
    } else {
        let (train, rows) = carve(files.train.rows, carving);
        (train, Part { path: Some(train_path.clone()), rows })
    };
    if validation.rows.is_empty() {
        // The check of the labels leaves at least two rows of a regression.
        let problem = "too few rows to carve a validation split from: no label occurs twice".to_owned();
        return Err(DataError::File { path: train_path, problem });
    }
    let train = Part { path: Some(train_path), rows: limit(train, carving.max_train_rows, carving.seed) };
    let test = files.test.map(|file| Part { path: Some(file.path), rows: file.rows }).unwrap_or_default();
    Ok(Splits { train, validation, test })
}

/// The rows with their labels as indices or numbers; every row must have passed the check of the task.
pub fn dataset(splits: Splits, task: &Task) -> Dataset {
    let index: BTreeMap<&str, usize> = task.labels.iter().enumerate().map(|(index, label)| (label.as_str(), index)).collect();
    let target = |label: &str| match task.kind {
        TaskKind::Classification => Target::Label(index[label]),
        TaskKind::Regression => Target::Value(values::parse(label).expect("every label was checked to be a number")),
    };
    let example = |row: Row| Example { target: target(&row.label), text: row.text, text_pair: row.text_pair };
    let examples = |part: Part| part.rows.into_iter().map(example).collect();
    Dataset { train: examples(splits.train), validation: examples(splits.validation), test: examples(splits.test) }
}

/// Carves a share of the rows of every label (at least one where it occurs twice), or of all rows of a regression, and returns
/// the rest and the carved.
///
/// Rows are chosen by a hash of their texts: equal rows land on the same side, and adding rows moves few others.
fn carve(rows: Vec<Row>, carving: &Carving) -> (Vec<Row>, Vec<Row>) {
    let mut strata: BTreeMap<&str, Vec<(u64, usize)>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        let stratum = if carving.kind == TaskKind::Classification { row.label.as_str() } else { "" };
        strata.entry(stratum).or_default().push((row_hash(carving.seed, row), index));
    }
    let mut is_carved = vec![false; rows.len()];
    for ranked in strata.values_mut() {
        ranked.sort_unstable();
        for &(_, index) in &ranked[..n_carved(ranked, carving.validation_share)] {
            is_carved[index] = true;
        }
    }
    let (mut kept, mut carved) = (Vec::new(), Vec::new());
    for (row, is_carved) in rows.into_iter().zip(is_carved) {
        if is_carved { carved.push(row) } else { kept.push(row) }
    }
    (kept, carved)
}

/// How many of the rows of one stratum, ranked by hash, are carved; a group of equal rows is not cut where that can be helped.
fn n_carved(ranked: &[(u64, usize)], share: f64) -> usize {
    let n = ranked.len();
    if n < 2 {
        return 0;
    }
    let wanted = ((n as f64 * share).round() as usize).clamp(1, n - 1);
    let is_boundary = |cut: usize| cut > 0 && cut < n && ranked[cut - 1].0 != ranked[cut].0;
    (wanted..n).find(|&cut| is_boundary(cut)).or_else(|| (1..wanted).rev().find(|&cut| is_boundary(cut))).unwrap_or(wanted)
}

/// The first `most` rows in the order of their hashes, put back into the file's order; a smaller limit is a subset of a larger.
fn limit(rows: Vec<Row>, most: Option<usize>, seed: u64) -> Vec<Row> {
    let Some(most) = most.filter(|&most| most < rows.len()) else { return rows };
    let mut ranked: Vec<(u64, usize)> = rows.iter().enumerate().map(|(index, row)| (row_hash(seed, row), index)).collect();
    ranked.sort_unstable();
    let mut chosen: Vec<usize> = ranked[..most].iter().map(|&(_, index)| index).collect();
    chosen.sort_unstable();
    let mut chosen = chosen.into_iter().peekable();
    rows.into_iter().enumerate().filter(|(index, _)| chosen.next_if_eq(index).is_some()).map(|(_, row)| row).collect()
}

fn row_hash(seed: u64, row: &Row) -> u64 {
    hash::stable(seed, &[&row.text, row.text_pair.as_deref().unwrap_or_default()])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(labels: &[u8]) -> Vec<Row> {
        let row = |(index, label): (usize, &u8)| Row {
            line: index + 2,
            text: format!("text {}", index / 2 * 2),
            text_pair: None,
            label: format!("l{label}"),
        };
        labels.iter().enumerate().map(row).collect()
    }

    fn by(validation_share: f64, seed: u64) -> Carving {
        Carving { kind: TaskKind::Classification, validation_share, seed, max_train_rows: None }
    }

    #[test]
    fn rows_of_a_regression_are_carved_whatever_their_values() {
        let labels: Vec<u8> = (0..40).collect();
        let (kept, carved) = carve(rows(&labels), &Carving { kind: TaskKind::Regression, ..by(0.25, 7) });
        assert_eq!((kept.len(), carved.len()), (30, 10));
        assert!(carve(rows(&labels), &by(0.25, 7)).1.is_empty());
    }

    #[test]
    fn the_carving_never_changes() {
        let labels: Vec<u8> = (0..40).map(|index| index % 3).collect();
        let (_, carved) = carve(rows(&labels), &by(0.1, 7));
        insta::assert_debug_snapshot!(carved.iter().map(|row| row.line).collect::<Vec<_>>());
    }

    #[test]
    fn a_smaller_limit_is_a_subset_of_a_larger() {
        let lines = |most| limit(rows(&[0; 50]), Some(most), 3).iter().map(|row| row.line).collect::<Vec<_>>();
        let (few, many) = (lines(10), lines(20));
        assert_eq!((few.len(), many.len()), (10, 20));
        assert!(few.iter().all(|line| many.contains(line)) && many.is_sorted());
    }

    #[test]
    fn equal_rows_land_on_the_same_side() {
        let (kept, carved) = carve(rows(&[0; 60]), &by(0.2, 1));
        assert_eq!(carved.len(), 12);
        assert!(kept.iter().all(|row| carved.iter().all(|other| row.text != other.text)));
    }

    proptest! {
        #[test]
        fn carving_is_a_stratified_partition(labels in prop::collection::vec(0u8..4, 2..200), share in 0.05f64..0.5, seed: u64) {
            let all = rows(&labels);
            let (kept, carved) = carve(all.clone(), &by(share, seed));
            prop_assert_eq!((kept.clone(), carved.clone()), carve(all.clone(), &by(share, seed)));
            let mut lines: Vec<usize> = kept.iter().chain(&carved).map(|row| row.line).collect();
            lines.sort_unstable();
            prop_assert_eq!(lines, all.iter().map(|row| row.line).collect::<Vec<_>>());
            for label in 0..4u8 {
                let count = |rows: &[Row]| rows.iter().filter(|row| row.label == format!("l{label}")).count();
                let (n, n_carved) = (count(&all), count(&carved));
                prop_assert_eq!(n_carved == 0, n < 2);
                prop_assert!(n < 2 || n_carved < n);
                // Half a row of rounding, one row of a pair of equal ones, or the one row that every label gets.
                prop_assert!((n_carved as f64 - n as f64 * share).abs() <= 2.0, "{} of {}", n_carved, n);
            }
        }
    }
}
