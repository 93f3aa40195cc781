//! The standard Hugging Face cache, in the layout that all its tools share. Never downloads.
//!
//! ```text
//! models--ORG--NAME/refs/main               the commit
//! models--ORG--NAME/snapshots/COMMIT/FILE   a link to the blob
//! models--ORG--NAME/blobs/ETAG              the content
//! .locks/models--ORG--NAME/ETAG.lock        held while a blob is written
//! ```

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::hub::error::HubError;
use crate::hub::repository::{Kind, Repository, is_part};
use crate::hub::variables::HubVariables;
use crate::spec::experiment::resolve::DEFAULT_MODEL;

/// The cache's folder of one repository.
#[derive(Debug)]
pub struct Cache {
    /// The cache itself.
    pub root: PathBuf,
    folder: PathBuf,
    locks: PathBuf,
}

/// Held while a blob is written; Hugging Face's own tools heed it.
#[derive(Debug)]
pub struct BlobLock {
    _file: File,
}

/// The folder of a repository's files: the snapshot that its revision leads to, or for `main` its only one.
pub fn find(repository: &Repository, variables: &HubVariables) -> Result<PathBuf, HubError> {
    let cache = Cache::of(repository, variables)?;
    let remedy = || remedy(repository, variables);
    if !cache.folder.is_dir() {
        return Err(HubError::NotCached { repository: repository.clone(), looked_for: cache.folder, remedy: remedy() });
    }
    let snapshots = cache.folder.join("snapshots");
    let incomplete = |path| HubError::Incomplete { repository: repository.clone(), path, remedy: remedy() };
    let reference = cache.reference(&repository.revision);
    let snapshot = match fs::read_to_string(&reference) {
        Ok(commit) if is_part(commit.trim()) => snapshots.join(commit.trim()),
        // A commit has no file below refs, and one downloaded by its hash leaves no refs/main.
        _ if is_part(&repository.revision) && snapshots.join(&repository.revision).is_dir() => snapshots.join(&repository.revision),
        _ if repository.revision == super::repository::MAIN => only_folder(&snapshots).ok_or_else(|| incomplete(reference))?,
        _ => return Err(incomplete(reference)),
    };
    if snapshot.is_dir() { Ok(snapshot) } else { Err(incomplete(snapshot)) }
}

/// What brings a repository into the cache.
fn remedy(repository: &Repository, variables: &HubVariables) -> String {
    let get = match (variables.is_offline, repository.kind) {
        (true, _) => "the hub is not asked, because HF_HUB_OFFLINE or --offline says so: allow it once",
        // Set-up knows a second source, for networks without the hub.
        (false, Kind::Model) if repository.id == DEFAULT_MODEL => "run `cargo xtask setup`",
        (false, _) => "`finetop run FILE` and `finetop plan FILE` in a shell download it",
    };
    match repository.kind {
        Kind::Model => format!("{get}, or give a folder"),
        Kind::Dataset => format!("{get}, or name files"),
    }
}

fn only_folder(folder: &Path) -> Option<PathBuf> {
    let mut folders = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    folders.next().filter(|_| folders.next().is_none())
}

impl Cache {
    /// The folder of a repository.
    pub fn of(repository: &Repository, variables: &HubVariables) -> Result<Self, HubError> {
        let root = variables.cache().ok_or(HubError::NoCache)?;
        let name = repository.folder_name();
        Ok(Self { folder: root.join(&name), locks: root.join(".locks").join(name), root })
    }

    /// Makes the folders that files are placed in.
    pub fn prepare(&self) -> Result<(), HubError> {
        [self.folder.join("blobs"), self.locks.clone()].into_iter().try_for_each(|folder| make_folder(&folder))
    }

    /// Where content lies.
    pub fn blob(&self, etag: &str) -> PathBuf {
        self.folder.join("blobs").join(etag)
    }

    /// Where content grows while it is downloaded.
    pub fn incomplete(&self, etag: &str) -> PathBuf {
        self.folder.join("blobs").join(format!("{etag}.incomplete"))
    }

    /// Where a file of a commit is found.
    pub fn place(&self, commit: &str, file: &str) -> PathBuf {
        self.folder.join("snapshots").join(commit).join(file)
    }

    /// Waits until no other program writes this content; `on_wait` is called before a wait.
    pub fn lock(&self, etag: &str, on_wait: &mut dyn FnMut()) -> Result<BlobLock, HubError> {
        let path = self.locks.join(format!("{etag}.lock"));
        let lock = File::options().create(true).append(true).open(&path).map_err(|source| HubError::Unwritable { path, source })?;
        if let Err(TryLockError::WouldBlock) = lock.try_lock() {
            on_wait();
            // Some network disks know no locks; the hash still guards the content.
            let _ = lock.lock();
        }
        Ok(BlobLock { _file: lock })
    }

    /// Turns checked content into a blob.
    pub fn complete(&self, etag: &str) -> Result<(), HubError> {
        let incomplete = self.incomplete(etag);
        let done = File::open(&incomplete).and_then(|content| content.sync_all()).and_then(|()| fs::rename(&incomplete, self.blob(etag)));
        done.map_err(|source| HubError::Unwritable { path: incomplete, source })
    }

    /// Links a file of a commit to its blob.
    pub fn link(&self, commit: &str, file: &str, etag: &str) -> Result<(), HubError> {
        let place = self.place(commit, file);
        if fs::metadata(&place).is_ok() {
            return Ok(());
        }
        if let Some(folder) = place.parent() {
            make_folder(folder)?;
        }
        // From the file's folder up to the repository's: snapshots, the commit, and the file's own folders.
        let up = "../".repeat(2 + file.matches('/').count());
        let new = place.with_extension("new-link");
        let _ = fs::remove_file(&new);
        let linked = std::os::unix::fs::symlink(format!("{up}blobs/{etag}"), &new).and_then(|()| fs::rename(&new, &place));
        linked.map_err(|source| HubError::Unwritable { path: place, source })
    }

    /// Makes a revision lead to a commit; the last thing that is written, so that what it leads to is whole.
    pub fn refer(&self, revision: &str, commit: &str) -> Result<(), HubError> {
        if revision == commit {
            return Ok(());
        }
        let path = self.reference(revision);
        let written = || -> io::Result<()> {
            fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
            let new = path.with_extension("new");
            fs::write(&new, commit)?;
            fs::rename(&new, &path)
        };
        written().map_err(|source| HubError::Unwritable { path: path.clone(), source })
    }

    fn reference(&self, revision: &str) -> PathBuf {
        self.folder.join("refs").join(revision)
    }
}

fn make_folder(folder: &Path) -> Result<(), HubError> {
    fs::create_dir_all(folder).map_err(|source| HubError::Unwritable { path: folder.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refs_main_chooses_the_snapshot_and_its_absence_the_only_one() {
        let cache = tempfile::tempdir().unwrap();
        let variables = HubVariables { hf_hub_cache: Some(cache.path().to_owned()), ..HubVariables::default() };
        let find = |text| find(&Repository::parse(Kind::Model, text).unwrap(), &variables);
        let missing = find("org/name").unwrap_err().to_string();
        assert!(missing.contains("models--org--name); `finetop run FILE`"), "{missing}");
        let folder = cache.path().join("models--org--name");
        fs::create_dir_all(folder.join("snapshots/abc")).unwrap();
        assert_eq!(find("org/name").unwrap(), folder.join("snapshots/abc"));
        assert!(find("org/name@v1").is_err());
        fs::create_dir_all(folder.join("snapshots/def")).unwrap();
        assert!(find("org/name").unwrap_err().to_string().contains("refs/main is missing"));
        assert_eq!(find("org/name@abc").unwrap(), folder.join("snapshots/abc"));
        fs::create_dir_all(folder.join("refs")).unwrap();
        fs::write(folder.join("refs/main"), "def\n").unwrap();
        assert_eq!(find("org/name").unwrap(), folder.join("snapshots/def"));
        fs::write(folder.join("refs/main"), "123").unwrap();
        assert!(find("org/name").unwrap_err().to_string().contains("snapshots/123 is missing"));
        fs::write(folder.join("refs/main"), "../..").unwrap();
        assert!(find("org/name").is_err(), "a reference cannot lead out of the cache");
    }
}
