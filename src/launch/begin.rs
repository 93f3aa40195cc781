//! Begins an experiment: its folder, then the queue. Must not know who asked.

use std::path::Path;

use crate::launch::create::{self, CreateError, NewExperiment};
use crate::launch::program::{self, ProgramError};
use crate::launch::start::{self, StartError};
use crate::plan::prepare::Plan;

/// An experiment that was not begun.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// A program is missing; nothing was written.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// Its folder cannot be made; nothing is left of it.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// Its runs wait in their folder, but the queue cannot be started.
    #[error("{experiment} waits, but {source}")]
    Start {
        /// The experiment's folder name.
        experiment: String,
        /// What is wrong.
        source: StartError,
    },
}

/// Makes the experiment's folder under `root` and sees to it that the queue lives; the folder's name.
pub fn begin(root: &Path, plan: &Plan) -> Result<String, BeginError> {
    // What can be known to be missing is said before anything is written.
    program::worker()?;
    let runs = plan.specs();
    let Plan { name, file, text, overrides, runs_at_once, .. } = plan;
    let start_order = start_order(plan);
    let experiment =
        NewExperiment { name, source: file, text, overrides, runs: &runs, runs_at_once: *runs_at_once, start_order: &start_order };
    let name = create::create(root, &experiment)?;
    match start::start_queue(root) {
        Ok(_) => Ok(name),
        Err(source) => Err(BeginError::Start { experiment: name, source }),
    }
}

/// The longest first, where several run at once: else the last one, alone, leaves the machine half idle.
fn start_order(plan: &Plan) -> Vec<String> {
    let mut runs: Vec<_> = plan.runs.iter().collect();
    if plan.runs_at_once > 1 {
        runs.sort_by_key(|run| std::cmp::Reverse(run.cost.token_passes));
    }
    runs.into_iter().map(|run| run.spec.name.clone()).collect()
}
