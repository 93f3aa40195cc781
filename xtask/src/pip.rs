//! Downloads pinned wheels with the user's pip, which knows its own index, mirrors and proxies.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::digest;
use crate::output::{Output, Track};
use crate::python;
use crate::staging::Staging;
use crate::wheel::Wheel;

/// Runs pip until it is done or until this process is gone, whatever way it went: then its standard input ends.
const PIP: &str = "\
import os, runpy, threading
def leave_with_parent():
    os.read(0, 1)
    os._exit(1)
threading.Thread(target=leave_with_parent, daemon=True).start()
runpy.run_module('pip', run_name='__main__', alter_sys=True)
";
/// One wheel per machine: it is unpacked here and never imported, so the version of Python does not matter.
const TAGS: [&str; 6] = ["--python-version", "3.12", "--implementation", "cp", "--abi", "cp312"];
/// What pip says of an address that does not answer, or of a download that broke off.
const NETWORK_SIGNS: [&str; 5] = ["WARNING: Retrying (", "ReadTimeoutError", "IncompleteRead", "ProtocolError", "incomplete-download"];
const DISK_FULL: &str = "the disk is full: free some, or export FINETOP_CACHE=<folder on another disk>";
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Downloads a wheel into the staging folder and checks its hash.
pub fn download(wheel: &Wheel, staging: &Staging, output: Output) -> Result<PathBuf> {
    let (temporary, wheels) = (staging.folder.join("tmp"), staging.folder.join("wheels"));
    for folder in [&temporary, &wheels] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let mut track = output.track(wheel.requirement, wheel.pin.n_bytes);
    let child = command(wheel, &temporary, &wheels).spawn().context("cannot run python3")?;
    let (status, log) = watch(child, &temporary, &mut track)?;
    if !status.success() {
        drop(track);
        bail!("{}", explain(wheel.requirement, &log));
    }
    let path = only_file(&wheels)?;
    digest::check_or_remove(&path, &wheel.pin)?;
    track.finish();
    Ok(path)
}

fn command(wheel: &Wheel, temporary: &Path, wheels: &Path) -> Command {
    let mut command = python::command();
    command
        .args(["-c", PIP, "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input"])
        .args(["--disable-pip-version-check", "--progress-bar", "off", "--retries", "3", "--timeout", "20"])
        .args(["--platform", wheel.platform])
        .args(TAGS)
        .arg("--dest")
        .arg(wheels)
        .arg(wheel.requirement)
        .env("TMPDIR", temporary)
        // A user may forbid pip outside of virtual environments; nothing is installed here.
        .env("PIP_REQUIRE_VIRTUALENV", "0")
        // From pip 25.1 on a broken download goes on where it stopped; older versions overlook the setting.
        .env("PIP_RESUME_RETRIES", "5")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .stdout(Stdio::null());
    command
}

/// Waits for pip, whose own progress is shown in terminals only, by the growth of its temporary files;
/// returns how it ended and what it complained of.
fn watch(mut child: Child, temporary: &Path, track: &mut Track) -> Result<(ExitStatus, String)> {
    // Waiting would close it, and pip would leave.
    let _standard_input = child.stdin.take();
    let mut standard_error = child.stderr.take().context("cannot read from pip")?;
    // A full pipe would stop pip; a file could not be written on a full disk.
    let reader = thread::spawn(move || {
        let mut log = Vec::new();
        let _ = standard_error.read_to_end(&mut log);
        String::from_utf8_lossy(&log).into_owned()
    });
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for pip")? {
            return Ok((status, reader.join().unwrap_or_default()));
        }
        track.set(size_below(temporary));
        thread::sleep(POLL_INTERVAL);
    }
}

/// Bytes in all files below a folder; files that vanish meanwhile count nothing.
fn size_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size_below(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

fn only_file(folder: &Path) -> Result<PathBuf> {
    let mut entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    match (entries.next(), entries.next()) {
        (Some(entry), None) => Ok(entry?.path()),
        _ => bail!("pip left not one file in {}", folder.display()),
    }
}

/// One line out of pip's many, with the remedy.
fn explain(requirement: &str, log: &str) -> String {
    let last = |prefix: &str| log.lines().rev().find_map(|line| line.strip_prefix(prefix)).map(str::trim);
    if log.contains("No space left on device") {
        return DISK_FULL.to_owned();
    }
    if NETWORK_SIGNS.iter().any(|sign| log.contains(sign)) {
        return format!("pip cannot reach its index for {requirement}: connect to the network, then cargo xtask setup");
    }
    let reason = last("ERROR: ").or_else(|| log.lines().rev().find(|line| !line.is_empty())).unwrap_or("it was ended");
    format!("pip cannot download {requirement} ({reason}): check the network and `pip config list`, then cargo xtask setup")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pips_errors_become_one_line_with_a_remedy() {
        let check = |log: &str, expected: &str| {
            let line = explain("torch==2.11.0", log);
            assert!(line.contains(expected) && !line.contains('\n'), "{line}");
        };
        check("WARNING: Retrying (Retry(total=2)) after NewConnectionError\nERROR: No matching distribution", "connect to the network");
        check("ERROR: [Errno 28] No space left on device\n", "disk is full");
        check("ERROR: No matching distribution found for torch\n\n", "(No matching distribution found for torch)");
        check("", "it was ended");
    }

    #[test]
    fn sizes_are_summed_over_folders() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a/x"), "12345").unwrap();
        fs::write(folder.path().join("y"), "123").unwrap();
        assert_eq!(size_below(folder.path()), 8);
    }
}
