//! The names of the labels: found in the training rows, or given; and every row's label among them.

use std::collections::BTreeSet;

use crate::data::error::{DataError, quoted};
use crate::data::read::{File, Files};
use crate::data::values;

/// More different labels than this are taken for a mistake in the choice of the column.
const MOST_FOUND: usize = 1000;
/// Labels that an error lists.
const MOST_LISTED: usize = 12;

/// The labels of the training rows: in the order that the file itself names them in, else whole numbers in their order and other
/// names in that of their characters.
pub fn find(train: &File) -> Result<Vec<String>, DataError> {
    if let Some(names) = &train.label_names {
        return Ok(names.clone());
    }
    let found: BTreeSet<&str> = train.rows.iter().map(|row| row.label.as_str()).collect();
    let error = |problem| DataError::File { path: train.path.clone(), problem };
    if found.len() == 1 {
        let label = found.first().copied().unwrap_or_default();
        return Err(error(format!("every row has label {}; at least two different labels are needed", quoted(label))));
    }
    if found.len() > MOST_FOUND {
        let advice = if found.iter().all(|label| values::parse(label).is_some()) {
            "all are numbers: to predict them as numbers say `data: {kind: regression}`"
        } else {
            "is the column the label? (list them under `data: {labels: […]}` if so)"
        };
        return Err(error(format!("{} different labels in {} rows; {advice}", found.len(), train.rows.len())));
    }
    let mut labels: Vec<String> = found.into_iter().map(str::to_owned).collect();
    if labels.iter().all(|label| label.parse::<i64>().is_ok()) {
        labels.sort_by_key(|label| label.parse::<i64>().unwrap_or_default());
    }
    Ok(labels)
}

/// Checks that every row's label is one of `labels`.
pub fn check(files: &Files, labels: &[String]) -> Result<(), DataError> {
    let known: BTreeSet<&str> = labels.iter().map(String::as_str).collect();
    for file in files.iter() {
        if let Some(row) = file.rows.iter().find(|row| !known.contains(row.label.as_str())) {
            let problem = format!("unknown label {}; accepted: {}", quoted(&row.label), listed(labels));
            return Err(DataError::Line { path: file.path.clone(), line: row.line, problem });
        }
    }
    let mut train = files.train.rows.iter().map(|row| row.label.as_str());
    let first = train.next().unwrap_or_default();
    if train.all(|label| label == first) {
        let problem = format!("every row has label {}; at least two different labels are needed", quoted(first));
        return Err(DataError::File { path: files.train.path.clone(), problem });
    }
    Ok(())
}

fn listed(labels: &[String]) -> String {
    let mut names: Vec<String> = labels.iter().take(MOST_LISTED).map(|label| quoted(label)).collect();
    if labels.len() > MOST_LISTED {
        names.push(format!("… ({} in all)", labels.len()));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::read::Row;

    fn file(labels: &[&str]) -> File {
        let row = |(index, label): (usize, &&str)| Row { line: index + 2, text: "t".into(), text_pair: None, label: (*label).to_owned() };
        File { path: "d.tsv".into(), rows: labels.iter().enumerate().map(row).collect(), label_names: None }
    }

    #[test]
    fn found_labels_are_sorted_by_number_or_by_name() {
        assert_eq!(find(&file(&["10", "9", "10", "-1"])).unwrap(), ["-1", "9", "10"]);
        assert_eq!(find(&file(&["b", "10", "9"])).unwrap(), ["10", "9", "b"]);
    }

    #[test]
    fn names_that_the_file_gives_keep_their_order() {
        let file = File { label_names: Some(vec!["b".to_owned(), "a".to_owned()]), ..file(&["a", "b"]) };
        assert_eq!(find(&file).unwrap(), ["b", "a"]);
    }

    #[test]
    fn too_many_labels_are_no_labels_and_numbers_are_perhaps_a_regression() {
        let advice = |name: fn(usize) -> String| {
            let labels: Vec<String> = (0..1001).map(name).collect();
            find(&file(&labels.iter().map(String::as_str).collect::<Vec<_>>())).unwrap_err().to_string()
        };
        let start = "d.tsv: 1001 different labels in 1001 rows; ";
        let numbers = "all are numbers: to predict them as numbers say `data: {kind: regression}`";
        assert_eq!(advice(|index| format!("{}", index as f64 / 8.0)), format!("{start}{numbers}"));
        let words = "is the column the label? (list them under `data: {labels: […]}` if so)";
        assert_eq!(advice(|index| format!("w{index}")), format!("{start}{words}"));
    }

    #[test]
    fn one_class_only_is_an_error() {
        let expected = "d.tsv: every row has label \"a\"; at least two different labels are needed";
        assert_eq!(find(&file(&["a", "a"])).unwrap_err().to_string(), expected);
        let files = Files { train: file(&["a", "a"]), validation: None, test: None };
        assert_eq!(check(&files, &["a".to_owned(), "b".to_owned()]).unwrap_err().to_string(), expected);
    }

    #[test]
    fn an_unknown_label_names_its_line_and_the_accepted() {
        let files = Files { train: file(&["a", "b"]), validation: Some(file(&["a", "c"])), test: None };
        let error = check(&files, &["a".to_owned(), "b".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "d.tsv:3: unknown label \"c\"; accepted: \"a\", \"b\"");
    }
}
