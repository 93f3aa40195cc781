//! The end of a text file that may be long and may grow: only what is asked for is read, never the whole. Must not know what is in it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use crate::run::text;

/// Bytes that are kept, and read at most at a time.
pub const TAIL_BYTES: u64 = 1 << 20;

/// Characters of a line that are kept.
const LONGEST_LINE: usize = 4000;

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where it begins, in bytes from the start of the file.
    pub at: u64,
    /// Its text, fit for a terminal.
    pub text: String,
}

/// What was read: lines from some place to the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// Bytes of the file.
    pub length: u64,
    /// Where the first line that was read begins.
    pub from: u64,
    /// The lines from there on; the last may be going on.
    pub lines: Vec<Line>,
}

/// The lines at the end of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tail {
    /// Bytes of the file when it was read last.
    pub length: u64,
    /// The lines, oldest first.
    pub lines: VecDeque<Line>,
}

impl Tail {
    /// Where to read on: at the start of the last line, which may have grown.
    pub fn goes_on_at(&self) -> Option<u64> {
        self.lines.back().map(|line| line.at)
    }

    /// Whether the file has more before the first line that is kept.
    pub fn is_cut(&self) -> bool {
        self.lines.front().is_some_and(|line| line.at > 0)
    }

    /// Takes in what was read; whether that changed anything.
    pub fn take_in(&mut self, news: News) -> bool {
        let before = (self.length, self.lines.len());
        let News { length, from, lines } = news;
        let is_same = length == self.length && lines.last() == self.lines.back();
        while self.lines.back().is_some_and(|line| line.at >= from) {
            self.lines.pop_back();
        }
        // There is a gap where more was written than is kept, and another file where it is shorter.
        if length < self.length || self.lines.back().is_some_and(|line| line.at + TAIL_BYTES < from) {
            self.lines.clear();
        }
        self.lines.extend(lines);
        self.length = length;
        while self.lines.front().is_some_and(|line| line.at + TAIL_BYTES < length) && self.lines.len() > 1 {
            self.lines.pop_front();
        }
        !is_same || before != (self.length, self.lines.len())
    }
}

/// Reads the lines from byte `from` on, or the end of a file that is longer or shorter than that; nothing where there is no file.
///
/// # Errors
/// What the system says.
pub fn read(path: &Path, from: Option<u64>) -> io::Result<News> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(News::default()),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    let earliest = length.saturating_sub(TAIL_BYTES);
    let known = from.filter(|from| (earliest..=length).contains(from));
    let start = known.unwrap_or(earliest);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    // The first line may have begun before; where all is one line, its end is shown.
    let skipped = if known.is_none() && start > 0 { bytes.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1) } else { 0 };
    let mut at = start + skipped as u64;
    let from = at;
    let mut lines = Vec::new();
    for line in bytes[skipped..].split_inclusive(|byte| *byte == b'\n') {
        let kept: String = String::from_utf8_lossy(line).trim_end_matches(['\n', '\r']).chars().take(LONGEST_LINE).collect();
        lines.push(Line { at, text: text::stripped(&kept) });
        at += line.len() as u64;
    }
    Ok(News { length, from, lines })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn follow(tail: &mut Tail, path: &Path) -> bool {
        let news = read(path, tail.goes_on_at()).unwrap();
        tail.take_in(news)
    }

    fn texts(tail: &Tail) -> Vec<&str> {
        tail.lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn a_file_that_grows_is_read_on_from_its_last_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stdout.log");
        let mut tail = Tail::default();
        assert!(!follow(&mut tail, &path) && tail.lines.is_empty(), "there is no file yet");
        std::fs::write(&path, "one\ntwo\nhal").unwrap();
        assert!(follow(&mut tail, &path));
        assert_eq!(texts(&tail), ["one", "two", "hal"]);
        assert!(!follow(&mut tail, &path), "nothing is new");
        File::options().append(true).open(&path).unwrap().write_all(b"f\nthree\x1b[31m red\n").unwrap();
        assert!(follow(&mut tail, &path));
        assert_eq!(texts(&tail), ["one", "two", "half", "three red"]);
        std::fs::write(&path, "anew\n").unwrap();
        assert!(follow(&mut tail, &path));
        assert_eq!(texts(&tail), ["anew"]);
    }

    #[test]
    fn of_a_file_of_a_hundred_megabytes_only_the_end_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stderr.log");
        let mut file = File::create(&path).unwrap();
        // All before it is a hole, which takes no room.
        file.seek(SeekFrom::Start(100 << 20)).unwrap();
        for line in 0..40_000 {
            writeln!(file, "line {line} of the worker's output").unwrap();
        }
        let mut tail = Tail::default();
        assert!(follow(&mut tail, &path) && tail.is_cut());
        assert!(tail.lines.len() < 40_000 && texts(&tail).last() == Some(&"line 39999 of the worker's output"));
        assert!(tail.lines.iter().all(|line| line.text.starts_with("line ")), "no line is cut at its beginning");
        writeln!(file, "{}", "x".repeat(3 << 20)).unwrap();
        writeln!(file, "last").unwrap();
        follow(&mut tail, &path);
        assert_eq!(texts(&tail), ["last"], "what was skipped leaves no gap in what is shown");
    }

    proptest! {
        #[test]
        fn a_file_read_as_it_grows_is_the_file_read_at_once(text in "[a-c\n]{0,80}", cuts in proptest::collection::vec(0_usize..80, 0..6)) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("stdout.log");
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).chain([text.len()]).collect();
            cuts.sort_unstable();
            let mut grown = Tail::default();
            for cut in cuts {
                std::fs::write(&path, &text[..cut]).unwrap();
                follow(&mut grown, &path);
            }
            let mut whole = Tail::default();
            follow(&mut whole, &path);
            prop_assert_eq!(grown, whole);
        }
    }
}
