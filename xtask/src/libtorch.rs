//! Finds libtorch 2.11.0, or downloads it, and links it into the checkout.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::libtorch_wheels::{self, Download};
use crate::output::{self, Output};
use crate::places::Places;
use crate::platform::{LIBRARY_ENDING, Platform};
use crate::staging::Staging;
use crate::{disk, link, pip, python, wheel};

/// The version that the bindings are made for.
pub const VERSION: &str = "2.11.0";

/// A libtorch that can be built against.
#[derive(Debug, PartialEq, Eq)]
pub struct Libtorch {
    /// Holds `include` and `lib`.
    pub folder: PathBuf,
    /// Such as `2.11.0+cpu`.
    pub version: String,
}

impl Libtorch {
    /// Reads a folder; says what is wrong with it otherwise.
    pub fn read(folder: &Path) -> Result<Self> {
        let libraries = ["libtorch_cpu", "libc10"].map(|name| format!("lib/{name}.{LIBRARY_ENDING}"));
        let header = "include/torch/csrc/api/include/torch/torch.h".to_owned();
        for file in libraries.iter().chain([&header]) {
            if !folder.join(file).is_file() {
                bail!("{} has no {file}", folder.display());
            }
        }
        let version = version_of(folder).with_context(|| format!("{} has no build-version", folder.display()))?;
        let release = version.split('+').next().unwrap_or_default();
        // A later patch release keeps the binary interface, yet the bindings refuse a `build-version` that differs.
        let is_fit = release == VERSION || release.starts_with("2.11.") && !folder.join("build-version").exists();
        if !is_fit {
            bail!("{} is version {version}, not {VERSION}", folder.display());
        }
        Ok(Self { folder: folder.to_owned(), version })
    }

    /// Whether it can compute on a GPU.
    pub fn has_cuda(&self) -> bool {
        self.folder.join(format!("lib/libtorch_cuda.{LIBRARY_ENDING}")).exists()
    }
}

/// The libtorch that a build in this checkout would use now.
pub fn current(places: &Places) -> Result<Libtorch> {
    match &places.user_libtorch {
        Some(folder) if !folder.is_absolute() => {
            bail!("LIBTORCH={} is not an absolute path: unset LIBTORCH, or export the whole path", folder.display())
        }
        Some(folder) => Libtorch::read(folder).context("LIBTORCH leads to no libtorch 2.11.0 (unset LIBTORCH to have one set up)"),
        None => Libtorch::read(&places.link()),
    }
}

/// Where a download is kept for all checkouts.
pub fn cached_folder(places: &Places, platform: Platform) -> PathBuf {
    places.cache.join(format!("libtorch-{VERSION}-cpu-{}", platform.name()))
}

/// Makes `.libtorch` lead to a libtorch, downloading one if there is none.
pub fn set_up(places: &Places, staging: &Staging, output: Output) -> Result<()> {
    let link = places.link();
    if fs::symlink_metadata(&link).is_ok_and(|metadata| !metadata.is_symlink()) {
        bail!("{} is in the way and no libtorch: mv {0} {0}.old", link.display());
    }
    let folder = match find_in_python() {
        Some(libtorch) => libtorch.folder,
        None => download(places, staging, output)?,
    };
    link::replace(&link, &folder)
}

fn find_in_python() -> Option<Libtorch> {
    Libtorch::read(&python::torch_folder()?).ok()
}

fn download(places: &Places, staging: &Staging, output: Output) -> Result<PathBuf> {
    let Some(platform) = Platform::current() else {
        bail!(
            "no libtorch is provided for {} on {}: export LIBTORCH=<folder of libtorch {VERSION}>",
            std::env::consts::OS,
            std::env::consts::ARCH
        );
    };
    let place = cached_folder(places, platform);
    if Libtorch::read(&place).is_ok() {
        return Ok(place);
    }
    python::require_pip()?;
    let Download { wheels, room_bytes } = libtorch_wheels::of(platform);
    disk::require_room(&places.cache, room_bytes, "FINETOP_CACHE")?;
    output::say(&format!("downloading libtorch {VERSION} to {}", places.cache.display()));
    let unpacked = staging.folder.join("libtorch");
    for wheel in wheels {
        let archive = pip::download(wheel, staging, output)?;
        wheel::unpack(&archive, wheel.parts, &unpacked)?;
        fs::remove_file(&archive).with_context(|| format!("cannot remove {}", archive.display()))?;
    }
    let build_version = unpacked.join("build-version");
    fs::write(&build_version, format!("{VERSION}+cpu\n")).with_context(|| format!("cannot write {}", build_version.display()))?;
    staging.promote("libtorch", &place)?;
    Ok(place)
}

/// `build-version` of a libtorch, or the version in `version.py` of a torch package.
fn version_of(folder: &Path) -> Option<String> {
    if let Ok(version) = fs::read_to_string(folder.join("build-version")) {
        return Some(version.trim().to_owned());
    }
    let script = fs::read_to_string(folder.join("version.py")).ok()?;
    let value = script.lines().find_map(|line| line.strip_prefix("__version__ = "))?;
    Some(value.trim_matches(['\'', '"']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(version_file: &str, version: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let lib = |name: &str| format!("lib/{name}.{LIBRARY_ENDING}");
        let header = "include/torch/csrc/api/include/torch/torch.h".to_owned();
        for file in [lib("libtorch_cpu"), lib("libc10"), header] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        fs::write(folder.path().join(version_file), version).unwrap();
        folder
    }

    #[test]
    fn versions_are_read_from_a_libtorch_and_from_a_pytorch() {
        let check = |file: &str, text: &str, expected: Option<&str>| {
            let folder = folder_with(file, text);
            let version = Libtorch::read(folder.path()).ok().map(|libtorch| libtorch.version);
            assert_eq!(version.as_deref(), expected, "{file}: {text}");
        };
        check("build-version", "2.11.0+cpu\n", Some("2.11.0+cpu"));
        check("build-version", "2.11.0", Some("2.11.0"));
        check("build-version", "2.11.1+cpu", None);
        check("build-version", "2.10.0+cpu", None);
        check("version.py", "debug = False\n__version__ = '2.11.0+cu130'\n", Some("2.11.0+cu130"));
        check("version.py", "__version__ = '2.11.1'\n", Some("2.11.1"));
        check("version.py", "__version__ = '2.9.1'\n", None);
    }

    #[test]
    fn a_folder_without_its_libraries_is_none() {
        let folder = folder_with("build-version", VERSION);
        fs::remove_file(folder.path().join(format!("lib/libc10.{LIBRARY_ENDING}"))).unwrap();
        let error = Libtorch::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("has no lib/libc10"), "{error}");
    }
}
