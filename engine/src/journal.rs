//! The worker's voice: events to the run's log, gathered so that fast steps do not wait for the disk.

use std::time::{Duration, Instant};

use crate::error::EngineError;
use finetop::run::clock;
use finetop::run::event::{Event, EventKind, Level, Note};
use finetop::run::writer::{EventWriter, WriteError};

/// Steps are held back at most this long; every other event is written at once.
const HOLD: Duration = Duration::from_millis(100);

/// Writes a run's events.
#[derive(Debug)]
pub struct Journal {
    writer: EventWriter,
    held: Vec<Event>,
    flushed: Instant,
    last_step: u64,
}

impl Journal {
    /// Writes through `writer`.
    pub fn new(writer: EventWriter) -> Self {
        Self { writer, held: Vec::new(), flushed: Instant::now(), last_step: 0 }
    }

    /// Takes an event down.
    ///
    /// # Errors
    /// When it cannot be written, or another attempt owns the run's folder.
    pub fn record(&mut self, kind: EventKind) -> Result<(), EngineError> {
        let may_wait = matches!(kind, EventKind::Step(_));
        if let EventKind::Step(step) = &kind {
            self.last_step = step.step;
        }
        self.held.push(Event { time: clock::now_seconds(), kind });
        if may_wait && self.flushed.elapsed() < HOLD { Ok(()) } else { self.flush() }
    }

    /// The last step taken down, 0 before the first.
    pub const fn last_step(&self) -> u64 {
        self.last_step
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
