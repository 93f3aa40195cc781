//! Why an experiment cannot be run: every problem found, each with its place in the experiment file.

use std::fmt;
use std::path::PathBuf;

use crate::run::text::printable;
use crate::spec::experiment::problem::Problem;

/// The problems of an experiment; one line each, fit for a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError {
    /// The experiment file, as it was named.
    pub file: PathBuf,
    /// At least one problem, by line.
    pub problems: Vec<Problem>,
}

impl PlanError {
    /// One problem of the file as a whole.
    pub fn whole(file: PathBuf, message: impl Into<String>) -> Self {
        Self { file, problems: vec![Problem::whole(message)] }
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let file = self.file.display().to_string();
        for (index, problem) in self.problems.iter().enumerate() {
            let separator = if problem.location.is_some() { ":" } else { ": " };
            let line = format!("{file}{separator}{problem}");
            write!(f, "{}{}", if index == 0 { "" } else { "\n" }, printable(&line))?;
        }
        Ok(())
    }
}

impl std::error::Error for PlanError {}
