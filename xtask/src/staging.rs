//! Work in progress lies aside in the cache and is renamed when it is complete, so nothing half-done is ever found.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::folder;
use crate::lock::SetupLock;

const PREFIX: &str = "staging-";

/// A folder of this attempt alone, removed when dropped.
#[derive(Debug)]
pub struct Staging {
    /// Where the attempt writes.
    pub folder: PathBuf,
}

impl Staging {
    /// Makes the folder and removes those that dead attempts left; the lock says that no living one has any.
    pub fn begin(cache: &Path, _lock: &SetupLock) -> Result<Self> {
        for entry in fs::read_dir(cache).with_context(|| format!("cannot read {}", cache.display()))? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                // What a dead attempt's pip still writes for a moment is removed by the next set-up.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let folder = cache.join(format!("{PREFIX}{}", std::process::id()));
        folder::make(&folder, "FINETOP_CACHE")?;
        Ok(Self { folder })
    }

    /// Moves a complete file or folder to its place on the same disk, in one step.
    pub fn promote(&self, name: &str, place: &Path) -> Result<()> {
        if place.exists() {
            fs::remove_dir_all(place).with_context(|| format!("cannot replace {}", place.display()))?;
        }
        fs::rename(self.folder.join(name), place).with_context(|| format!("cannot move {name} to {}", place.display()))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // The next set-up removes what could not be removed now.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock;

    #[test]
    fn leftovers_of_dead_attempts_are_removed_and_the_rest_is_kept() {
        let cache = tempfile::tempdir().unwrap();
        fs::create_dir_all(cache.path().join("staging-1/tmp")).unwrap();
        fs::write(cache.path().join("staging-1/tmp/half.whl"), "half").unwrap();
        fs::create_dir_all(cache.path().join("libtorch-done")).unwrap();
        let lock = lock::acquire(cache.path()).unwrap();
        let staging = Staging::begin(cache.path(), &lock).unwrap();
        assert!(!cache.path().join("staging-1").exists());
        assert!(cache.path().join("libtorch-done").exists());
        let folder = staging.folder.clone();
        drop(staging);
        assert!(!folder.exists());
    }

    #[test]
    fn a_place_is_empty_until_the_work_is_complete() {
        let cache = tempfile::tempdir().unwrap();
        let place = cache.path().join("libtorch");
        let lock = lock::acquire(cache.path()).unwrap();
        let write = |staging: &Staging| {
            fs::create_dir(staging.folder.join("work")).unwrap();
            fs::write(staging.folder.join("work/file"), "whole").unwrap();
        };
        let given_up = Staging::begin(cache.path(), &lock).unwrap();
        write(&given_up);
        assert!(!place.exists());
        drop(given_up);
        assert!(!place.exists());
        let staging = Staging::begin(cache.path(), &lock).unwrap();
        write(&staging);
        staging.promote("work", &place).unwrap();
        drop(staging);
        assert_eq!(fs::read_to_string(place.join("file")).unwrap(), "whole");
    }
}
