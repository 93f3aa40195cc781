//! What the best weights so far get wrong, written beside their checkpoint for people to look at.

use super::Training;
use crate::error::EngineError;
use crate::journal::Journal;
use finetop::run::event::Level;
use finetop::run::mistakes::{self, Mistakes, Wrong};
use finetop::spec::task::Split;

impl Training<'_> {
    /// Writes the validation rows that the weights as they are get wrong. Nothing depends on them, so a failure is told and no more.
    pub(super) fn keep_mistakes(&self, wrong: Wrong, journal: &mut Journal) -> Result<(), EngineError> {
        journal.check_fence()?;
        let n_rows = self.inputs[&Split::Validation].rows.len();
        let kept = Mistakes::new(self.position.step, n_rows, self.fingerprint, &self.spec.task.labels, wrong);
        match mistakes::write(self.dir, &kept) {
            Ok(()) => Ok(()),
            Err(error) => journal.note(Level::Warning, format!("what it gets wrong is not kept: {error}")),
        }
    }
}
