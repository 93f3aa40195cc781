//! A pinned wheel and what is wanted of it. A wheel is a zip archive.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail};
use zip::ZipArchive;

use crate::digest::Pin;

/// Files from this size on are synced to disk before the set-up calls itself complete.
const SYNCED_BYTES: u64 = 100_000;

/// A wheel, the same one whatever Python is active.
#[derive(Clone, Copy, Debug)]
pub struct Wheel {
    /// What pip is asked for.
    pub requirement: &'static str,
    /// The platform tag pip is asked for.
    pub platform: &'static str,
    /// Size and hash of the archive.
    pub pin: Pin,
    /// What is taken out of it.
    pub parts: &'static [Part],
}

/// A file, or with a slash at the end a folder, of a wheel.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Its path in the archive.
    pub from: &'static str,
    /// Its path below the folder it is unpacked to.
    pub to: &'static str,
}

/// Unpacks the wanted parts below a folder; fails if one of them is not there.
pub fn unpack(archive: &Path, parts: &[Part], target: &Path) -> Result<()> {
    let broken = || format!("cannot unpack {}", archive.display());
    let file = File::open(archive).with_context(broken)?;
    let mut zip = ZipArchive::new(io::BufReader::new(file)).with_context(broken)?;
    let mut n_found = vec![0_usize; parts.len()];
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).with_context(broken)?;
        let name = entry.name().with_context(broken)?.into_owned();
        let Some((part_idx, place)) = place_of(&name, parts) else {
            continue;
        };
        n_found[part_idx] += 1;
        let path = target.join(place);
        let unwritable = || format!("cannot write {}", path.display());
        fs::create_dir_all(path.parent().unwrap_or(target)).with_context(unwritable)?;
        let mut unpacked = File::create(&path).with_context(unwritable)?;
        let n_bytes = io::copy(&mut entry, &mut unpacked).with_context(unwritable)?;
        if n_bytes >= SYNCED_BYTES {
            unpacked.sync_all().with_context(unwritable)?;
        }
    }
    match n_found.iter().position(|n| *n == 0) {
        Some(part_idx) => bail!("{} holds no {}", archive.display(), parts[part_idx].from),
        None => Ok(()),
    }
}

/// The part that an entry belongs to, and its place; folders themselves and stray paths have none.
fn place_of(name: &str, parts: &[Part]) -> Option<(usize, String)> {
    if name.ends_with('/') || name.split('/').any(|component| component == "..") {
        return None;
    }
    parts.iter().enumerate().find_map(|(part_idx, part)| {
        if name == part.from {
            return Some((part_idx, part.to.to_owned()));
        }
        let below = name.strip_prefix(part.from).filter(|_| part.from.ends_with('/'))?;
        Some((part_idx, format!("{}{below}", part.to)))
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const PARTS: [Part; 2] = [Part { from: "torch/include/", to: "include/" }, Part { from: "torch/lib/libc10.so", to: "lib/libc10.so" }];

    fn archive(folder: &Path, names: &[&str]) -> std::path::PathBuf {
        let path = folder.join("some.whl");
        let mut zip = zip::ZipWriter::new(File::create(&path).unwrap());
        for name in names {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(name.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        path
    }

    #[test]
    fn only_the_wanted_parts_are_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["torch/include/a/b.h", "torch/lib/libc10.so", "torch/lib/libc10.so.1", "torch/lib/libtorch_cuda.so"];
        let target = folder.path().join("out");
        unpack(&archive(folder.path(), &names), &PARTS, &target).unwrap();
        assert_eq!(fs::read_to_string(target.join("include/a/b.h")).unwrap(), names[0]);
        assert_eq!(fs::read_to_string(target.join("lib/libc10.so")).unwrap(), names[1]);
        assert_eq!(fs::read_dir(target.join("lib")).unwrap().count(), 1);
    }

    #[test]
    fn a_wheel_without_a_wanted_part_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = archive(folder.path(), &["torch/include/a.h"]);
        let error = unpack(&path, &PARTS, folder.path()).unwrap_err().to_string();
        assert!(error.ends_with("holds no torch/lib/libc10.so"), "{error}");
    }

    #[test]
    fn a_truncated_wheel_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = archive(folder.path(), &["torch/include/a.h", "torch/lib/libc10.so"]);
        let half = fs::metadata(&path).unwrap().len() / 2;
        File::options().write(true).open(&path).unwrap().set_len(half).unwrap();
        assert!(unpack(&path, &PARTS, folder.path()).is_err());
    }

    #[test]
    fn paths_that_lead_out_of_the_folder_are_not_taken() {
        assert!(place_of("torch/include/../../../x", &PARTS).is_none());
        assert!(place_of("torch/include/", &PARTS).is_none());
    }
}
