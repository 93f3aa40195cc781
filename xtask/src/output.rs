//! What the user sees while waiting: bars in a terminal, a plain line now and then elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Time between two plain lines about the same work.
const PLAIN_INTERVAL: Duration = Duration::from_secs(5);
/// Work on less than this is over before it is read of.
const SPOKEN_BYTES: u64 = 1_000_000;
/// Fits 80 columns with labels of up to 26 characters.
const TEMPLATE: &str = "{msg:26} {wide_bar} {decimal_bytes:>9} of {decimal_total_bytes:>9}, {eta:>3} left";

/// How progress is shown, always on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Bars that are drawn over.
    Bars,
    /// At most one line every few seconds.
    Plain,
}

impl Output {
    /// Bars if standard error is a terminal.
    pub fn for_stderr() -> Self {
        if std::io::stderr().is_terminal() { Self::Bars } else { Self::Plain }
    }

    /// Starts to show work on `n_bytes` bytes.
    pub fn track(self, label: impl Into<String>, n_bytes: u64) -> Track {
        let label = label.into();
        let bar = (self == Self::Bars).then(|| {
            let style = ProgressStyle::with_template(TEMPLATE).expect("the template is valid");
            ProgressBar::with_draw_target(Some(n_bytes), ProgressDrawTarget::stderr())
                .with_style(style.progress_chars("=> "))
                .with_message(label.clone())
        });
        let now = Instant::now();
        Track { label, n_bytes, bar, started: now, spoken: now, first: None }
    }
}

/// Says one thing.
pub fn say(line: &str) {
    eprintln!("{line}");
}

/// One piece of work being shown; the bar goes away with it.
pub struct Track {
    label: String,
    n_bytes: u64,
    bar: Option<ProgressBar>,
    started: Instant,
    spoken: Instant,
    /// Bytes that were there already at the first report, of an earlier attempt.
    first: Option<u64>,
}

impl Track {
    /// Reports how many bytes are done.
    pub fn set(&mut self, n_done: u64) {
        let n_done = n_done.min(self.n_bytes);
        let first = *self.first.get_or_insert(n_done);
        if let Some(bar) = &self.bar {
            bar.set_position(n_done);
        } else if self.spoken.elapsed() >= PLAIN_INTERVAL {
            self.spoken = Instant::now();
            eprintln!("{}", plain_line(&self.label, n_done, first, self.n_bytes, self.started.elapsed()));
        }
    }

    /// Ends the work and says how long it took, if it was worth showing.
    pub fn finish(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.n_bytes < SPOKEN_BYTES {
            return;
        }
        let seconds = self.started.elapsed().as_secs_f64();
        eprintln!("{}: {} in {seconds:.1} s", self.label, DecimalBytes(self.n_bytes));
    }
}

impl Drop for Track {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn plain_line(label: &str, n_done: u64, first: u64, n_bytes: u64, elapsed: Duration) -> String {
    let percent = n_done * 100 / n_bytes.max(1);
    let (done, all) = (DecimalBytes(n_done), DecimalBytes(n_bytes));
    let speed = (n_done - first) as f64 / elapsed.as_secs_f64().max(0.001);
    if speed < 1.0 {
        return format!("{label}: {done} of {all} ({percent} %)");
    }
    let seconds = (n_bytes - n_done) as f64 / speed;
    format!("{label}: {done} of {all} ({percent} %), {seconds:.0} s left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_line_tells_size_share_and_time_left() {
        let line = plain_line("torch", 150_000_000, 50_000_000, 450_000_000, Duration::from_secs(10));
        assert_eq!(line, "torch: 150.00 MB of 450.00 MB (33 %), 30 s left");
        let line = plain_line("torch", 0, 0, 450_000_000, Duration::from_secs(10));
        assert_eq!(line, "torch: 0 B of 450.00 MB (0 %)");
    }
}
