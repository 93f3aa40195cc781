//! More epochs for a run that has ended. Says first what that does to the learning rate.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::launch::idle;
use crate::launch::start::{self, StartError};
use crate::run::catalog::RunView;
use crate::run::dir::{DirError, RunDir};
use crate::run::inbox;
use crate::run::position::{self, Position};
use crate::run::request::{RequestKind, Setting};
use crate::run::status::RunStatus;
use crate::spec::continuation::Extension;
use crate::spec::optimization::{LrSchedule, Schedule};
use crate::spec::run::RunSpec;

/// The most epochs of a run, as in an experiment file.
const MOST_EPOCHS: u64 = 10_000;

/// How long the supervisor of a run that has just ended may take to write how.
const LEAVES_WITHIN: Duration = Duration::from_secs(5);

/// Why a run cannot be extended; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ExtendError {
    /// The run folder is broken.
    #[error("{id} cannot be extended: {reason}")]
    Broken {
        /// The run.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It has not ended, or not well.
    #[error("{id} is {status}: only a finished or stopped run can be extended; {remedy}")]
    Status {
        /// The run.
        id: String,
        /// What it is.
        status: &'static str,
        /// What to do instead.
        remedy: &'static str,
    },
    /// There is nothing to go on from.
    #[error("{id} has no checkpoint to go on from: {file} is missing or damaged; start a run of more epochs instead")]
    NoCheckpoint {
        /// The run.
        id: String,
        /// The file.
        file: PathBuf,
    },
    /// Too much is asked.
    #[error("{id} would have {epochs} epochs; a run has at most {MOST_EPOCHS}")]
    TooLong {
        /// The run.
        id: String,
        /// All its epochs.
        epochs: u64,
    },
    /// Its supervisor lives.
    #[error("{0} is being run right now; ask again when it has ended")]
    Busy(String),
    /// A file cannot be opened.
    #[error("cannot open {path}: {source}", path = .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Dir(#[from] DirError),
    /// The queue cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// What an extension would do, before anything is changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Prospect {
    spec: RunSpec,
    /// In words, a line each.
    pub lines: Vec<String>,
}

/// What `epochs` more would do to the run.
pub fn look_ahead(root: &Path, run: &RunView, epochs: u32) -> Result<Prospect, ExtendError> {
    let id = run.id.to_string();
    let spec = run.spec.as_ref().map_err(|reason| ExtendError::Broken { id: id.clone(), reason: reason.clone() })?;
    let remedy = match run.status {
        RunStatus::Finished | RunStatus::Stopped if run.job.is_some() => None,
        RunStatus::Diverged => Some("a diverged one needs a lower learning rate from the start"),
        RunStatus::Stopped | RunStatus::Failed | RunStatus::Lost => Some("`finetop resume` lets it go on first"),
        _ => Some("wait for its end, or stop it"),
    };
    if let Some(remedy) = remedy {
        return Err(ExtendError::Status { id, status: run.status.name(), remedy });
    }
    let dir = RunDir::new(root.join(&run.id.0));
    let last = position::read(&dir.last_file()).or_else(|| position::read(&dir.previous_file()));
    let steps_per_epoch = run.state.training.as_ref().map_or(0, |training| training.steps_per_epoch);
    let Some(position) = last.filter(|_| steps_per_epoch > 0) else {
        return Err(ExtendError::NoCheckpoint { id, file: dir.last_file() });
    };
    let to_epochs = position.step.div_ceil(steps_per_epoch) + u64::from(epochs);
    if to_epochs > MOST_EPOCHS {
        return Err(ExtendError::TooLong { id, epochs: to_epochs });
    }
    let extension = Extension { step: position.step, from_epochs: spec.optimization.epochs, to_epochs: to_epochs as u32 };
    let mut extended = spec.clone();
    extended.optimization.epochs = extension.to_epochs;
    extended.extensions.push(extension);
    let total_steps = to_epochs * steps_per_epoch;
    let mut lines = vec![format!(
        "{id}: goes on at step {} for {epochs} more {}, to epoch {to_epochs}, step {total_steps}",
        position.step,
        if epochs == 1 { "epoch" } else { "epochs" }
    )];
    // What was asked since the end is heard before the next step.
    let waiting: Vec<Setting> = inbox::pending(&dir)
        .into_iter()
        .filter_map(|pending| if let RequestKind::Set(setting) = pending.request.request { Some(setting) } else { None })
        .collect();
    let waiting_rate = waiting.iter().rev().find_map(|setting| setting.learning_rate);
    let changed = waiting_rate.or_else(|| run.state.standing.learning_rate(position.step + 1));
    let waiting_patience = waiting.iter().rev().find_map(|setting| setting.patience);
    let borne = waiting_patience.or_else(|| run.state.standing.patience(u64::MAX));
    lines.push(learning_rate(spec, &extended, changed, position.step, steps_per_epoch));
    lines.extend(patience(&extended, borne, &position));
    Ok(Prospect { spec: extended, lines })
}

/// Puts the extended run into the queue.
pub fn extend(root: &Path, run: &RunView, prospect: &Prospect) -> Result<(), ExtendError> {
    let dir = RunDir::new(root.join(&run.id.0));
    let lock = idle::hold(&dir, LEAVES_WITHIN).map_err(|source| ExtendError::Open { path: dir.supervisor_lock_file(), source })?;
    let lock = lock.ok_or_else(|| ExtendError::Busy(run.id.to_string()))?;
    dir.write_spec(&prospect.spec)?;
    inbox::send(&dir, RequestKind::Extend)?;
    drop(lock);
    start::start_queue(root)?;
    Ok(())
}

/// What becomes of the learning rate, with its numbers.
fn learning_rate(before: &RunSpec, after: &RunSpec, changed: Option<f64>, step: u64, steps_per_epoch: u64) -> String {
    let of = |spec: &RunSpec| {
        let schedule = LrSchedule::new(&spec.optimization, u64::from(spec.optimization.epochs) * steps_per_epoch);
        LrSchedule { peak: changed.unwrap_or(schedule.peak), ..schedule }
    };
    let (old, new) = (of(before), of(after));
    let next = step + 1;
    let was = if step == 0 { String::new() } else { format!("was {:.2e} at step {step}, ", old.at(step)) };
    let warmup = if next < new.warmup_steps {
        format!(", rises to {:.2e} at step {} and then ", new.peak, new.warmup_steps)
    } else {
        " and ".to_owned()
    };
    let rest = match new.schedule {
        Schedule::Constant => "stays there".to_owned(),
        Schedule::Linear | Schedule::Cosine => format!("falls to {:.2e} at step {}", new.at(new.total_steps), new.total_steps),
    };
    let name = Schedule::NAMES.iter().find(|(_, schedule)| *schedule == new.schedule).map_or("", |(name, _)| name);
    format!(
        "the {name} schedule is computed for all {} steps: the learning rate {was}is {:.2e} at step {next}{warmup}{rest}",
        new.total_steps,
        new.at(next)
    )
}

/// What becomes of early stopping, where there is any.
fn patience(spec: &RunSpec, changed: Option<u32>, position: &Position) -> Option<String> {
    let patience = changed.unwrap_or(spec.early_stopping.as_ref()?.patience);
    let (waited, best) = (position.early_stopping.waited, position.early_stopping.best);
    let best = best.map_or("none yet".to_owned(), |(step, value)| format!("{value:.4} at step {step}"));
    Some(if waited >= patience {
        format!("early stopping had ended it: its best ({best}) stands, its patience of {patience} begins anew")
    } else {
        format!("early stopping goes on: best {best}, {waited} of {patience} evaluations without a gain")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(epochs: u32, schedule: Schedule) -> RunSpec {
        let mut spec: RunSpec = serde_yaml::from_str(include_str!("../../tests/fixtures/golden/run.yaml")).unwrap();
        spec.optimization.epochs = epochs;
        spec.optimization.learning_rate = 1e-3;
        spec.optimization.warmup_ratio = 0.1;
        spec.optimization.schedule = schedule;
        spec
    }

    #[test]
    fn the_learning_rate_is_told_with_its_numbers() {
        let told = |from, to, schedule, step| learning_rate(&spec(from, schedule), &spec(to, schedule), None, step, 10);
        assert_eq!(
            told(3, 6, Schedule::Linear, 30),
            "the linear schedule is computed for all 60 steps: the learning rate was 3.70e-5 at step 30, is 5.56e-4 at step 31 and falls to \
             1.85e-5 at step 60"
        );
        assert_eq!(
            told(3, 6, Schedule::Constant, 30),
            "the constant schedule is computed for all 60 steps: the learning rate was 1.00e-3 at step 30, is 1.00e-3 at step 31 and stays there"
        );
        assert!(told(1, 20, Schedule::Cosine, 10).contains("is 5.50e-4 at step 11, rises to 1.00e-3 at step 20 and then falls to "));
    }
}
