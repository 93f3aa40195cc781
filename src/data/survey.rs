//! What the rows of a data set are like, as far as it matters before training: counts, overlaps, odd characters. Pure.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use serde::Serialize;

use crate::data::read::Row;
use crate::data::splits::{Part, Splits};
use crate::data::values;
use crate::spec::task::{Split, TaskKind};

/// What a data set is like.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Survey {
    /// The splits that have rows, in their order.
    pub splits: Vec<SplitSurvey>,
    /// Rows of the training split that occur in another split too.
    pub overlaps: Vec<Overlap>,
    /// Training rows whose texts occurred before.
    pub train_duplicates: Option<Occurrence>,
    /// Training rows whose texts occurred before with another label.
    pub contradictions: Option<Occurrence>,
}

/// What one split is like.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SplitSurvey {
    /// Which.
    pub split: Split,
    /// The file that it was read from.
    pub path: PathBuf,
    /// Rows.
    pub n_rows: usize,
    /// What is to be predicted.
    #[serde(flatten)]
    pub targets: Targets,
    /// Rows whose texts have control characters.
    pub control_characters: Option<Occurrence>,
    /// Words per row, both texts of a pair together.
    pub words: Words,
}

/// What is to be predicted in a split.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Targets {
    /// Rows per label, in the order of the labels.
    LabelCounts(Vec<usize>),
    /// The values of a regression.
    Values(Values),
}

/// The values of a regression in a split.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Values {
    /// The least.
    pub least: f64,
    /// Their mean.
    pub mean: f64,
    /// The greatest.
    pub greatest: f64,
    /// Root of the mean squared distance from the mean: the root of the loss of always predicting the mean.
    pub standard_deviation: f64,
}

/// Words (pieces between white space) per row.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Words {
    /// Mean over all rows.
    pub mean: f64,
    /// Number in the longest row.
    pub longest: usize,
}

/// How often something occurs, and the line of its first occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Occurrence {
    /// Rows.
    pub n_rows: usize,
    /// The first one's line in its file.
    pub first_line: usize,
}

/// Training rows whose texts occur in another split too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Overlap {
    /// The other split.
    pub split: Split,
    /// The rows of that other split, the line too.
    pub found: Occurrence,
}

/// Surveys the splits of a task; every row must have passed its check.
pub fn survey(splits: &Splits, kind: TaskKind, labels: &[String]) -> Survey {
    let parts = [(Split::Train, &splits.train), (Split::Validation, &splits.validation), (Split::Test, &splits.test)];
    let present = parts.into_iter().filter(|(_, part)| !part.rows.is_empty());
    let train: HashSet<Texts> = splits.train.rows.iter().map(texts).collect();
    let overlap = |(split, part): (Split, &Part)| {
        let found = occurrence(part.rows.iter().filter(|row| train.contains(&texts(row))))?;
        Some(Overlap { split, found })
    };
    let mut first_label: HashMap<Texts, &str> = HashMap::new();
    let (mut repeated, mut contradicting) = (Vec::new(), Vec::new());
    for row in &splits.train.rows {
        match first_label.entry(texts(row)) {
            Entry::Vacant(entry) => {
                entry.insert(&row.label);
            }
            Entry::Occupied(entry) => {
                repeated.push(row);
                if !is_same(kind, entry.get(), &row.label) {
                    contradicting.push(row);
                }
            }
        }
    }
    Survey {
        splits: present.clone().map(|(split, part)| split_survey(split, part, kind, labels)).collect(),
        overlaps: present.skip(1).filter_map(overlap).collect(),
        train_duplicates: occurrence(repeated.into_iter()),
        contradictions: occurrence(contradicting.into_iter()),
    }
}

/// A row's texts without the white space around them, for comparison.
type Texts<'a> = (&'a str, Option<&'a str>);

fn texts(row: &Row) -> Texts<'_> {
    (row.text.trim(), row.text_pair.as_deref().map(str::trim))
}

fn occurrence<'a>(mut rows: impl Iterator<Item = &'a Row>) -> Option<Occurrence> {
    let first_line = rows.next()?.line;
    Some(Occurrence { n_rows: 1 + rows.count(), first_line })
}

/// Whether two labels are the same, as names or as numbers.
fn is_same(kind: TaskKind, a: &str, b: &str) -> bool {
    a == b || kind == TaskKind::Regression && values::parse(a) == values::parse(b)
}

fn split_survey(split: Split, part: &Part, kind: TaskKind, labels: &[String]) -> SplitSurvey {
    let (mut n_words, mut longest) = (0, 0);
    for row in &part.rows {
        let words = row.text.split_whitespace().count() + row.text_pair.as_deref().map_or(0, |pair| pair.split_whitespace().count());
        n_words += words;
        longest = longest.max(words);
    }
    SplitSurvey {
        split,
        path: part.path.clone().unwrap_or_default(),
        n_rows: part.rows.len(),
        targets: match kind {
            TaskKind::Classification => Targets::LabelCounts(label_counts(part, labels)),
            TaskKind::Regression => Targets::Values(spread(part)),
        },
        control_characters: occurrence(part.rows.iter().filter(|row| has_control(row))),
        words: Words { mean: n_words as f64 / part.rows.len().max(1) as f64, longest },
    }
}

fn label_counts(part: &Part, labels: &[String]) -> Vec<usize> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &part.rows {
        *counts.entry(&row.label).or_default() += 1;
    }
    labels.iter().map(|label| counts.get(label.as_str()).copied().unwrap_or(0)).collect()
}

fn spread(part: &Part) -> Values {
    let values: Vec<f64> = part.rows.iter().filter_map(|row| values::parse(&row.label)).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
    Values {
        least: values.iter().copied().fold(f64::INFINITY, f64::min),
        mean,
        greatest: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        standard_deviation: variance.sqrt(),
    }
}

/// Whether a text holds control characters other than white space.
fn has_control(row: &Row) -> bool {
    let is_odd = |character: char| character.is_control() && !character.is_whitespace();
    row.text.contains(is_odd) || row.text_pair.as_deref().is_some_and(|pair| pair.contains(is_odd))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(rows: &[(&str, &str)]) -> Part {
        let row = |(index, (text, label)): (usize, &(&str, &str))| Row {
            line: index + 2,
            text: (*text).to_owned(),
            text_pair: None,
            label: (*label).to_owned(),
        };
        Part { path: Some("d.tsv".into()), rows: rows.iter().enumerate().map(row).collect() }
    }

    #[test]
    fn overlaps_duplicates_and_odd_characters_are_counted_with_their_first_line() {
        let splits = Splits {
            train: part(&[("a", "x"), ("b c", "y"), ("a ", "x"), ("a", "y"), ("\u{1b}[0m", "x")]),
            validation: part(&[("d", "x"), ("b c", "y"), ("a", "x")]),
            test: Part::default(),
        };
        let survey = survey(&splits, TaskKind::Classification, &["x".to_owned(), "y".to_owned(), "z".to_owned()]);
        assert_eq!(survey.splits.len(), 2);
        assert_eq!(survey.splits[0].targets, Targets::LabelCounts(vec![3, 2, 0]));
        assert_eq!(survey.splits[0].control_characters, Some(Occurrence { n_rows: 1, first_line: 6 }));
        assert_eq!((survey.splits[0].words.mean.to_bits(), survey.splits[0].words.longest), (1.2f64.to_bits(), 2));
        let found = Occurrence { n_rows: 2, first_line: 3 };
        assert_eq!(survey.overlaps, [Overlap { split: Split::Validation, found }]);
        assert_eq!(survey.train_duplicates, Some(Occurrence { n_rows: 2, first_line: 4 }));
        assert_eq!(survey.contradictions, Some(Occurrence { n_rows: 1, first_line: 5 }));
    }

    #[test]
    fn values_are_described_and_written_numbers_compared_as_numbers() {
        let splits = Splits {
            train: part(&[("a", "1"), ("b", "2.5"), ("a", "1.0"), ("c", "-0.5"), ("b", "3")]),
            validation: part(&[("d", "7")]),
            test: Part::default(),
        };
        let survey = survey(&splits, TaskKind::Regression, &[]);
        // numpy 2.4.6: min, mean, max, std.
        let values = Values { least: -0.5, mean: 1.4, greatest: 3.0, standard_deviation: 1.240_967_364_599_085_7 };
        assert_eq!(survey.splits[0].targets, Targets::Values(values));
        assert_eq!(survey.train_duplicates, Some(Occurrence { n_rows: 2, first_line: 4 }));
        assert_eq!(survey.contradictions, Some(Occurrence { n_rows: 1, first_line: 6 }));
        let json = serde_json::to_value(&survey).unwrap();
        assert_eq!((&json["splits"][1]["values"]["greatest"], json["splits"][1].get("label_counts")), (&7.0.into(), None));
    }
}
