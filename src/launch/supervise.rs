//! The process around one worker: starts it, hands on signals, obeys requests to kill, writes how it ended.
//!
//! It is what survives a killed worker, a killed queue and a closed terminal. Must not know what a worker does.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::launch::cache;
use crate::launch::kernel;
use crate::launch::program::{self, ProgramError};
use crate::run::clock;
use crate::run::dir::{self, DirError, RunDir};
use crate::run::exit::{Cause, Exit, Job, ProcessIdentity, Restart, code};
use crate::run::inbox;
use crate::run::out_of_memory;
use crate::run::process;
use crate::run::request::RequestKind;
use crate::run::text;

/// How often requests to kill are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long a worker may take to save and leave before it is killed.
const GRACE: Duration = Duration::from_secs(10);
/// Lines of stderr that are kept in `exit.json`.
const TAIL_LINES: usize = 20;
/// Bytes of stderr that are looked at for them.
const TAIL_BYTES: u64 = 64 << 10;
/// Characters of each such line.
const TAIL_LINE_CHARACTERS: usize = 500;
/// How often a full disk is tried again before the end of a worker goes unrecorded.
const EXIT_TRIES: u32 = 5;

/// Why a run was not supervised.
#[derive(Debug, thiserror::Error)]
pub enum SuperviseError {
    /// The run folder cannot be read or written.
    #[error(transparent)]
    Dir(#[from] DirError),
    /// A file of the run cannot be opened.
    #[error("cannot open {path}: {source}", path = .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The process cannot wait for signals or children.
    #[error("cannot watch the worker: {0}")]
    Watch(#[from] io::Error),
}

/// Why the worker could not be started.
#[derive(Debug, thiserror::Error)]
enum SpawnError {
    #[error(transparent)]
    Program(#[from] ProgramError),
    #[error("cannot start {path}: {source}", path = .path.display())]
    Spawn { path: PathBuf, source: io::Error },
}

/// Runs attempt `attempt` of the run in `folder` to its end, after a crash as `restart`; the exit code of this process.
///
/// Does nothing where another supervisor has the run, this attempt was made before, or the run was stopped or held meanwhile.
pub fn supervise(folder: &Path, attempt: u32, restart: Option<Restart>) -> Result<i32, SuperviseError> {
    // Fails only where this process leads its group already; then it is apart from any terminal as it is.
    let _ = nix::unistd::setsid();
    let dir = RunDir::new(folder);
    let lock_path = dir.supervisor_lock_file();
    let lock = open(&lock_path, OpenOptions::new().write(true).create(true).truncate(false))?;
    if lock.try_lock().is_err() {
        return Ok(code::FENCED);
    }
    if dir::read_json::<Job>(&dir.job_file())?.is_some_and(|job| job.attempt >= attempt) {
        return Ok(code::FENCED);
    }
    // What was asked before now is settled by starting or not starting; what comes later is for the worker.
    let (settled, _): (Vec<_>, Vec<_>) = inbox::pending(&dir).into_iter().partition(|pending| pending.request.request.is_of_life());
    if matches!(inbox::standing(&settled), Some(RequestKind::Stop | RequestKind::Kill | RequestKind::Pause | RequestKind::Release)) {
        return Ok(code::OK);
    }
    let stdout = open(&dir.stdout_file(), OpenOptions::new().append(true).create(true))?;
    let stderr = open(&dir.stderr_file(), OpenOptions::new().append(true).create(true))?;
    let stderr_start = stderr.metadata().map_or(0, |metadata| metadata.len());
    let job = Job { attempt, host: process::host_name(), supervisor: ProcessIdentity::of_self(), started: clock::now_seconds(), restart };
    dir::write_json(&dir.job_file(), &job)?;
    // The exit of an earlier attempt: gone already, or not worth more than being told apart by its number.
    let _ = fs::remove_file(dir.exit_file());
    inbox::remove(&settled);

    let kills_before = kernel::out_of_memory_kills();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        match spawn(&dir, attempt, stdout, stderr) {
            Ok(worker) => watch(&dir, worker).await.map(Ok),
            Err(error) => Ok(Err(error)),
        }
    })?;
    let time = clock::now_seconds();
    let exit = match ended {
        Ok((status, asked)) => {
            let stderr_tail = tail(&dir.stderr_file(), stderr_start);
            let is_short_of_memory = match status.signal() {
                Some(9) => kills_before.zip(kernel::out_of_memory_kills()).is_some_and(|(before, after)| after > before),
                // Rust's allocator and C++ without a handler abort.
                Some(_) => stderr_tail.iter().any(|line| out_of_memory::is_said(line)),
                None => false,
            };
            let cause = asked.or(is_short_of_memory.then_some(Cause::OutOfMemory));
            Exit { attempt, code: status.code(), signal: status.signal(), cause, stderr_tail, time }
        }
        Err(error) => Exit { attempt, code: None, signal: None, cause: None, stderr_tail: vec![text::stripped(&error.to_string())], time },
    };
    write_exit(&dir, &exit)?;
    Ok(exit.code.unwrap_or(code::FAILED))
}

fn open(path: &Path, options: &OpenOptions) -> Result<File, SuperviseError> {
    options.open(path).map_err(|source| SuperviseError::Open { path: path.to_owned(), source })
}

/// Starts the worker in a process group of its own.
fn spawn(dir: &RunDir, attempt: u32, stdout: File, stderr: File) -> Result<Child, SpawnError> {
    let path = program::worker()?;
    Command::new(&path)
        .arg("train")
        .arg(dir.path())
        .args(["--attempt", &attempt.to_string()])
        .args(cache::folder().iter().flat_map(|folder| [OsStr::new("--cache"), folder.as_os_str()]))
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .process_group(0)
        .spawn()
        .map_err(|source| SpawnError::Spawn { path, source })
}

/// Waits for the worker; hands on SIGTERM, obeys requests to kill. Says also whether it was asked to end the worker.
async fn watch(dir: &RunDir, mut worker: Child) -> io::Result<(ExitStatus, Option<Cause>)> {
    let identity = worker.id().and_then(ProcessIdentity::of);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut look = interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut deadline: Option<Instant> = None;
    loop {
        let is_asked = tokio::select! {
            status = worker.wait() => return Ok((status?, deadline.map(|_| Cause::Asked))),
            _ = terminate.recv() => true,
            _ = look.tick() => inbox::take_kill(dir),
        };
        if is_asked && deadline.is_none() {
            identity.map(|identity| identity.signal(Signal::SIGTERM));
            deadline = Some(Instant::now() + GRACE);
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            identity.map(|identity| identity.signal(Signal::SIGKILL));
        }
    }
}

/// The last lines of what the worker complained of in this attempt.
fn tail(path: &Path, start: u64) -> Vec<String> {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let end = file.metadata()?.len();
        let from = start.max(end.saturating_sub(TAIL_BYTES)).min(end);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<_> = text.lines().map(text::stripped).filter(|line| !line.trim().is_empty()).collect();
    let n_before = lines.len().saturating_sub(TAIL_LINES);
    lines[n_before..].iter().map(|line| line.chars().take(TAIL_LINE_CHARACTERS).collect()).collect()
}

/// Writes `exit.json`, also where the disk is full for a moment.
fn write_exit(dir: &RunDir, exit: &Exit) -> Result<(), DirError> {
    let mut tries = 0;
    loop {
        match dir::write_json(&dir.exit_file(), exit) {
            Err(_) if tries < EXIT_TRIES && dir.path().exists() => {
                tries += 1;
                std::thread::sleep(Duration::from_secs(1));
            }
            written => return written,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_has_the_last_lines_of_this_attempt_without_control_characters() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stderr.log");
        assert!(tail(&path, 0).is_empty());
        let lines: Vec<_> = (0..30).map(|line| format!("\u{1b}[31mline {line}\u{1b}[0m\r")).collect();
        fs::write(&path, format!("earlier\n{}\n\n", lines.join("\n"))).unwrap();
        let tail_lines = tail(&path, 8);
        assert_eq!(tail_lines.len(), TAIL_LINES);
        assert_eq!(tail_lines.last().unwrap(), "line 29");
        assert!(tail(&path, 1 << 30).is_empty());
    }
}
