//! The worker's voice: events to the run's log, gathered so that fast steps do not wait for the disk.

use std::time::{Duration, Instant};

use crate::error::EngineError;
use finetop::run::clock;
use finetop::run::event::{Event, EventKind, Level, Note};
use finetop::run::state::RunState;
use finetop::run::writer::{EventWriter, WriteError};
use finetop::spec::run::RunSpec;
use finetop::verdict::alerts;

/// Steps are held back at most this long; every other event is written at once.
const HOLD: Duration = Duration::from_millis(100);

/// Writes a run's events.
#[derive(Debug)]
pub struct Journal {
    writer: EventWriter,
    held: Vec<Event>,
    flushed: Instant,
    /// The fold of the whole log, earlier attempts included.
    state: RunState,
}

impl Journal {
    /// Writes through `writer` what follows on `state`, the fold of what the log holds already.
    pub fn new(writer: EventWriter, state: RunState) -> Self {
        Self { writer, held: Vec::new(), flushed: Instant::now(), state }
    }

    /// Takes an event down.
    ///
    /// # Errors
    /// When it cannot be written, or another attempt owns the run's folder.
    pub fn record(&mut self, kind: EventKind) -> Result<(), EngineError> {
        let may_wait = matches!(kind, EventKind::Step(_));
        let event = Event { time: clock::now_seconds(), kind };
        self.state.apply(&event);
        self.held.push(event);
        if may_wait && self.flushed.elapsed() < HOLD { Ok(()) } else { self.flush() }
    }

    /// All that the log says of the run.
    pub const fn state(&self) -> &RunState {
        &self.state
    }

    /// Judges the run by its log, and takes down what is new.
    pub fn judge(&mut self, spec: &RunSpec) -> Result<(), EngineError> {
        alerts::changes(spec, &self.state).into_iter().try_for_each(|change| self.record(change))
    }

    /// Takes a line for people down.
    pub fn note(&mut self, level: Level, message: String) -> Result<(), EngineError> {
        self.record(EventKind::Note(Note { level, message }))
    }

    /// Writes what is held back.
    pub fn flush(&mut self) -> Result<(), EngineError> {
        self.flushed = Instant::now();
        self.writer.append_all(&self.held).map_err(|error| in_engine(&error))?;
        self.held.clear();
        Ok(())
    }

    /// Fails where another attempt owns the run's folder; asked before a checkpoint is written.
    pub fn check_fence(&self) -> Result<(), EngineError> {
        self.writer.check_fence().map_err(|error| in_engine(&error))
    }
}

fn in_engine(error: &WriteError) -> EngineError {
    if error.is_fenced() { EngineError::Fenced } else { EngineError::RunFolder(error.to_string()) }
}
