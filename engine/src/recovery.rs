//! The checkpoints of a run together: how `last` is replaced, and from which of them a restart goes on.

use crate::checkpoint;
use crate::error::EngineError;
use crate::optimizer::AdamW;
use crate::params::Params;
use finetop::run::dir::RunDir;
use finetop::run::position::{self, Position};

/// Where a run goes on, and what a person should know of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recovered {
    /// The beginning, where no checkpoint was ever written.
    pub position: Position,
    /// A line where `last` could not be used.
    pub note: Option<String>,
}

/// Replaces `last`; the one before it becomes `previous`. Returns the bytes on disk.
pub fn save_last(dir: &RunDir, params: &Params, optimizer: &AdamW, position: &Position) -> Result<u64, EngineError> {
    let bytes = checkpoint::save_last(&dir.last_file(), &dir.previous_file(), params, optimizer, position)?;
    keep_best(dir, position)?;
    Ok(bytes)
}

/// Loads `last`, or `previous` where `last` is damaged; begins anew where there is neither.
///
/// # Errors
/// Where there are checkpoints and none of them can be used.
pub fn restore(dir: &RunDir, params: &Params, optimizer: &AdamW) -> Result<Recovered, EngineError> {
    let (last, previous) = (dir.last_file(), dir.previous_file());
    if !last.exists() && !previous.exists() {
        return Ok(Recovered::default());
    }
    let recovered = match checkpoint::load_last(&last, params, optimizer) {
        Ok(position) => Recovered { position, note: None },
        Err(problem) => match checkpoint::load_last(&previous, params, optimizer) {
            Ok(position) => {
                // Else the damaged one would be kept as the one before the next.
                checkpoint::link(&previous, &last)?;
                let note = format!("{}; goes on from the one before it, of step {}", crate::worker::with_sources(&problem), position.step);
                Recovered { position, note: Some(note) }
            }
            Err(other) => {
                let [problem, other] = [&problem, &other].map(crate::worker::with_sources);
                let remedy = "put a whole copy of either in its place, or remove both and the run starts from the beginning";
                return Err(EngineError::RunFolder(format!("no checkpoint can be gone on from: {problem}; {other}; {remedy}")));
            }
        },
    };
    let best = position::read(&dir.best_file()).map(|best| best.step);
    // A better one was written after `last`; it is written again when its step comes again, and until then must not be taken for ours.
    if best != recovered.position.best_step()
        && position::read(&dir.best_at_last_file()).is_some_and(|kept| Some(kept.step) == recovered.position.best_step())
    {
        checkpoint::link(&dir.best_at_last_file(), &dir.best_file())?;
    }
    keep_best(dir, &recovered.position)?;
    Ok(recovered)
}

/// Keeps the best that `position` knows of under a second name, so that a later best cannot take it away.
fn keep_best(dir: &RunDir, position: &Position) -> Result<(), EngineError> {
    let best = dir.best_file();
    let is_known = position.best_step().is_some() && position::read(&best).map(|best| best.step) == position.best_step();
    if is_known { checkpoint::link(&best, &dir.best_at_last_file()) } else { Ok(()) }
}
