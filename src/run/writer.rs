//! Appends events to `events.jsonl`: the worker's side. Must not know what the events mean.
//!
//! A line is never split over two writes; a line torn by a crash or a full disk is ended before the next one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crate::run::dir::RunDir;
use crate::run::event::Event;
use crate::run::exit::Attempt;
use crate::run::fence::{self, Fence, FenceError};

/// How long another's hold on the log is waited for. It lasts for one write; only of a process that was stopped in the middle of
/// one does it last longer, and a new attempt must not wait for that.
const HELD_FOR_AT_MOST: Duration = Duration::from_secs(5);

/// The one writer of a run's events.
#[derive(Debug)]
pub struct EventWriter {
    path: PathBuf,
    file: File,
    fence: Fence,
    is_torn: bool,
}

/// Why an event was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Another attempt owns the folder; the worker must end with [`crate::run::exit::code::FENCED`].
    #[error(transparent)]
    Fence(#[from] FenceError),
    /// The system refused.
    #[error("cannot write {path}: {source}", path = .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An event that JSON cannot hold.
    #[error("cannot encode an event: {0}")]
    Encode(#[from] serde_json::Error),
}

impl WriteError {
    /// Whether another attempt owns the folder now.
    pub const fn is_fenced(&self) -> bool {
        matches!(self, Self::Fence(FenceError::Fenced { .. }))
    }
}

impl EventWriter {
    /// Claims the run folder for this process as `attempt` and opens its log for appending.
    pub fn open(dir: &RunDir, attempt: u32) -> Result<Self, WriteError> {
        let path = dir.events_file();
        let fail = |source| WriteError::Write { path: path.clone(), source };
        let file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(fail)?;
        let (fence, is_torn) = {
            let _hold = Hold::take(&file);
            (fence::claim(dir, attempt)?, is_torn(&file).map_err(fail)?)
        };
        Ok(Self { path, file, fence, is_torn })
    }

    /// Appends one event.
    pub fn append(&mut self, event: &Event) -> Result<(), WriteError> {
        self.append_all(std::slice::from_ref(event))
    }

    /// Appends events with one look at the fence and one write.
    ///
    /// # Errors
    ///
    /// [`WriteError::is_fenced`] where another attempt owns the folder; nothing is written then.
    pub fn append_all(&mut self, events: &[Event]) -> Result<(), WriteError> {
        // Held, so that nobody claims the folder between the look at the fence and the write.
        let _hold = Hold::take(&self.file);
        self.fence.check()?;
        let mut lines = Vec::with_capacity(events.len() * 256);
        if self.is_torn {
            lines.push(b'\n');
        }
        for event in events {
            serde_json::to_writer(&mut lines, event)?;
            lines.push(b'\n');
        }
        // Until the write is known to be whole, assume that it is not.
        self.is_torn = true;
        (&self.file).write_all(&lines).map_err(|source| WriteError::Write { path: self.path.clone(), source })?;
        self.is_torn = false;
        Ok(())
    }

    /// Whether the folder is still ours; to be asked before a checkpoint is written.
    pub fn check_fence(&self) -> Result<(), WriteError> {
        Ok(self.fence.check()?)
    }

    /// Who we are.
    pub fn attempt(&self) -> &Attempt {
        self.fence.attempt()
    }
}

/// A lock on the log while one attempt claims the folder or writes. Where the file system has no locks, the fence alone must do.
struct Hold<'a>(Option<&'a File>);

impl<'a> Hold<'a> {
    fn take(file: &'a File) -> Self {
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Self(Some(file)),
                Err(TryLockError::WouldBlock) if start.elapsed() < HELD_FOR_AT_MOST => thread::sleep(Duration::from_millis(1)),
                Err(_) => return Self(None),
            }
        }
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        if let Some(file) = self.0 {
            // That it cannot be given back changes nothing: it ends with the process.
            let _ = file.unlock();
        }
    }
}

/// Whether the file ends in the middle of a line.
fn is_torn(mut file: &File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last[0] != b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::event::{EventKind, Level, Note};

    fn note(message: &str) -> Event {
        Event { time: 1.0, kind: EventKind::Note(Note { level: Level::Info, message: message.to_owned() }) }
    }

    #[test]
    fn a_torn_last_line_is_ended_before_the_next_event() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::new(folder.path());
        EventWriter::open(&dir, 1).unwrap().append(&note("one")).unwrap();
        let whole = std::fs::read(dir.events_file()).unwrap();
        std::fs::write(dir.events_file(), &whole[..whole.len() - 9]).unwrap();
        EventWriter::open(&dir, 2).unwrap().append_all(&[note("two"), note("three")]).unwrap();
        let text = std::fs::read_to_string(dir.events_file()).unwrap();
        let lines: Vec<_> = text.lines().map(|line| serde_json::from_str::<Event>(line).ok()).collect();
        assert_eq!(lines, [None, Some(note("two")), Some(note("three"))]);
    }

    #[test]
    fn a_fenced_writer_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::new(folder.path());
        let mut old = EventWriter::open(&dir, 1).unwrap();
        let mut new = EventWriter::open(&dir, 2).unwrap();
        new.append(&note("new")).unwrap();
        let before = std::fs::read(dir.events_file()).unwrap();
        assert!(old.append(&note("old")).unwrap_err().is_fenced());
        assert_eq!(std::fs::read(dir.events_file()).unwrap(), before);
    }

    #[test]
    fn nobody_claims_the_folder_in_the_middle_of_a_write() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::new(folder.path());
        let old = EventWriter::open(&dir, 1).unwrap();
        let writing = Hold::take(&old.file);
        let next = dir.clone();
        let new = thread::spawn(move || EventWriter::open(&next, 2).unwrap());
        thread::sleep(Duration::from_millis(100));
        old.check_fence().unwrap();
        drop(writing);
        new.join().unwrap().check_fence().unwrap();
        assert!(old.check_fence().unwrap_err().is_fenced());
    }
}
