//! The targets of a regression: every row's label as a number.

use crate::data::error::{DataError, quoted};
use crate::data::read::{File, Files};

/// The number that a label is: finite, also in the single precision that training has.
pub fn parse(label: &str) -> Option<f64> {
    label.parse::<f64>().ok().filter(|value| (*value as f32).is_finite())
}

/// Checks that every row's label is a number, and that the training rows hold at least two different ones.
pub fn check(files: &Files, column: &str) -> Result<(), DataError> {
    for file in files.iter() {
        if let Some(row) = file.rows.iter().find(|row| parse(&row.label).is_none()) {
            let problem = format!("{column:?} must be a finite number in a regression, not {}", quoted(&row.label));
            return Err(DataError::Line { path: file.path.clone(), line: row.line, problem });
        }
    }
    let File { path, rows, .. } = &files.train;
    let first = rows.first().and_then(|row| parse(&row.label));
    if rows.iter().all(|row| parse(&row.label) == first) {
        let only = first.unwrap_or_default();
        let problem = format!("every row has the value {only}; at least two different values are needed");
        return Err(DataError::File { path: path.clone(), problem });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::read::Row;

    fn error(labels: &[&str]) -> String {
        let row = |(index, label): (usize, &&str)| Row { line: index + 2, text: "t".into(), text_pair: None, label: (*label).to_owned() };
        let train = File { path: "d.tsv".into(), rows: labels.iter().enumerate().map(row).collect(), label_names: None };
        check(&Files { train, validation: None, test: None }, "score").map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn what_is_no_finite_number_is_named_with_its_line_and_column() {
        assert_eq!(error(&["1", "-2.5e-1", "+3", ".5"]), "");
        for bad in ["high", "nan", "inf", "1e400", "1e39", "1,5", "0x1", "1 2"] {
            assert_eq!(error(&["1", bad]), format!("d.tsv:3: \"score\" must be a finite number in a regression, not {bad:?}"));
        }
    }

    #[test]
    fn one_value_only_is_an_error_however_it_is_written() {
        assert_eq!(error(&["2", "2.0", "2e0"]), "d.tsv: every row has the value 2; at least two different values are needed");
    }
}
