//! What goes through tmux to the terminal around it, where it is told to let it (`allow-passthrough`).

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long tmux is waited for.
const WAIT: Duration = Duration::from_millis(500);

/// A sequence as tmux hands it on: within one of its own, each escape twice.
pub fn wrapped(sequence: &str) -> String {
    format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b"))
}

/// Whether tmux hands such sequences on; `None` where it does not say.
pub fn passes_on() -> Option<bool> {
    let mut command = Command::new("tmux");
    command.args(["show-options", "-Apqv", "allow-passthrough"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let end = Instant::now() + WAIT;
    while child.try_wait().ok()?.is_none() {
        if Instant::now() >= end {
            // It is of no use any more; what comes of ending it does not matter.
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        sleep(Duration::from_millis(2));
    }
    let said = child.wait_with_output().ok()?;
    Some(matches!(String::from_utf8_lossy(&said.stdout).trim(), "on" | "all"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_escape_is_doubled() {
        assert_eq!(wrapped("\x1b_Gq=2;AA\x1b\\"), "\x1bPtmux;\x1b\x1b_Gq=2;AA\x1b\x1b\\\x1b\\");
    }
}
