//! Runs one command to its end or until Ctrl-C, its output in files.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// How exactly a command's end is timed.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Lines of a failed command that are shown.
const LINES_SHOWN: usize = 8;

/// Whether somebody wants all this to end.
#[derive(Debug, Clone)]
pub struct Interruption(Arc<AtomicBool>);

impl Interruption {
    /// Notes Ctrl-C, SIGTERM and a closed terminal from now on.
    pub fn listen() -> Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&flag)).context("cannot listen to signals")?;
        }
        Ok(Self(flag))
    }

    /// Whether there was one.
    pub fn has_come(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a command gave that ended well.
#[derive(Debug)]
pub struct Ended {
    /// Its standard output.
    pub stdout: String,
    /// When it was started, in seconds since the Unix epoch.
    pub begun_at: f64,
    /// From start to end.
    pub wall_seconds: f64,
}

/// Runs a command with its output in `folder`. After an interruption `end` asks it to go, whatever it started included.
pub fn run(command: &mut Command, folder: &Path, interruption: &Interruption, end: impl FnOnce(&mut Child)) -> Result<Ended> {
    let [stdout, stderr] = ["stdout.log", "stderr.log"].map(|name| folder.join(name));
    let create = |path: &Path| File::create(path).with_context(|| format!("cannot write {}", path.display()));
    // A group of its own: Ctrl-C is answered here and not in every process at once.
    command.stdin(Stdio::null()).stdout(create(&stdout)?).stderr(create(&stderr)?).process_group(0);
    let begun_at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64());
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    let status = loop {
        if let Some(status) = child.try_wait().context("cannot wait for a process")? {
            break status;
        }
        if interruption.has_come() {
            end(&mut child);
            // What has ended already cannot be killed, and need not be.
            let _ = child.kill();
            let _ = child.wait();
            bail!("interrupted");
        }
        sleep(LOOK_EVERY);
    };
    let wall_seconds = start.elapsed().as_secs_f64();
    let read = |path: &Path| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    if status.success() { Ok(Ended { stdout: read(&stdout), begun_at, wall_seconds }) } else { bail!(failure(status, &read(&stderr))) }
}

/// How a command failed, and the end of what it said.
fn failure(status: ExitStatus, stderr: &str) -> String {
    let is_shown = |letter: &char| *letter == '\t' || !letter.is_control();
    let lines: Vec<&str> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines[lines.len().saturating_sub(LINES_SHOWN)..].iter().map(|line| line.chars().filter(is_shown).collect::<String>());
    last.fold(format!("it ended with {status}"), |text, line| text + "\n    " + &line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, interruption: &Interruption) -> Result<Ended> {
        let folder = tempfile::tempdir().unwrap();
        run(Command::new("sh").args(["-c", script]), folder.path(), interruption, |_| {})
    }

    fn calm() -> Interruption {
        Interruption(Arc::default())
    }

    #[test]
    fn a_command_is_timed_and_its_output_read() {
        let ended = shell("echo figures; sleep 0.1", &calm()).unwrap();
        assert_eq!(ended.stdout, "figures\n");
        assert!((0.1..5.0).contains(&ended.wall_seconds) && ended.begun_at > 1e9);
    }

    #[test]
    fn a_failure_shows_the_last_lines_without_control_characters() {
        let error = shell("for i in 1 2 3 4 5 6 7 8 9 10; do echo line $i >&2; done; printf '\\033[31mbad\\n' >&2; exit 3", &calm());
        let text = error.unwrap_err().to_string();
        assert!(text.contains("exit status: 3") && text.ends_with("line 10\n    [31mbad") && !text.contains("line 3\n"), "{text}");
    }

    #[test]
    fn an_interruption_ends_the_command_at_once() {
        let start = Instant::now();
        let error = shell("sleep 60", &Interruption(Arc::new(true.into()))).unwrap_err();
        assert_eq!(error.to_string(), "interrupted");
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}
