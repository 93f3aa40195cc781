//! Making folders, with the remedy where that is not allowed.

use std::fs;
use std::path::Path;

use anyhow::{Result, anyhow};

/// Makes a folder and those above it; `variable` is what names another place.
pub fn make(folder: &Path, variable: &str) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, variable, &error))
}

/// The error of a folder that cannot be written.
pub fn unwritable(folder: &Path, variable: &str, error: &std::io::Error) -> anyhow::Error {
    anyhow!("cannot write {} ({error}): export {variable}=<a folder you may write>", folder.display())
}
