//! One attempt at one run, from the claim on its folder to its last event: what `finetop-worker` does.

use std::panic::{self, AssertUnwindSafe};
use std::time::Instant;

use crate::control::Control;
use crate::error::EngineError;
use crate::journal::Journal;
use crate::memory;
use crate::train::{Ending, train};
use finetop::run::dir::RunDir;
use finetop::run::event::{AttemptStarted, EventKind, FORMAT_VERSION, Finished, Outcome};
use finetop::run::exit::code;
use finetop::run::position::Position;
use finetop::run::writer::EventWriter;

/// Runs `attempt` in `dir`; the exit code of the worker, and what went wrong where something did.
pub fn work(dir: &RunDir, attempt: u32) -> (i32, Option<String>) {
    let start = Instant::now();
    let spec = match dir.read_spec() {
        Ok(spec) => spec,
        Err(error) => return (code::USAGE, Some(error.to_string())),
    };
    let control = match Control::new(dir.clone()) {
        Ok(control) => control,
        Err(error) => return (code::FAILED, Some(format!("listen to signals: {error}"))),
    };
    let writer = match EventWriter::open(dir, attempt) {
        Ok(writer) => writer,
        Err(error) => return (if error.is_fenced() { code::FENCED } else { code::FAILED }, Some(error.to_string())),
    };
    let (host, process_id) = (writer.attempt().host.clone(), writer.attempt().worker.id);
    let mut journal = Journal::new(writer);

    let ending = panic::catch_unwind(AssertUnwindSafe(|| {
        journal.record(EventKind::AttemptStarted(AttemptStarted { format: FORMAT_VERSION, attempt, host, process_id }))?;
        train(&spec, dir, &control, &mut journal)
    }));
    let ending =
        ending.unwrap_or_else(|panic| Err(EngineError::RunFolder(format!("bug in the worker: {}", panic_message(panic.as_ref())))));
    let (finished, exit_code, problem) = match ending {
        Ok(ending) => (finished(ending, start), None, None),
        Err(EngineError::Fenced) => return (code::FENCED, Some(EngineError::Fenced.to_string())),
        Err(error) => {
            let reason = with_sources(&error);
            let position = Position { step: journal.last_step(), ..Position::default() };
            let ending = Ending { outcome: Outcome::Failed, reason: reason.clone(), position, checkpoint_bytes: 0 };
            (finished(ending, start), Some(code::FAILED), Some(reason))
        }
    };
    let exit_code = exit_code.unwrap_or(match finished.outcome {
        Outcome::Finished | Outcome::Stopped => code::OK,
        Outcome::Diverged => code::DIVERGED,
        Outcome::Interrupted => code::INTERRUPTED,
        Outcome::Failed => code::FAILED,
    });
    match journal.record(EventKind::Finished(finished)) {
        Ok(()) => (exit_code, problem),
        Err(EngineError::Fenced) => (code::FENCED, Some(EngineError::Fenced.to_string())),
        Err(error) => (code::FAILED, Some(problem.map_or_else(|| error.to_string(), |problem| format!("{problem}; {error}")))),
    }
}

fn finished(ending: Ending, start: Instant) -> Finished {
    Finished {
        outcome: ending.outcome,
        reason: ending.reason,
        step: ending.position.step,
        best_step: ending.position.best.best.map(|(step, _)| step),
        seconds: start.elapsed().as_secs_f64(),
        peak_rss_bytes: memory::peak_bytes(),
        checkpoint_bytes: ending.checkpoint_bytes,
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    // libtorch appends a C++ backtrace; its first line says what happened.
    text.unwrap_or("unknown panic").lines().next().unwrap_or_default().to_owned()
}

/// An error and its causes on one line.
pub fn with_sources(error: &EngineError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
