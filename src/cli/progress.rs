//! How a download looks on stderr: one line that is drawn over where a person watches, now and then a plain line elsewhere.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::hub::progress::Progress;
use crate::report::number;
use crate::run::text;

/// Time between two drawings of the line.
const DRAW_INTERVAL: Duration = Duration::from_millis(100);
/// Time between two plain lines.
const PLAIN_INTERVAL: Duration = Duration::from_secs(5);
/// Back to the beginning of the line, and the line away.
const CLEAR: &str = "\r\u{1b}[K";

/// One download as it is shown.
#[derive(Debug)]
pub struct Display {
    is_terminal: bool,
    name: String,
    n_bytes: u64,
    /// Bytes that an earlier attempt left; they say nothing of the speed.
    n_first: u64,
    started: Instant,
    shown: Instant,
    is_line_open: bool,
}

impl Display {
    /// Nothing is shown yet.
    pub const fn new(is_terminal: bool, now: Instant) -> Self {
        Self { is_terminal, name: String::new(), n_bytes: 0, n_first: 0, started: now, shown: now, is_line_open: false }
    }

    /// Shows a moment. Where nobody can be told, the download goes on all the same.
    pub fn show(&mut self, progress: &Progress, now: Instant, out: &mut impl Write) {
        match progress {
            Progress::Begins { name, n_bytes, n_done, cache } => {
                (self.name, self.n_bytes, self.n_first) = ((*name).to_owned(), *n_bytes, *n_done);
                (self.started, self.shown) = (now, now);
                let there = if *n_done > 0 { format!(", {} of them are there already", number::bytes(*n_done)) } else { String::new() };
                self.say(&format!("downloading {name} ({}{there}) to {}", number::bytes(*n_bytes), cache.display()), out);
            }
            Progress::Bytes { n_done } => {
                let interval = if self.is_terminal { DRAW_INTERVAL } else { PLAIN_INTERVAL };
                if now.duration_since(self.shown) < interval {
                    return;
                }
                self.shown = now;
                let line = self.line(*n_done, now.duration_since(self.started));
                if self.is_terminal {
                    self.is_line_open = true;
                    let _ = write!(out, "{CLEAR}{}", text::printable(&line)).and_then(|()| out.flush());
                } else {
                    self.say(&line, out);
                }
            }
            Progress::Waits { reason } => self.say(reason, out),
            Progress::Ends => {
                let seconds = now.duration_since(self.started).as_secs_f64();
                self.say(&format!("{}: {} in {}", self.name, number::bytes(self.n_bytes), number::duration(seconds)), out);
            }
        }
    }

    /// Leaves no half line behind.
    pub fn end(&mut self, out: &mut impl Write) {
        if std::mem::take(&mut self.is_line_open) {
            let _ = write!(out, "{CLEAR}").and_then(|()| out.flush());
        }
    }

    fn say(&mut self, line: &str, out: &mut impl Write) {
        self.end(out);
        let _ = writeln!(out, "{}", text::printable(line));
    }

    /// How much is there, how fast it comes, and how long it will take.
    fn line(&self, n_done: u64, elapsed: Duration) -> String {
        let percent = 100 * n_done / self.n_bytes.max(1);
        let line = format!("{}: {} of {} ({percent} %)", self.name, number::bytes(n_done), number::bytes(self.n_bytes));
        let speed = n_done.saturating_sub(self.n_first) as f64 / elapsed.as_secs_f64().max(0.001);
        if speed < 1.0 {
            return line;
        }
        let left = self.n_bytes.saturating_sub(n_done) as f64 / speed;
        format!("{line}, {}/s, {} left", number::bytes(speed as u64), number::duration(left))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn shown(is_terminal: bool) -> String {
        let (start, mut out) = (Instant::now(), Vec::new());
        let mut display = Display::new(is_terminal, start);
        let at = |seconds| start + Duration::from_secs(seconds);
        let begins = Progress::Begins { name: "o/n", n_bytes: 90_000_000, n_done: 10_000_000, cache: Path::new("/c") };
        display.show(&begins, start, &mut out);
        display.show(&Progress::Bytes { n_done: 50_000_000 }, at(10), &mut out);
        display.show(&Progress::Bytes { n_done: 50_000_001 }, at(10), &mut out);
        display.show(&Progress::Waits { reason: "it broke\u{1b}off".to_owned() }, at(11), &mut out);
        display.show(&Progress::Ends, at(20), &mut out);
        display.end(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn plain_lines_tell_size_share_speed_and_time_left() {
        assert_eq!(
            shown(false),
            "downloading o/n (90.0 MB, 10.0 MB of them are there already) to /c\n\
             o/n: 50.0 MB of 90.0 MB (55 %), 4.0 MB/s, 10 s left\nit broke\\u{1b}off\no/n: 90.0 MB in 20 s\n"
        );
    }

    #[test]
    fn a_terminal_has_one_line_that_is_drawn_over() {
        let shown = shown(true);
        assert!(shown.contains("\r\u{1b}[Ko/n: 50.0 MB of 90.0 MB (55 %), 4.0 MB/s, 10 s left\r\u{1b}[Kit broke"), "{shown:?}");
        assert!(shown.ends_with("o/n: 90.0 MB in 20 s\n"));
    }
}
