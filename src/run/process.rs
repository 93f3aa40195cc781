//! Processes that cannot be mistaken for later ones with the same id. Must not know what they do.

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::run::exit::ProcessIdentity;

impl ProcessIdentity {
    /// The identity of a process of this host that exists now.
    pub fn of(id: u32) -> Option<Self> {
        let entry = look_up(id)?;
        Some(Self { id, start: entry.start })
    }

    /// This process.
    pub fn of_self() -> Self {
        let id = std::process::id();
        Self::of(id).unwrap_or(Self { id, start: 0 })
    }

    /// Whether the process runs now, on this host; a zombie does not.
    pub fn is_alive(self) -> bool {
        match look_up(self.id) {
            Some(entry) => !entry.is_zombie && (self.start == 0 || entry.start == 0 || entry.start == self.start),
            None => false,
        }
    }

    /// Sends a signal, if the process is still the one that was meant; whether it was sent.
    pub fn signal(self, signal: Signal) -> bool {
        self.is_alive() && i32::try_from(self.id).is_ok_and(|id| id > 0 && kill(Pid::from_raw(id), signal).is_ok())
    }
}

/// The name of this host.
pub fn host_name() -> String {
    nix::unistd::gethostname().map_or_else(|_| "localhost".to_owned(), |name| name.to_string_lossy().into_owned())
}

struct Entry {
    start: u64,
    is_zombie: bool,
}

#[cfg(target_os = "linux")]
fn look_up(id: u32) -> Option<Entry> {
    match std::fs::read(format!("/proc/{id}/stat")) {
        Ok(bytes) => parse_stat(&bytes),
        // A system that hides other users' processes still says whether one is there.
        Err(_) => exists(id).then_some(Entry { start: 0, is_zombie: false }),
    }
}

/// State and start time (fields 3 and 22) of `/proc/PID/stat`; the command in between may contain anything.
#[cfg(target_os = "linux")]
fn parse_stat(bytes: &[u8]) -> Option<Entry> {
    let end_of_command = bytes.iter().rposition(|&byte| byte == b')')?;
    let rest = std::str::from_utf8(&bytes[end_of_command + 1..]).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    let start = fields.nth(18)?.parse().ok()?;
    Some(Entry { start, is_zombie: matches!(state, "Z" | "X" | "x") })
}

/// The start time as `ps` tells it, as a number that differs between starts.
#[cfg(not(target_os = "linux"))]
fn look_up(id: u32) -> Option<Entry> {
    if !exists(id) {
        return None;
    }
    let output = std::process::Command::new("ps").args(["-o", "stat=,lstart=", "-p", &id.to_string()]).output().ok()?;
    let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let start = line.bytes().fold(0_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
    Some(Entry { start: start_of(&line).unwrap_or(start), is_zombie: line.starts_with('Z') })
}

#[cfg(not(target_os = "linux"))]
fn start_of(line: &str) -> Option<u64> {
    let (_, start) = line.split_once(char::is_whitespace)?;
    // FNV-1a: the state before it changes while the process lives, the start time does not.
    Some(start.trim().bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
}

fn exists(id: u32) -> bool {
    let Ok(id) = i32::try_from(id) else { return false };
    id > 0 && !matches!(kill(Pid::from_raw(id), None), Err(Errno::ESRCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_a_later_one_with_its_id_is_not_it() {
        let own = ProcessIdentity::of_self();
        assert!(own.is_alive());
        assert!(!ProcessIdentity { start: own.start + 1, ..own }.is_alive());
        assert!(!ProcessIdentity { id: 0, start: 0 }.is_alive());
        assert!(!ProcessIdentity { id: u32::MAX, start: 0 }.is_alive());
    }

    #[test]
    fn a_process_that_ended_but_was_not_waited_for_is_not_alive() {
        let mut child = std::process::Command::new("sleep").arg("30").spawn().unwrap();
        let identity = ProcessIdentity::of(child.id()).unwrap();
        assert!(identity.signal(Signal::SIGKILL));
        while identity.is_alive() {
            std::thread::yield_now();
        }
        assert!(!identity.signal(Signal::SIGTERM));
        child.wait().unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_command_with_brackets_and_blanks_does_not_confuse() {
        let stat = b"7 (a) b) S) R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20";
        let entry = parse_stat(stat).unwrap();
        assert_eq!(entry.start, 4242);
        assert!(!entry.is_zombie);
        assert!(parse_stat(b"rubbish").is_none());
    }
}
