//! One set-up at a time per cache; the lock goes away with its process, however that ends.

use std::fs::{File, TryLockError};
use std::path::Path;

use anyhow::Result;

use crate::folder;
use crate::output;

/// Held while a set-up changes the cache.
#[derive(Debug)]
pub struct SetupLock {
    _file: File,
}

/// Waits until no other set-up works in the cache.
pub fn acquire(cache: &Path) -> Result<SetupLock> {
    folder::make(cache, "FINETOP_CACHE")?;
    let path = cache.join("setup.lock");
    let file = File::options().create(true).append(true).open(&path);
    let file = file.map_err(|error| folder::unwritable(&path, "FINETOP_CACHE", &error))?;
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        output::say(&format!("waiting for another set-up (it holds {})", path.display()));
        // Some network disks know no locks; there a set-up goes on alone.
        let _ = file.lock();
    }
    Ok(SetupLock { _file: file })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_is_free_again_once_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let other = || File::options().append(true).open(folder.path().join("setup.lock")).unwrap();
        let lock = acquire(folder.path()).unwrap();
        assert!(matches!(other().try_lock(), Err(TryLockError::WouldBlock)));
        drop(lock);
        other().try_lock().unwrap();
    }
}
