//! One attempt at one run, from the claim on its folder to its last event: what `finetop-worker` does.

use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use crate::cache::Cache;
use crate::control::Control;
use crate::error::EngineError;
use crate::journal::Journal;
use crate::memory;
use crate::train::ending::Ending;
use crate::train::train;
use finetop::run::dir::{self, RunDir};
use finetop::run::event::{AttemptStarted, EventKind, FORMAT_VERSION, Finished, Level, Outcome};
use finetop::run::exit::{Job, code};
use finetop::run::out_of_memory;
use finetop::run::position::Position;
use finetop::run::reader::EventReader;
use finetop::run::state::RunState;
use finetop::run::writer::EventWriter;
use finetop::spec::run::RunSpec;

/// Runs `attempt` in `dir`, sharing through the folder `cache` what other runs need as well; the exit code of the worker, and what went wrong where something did.
pub fn work(dir: &RunDir, attempt: u32, cache: Option<&Path>) -> (i32, Option<String>) {
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
    // A log that cannot be read spoils the judgement of the run, not the run.
    let earlier = EventReader::new(dir.events_file()).poll().unwrap_or_default();
    let mut history = RunState::default();
    earlier.events.iter().for_each(|event| history.apply(event));
    let mut journal = Journal::new(writer, history);

    let cache = cache.map(|folder| Rc::new(Cache::new(folder)));
    let ending = panic::catch_unwind(AssertUnwindSafe(|| {
        journal.record(EventKind::AttemptStarted(AttemptStarted { format: FORMAT_VERSION, attempt, host, process_id }))?;
        note_restart(&spec, dir, attempt, &mut journal)?;
        train(&spec, dir, cache.as_ref(), &control, &mut journal)
    }));
    let ending = ending.unwrap_or_else(|panic| Err(EngineError::Bug(panic_message(panic.as_ref()))));
    let (finished, exit_code, problem) = match ending {
        Ok(ending) => (finished(ending, start), None, None),
        Err(EngineError::Fenced) => return (code::FENCED, Some(EngineError::Fenced.to_string())),
        Err(error) => {
            let (outcome, reason) = failure(&spec, &error);
            let state = journal.state();
            let step = if state.attempt_steps == 0 { 0 } else { state.step() };
            let position = Position { step, ..Position::default() };
            let ending = Ending { outcome, reason: reason.clone(), position, checkpoint_bytes: 0 };
            (finished(ending, start), Some(code::FAILED), Some(reason))
        }
    };
    let exit_code = exit_code.unwrap_or(match finished.outcome {
        Outcome::Finished | Outcome::Stopped => code::OK,
        Outcome::Diverged => code::DIVERGED,
        Outcome::Interrupted | Outcome::Released => code::INTERRUPTED,
        Outcome::Failed | Outcome::Crashed => code::FAILED,
    });
    match journal.record(EventKind::Finished(finished)) {
        Ok(()) => (exit_code, problem),
        Err(EngineError::Fenced) => (code::FENCED, Some(EngineError::Fenced.to_string())),
        Err(error) => (code::FAILED, Some(problem.map_or_else(|| error.to_string(), |problem| format!("{problem}; {error}")))),
    }
}

/// Says what the crash was after which the queue started this attempt by itself.
fn note_restart(spec: &RunSpec, dir: &RunDir, attempt: u32, journal: &mut Journal) -> Result<(), EngineError> {
    let job = dir::read_json::<Job>(&dir.job_file()).map_err(|error| EngineError::RunFolder(error.to_string()))?;
    match job.filter(|job| job.attempt == attempt).and_then(|job| job.restart) {
        Some(restart) => journal.note(Level::Warning, format!("{}: {}", restart.in_words(spec.restarts), restart.reason)),
        None => Ok(()),
    }
}

/// How a run ends by an error: a bug may be gone the next time, all else is not, and too little memory has a remedy.
fn failure(spec: &RunSpec, error: &EngineError) -> (Outcome, String) {
    let reason = with_sources(error);
    if out_of_memory::is_said(&reason) {
        let refused = out_of_memory::refused_bytes(&reason).map(|bytes| format!(" ({bytes} bytes more were refused)")).unwrap_or_default();
        return (Outcome::Failed, format!("out of memory: {}{refused}", out_of_memory::advice(spec)));
    }
    let outcome = if matches!(error, EngineError::Bug(_)) { Outcome::Crashed } else { Outcome::Failed };
    (outcome, reason)
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
