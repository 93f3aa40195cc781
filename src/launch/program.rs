//! Where the two programs lie. Must not start them.

use std::env;
use std::path::PathBuf;

/// Overrides where the worker is.
pub const WORKER_VARIABLE: &str = "FINETOP_WORKER";

/// Name of the worker's program.
const WORKER: &str = "finetop-worker";

/// A program that cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// The system does not say where this program is.
    #[error("cannot find finetop itself: {0}")]
    Own(#[from] std::io::Error),
    /// No worker beside `finetop`.
    #[error("there is no {} (the program that trains): build it with `cargo build`, or name it in {WORKER_VARIABLE}", .0.display())]
    Worker(PathBuf),
}

/// This program, also after its file was replaced by a newer build.
pub fn finetop() -> Result<PathBuf, ProgramError> {
    let path = env::current_exe()?;
    // Linux says "PATH (deleted)" once the file was replaced; what lies there now is the same program, newer.
    match path.to_str().and_then(|text| text.strip_suffix(" (deleted)")) {
        Some(replaced) if !path.exists() => Ok(PathBuf::from(replaced)),
        _ => Ok(path),
    }
}

/// The program that trains: beside this one, unless [`WORKER_VARIABLE`] says otherwise.
pub fn worker() -> Result<PathBuf, ProgramError> {
    let path = match env::var_os(WORKER_VARIABLE).filter(|value| !value.is_empty()) {
        Some(value) => PathBuf::from(value),
        None => finetop()?.with_file_name(WORKER),
    };
    if path.is_file() { Ok(path) } else { Err(ProgramError::Worker(path)) }
}
