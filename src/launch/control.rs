//! What a person may do to a run, from the shell or by a key: each returns a sentence saying what was done.
//!
//! Must not wait for the run to obey.

use std::path::Path;

use nix::sys::signal::Signal;

use crate::launch::mute::{self, MuteError};
use crate::launch::start::{self, StartError};
use crate::run::catalog::RunView;
use crate::run::dir::{self, DirError, RunDir};
use crate::run::exit::Attempt;
use crate::run::inbox;
use crate::run::position;
use crate::run::process;
use crate::run::request::{RequestKind, Setting};
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
    /// It would change nothing.
    #[error("{id}: {problem}")]
    Pointless {
        /// The run.
        id: String,
        /// Why.
        problem: String,
    },
    /// Its log cannot be written.
    #[error(transparent)]
    Mute(#[from] MuteError),
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
        RequestKind::Stop | RequestKind::StopAt(_) | RequestKind::KeepGoing => "stop",
        RequestKind::Set(_) => "change",
        RequestKind::Mute(_) | RequestKind::Unmute(_) => "mute",
        RequestKind::Pause | RequestKind::Release => "pause",
        RequestKind::Resume => "resume",
        RequestKind::Extend => "extend",
        RequestKind::Kill => "kill",
    }
}

/// Asks something of a run under `root`, as it is known in `run`; what will happen, in words.
pub fn ask(root: &Path, run: &RunView, kind: RequestKind) -> Result<String, ControlError> {
    let id = &run.id;
    let Ok(spec) = &run.spec else {
        let reason = run.spec.as_ref().err().cloned().unwrap_or_default();
        return Err(ControlError::Broken { id: id.to_string(), reason });
    };
    let dir = RunDir::new(root.join(&id.0));
    if let RequestKind::Set(Setting { patience: Some(_), .. }) = kind
        && spec.early_stopping.is_none()
    {
        return Err(pointless(run, "it has no early stopping, so no patience to change"));
    }
    if run.status.is_over() {
        return ask_ended(root, &dir, run, kind);
    }
    if run.status == RunStatus::Paused && run.state.finished.is_some() {
        return ask_released(root, &dir, run, kind);
    }
    if run.status == RunStatus::Queued {
        return ask_waiting(root, &dir, run, kind);
    }
    if kind == RequestKind::Kill && is_unsupervised(run) {
        return kill_directly(&dir, run);
    }
    inbox::send(&dir, kind)?;
    let answer = match kind {
        RequestKind::Stop => format!("{id}: asked to stop; it evaluates and keeps its best"),
        RequestKind::Pause => format!("{id}: asked to pause at its next step"),
        RequestKind::Release => format!("{id}: asked to save, to leave and so to free its memory; `finetop resume` lets it go on"),
        RequestKind::Resume | RequestKind::Extend => format!("{id}: asked to go on"),
        RequestKind::Kill => format!("{id}: being killed; if it does not leave within 10 seconds it is forced to"),
        RequestKind::StopAt(stop_at) => format!("{id}: stops {}, evaluates and keeps its best", stop_at.in_words()),
        RequestKind::KeepGoing => match run.state.standing.stop_at {
            Some(stop_at) => format!("{id}: does not stop {} after all", stop_at.in_words()),
            None => format!("{id}: was not going to stop; it goes on"),
        },
        RequestKind::Set(setting) => format!("{id}: goes on with {} from its next step", setting.in_words()),
        RequestKind::Mute(rule) => format!("{id}: alerts of {} are muted", rule.name()),
        RequestKind::Unmute(rule) => format!("{id}: alerts of {} are heard again", rule.name()),
    };
    let is_deaf = run.status == RunStatus::Stalled && kind != RequestKind::Kill;
    Ok(if is_deaf {
        format!("{answer}; but its worker has been silent for long and may not hear it: `finetop kill` ends it")
    } else {
        answer
    })
}

/// Lets a run that trains save and leave, and wait for its turn again; one that has ended waits for it at once.
pub fn requeue(root: &Path, run: &RunView) -> Result<String, ControlError> {
    let is_training = matches!(run.status, RunStatus::Starting | RunStatus::Running | RunStatus::Paused | RunStatus::Stalled);
    if !is_training || run.state.finished.is_some() && run.status == RunStatus::Paused {
        return ask(root, run, RequestKind::Resume);
    }
    ask(root, run, RequestKind::Release)?;
    inbox::send(&RunDir::new(root.join(&run.id.0)), RequestKind::Resume)?;
    Ok(format!("{}: saves, leaves and waits for its turn again", run.id))
}

fn pointless(run: &RunView, problem: &str) -> ControlError {
    ControlError::Pointless { id: run.id.to_string(), problem: problem.to_owned() }
}

/// A run that ended before its end may be queued again, with other settings; all else comes too late.
fn ask_ended(root: &Path, dir: &RunDir, run: &RunView, kind: RequestKind) -> Result<String, ControlError> {
    let id = &run.id;
    let can_go_on = matches!(run.status, RunStatus::Failed | RunStatus::Lost | RunStatus::Stopped);
    match kind {
        RequestKind::Resume if can_go_on => return queue_again(root, dir, run),
        RequestKind::Mute(_) | RequestKind::Unmute(_) => return mute::write_down(dir, run, kind),
        RequestKind::Set(setting) if run.status != RunStatus::Diverged => {
            inbox::send(dir, kind)?;
            let how = if can_go_on { "resume" } else { "extend" };
            return Ok(format!("{id}: is {}; `finetop {how}` lets it go on, with {}", run.status.name(), setting.in_words()));
        }
        _ => {}
    }
    let remedy = match run.status {
        RunStatus::Finished if kind == RequestKind::Resume => " (`finetop extend` gives it more epochs)",
        RunStatus::Lost if kind != RequestKind::Resume => " (its worker is gone; `finetop resume` takes it up again)",
        RunStatus::Failed if kind != RequestKind::Resume => " (`finetop resume` takes it up again)",
        RunStatus::Diverged => " (start one like it with a lower learning rate)",
        _ => "",
    };
    Err(ControlError::Over { id: id.to_string(), status: run.status.name(), verb: verb(kind), remedy })
}

/// A run that waits for its turn: what is asked of its life holds at once, the rest when it trains.
fn ask_waiting(root: &Path, dir: &RunDir, run: &RunView, kind: RequestKind) -> Result<String, ControlError> {
    let id = &run.id;
    if run.state.attempt.is_some() && matches!(kind, RequestKind::Mute(_) | RequestKind::Unmute(_)) {
        return mute::write_down(dir, run, kind);
    }
    inbox::send(dir, kind)?;
    Ok(match kind {
        RequestKind::Stop | RequestKind::Kill => format!("{id}: was waiting; it will not be started"),
        RequestKind::Pause | RequestKind::Release => format!("{id}: held back until it is resumed"),
        RequestKind::Resume | RequestKind::Extend => {
            start::start_queue(root)?;
            format!("{id}: waits for its turn")
        }
        later => format!("{id}: waits for its turn; once it trains: {}", later.in_words()),
    })
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
        RequestKind::Mute(_) | RequestKind::Unmute(_) => mute::write_down(dir, run, kind),
        RequestKind::StopAt(_) | RequestKind::KeepGoing | RequestKind::Set(_) => {
            inbox::send(dir, kind)?;
            Ok(format!("{id}: is paused; once it is resumed: {}", kind.in_words()))
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
