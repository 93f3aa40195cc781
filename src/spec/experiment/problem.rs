//! What is wrong with an experiment, and where.

use std::fmt;

use crate::spec::experiment::locate::{self, Place};

/// Something wrong with an experiment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Line and column in the experiment file, counted from 1; `None` where it is the file as a whole.
    pub location: Option<(usize, usize)>,
    /// What is wrong: a lowercase fragment that quotes keys in backticks and values in quotes.
    pub message: String,
    /// What may mend it.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem of the file as a whole.
    pub fn whole(message: impl Into<String>) -> Self {
        Self { location: None, message: message.into(), hint: None }
    }

    /// A problem at a line and a column.
    pub fn at(line: usize, column: usize, message: impl Into<String>) -> Self {
        Self { location: Some((line, column)), message: message.into(), hint: None }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if let Some((line, column)) = self.location {
            write!(f, "{line}:{column}: ")?;
        }
        f.write_str(&self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}

/// Collects the problems of one document, so that several can be told at once.
#[derive(Debug)]
pub struct Problems<'a> {
    text: &'a str,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    /// None yet, for a document with this text.
    pub const fn new(text: &'a str) -> Self {
        Self { text, found: Vec::new() }
    }

    /// Adds a problem at a place; the hint may be empty.
    pub fn push(&mut self, place: &Place, message: impl Into<String>, hint: &str) {
        let location = locate::locate(self.text, place);
        let hint = Some(hint).filter(|hint| !hint.is_empty()).map(str::to_owned);
        self.found.push(Problem { location, message: message.into(), hint });
    }

    /// Adds a problem that has no place in the document.
    pub fn add(&mut self, problem: Problem) {
        self.found.push(problem);
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All, in the order of their lines.
    pub fn sorted(mut self) -> Vec<Problem> {
        self.found.sort();
        self.found.dedup();
        self.found
    }
}
