//! The folder of a run that no supervisor has: held, so that no attempt begins meanwhile, and its log written by whoever holds it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

use crate::run::clock;
use crate::run::dir::RunDir;
use crate::run::event::{Event, EventKind};

/// Keeps supervisors away from the run until what is returned is dropped; `None` where one has it for longer than `patience`.
///
/// # Errors
/// Where the lock's file cannot be opened.
pub fn hold(dir: &RunDir, patience: Duration) -> io::Result<Option<File>> {
    let lock = OpenOptions::new().write(true).create(true).truncate(false).open(dir.supervisor_lock_file())?;
    let begin = Instant::now();
    while lock.try_lock().is_err() {
        if begin.elapsed() > patience {
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(Some(lock))
}

/// Adds an event to the log of a run that is held.
///
/// # Errors
/// Where it cannot be written.
pub fn append(dir: &RunDir, kind: EventKind) -> io::Result<()> {
    let line = serde_json::to_string(&Event { time: clock::now_seconds(), kind })?;
    let mut file = OpenOptions::new().append(true).create(true).open(dir.events_file())?;
    // The line end before it closes a line that a crash has torn; of an empty one readers make nothing.
    file.write_all(format!("\n{line}\n").as_bytes())
}
