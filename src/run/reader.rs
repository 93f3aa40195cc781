//! Reads `events.jsonl` as it grows. Must not know what the events mean.
//!
//! A half-written last line is normal: it is kept until the rest comes. Lines of unknown kinds and unreadable ones are
//! passed over and counted. A log of another format version is an error that says what to do.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::SystemTime;

use serde::Deserialize;

use crate::run::event::{Event, EventKind, FORMAT_VERSION};
use crate::run::step_line;

/// The oldest format that can be read.
pub const OLDEST_FORMAT: u32 = 1;

/// A longer line is no event of ours (the longest, a confusion matrix of 1,000 labels, has about 7 MB); it is skipped.
const LONGEST_LINE: usize = 16 << 20;

/// Bytes read at a time.
const CHUNK: usize = 256 << 10;

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Written by a newer version.
    #[error("its log has format {found}, but this finetop reads up to {FORMAT_VERSION}: update finetop to see it")]
    TooNew {
        /// The log's format.
        found: u32,
    },
    /// Written by an older version.
    #[error("its log has format {found}, but this finetop reads from {OLDEST_FORMAT} on: see it with the version that wrote it")]
    TooOld {
        /// The log's format.
        found: u32,
    },
    /// The system refused.
    #[error("cannot read {path}: {source}", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Turns bytes into events, however they are cut.
#[derive(Debug, Default)]
pub struct EventDecoder {
    partial: Vec<u8>,
    is_skipping: bool,
    skipped: u64,
}

impl EventDecoder {
    /// Takes in the next bytes and appends the events that they complete.
    pub fn feed(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), ReadError> {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            rest = after;
            if std::mem::take(&mut self.is_skipping) {
                continue;
            }
            if self.partial.is_empty() {
                self.decode(line, events)?;
            } else {
                let mut whole = std::mem::take(&mut self.partial);
                whole.extend_from_slice(line);
                self.decode(&whole, events)?;
            }
        }
        if self.is_skipping {
            return Ok(());
        }
        if self.partial.len() + rest.len() > LONGEST_LINE {
            self.partial = Vec::new();
            self.is_skipping = true;
            self.skipped += 1;
        } else {
            self.partial.extend_from_slice(rest);
        }
        Ok(())
    }

    /// Lines passed over so far.
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    fn decode(&mut self, line: &[u8], events: &mut Vec<Event>) -> Result<(), ReadError> {
        if let Some(event) = step_line::parse(line) {
            events.push(event);
            return Ok(());
        }
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        if let Ok(event) = serde_json::from_slice::<Event>(line) {
            if let EventKind::AttemptStarted(started) = &event.kind {
                check_format(started.format)?;
            }
            events.push(event);
        } else {
            // The first event of another version need not have our shape.
            if let Ok(probe) = serde_json::from_slice::<FormatProbe>(line) {
                check_format(probe.event.attempt_started.format)?;
            }
            self.skipped += 1;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct FormatProbe {
    event: FormatProbeEvent,
}

#[derive(Deserialize)]
struct FormatProbeEvent {
    attempt_started: FormatProbeStarted,
}

#[derive(Deserialize)]
struct FormatProbeStarted {
    format: u32,
}

/// Whether a folder or log of this format can be read.
pub const fn check_format(found: u32) -> Result<(), ReadError> {
    if found > FORMAT_VERSION {
        Err(ReadError::TooNew { found })
    } else if found < OLDEST_FORMAT {
        Err(ReadError::TooOld { found })
    } else {
        Ok(())
    }
}

/// What is new in a log.
#[derive(Debug, Default, PartialEq)]
pub struct News {
    /// The file was cut or replaced: forget all that was read before.
    pub is_restarted: bool,
    /// New events, in order.
    pub events: Vec<Event>,
    /// Whether there is more to read already.
    pub is_behind: bool,
}

/// Follows one log.
#[derive(Debug)]
pub struct EventReader {
    path: PathBuf,
    offset: u64,
    /// Which file this was: a number alone is soon given to another.
    identity: Option<Identity>,
    decoder: EventDecoder,
    is_dead: bool,
}

/// Number and birth of a file, the latter where the file system keeps it.
type Identity = (u64, Option<SystemTime>);

fn identity_of(metadata: &fs::Metadata) -> Identity {
    (metadata.ino(), metadata.created().ok())
}

impl EventReader {
    /// Follows the log at `path`, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), offset: 0, identity: None, decoder: EventDecoder::default(), is_dead: false }
    }

    /// Reads what is new.
    ///
    /// # Errors
    ///
    /// After an error of the format nothing more is read until the file is replaced.
    pub fn poll(&mut self) -> Result<News, ReadError> {
        self.poll_up_to(u64::MAX)
    }

    /// Reads what is new, but no more than about so many bytes of it, so that a long log can be read in parts.
    ///
    /// # Errors
    ///
    /// As [`EventReader::poll`].
    pub fn poll_up_to(&mut self, n_bytes: u64) -> Result<News, ReadError> {
        let mut news = News::default();
        match fs::metadata(&self.path) {
            Ok(metadata) => {
                if metadata.len() < self.offset || self.identity.is_some_and(|identity| identity != identity_of(&metadata)) {
                    self.start_over(&mut news);
                }
                self.identity = Some(identity_of(&metadata));
                if metadata.len() > self.offset && !self.is_dead {
                    self.read_on(n_bytes, &mut news.events)?;
                    news.is_behind = self.offset < metadata.len();
                }
                Ok(news)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if self.identity.is_some() {
                    self.start_over(&mut news);
                }
                Ok(news)
            }
            Err(source) => Err(ReadError::Read { path: self.path.clone(), source }),
        }
    }

    /// Lines passed over so far.
    pub const fn skipped(&self) -> u64 {
        self.decoder.skipped()
    }

    fn start_over(&mut self, news: &mut News) {
        *self = Self::new(std::mem::take(&mut self.path));
        news.is_restarted = true;
    }

    fn read_on(&mut self, most: u64, events: &mut Vec<Event>) -> Result<(), ReadError> {
        let refused = |source| ReadError::Read { path: self.path.clone(), source };
        let mut file = File::open(&self.path).map_err(refused)?;
        file.seek(SeekFrom::Start(self.offset)).map_err(refused)?;
        let mut chunk = vec![0; CHUNK];
        let end = self.offset.saturating_add(most);
        while self.offset < end {
            let n_bytes = match file.read(&mut chunk) {
                Ok(n_bytes) => n_bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(refused(error)),
            };
            if n_bytes == 0 {
                return Ok(());
            }
            self.offset += n_bytes as u64;
            if let Err(error) = self.decoder.feed(&chunk[..n_bytes], events) {
                self.is_dead = true;
                return Err(error);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const NOTE: &str = r#"{"time":1.0,"event":{"note":{"level":"info","message":"a"}}}"#;

    #[test]
    fn a_half_written_line_waits_for_its_rest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let mut reader = EventReader::new(&path);
        assert_eq!(reader.poll().unwrap(), News::default());
        let mut file = File::create(&path).unwrap();
        file.write_all(&NOTE.as_bytes()[..20]).unwrap();
        assert!(reader.poll().unwrap().events.is_empty());
        file.write_all(&NOTE.as_bytes()[20..]).unwrap();
        assert!(reader.poll().unwrap().events.is_empty());
        file.write_all(b"\n").unwrap();
        assert_eq!(reader.poll().unwrap().events.len(), 1);
        assert_eq!(reader.poll().unwrap(), News::default());
        assert_eq!(reader.skipped(), 0);
    }

    #[test]
    fn a_long_log_is_read_in_parts_that_are_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        fs::write(&path, format!("{NOTE}\n").repeat(20_000)).unwrap();
        let mut reader = EventReader::new(&path);
        let (mut n_events, mut n_parts) = (0, 0);
        loop {
            let news = reader.poll_up_to(1).unwrap();
            (n_events, n_parts) = (n_events + news.events.len(), n_parts + 1);
            if !news.is_behind {
                break;
            }
        }
        assert_eq!((n_events, n_parts), (20_000, (NOTE.len() + 1) * 20_000 / CHUNK + 1));
    }

    #[test]
    fn a_cut_or_replaced_log_is_read_from_its_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        fs::write(&path, format!("{NOTE}\n{NOTE}\n")).unwrap();
        let mut reader = EventReader::new(&path);
        assert_eq!(reader.poll().unwrap().events.len(), 2);
        fs::write(&path, format!("{NOTE}\n")).unwrap();
        let news = reader.poll().unwrap();
        assert!(news.is_restarted);
        assert_eq!(news.events.len(), 1);
        fs::remove_file(&path).unwrap();
        assert!(reader.poll().unwrap().is_restarted);
        assert!(!reader.poll().unwrap().is_restarted);
    }

    #[test]
    fn another_format_says_what_to_do() {
        let mut decoder = EventDecoder::default();
        let newer = b"{\"time\":1,\"event\":{\"attempt_started\":{\"format\":2,\"node\":\"a\"}}}\n";
        let error = decoder.feed(newer, &mut Vec::new()).unwrap_err().to_string();
        assert_eq!(error, "its log has format 2, but this finetop reads up to 1: update finetop to see it");
        let older = b"{\"time\":1,\"event\":{\"attempt_started\":{\"format\":0,\"attempt\":1,\"host\":\"a\",\"process_id\":1}}}\n";
        let error = EventDecoder::default().feed(older, &mut Vec::new()).unwrap_err().to_string();
        assert_eq!(error, "its log has format 0, but this finetop reads from 1 on: see it with the version that wrote it");
    }

    #[test]
    fn an_endless_line_is_skipped_without_being_kept() {
        let mut decoder = EventDecoder::default();
        let mut events = Vec::new();
        let zeros = vec![0; 1 << 20];
        for _ in 0..20 {
            decoder.feed(&zeros, &mut events).unwrap();
        }
        assert!(decoder.partial.len() <= LONGEST_LINE);
        decoder.feed(format!("\n{NOTE}\n").as_bytes(), &mut events).unwrap();
        assert_eq!((events.len(), decoder.skipped()), (1, 1));
    }
}
