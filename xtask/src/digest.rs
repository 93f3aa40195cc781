//! SHA-256 of files: nothing that was downloaded is used before its hash is the pinned one.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// A file known by its size and SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Size in bytes.
    pub n_bytes: u64,
    /// SHA-256 in lower-case hexadecimal digits.
    pub sha256: &'static str,
}

/// Checks a file and removes it if it is not the pinned one.
pub fn check_or_remove(path: &Path, pin: &Pin) -> Result<()> {
    let found = sha256(path)?;
    if found == pin.sha256 {
        return Ok(());
    }
    fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))?;
    bail!("{} has SHA-256 {found} instead of {}; it was removed", path.display(), pin.sha256)
}

fn sha256(path: &Path) -> Result<String> {
    let unreadable = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(unreadable)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        let n_read = file.read(&mut buffer).with_context(unreadable)?;
        if n_read == 0 {
            return Ok(hexadecimal(&hasher.finalize()));
        }
        hasher.update(&buffer[..n_read]);
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: Pin = Pin { n_bytes: 5, sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" };

    #[test]
    fn the_pinned_file_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "hello").unwrap();
        check_or_remove(&path, &HELLO).unwrap();
        assert!(path.exists());
    }

    #[test]
    fn another_file_is_rejected_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "hellx").unwrap();
        let error = check_or_remove(&path, &HELLO).unwrap_err().to_string();
        assert!(error.contains("instead of 2cf24dba") && !error.contains('\n'), "{error}");
        assert!(!path.exists());
    }
}
