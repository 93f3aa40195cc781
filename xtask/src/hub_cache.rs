//! One model in the Hugging Face cache, in the layout that all its tools share.
//!
//! ```text
//! models--<owner>--<name>/refs/main                    the revision
//! models--<owner>--<name>/snapshots/<revision>/<file>  a link to the blob
//! models--<owner>--<name>/blobs/<hash>                 the content
//! .locks/models--<owner>--<name>/<hash>.lock           held while a blob is written
//! ```

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::digest;
use crate::folder;
use crate::link;
use crate::model_files::ModelFile;

/// The cache's folder of one model.
#[derive(Debug)]
pub struct ModelCache {
    folder: PathBuf,
    locks: PathBuf,
}

/// Held while a blob is written; Hugging Face's own tools heed it.
#[derive(Debug)]
pub struct BlobLock {
    _file: File,
}

impl ModelCache {
    /// The folder of a model named `owner/name`.
    pub fn of(hub_cache: &Path, model: &str) -> Self {
        let name = format!("models--{}", model.replace('/', "--"));
        Self { folder: hub_cache.join(&name), locks: hub_cache.join(".locks").join(name) }
    }

    /// The snapshot that `refs/main` leads to.
    pub fn snapshot(&self) -> Option<PathBuf> {
        let revision = fs::read_to_string(self.folder.join("refs/main")).ok()?;
        Some(self.folder.join("snapshots").join(revision.trim()))
    }

    /// Whether the snapshot has these files, each of its pinned size.
    pub fn has(&self, files: &[ModelFile]) -> bool {
        self.snapshot().is_some_and(|snapshot| files.iter().all(|file| has_size(&snapshot.join(file.name), file.pin.n_bytes)))
    }

    /// Makes the folders that files are placed in.
    pub fn prepare(&self) -> Result<()> {
        for folder in [self.folder.join("blobs"), self.folder.join("refs"), self.locks.clone()] {
            folder::make(&folder, "HF_HOME")?;
        }
        Ok(())
    }

    /// Where a file's content lies.
    pub fn blob(&self, file: &ModelFile) -> PathBuf {
        self.folder.join("blobs").join(file.blob)
    }

    /// Where a file's content grows while it is downloaded.
    pub fn incomplete(&self, file: &ModelFile) -> PathBuf {
        self.folder.join("blobs").join(format!("{}.incomplete", file.blob))
    }

    /// Waits until no other program writes a file's content.
    pub fn lock(&self, file: &ModelFile) -> Result<BlobLock> {
        let path = self.locks.join(format!("{}.lock", file.blob));
        let lock = File::options().create(true).append(true).open(&path);
        let lock = lock.map_err(|error| folder::unwritable(&path, "HF_HOME", &error))?;
        // Some network disks know no locks; the hash still guards the content.
        let _ = lock.lock();
        Ok(BlobLock { _file: lock })
    }

    /// Whether the content is there and is the pinned one; anything else in its place is removed.
    pub fn has_blob(&self, file: &ModelFile) -> bool {
        let blob = self.blob(file);
        blob.is_file() && digest::check_or_remove(&blob, &file.pin).is_ok()
    }

    /// Turns an incomplete blob into a blob, if it is the pinned content.
    pub fn complete(&self, file: &ModelFile) -> Result<()> {
        let incomplete = self.incomplete(file);
        digest::check_or_remove(&incomplete, &file.pin)?;
        let failed = || format!("cannot complete {}", incomplete.display());
        File::open(&incomplete).and_then(|content| content.sync_all()).with_context(failed)?;
        fs::rename(&incomplete, self.blob(file)).with_context(failed)
    }

    /// Links files into a revision's snapshot, and makes it the main one once all are there.
    pub fn place<'a>(&self, revision: &str, files: impl IntoIterator<Item = &'a ModelFile>) -> Result<()> {
        let snapshot = self.folder.join("snapshots").join(revision);
        folder::make(&snapshot, "HF_HOME")?;
        for file in files {
            let place = snapshot.join(file.name);
            if !has_size(&place, file.pin.n_bytes) {
                link::replace(&place, &Path::new("../../blobs").join(file.blob))?;
            }
        }
        let (main, new) = (self.folder.join("refs/main"), self.folder.join("refs/.main.new"));
        let failed = || format!("cannot write {}", main.display());
        fs::write(&new, revision).with_context(failed)?;
        fs::rename(&new, &main).with_context(failed)
    }
}

fn has_size(path: &Path, n_bytes: u64) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() == n_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Pin;

    const FILE: ModelFile = ModelFile {
        name: "config.json",
        pin: Pin { n_bytes: 5, sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" },
        blob: "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0",
    };

    fn cache(hub_cache: &Path) -> ModelCache {
        let cache = ModelCache::of(hub_cache, "owner/name");
        cache.prepare().unwrap();
        cache
    }

    #[test]
    fn a_placed_file_is_found_through_refs_main() {
        let hub_cache = tempfile::tempdir().unwrap();
        let cache = cache(hub_cache.path());
        assert!(!cache.has(&[FILE]));
        fs::write(cache.incomplete(&FILE), "hello").unwrap();
        cache.complete(&FILE).unwrap();
        cache.place("abc", [&FILE]).unwrap();
        assert!(cache.has(&[FILE]) && cache.has_blob(&FILE));
        let folder = hub_cache.path().join("models--owner--name");
        assert_eq!(fs::read_to_string(folder.join("refs/main")).unwrap(), "abc");
        let link = fs::read_link(folder.join("snapshots/abc/config.json")).unwrap();
        assert_eq!(link, Path::new("../../blobs/b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0"));
    }

    #[test]
    fn an_incomplete_blob_counts_as_nothing() {
        let hub_cache = tempfile::tempdir().unwrap();
        let cache = cache(hub_cache.path());
        fs::write(cache.incomplete(&FILE), "hel").unwrap();
        assert!(!cache.has(&[FILE]) && !cache.has_blob(&FILE));
        assert!(cache.complete(&FILE).is_err());
        assert!(!cache.incomplete(&FILE).exists() && !cache.blob(&FILE).exists());
    }

    #[test]
    fn a_dangling_link_or_another_size_counts_as_missing() {
        let hub_cache = tempfile::tempdir().unwrap();
        let cache = cache(hub_cache.path());
        cache.place("abc", [&FILE]).unwrap();
        assert!(!cache.has(&[FILE]), "the link dangles");
        fs::write(cache.blob(&FILE), "hell").unwrap();
        assert!(!cache.has(&[FILE]), "the blob is too short");
    }

    #[test]
    fn a_damaged_blob_is_removed() {
        let hub_cache = tempfile::tempdir().unwrap();
        let cache = cache(hub_cache.path());
        fs::write(cache.blob(&FILE), "hellx").unwrap();
        assert!(!cache.has_blob(&FILE));
        assert!(!cache.blob(&FILE).exists());
    }
}
