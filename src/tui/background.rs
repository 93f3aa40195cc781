//! Asks the terminal for the colour of its background (OSC 11), before anything else reads its answers.
//!
//! A request for the device attributes (DA1), which every terminal answers, follows it: once that answer is there, no other will come.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::tui::theme::Background;

/// How long a terminal that answers nothing is waited for; over a network it may take longer.
const WAIT: Duration = Duration::from_millis(200);

/// See [`WAIT`].
const WAIT_REMOTE: Duration = Duration::from_secs(1);

/// What the terminal says its background is; `None` where it does not say. Raw mode must be on.
pub fn ask(is_remote: bool) -> Option<Background> {
    rgb_in(&exchange("", if is_remote { WAIT_REMOTE } else { WAIT }, is_complete)?).map(of)
}

/// Asks for the background and for what else is to be asked, and returns all that was answered in time, or until it `is_complete`.
pub fn exchange(more: &str, wait: Duration, is_complete: fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    let mut out = io::stdout();
    out.write_all(format!("\x1b]11;?\x1b\\{more}\x1b[c").as_bytes()).and_then(|()| out.flush()).ok()?;
    let end = Instant::now() + wait;
    let stdin = io::stdin();
    let mut answer = Vec::new();
    while !is_complete(&answer) {
        let left = end.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO);
        let mut ready = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        if left.is_zero() || poll(&mut ready, timeout).ok()? == 0 {
            break;
        }
        let mut bytes = [0; 256];
        // Not through `Stdin`, whose buffer would keep what the event stream must read.
        match nix::unistd::read(stdin.as_fd(), &mut bytes).ok()? {
            0 => break,
            count => answer.extend_from_slice(&bytes[..count]),
        }
    }
    Some(answer)
}

/// Whether the answer to the device attributes is there: `ESC [ ? … c`.
pub fn is_complete(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    text.find("\x1b[?").is_some_and(|start| text[start..].contains('c'))
}

/// Red, green and blue of the background, from 0 to 1, in an answer such as `ESC ] 11 ; rgb:ffff/ffff/dddd ESC \`.
pub fn rgb_in(answer: &[u8]) -> Option<[f64; 3]> {
    let text = String::from_utf8_lossy(answer);
    let (_, rest) = text.split_once("]11;")?;
    let (_, rgb) = rest.split_once("rgb")?;
    let rgb = rgb.trim_start_matches('a').strip_prefix(':')?;
    let mut channels = rgb.split(['/', '\u{1b}', '\u{7}']).take(3).map(|digits| {
        let most = 16_f64.powi(i32::try_from(digits.len()).ok()?) - 1.0;
        let value = u32::from_str_radix(digits, 16).ok()?;
        (1..=4).contains(&digits.len()).then(|| f64::from(value) / most)
    });
    Some([channels.next()??, channels.next()??, channels.next()??])
}

/// What such a background is.
pub fn of([red, green, blue]: [f64; 3]) -> Background {
    // Rec. 709 luma, without linearisation: dark and light themes lie far from the middle.
    let luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    if luma > 0.5 { Background::Light } else { Background::Dark }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_answers_of_terminals_are_understood() {
        for (answer, expected) in [
            ("\x1b]11;rgb:ffff/ffff/dddd\x1b\\\x1b[?65;1;9c", Some(Background::Light)),
            ("\x1b]11;rgb:1e/1e/2e\x07\x1b[?1;2c", Some(Background::Dark)),
            ("\x1b]11;rgba:fafa/fafa/fafa/ffff\x1b\\", Some(Background::Light)),
            ("\x1b[?1;2c", None),
            ("\x1b]11;rgb:xyz/1/2\x07", None),
            ("", None),
        ] {
            assert_eq!(rgb_in(answer.as_bytes()).map(of), expected, "{answer:?}");
        }
        assert!(is_complete(b"\x1b]11;rgb:1/1/1\x07\x1b[?62;c") && !is_complete(b"\x1b]11;rgb:cc/cc/cc\x07"));
    }

    proptest! {
        #[test]
        fn no_answer_panics(answer in proptest::collection::vec(any::<u8>(), 0..60)) {
            rgb_in(&answer);
            is_complete(&answer);
        }
    }
}
