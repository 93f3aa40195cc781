//! One file from the hub into a blob of the cache: goes on where an earlier attempt stopped, and is checked before it counts.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use ureq::Body;
use ureq::http::Response;

use crate::hub::cache::Cache;
use crate::hub::client::{Client, FileHead};
use crate::hub::error::HubError;
use crate::hub::progress::{Progress, Report};
use crate::hub::repository::Repository;

/// Attempts in a row that bring nothing.
const MOST_ATTEMPTS: usize = 4;

/// A file on its way.
pub struct Transfer<'a> {
    /// The hub.
    pub client: &'a Client,
    /// Where the file comes from.
    pub repository: &'a Repository,
    /// The commit.
    pub commit: &'a str,
    /// The file.
    pub head: &'a FileHead,
    /// Bytes of the repository's other files that are there.
    pub n_before: u64,
}

/// Why an attempt did not come to its end.
enum Broken {
    Asking(HubError),
    Reading(String),
    Writing(std::io::Error),
}

impl Transfer<'_> {
    /// Brings the file's content into the cache, unless it is there.
    pub fn run(&self, cache: &Cache, report: &mut Report) -> Result<(), HubError> {
        let FileHead { file, etag, n_bytes } = self.head;
        let mut on_wait = || report(Progress::Waits { reason: format!("another program downloads {file}; waiting for it") });
        let _lock = cache.lock(etag, &mut on_wait)?;
        if size(&cache.blob(etag)) == Some(*n_bytes) {
            return Ok(());
        }
        let path = cache.incomplete(etag);
        self.download(&path, report)?;
        self.check(&path)?;
        cache.complete(etag)
    }

    fn download(&self, path: &Path, report: &mut Report) -> Result<(), HubError> {
        let mut n_failed = 0;
        loop {
            // Only content with a hash is gone on with: nothing else would tell a bad beginning.
            let n_there = size(path).filter(|&size| size <= self.head.n_bytes && self.head.sha256().is_some()).unwrap_or(0);
            let reason = match self.attempt(path, n_there, report) {
                Ok(()) => return Ok(()),
                Err(Broken::Asking(error)) => return Err(error),
                Err(Broken::Writing(source)) => return Err(HubError::Unwritable { path: path.to_owned(), source }),
                Err(Broken::Reading(reason)) => reason,
            };
            let has_gained = self.head.sha256().is_some() && size(path).unwrap_or(0) > n_there;
            n_failed = if has_gained { 0 } else { n_failed + 1 };
            if n_failed == MOST_ATTEMPTS {
                return Err(HubError::BrokenOff { file: self.head.file.clone(), reason });
            }
            report(Progress::Waits { reason: format!("{} broke off ({reason}); going on", self.head.file) });
            std::thread::sleep(self.client.pause);
        }
    }

    fn attempt(&self, path: &Path, n_there: u64, report: &mut Report) -> Result<(), Broken> {
        if n_there == self.head.n_bytes && n_there > 0 {
            return Ok(());
        }
        let answer = self.client.get(self.repository, self.commit, &self.head.file, n_there, report);
        let mut response = answer.map_err(Broken::Asking)?;
        match response.status().as_u16() {
            200 => {
                let mut output = File::create(path).map_err(Broken::Writing)?;
                self.copy(&mut response, &mut output, 0, report)
            }
            206 if starts_at(&response, n_there) => {
                let mut output = File::options().append(true).open(path).map_err(Broken::Writing)?;
                self.copy(&mut response, &mut output, n_there, report)
            }
            _ => {
                fs::remove_file(path).map_err(Broken::Writing)?;
                Err(Broken::Reading("the server cannot go on in the middle".to_owned()))
            }
        }
    }

    /// Copies a body to the end of a file, to the file's whole size and not further.
    fn copy(&self, response: &mut Response<Body>, output: &mut File, n_start: u64, report: &mut Report) -> Result<(), Broken> {
        let mut body = response.body_mut().with_config().limit(u64::MAX).reader();
        let (mut n_done, mut buffer) = (n_start, vec![0; 1 << 16]);
        while n_done < self.head.n_bytes {
            let n_read = body.read(&mut buffer).map_err(|error| Broken::Reading(error.to_string()))?;
            if n_read == 0 {
                return Err(Broken::Reading(format!("{n_done} of {} bytes came", self.head.n_bytes)));
            }
            output.write_all(&buffer[..n_read]).map_err(Broken::Writing)?;
            n_done += n_read as u64;
            report(Progress::Bytes { n_done: self.n_before + n_done });
        }
        Ok(())
    }

    /// Removes content that is not what the hub announced.
    fn check(&self, path: &Path) -> Result<(), HubError> {
        let n_found = size(path).unwrap_or(0);
        let mut found = (format!("{} bytes", self.head.n_bytes), format!("{n_found} bytes"));
        if n_found == self.head.n_bytes {
            let Some(expected) = self.head.sha256() else { return Ok(()) };
            let sha256 = sha256(path).map_err(|source| HubError::Unwritable { path: path.to_owned(), source })?;
            if sha256.eq_ignore_ascii_case(expected) {
                return Ok(());
            }
            found = (format!("SHA-256 {expected}"), sha256);
        }
        fs::remove_file(path).map_err(|source| HubError::Unwritable { path: path.to_owned(), source })?;
        Err(HubError::Damaged { file: self.head.file.clone(), expected: found.0, found: found.1 })
    }
}

fn sha256(path: &Path) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    let (mut file, mut buffer) = (File::open(path)?, vec![0; 1 << 18]);
    loop {
        let n_read = file.read(&mut buffer)?;
        if n_read == 0 {
            return Ok(hasher.finalize().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")));
        }
        hasher.update(&buffer[..n_read]);
    }
}

fn starts_at(response: &Response<Body>, offset: u64) -> bool {
    let range = response.headers().get("content-range").and_then(|range| range.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {offset}-")))
}

/// The size of a file, if it is there.
pub fn size(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len())
}
