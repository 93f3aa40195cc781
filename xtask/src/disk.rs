//! Free disk space, asked of `df`, which every Unix has.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};
use indicatif::DecimalBytes;

/// Fails if a folder's disk has less room than is about to be needed; passes if the room cannot be told.
pub fn require_room(folder: &Path, n_bytes: u64, variable: &str) -> Result<()> {
    match free_bytes(folder) {
        Some(free) if free < n_bytes => bail!(
            "{} has {} free and the set-up needs {}: free some, or export {variable}=<folder on another disk>",
            folder.display(),
            DecimalBytes(free),
            DecimalBytes(n_bytes),
        ),
        _ => Ok(()),
    }
}

/// Bytes free on the disk of a folder, or of the folder it would be made in.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|ancestor| ancestor.exists())?;
    let output = Command::new("df").arg("-Pk").arg(there).output().ok()?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// Reads POSIX `df -Pk`: a heading, then one line whose fourth column is the free kibibytes.
fn parse(table: &str) -> Option<u64> {
    let kibibytes: u64 = table.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_the_fourth_column() {
        let table = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 100 20 80 20% /\n";
        assert_eq!(parse(table), Some(80 * 1024));
        assert_eq!(parse("df: not found"), None);
    }
}
