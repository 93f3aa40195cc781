//! When the next frame is drawn. Pure: it is told the time.

use std::time::Duration;

use tokio::time::Instant;

/// Least time between two frames where a person does something: what keys repeat is drawn, and no more.
const FRAME: Duration = Duration::from_millis(8);

/// Least time between two frames where only the runs go on: ten a second, so that looking on costs training nothing.
const CALM_FRAME: Duration = Duration::from_millis(100);

/// When frames were drawn, and whether somebody waits for one.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    last: Instant,
    /// The last one that somebody waited for.
    last_urgent: Instant,
    is_urgent: bool,
}

impl Pace {
    /// The first frame was drawn now, and the next is waited for.
    pub const fn new(now: Instant) -> Self {
        Self { last: now, last_urgent: now, is_urgent: true }
    }

    /// Somebody waits for the next frame.
    pub const fn hurry(&mut self) {
        self.is_urgent = true;
    }

    /// When the next frame may be drawn. A key after a calm frame waits for nothing.
    pub fn next(&self) -> Instant {
        if self.is_urgent { self.last_urgent + FRAME } else { self.last + CALM_FRAME }
    }

    /// A frame was drawn, which took until now.
    pub const fn drawn(&mut self, now: Instant) {
        if self.is_urgent {
            self.last_urgent = now;
        }
        (self.last, self.is_urgent) = (now, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_waits_for_the_frame_of_the_key_before_and_for_no_calm_one() {
        let start = Instant::now();
        let after = |milliseconds: u64| start + Duration::from_millis(milliseconds);
        let mut pace = Pace::new(start);
        assert_eq!(pace.next(), after(8));
        pace.drawn(after(9));
        assert_eq!(pace.next(), after(109), "only the runs go on");
        pace.drawn(after(110));
        pace.hurry();
        assert!(pace.next() <= after(110), "a key is drawn at once");
        pace.drawn(after(112));
        pace.hurry();
        assert_eq!(pace.next(), after(120), "the next key is drawn with those that come meanwhile");
    }
}
