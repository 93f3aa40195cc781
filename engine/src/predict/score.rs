//! How often answers were right, where the inputs say what is true.

use crate::predict::answer::{Answer, best};
use finetop::data::inputs::Input;
use finetop::data::values;
use finetop::metric::correlation;
use finetop::spec::task::{Task, TaskKind};

/// Counts of a classification, or the numbers of a regression.
pub struct Scores {
    labels: Option<Vec<String>>,
    n_rows: u64,
    n_right: u64,
    n_unknown: u64,
    predicted: Vec<f64>,
    truth: Vec<f64>,
}

impl Scores {
    /// Nothing counted yet.
    pub fn new(task: &Task) -> Self {
        let labels = (task.kind == TaskKind::Classification).then(|| task.labels.clone());
        Self { labels, n_rows: 0, n_right: 0, n_unknown: 0, predicted: Vec::new(), truth: Vec::new() }
    }

    /// Counts the rows that have a label and an answer.
    pub fn add(&mut self, window: &[Input], answers: &[Answer]) {
        for (input, answer) in window.iter().zip(answers) {
            let (Some(label), Ok(numbers)) = (&input.label, answer) else { continue };
            match &self.labels {
                Some(labels) if labels.contains(label) => {
                    self.n_rows += 1;
                    self.n_right += u64::from(labels[best(numbers)] == *label);
                }
                Some(_) => self.n_unknown += 1,
                None => match values::parse(label) {
                    Some(value) => {
                        self.n_rows += 1;
                        self.predicted.push(numbers[0]);
                        self.truth.push(value);
                    }
                    None => self.n_unknown += 1,
                },
            }
        }
    }

    /// The score in words, where any row was counted.
    pub fn in_words(&self) -> Option<String> {
        let unknown = match self.n_unknown {
            0 => String::new(),
            n => format!("; {n} rows with labels that it does not know are not counted"),
        };
        if self.n_rows == 0 {
            return (self.n_unknown > 0).then(|| format!("none of the {} labels in the file is one of its own", self.n_unknown));
        }
        let score = match self.labels {
            Some(_) => format!("accuracy {:.4} ({} of {} rows)", self.n_right as f64 / self.n_rows as f64, self.n_right, self.n_rows),
            None => format!("pearson {:.4} ({} rows)", correlation::pearson(&self.predicted, &self.truth), self.n_rows),
        };
        Some(format!("{score}{unknown}"))
    }
}
