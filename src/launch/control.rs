//! What a person may do to a run, from the shell or by a key: each returns a sentence saying what was done.
//!
//! Must not wait for the run to obey.

use std::path::Path;

use nix::sys::signal::Signal;

use crate::launch::start::{self, StartError};
use crate::run::catalog::RunView;
use crate::run::dir::{self, DirError, RunDir};
use crate::run::exit::Attempt;
use crate::run::inbox;
use crate::run::position;
use crate::run::process;
use crate::run::request::RequestKind;
use crate::run::status::RunStatus;

/// Why a run cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The run folder is broken.
    #[error("{id} cannot be asked anything: {reason}")]
    Broken {
        /// The run.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is over.
    #[error("{id} is {status} already: there is nothing to {verb}{remedy}")]
    Over {
        /// The run.
        id: String,
        /// What it is.
        status: &'static str,
        /// What was asked.
        verb: &'static str,
        /// What could be asked instead, in brackets, or nothing.
        remedy: &'static str,
    },
    /// The request cannot be written.
    #[error(transparent)]
    Dir(#[from] DirError),
    /// The queue cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// The word for a request, as on the command line.
pub const fn verb(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Stop => "stop",
        RequestKind::Pause | RequestKind::Release => "pause",
        RequestKind::Resume => "resume",
        RequestKind::Extend => "extend",
        RequestKind::Kill => "kill",
    }
}

/// Asks something of a run under `root`, as it is known in `run`; what will happen, in words.
pub fn ask(root: &Path, run: &RunView, kind: RequestKind) -> Result<String, ControlError> {
    let id = &run.id;
    if let Err(reason) = &run.spec {
        return Err(ControlError::Broken { id: id.to_string(), reason: reason.clone() });
    }
    let dir = RunDir::new(root.join(&id.0));
    if run.status.is_over() {
        return ask_ended(root, &dir, run, kind);
    }
    if run.status == RunStatus::Paused && run.state.finished.is_some() {
        return ask_released(root, &dir, run, kind);
    }
    if run.status == RunStatus::Queued {
        inbox::send(&dir, kind)?;
        return Ok(match kind {
            RequestKind::Stop | RequestKind::Kill => format!("{id}: was waiting; it will not be started"),
            RequestKind::Pause | RequestKind::Release => format!("{id}: held back until it is resumed"),
            RequestKind::Resume | RequestKind::Extend => {
                start::start_queue(root)?;
                format!("{id}: waits for its turn")
            }
        });
    }
    if kind == RequestKind::Kill && is_unsupervised(run) {
        return kill_directly(&dir, run);
    }
    inbox::send(&dir, kind)?;
    Ok(match kind {
        RequestKind::Stop => format!("{id}: asked to stop; it evaluates and keeps its best"),
        RequestKind::Pause => format!("{id}: asked to pause at its next step"),
        RequestKind::Release => format!("{id}: asked to save, to leave and so to free its memory; `finetop resume` lets it go on"),
        RequestKind::Resume | RequestKind::Extend => format!("{id}: asked to go on"),
        RequestKind::Kill => format!("{id}: being killed; if it does not leave within 10 seconds it is forced to"),
    })
}

/// A run that ended before its end may be queued again; all else comes too late.
fn ask_ended(root: &Path, dir: &RunDir, run: &RunView, kind: RequestKind) -> Result<String, ControlError> {
    let can_go_on = matches!(run.status, RunStatus::Failed | RunStatus::Lost | RunStatus::Stopped);
    if kind != RequestKind::Resume || !can_go_on {
        let remedy = match run.status {
            RunStatus::Finished if kind == RequestKind::Resume => " (`finetop extend` gives it more epochs)",
            _ => "",
        };
        return Err(ControlError::Over { id: run.id.to_string(), status: run.status.name(), verb: verb(kind), remedy });
    }
    queue_again(root, dir, run)
}

/// A run that is paused without a process: nobody is there to obey, so what is asked is what it is.
fn ask_released(root: &Path, dir: &RunDir, run: &RunView, kind: RequestKind) -> Result<String, ControlError> {
    let id = &run.id;
    match kind {
        RequestKind::Resume => queue_again(root, dir, run),
        RequestKind::Stop | RequestKind::Kill => {
            inbox::send(dir, kind)?;
            Ok(format!("{id}: given up where it was paused; `finetop resume` takes it up again"))
        }
        _ => Ok(format!("{id}: is paused without a process already")),
    }
}

fn queue_again(root: &Path, dir: &RunDir, run: &RunView) -> Result<String, ControlError> {
    inbox::send(dir, RequestKind::Resume)?;
    start::start_queue(root)?;
    let id = &run.id;
    Ok(match position::read(&dir.last_file()).or_else(|| position::read(&dir.previous_file())) {
        Some(position) => format!("{id}: queued again; it goes on from step {}", position.step),
        None if run.state.steps.is_empty() => format!("{id}: queued again"),
        None => format!("{id}: queued again; it starts from the beginning, since it has no checkpoint to go on from"),
    })
}

/// Whether nobody is there to obey a request to kill: the supervisor was killed and its worker lives on.
fn is_unsupervised(run: &RunView) -> bool {
    run.job.as_ref().is_some_and(|job| job.host == process::host_name() && !job.supervisor.is_alive())
}

fn kill_directly(dir: &RunDir, run: &RunView) -> Result<String, ControlError> {
    let id = &run.id;
    let attempt: Option<Attempt> = dir::read_json(&dir.attempt_file())?;
    let worker = attempt.filter(|attempt| attempt.host == process::host_name()).map(|attempt| attempt.worker);
    Ok(match worker {
        Some(worker) if worker.signal(Signal::SIGKILL) => format!("{id}: killed; it had no supervisor to ask it to leave"),
        _ => format!("{id}: its worker is gone already"),
    })
}
