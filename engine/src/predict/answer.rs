//! Answers as text: JSON Lines and TSV for programs, one plain line each for people.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::error::EngineError;
use crate::predict::note;
use crate::trained::TrainedRun;
use finetop::data::inputs::Input;
use finetop::run::text;
use finetop::spec::task::{Task, TaskKind};

/// Probabilities of the labels, or one value; or why there is no answer.
pub type Answer = Result<Vec<f64>, String>;

/// Labels that a line for people names.
const MOST_NAMED: usize = 3;
/// Characters of a text that a line for people repeats.
const MOST_REPEATED: usize = 60;

/// Form of the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Jsonl,
    /// A header and tab-separated columns.
    Tsv,
}

/// Writes answers in one form.
pub struct Writer<'a> {
    format: Format,
    runs: &'a [TrainedRun],
    /// Whether the person who reads has just typed the text.
    is_typed: bool,
}

impl<'a> Writer<'a> {
    /// For answers of these runs.
    ///
    /// # Errors
    /// When the runs' labels make no common columns.
    pub fn new(format: Format, runs: &'a [TrainedRun], is_typed: bool) -> Result<Self, EngineError> {
        let first = &runs[0];
        let fits = |run: &&TrainedRun| names(&run.adapted.spec.task) != names(&first.adapted.spec.task);
        if format == Format::Tsv
            && let Some(other) = runs.iter().find(fits)
        {
            let problem = format!("{} and {} have different labels, which make no common columns; use --format jsonl", first.id, other.id);
            return Err(EngineError::Data(problem));
        }
        Ok(Self { format, runs, is_typed })
    }

    /// Writes what precedes the first answer.
    pub fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.format != Format::Tsv {
            return Ok(());
        }
        let task = &self.runs[0].adapted.spec.task;
        let names = names(task);
        let mut cells: Vec<Cow<str>> = if self.runs.len() > 1 { vec!["line".into(), "run".into()] } else { Vec::new() };
        if task.kind == TaskKind::Classification {
            cells.push("label".into());
        }
        cells.extend(names.iter().map(|name| field(name)));
        writeln!(out, "{}", cells.join("\t"))
    }

    /// Writes the answers of every run, `answers[run][row]`, to each row of a window.
    pub fn window(&mut self, out: &mut dyn Write, window: &[Input], answers: &[Vec<Answer>]) -> io::Result<()> {
        for (row, input) in window.iter().enumerate() {
            for (run, answers) in self.runs.iter().zip(answers) {
                let task = &run.adapted.spec.task;
                let several = (self.runs.len() > 1).then_some((input.line, run.id.as_str()));
                match self.format {
                    Format::Jsonl => {
                        serde_json::to_writer(&mut *out, &Record { several, task, answer: &answers[row] })?;
                        writeln!(out)?;
                    }
                    Format::Tsv => writeln!(out, "{}", tsv(several, task, input.line, &answers[row]))?,
                    Format::Text => writeln!(out, "{}", self.plain(run, input, &answers[row]))?,
                }
            }
        }
        Ok(())
    }

    fn plain(&self, run: &TrainedRun, input: &Input, answer: &Answer) -> String {
        let mut parts = if self.runs.len() > 1 { vec![run.id.clone()] } else { Vec::new() };
        let task = &run.adapted.spec.task;
        match (answer, task.kind) {
            (Err(problem), _) => parts.push(format!("no answer to line {}: {problem}", input.line)),
            (Ok(values), TaskKind::Regression) => parts.push(format!("{:.4}", values[0])),
            (Ok(probabilities), TaskKind::Classification) => {
                let mut order: Vec<usize> = (0..probabilities.len()).collect();
                order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
                let named =
                    order.iter().take(MOST_NAMED).map(|&label| format!("{} {:.1} %", task.labels[label], 100.0 * probabilities[label]));
                parts.extend(named);
            }
        }
        if let (Ok((text, pair)), false) = (&input.texts, self.is_typed) {
            let pair = pair.as_ref().map(|pair| format!(" / {pair}")).unwrap_or_default();
            let whole = format!("{text}{pair}");
            let repeated: String = whole.chars().take(MOST_REPEATED).collect();
            let more = if repeated.len() < whole.len() { "…" } else { "" };
            parts.push(format!("{repeated}{more}"));
        }
        text::printable(&parts.join("  ")).into_owned()
    }
}

/// Names of the numbers that a task's answers hold.
fn names(task: &Task) -> Cow<'_, [String]> {
    match task.kind {
        TaskKind::Classification => Cow::Borrowed(&task.labels),
        TaskKind::Regression => Cow::Owned(vec!["value".to_owned()]),
    }
}

/// The label of the highest probability; the first of equals.
pub fn best(probabilities: &[f64]) -> usize {
    (0..probabilities.len()).fold(0, |best, label| if probabilities[label] > probabilities[best] { label } else { best })
}

/// Six decimals: what batches of another shape do to a number is less.
fn rounded(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

/// A name as a field of TSV.
fn field(name: &str) -> Cow<'_, str> {
    if name.contains(['\t', '\n', '\r']) { text::printable(name) } else { Cow::Borrowed(name) }
}

fn tsv(several: Option<(usize, &str)>, task: &Task, line: usize, answer: &Answer) -> String {
    let mut cells: Vec<Cow<str>> = several.map_or_else(Vec::new, |(line, run)| vec![line.to_string().into(), run.into()]);
    match answer {
        Ok(numbers) => {
            if task.kind == TaskKind::Classification {
                cells.push(field(&task.labels[best(numbers)]));
            }
            cells.extend(numbers.iter().map(|&number| rounded(number).to_string().into()));
        }
        Err(problem) => {
            note(&format!("line {line}: {problem}"));
            let n_cells = names(task).len() + usize::from(task.kind == TaskKind::Classification);
            cells.extend(vec![Cow::Borrowed(""); n_cells]);
        }
    }
    cells.join("\t")
}

/// One answer as a JSON object.
struct Record<'a> {
    /// Line and run, where several runs answer.
    several: Option<(usize, &'a str)>,
    task: &'a Task,
    answer: &'a Answer,
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some((line, run)) = self.several {
            map.serialize_entry("line", &line)?;
            map.serialize_entry("run", run)?;
        }
        match (self.answer, self.task.kind) {
            (Err(problem), _) => map.serialize_entry("error", problem)?,
            (Ok(values), TaskKind::Regression) => map.serialize_entry("value", &rounded(values[0]))?,
            (Ok(probabilities), TaskKind::Classification) => {
                map.serialize_entry("label", &self.task.labels[best(probabilities)])?;
                map.serialize_entry("probabilities", &Probabilities(&self.task.labels, probabilities))?;
            }
        }
        map.end()
    }
}

/// Probabilities by label, in the order of the logits.
struct Probabilities<'a>(&'a [String], &'a [f64]);

impl Serialize for Probabilities<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().zip(self.1.iter().map(|&probability| rounded(probability))))
    }
}
