//! What a run gets wrong, with the texts of the rows as their files hold them now. Must not know who shows it.

use std::fmt::Write;

use serde::Serialize;

use crate::data::read::{self, Files, Row};
use crate::data::splits::{self, Carving};
use crate::data::{error::DataError, hash};
use crate::report::columns::{Align, aligned};
use crate::run::dir::RunDir;
use crate::run::mistakes::{self, Mistakes, Wrong};
use crate::spec::run::RunSpec;

/// Characters of a text that are kept.
const LONGEST_TEXT: usize = 4000;

/// What a run gets wrong, the worst first.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// The step whose weights predicted.
    pub step: u64,
    /// Rows of the validation split.
    pub n_rows: u64,
    /// How many of them are wrong; of a regression all.
    pub n_wrong: u64,
    /// The worst of them.
    pub rows: Vec<Mistake>,
    /// Why there are no texts; `None` where there are.
    pub no_texts: Option<String>,
}

/// A row that is got wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mistake {
    /// Its number in the validation split, from 1.
    pub row: u64,
    /// Its line in its file, or its number in a file without lines; where the file is as it was.
    pub line: Option<usize>,
    /// Its label or value.
    #[serde(rename = "true")]
    pub truth: String,
    /// The label or value that it was given.
    pub predicted: String,
    /// The probability of the label that it was given; of a regression by how much too high its value is. Not finite is null.
    #[serde(flatten)]
    pub figure: Figure,
    /// Its text, or the first of a pair.
    pub text: Option<String>,
    /// The second text of a pair.
    pub text_pair: Option<String>,
}

/// How wrong a row is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Probability of the label that it was given.
    Probability(Option<f64>),
    /// Predicted less true value.
    Residual(Option<f64>),
}

impl Figure {
    /// In a few characters.
    pub fn in_words(self) -> String {
        match self {
            Self::Probability(Some(value)) => format!("{value:.3}"),
            Self::Residual(Some(value)) => format!("{value:+.3}"),
            Self::Probability(None) | Self::Residual(None) => "NaN".to_owned(),
        }
    }
}

/// What the run of `dir` gets wrong; `None` before its first evaluation, and of a run whose worker did not keep it.
///
/// # Errors
/// In words, where its own files cannot be read. Rows whose texts cannot be had are listed without.
pub fn listing(dir: &RunDir) -> Result<Option<Listing>, String> {
    let Some(mistakes) = mistakes::read(dir)? else { return Ok(None) };
    let spec = dir.read_spec().map_err(|error| error.to_string())?;
    let (rows, no_texts) = match validation_rows(&spec, &mistakes) {
        Ok(rows) => (rows, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    let listed = mistakes.wrong.rows().into_iter().enumerate();
    let listed =
        listed.map(|(idx, number)| mistake(&mistakes, idx, number, usize::try_from(number).ok().and_then(|n| rows.get(n.wrapping_sub(1)))));
    let rows = listed.collect();
    Ok(Some(Listing { step: mistakes.step, n_rows: mistakes.n_rows, n_wrong: mistakes.n_wrong, rows, no_texts }))
}

fn mistake(mistakes: &Mistakes, idx: usize, number: u64, row: Option<&Row>) -> Mistake {
    let finite = |value: f64| Some(value).filter(|value| value.is_finite());
    let (truth, predicted, figure) = match &mistakes.wrong {
        Wrong::Labels(rows) => {
            let wrong = rows[idx];
            (mistakes.label(wrong.truth), mistakes.label(wrong.predicted), Figure::Probability(finite(wrong.probability.0)))
        }
        Wrong::Values(rows) => {
            let wrong = rows[idx];
            let shown = |value: f64| if value.is_nan() { "NaN".to_owned() } else { format!("{value:.3}") };
            (shown(wrong.truth.0), shown(wrong.predicted.0), Figure::Residual(finite(wrong.residual())))
        }
    };
    let short = |text: &String| text.chars().take(LONGEST_TEXT).collect();
    let (text, text_pair) = (row.map(|row| short(&row.text)), row.and_then(|row| row.text_pair.as_ref().map(short)));
    Mistake { row: number, line: row.map(|row| row.line), truth, predicted, figure, text, text_pair }
}

/// The validation rows as the files hold them now, where they are still those that were judged.
fn validation_rows(spec: &RunSpec, mistakes: &Mistakes) -> Result<Vec<Row>, String> {
    let task = &spec.task;
    let rows = match &task.validation {
        Some(path) => read::file(path, &task.columns).map(|file| file.rows),
        None => carved(spec),
    };
    let path = task.validation.as_deref().unwrap_or(&task.train).display();
    let rows = rows.map_err(|error| format!("the texts cannot be read: {error}"))?;
    let fingerprint = hash::of_texts(rows.iter().map(|row| (row.text.as_str(), row.text_pair.as_deref())));
    if format!("{fingerprint:016x}") == mistakes.fingerprint {
        Ok(rows)
    } else {
        Err(format!("{path} has changed since these rows were judged, so their texts are not known"))
    }
}

fn carved(spec: &RunSpec) -> Result<Vec<Row>, DataError> {
    let train = read::file(&spec.task.train, &spec.task.columns)?;
    let files = Files { train, validation: None, test: None };
    splits::split(files, &Carving::of(&spec.task)).map(|splits| splits.validation.rows)
}

/// The first `most` rows in words, for a terminal; the run's name above.
pub fn text(run: &str, listing: &Listing, most: usize) -> String {
    let Listing { step, n_rows, n_wrong, rows, no_texts } = listing;
    let is_values = rows.iter().any(|row| matches!(row.figure, Figure::Residual(_)));
    let what = if is_values {
        format!("{n_rows} validation rows, the largest residuals first")
    } else {
        format!("{n_wrong} of {n_rows} validation rows are wrong, the most confident first")
    };
    let mut lines = format!("{run}, weights of step {step}: {what}\n");
    if let Some(why) = no_texts {
        writeln!(lines, "{}", crate::run::text::printable(why)).expect("text");
    }
    let mut table =
        vec![["LINE", "TRUE", "PREDICTED", if is_values { "RESIDUAL" } else { "PROBABILITY" }, "TEXT"].map(str::to_owned).to_vec()];
    if no_texts.is_some() {
        "ROW".clone_into(&mut table[0][0]);
    }
    for mistake in rows.iter().take(most) {
        let number = mistake.line.map_or_else(|| mistake.row.to_string(), |line| line.to_string());
        table.push(vec![number, mistake.truth.clone(), mistake.predicted.clone(), mistake.figure.in_words(), mistake.joined()]);
    }
    lines.push_str(&aligned(&[Align::Right, Align::Left, Align::Left, Align::Right, Align::Left], &table));
    if rows.len() > most {
        writeln!(lines, "{} more; --mistakes={} lists all that are kept", rows.len() - most, rows.len()).expect("text");
    }
    lines
}

impl Mistake {
    /// Its text, or both of its texts; empty where they are not known.
    pub fn joined(&self) -> String {
        let pair = self.text_pair.as_ref().map(|pair| format!(" | {pair}")).unwrap_or_default();
        self.text.as_ref().map_or_else(String::new, |text| format!("{text}{pair}"))
    }
}

/// All rows as one JSON document.
pub fn json(run: &str, listing: &Listing) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        run: &'a str,
        step: u64,
        n_rows: u64,
        n_wrong: u64,
        no_texts: Option<&'a str>,
        mistakes: &'a [Mistake],
    }
    let Listing { step, n_rows, n_wrong, rows, no_texts } = listing;
    let document = Document { run, step: *step, n_rows: *n_rows, n_wrong: *n_wrong, no_texts: no_texts.as_deref(), mistakes: rows };
    serde_json::to_string_pretty(&document).expect("names as keys and plain numbers always encode") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::mistakes::{WrongLabel, WrongValue};
    use crate::run::number::Number;

    /// A run's folder whose validation rows are in a file beside it, or carved from the training rows.
    fn run(folder: &std::path::Path, has_validation: bool) -> (RunDir, RunSpec) {
        let golden = include_str!("../../tests/fixtures/golden/run.yaml");
        let mut spec: RunSpec = serde_yaml::from_str(golden).unwrap();
        let rows: Vec<String> = (0..40).map(|row| format!("text {row}\t{}", if row % 2 == 0 { "no" } else { "yes" })).collect();
        for name in ["train.tsv", "validation.tsv"] {
            std::fs::write(folder.join(name), format!("text\tlabel\n{}\n", rows.join("\n"))).unwrap();
        }
        spec.task.train = folder.join("train.tsv");
        spec.task.validation = has_validation.then(|| folder.join("validation.tsv"));
        (spec.task.columns.text, spec.task.columns.label, spec.task.columns.text_pair) = ("text".to_owned(), "label".to_owned(), None);
        let dir = RunDir::new(folder);
        dir.write_spec(&spec).unwrap();
        (dir, spec)
    }

    fn kept(dir: &RunDir, rows: &[Row]) {
        let fingerprint = hash::of_texts(rows.iter().map(|row| (row.text.as_str(), None)));
        let wrong = |row, probability| WrongLabel { row, truth: 0, predicted: 1, probability: Number(probability) };
        let wrong = Wrong::Labels(vec![wrong(1, 0.6), wrong(3, 0.9), wrong(99, f64::NAN)]);
        mistakes::write(dir, &Mistakes::new(7, rows.len(), fingerprint, &["no".to_owned(), "yes".to_owned()], wrong)).unwrap();
    }

    #[test]
    fn rows_come_with_line_and_text_from_their_file_the_most_confident_first() {
        let folder = tempfile::tempdir().unwrap();
        let (dir, spec) = run(folder.path(), true);
        assert_eq!(listing(&dir), Ok(None), "nothing was kept yet");
        kept(&dir, &read::file(&spec.task.train, &spec.task.columns).unwrap().rows);
        let listing = listing(&dir).unwrap().unwrap();
        let rows: Vec<_> = listing.rows.iter().map(|row| (row.row, row.line, row.text.as_deref())).collect();
        assert_eq!(rows, [(99, None, None), (3, Some(4), Some("text 2")), (1, Some(2), Some("text 0"))]);
        insta::assert_snapshot!(text("x-1/lora", &listing, 2));
        let document: serde_json::Value = serde_json::from_str(&json("x-1/lora", &listing)).unwrap();
        assert_eq!(document["mistakes"][1]["probability"], 0.9);
        assert_eq!((&document["mistakes"][1]["true"], &document["mistakes"][0]["probability"]), (&"no".into(), &serde_json::Value::Null));
    }

    #[test]
    fn carved_rows_are_found_in_the_training_file() {
        let folder = tempfile::tempdir().unwrap();
        let (dir, spec) = run(folder.path(), false);
        let rows = carved(&spec).unwrap();
        kept(&dir, &rows);
        let listing = listing(&dir).unwrap().unwrap();
        assert_eq!((listing.rows[1].line, listing.rows[1].text.as_ref()), (Some(rows[2].line), Some(&rows[2].text)));
    }

    #[test]
    fn a_file_that_has_changed_or_vanished_is_said_and_its_texts_are_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let (dir, spec) = run(folder.path(), true);
        kept(&dir, &read::file(&spec.task.train, &spec.task.columns).unwrap().rows);
        let path = folder.path().join("validation.tsv");
        std::fs::write(&path, "text\tlabel\nanother\tno\n").unwrap();
        let changed = listing(&dir).unwrap().unwrap();
        assert!(changed.no_texts.as_ref().is_some_and(|why| why.contains("has changed since")), "{changed:?}");
        assert!(changed.rows.iter().all(|row| row.text.is_none()) && changed.rows.len() == 3);
        std::fs::remove_file(&path).unwrap();
        let gone = listing(&dir).unwrap().unwrap();
        assert!(gone.no_texts.is_some_and(|why| why.contains("cannot be read") && why.contains("validation.tsv")));
    }

    #[test]
    fn a_regression_is_listed_by_its_residuals() {
        let folder = tempfile::tempdir().unwrap();
        let (dir, _) = run(folder.path(), true);
        let value = |row, truth, predicted| WrongValue { row, truth: Number(truth), predicted: Number(predicted) };
        let wrong = Wrong::Values(vec![value(1, 1.0, 1.5), value(2, 2.0, -1.0)]);
        mistakes::write(&dir, &Mistakes::new(7, 2, 0, &[], wrong)).unwrap();
        insta::assert_snapshot!(
            text("x-1/lora", &listing(&dir).unwrap().unwrap(), 20).replace(&folder.path().display().to_string(), "DATA")
        );
    }
}
