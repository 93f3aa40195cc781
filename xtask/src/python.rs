//! The active Python: its version, its pip, and the torch package in it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::install_hint::{self, Missing};

/// Finds the folder of the torch package without importing it, which would take seconds.
const FIND_TORCH: &str = "\
import importlib.util
spec = importlib.util.find_spec('torch')
print(next(iter(spec.submodule_search_locations or []), '') if spec else '')
";

const SAY_VERSION: &str = "import sys; print('Python', sys.version.split()[0], sys.executable)";

/// A command that runs the active Python, away from folders with modules of the user's.
pub fn command() -> Command {
    let mut command = Command::new("python3");
    command.current_dir("/");
    command
}

/// Version and path of Python, if there is one.
pub fn version() -> Option<String> {
    first_line(&["-c", SAY_VERSION])
}

/// Version and path of pip, if there is one.
pub fn pip_version() -> Option<String> {
    first_line(&["-m", "pip", "--version"])
}

/// Fails with the command that mends it if Python or pip is missing.
pub fn require_pip() -> Result<()> {
    if version().is_none() {
        bail!("no python3 found: {}", install_hint::command(Missing::Python));
    }
    if pip_version().is_none() {
        bail!("python3 has no pip: {}", install_hint::command(Missing::Pip));
    }
    Ok(())
}

/// The folder of the active Python's torch package, whatever its version.
pub fn torch_folder() -> Option<PathBuf> {
    first_line(&["-c", FIND_TORCH]).filter(|line| !line.is_empty()).map(PathBuf::from)
}

fn first_line(arguments: &[&str]) -> Option<String> {
    let output = command().args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}
