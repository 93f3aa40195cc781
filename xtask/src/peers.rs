//! Pythons with the other libraries: those that the user names, else two environments made in finetop's cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::output::say;
use crate::places::Places;
use crate::{disk, lock, python};

/// Room for both environments: the wheels of torch for Linux bring the libraries of CUDA along.
const ROOM_BYTES: u64 = if cfg!(target_os = "macos") { 2_000_000_000 } else { 8_000_000_000 };
/// What is said before anything is downloaded.
const SIZES: &str =
    if cfg!(target_os = "macos") { "about 250 MB to download, 1.5 GB on disk" } else { "about 3 GB to download, 6.5 GB on disk" };
/// Written last; an environment without it is made anew.
const STAMP: &str = "finetop-requirements.txt";

/// Pythons that the user names instead of those made here.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// With peft and transformers.
    pub peft: Option<PathBuf>,
    /// With adapters.
    pub adapters: Option<PathBuf>,
}

/// Pythons to use.
#[derive(Debug)]
pub struct Pythons {
    /// With peft and transformers.
    pub peft: PathBuf,
    /// With adapters.
    pub adapters: PathBuf,
}

/// The chosen Pythons, else those of the environments in the cache, which are made where they are missing or of other versions.
pub fn find(places: &Places, chosen: Chosen) -> Result<Pythons> {
    let (peft, adapters) = match (chosen.peft, chosen.adapters) {
        (Some(peft), Some(adapters)) => return Ok(Pythons { peft, adapters }),
        chosen => chosen,
    };
    let scripts = places.checkout.join("tests/interop");
    let folder = places.cache.join("interop");
    let [peft_folder, adapters_folder] = ["peft", "adapters"].map(|name| folder.join(name));
    let requirements = |name: &str| {
        let path = scripts.join(format!("requirements-{name}.txt"));
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let (peft_wanted, adapters_wanted) = (requirements("peft")?, requirements("adapters")?);
    let is_ready = |folder: &Path, wanted: &str| fs::read_to_string(folder.join(STAMP)).is_ok_and(|found| found == wanted);
    let needs_peft = peft.is_none() && !is_ready(&peft_folder, &peft_wanted);
    let needs_adapters = adapters.is_none() && !is_ready(&adapters_folder, &adapters_wanted);
    if needs_peft || needs_adapters {
        python::require_pip()?;
        let _lock = lock::acquire(&places.cache)?;
        say(&format!("the Python environments of the other libraries are made in {}: {SIZES}, once", folder.display()));
        disk::require_room(&places.cache, ROOM_BYTES, "FINETOP_CACHE")?;
        if needs_peft {
            make(&peft_folder, &peft_wanted, None)?;
        }
        if needs_adapters {
            // Both need one torch; the versions of transformers differ, and each environment's own come first.
            let torch = peft.clone().unwrap_or_else(|| program(&peft_folder));
            make(&adapters_folder, &adapters_wanted, Some(&torch))?;
        }
    }
    let (peft, adapters) = (peft.unwrap_or_else(|| program(&peft_folder)), adapters.unwrap_or_else(|| program(&adapters_folder)));
    Ok(Pythons { peft, adapters })
}

fn program(folder: &Path) -> PathBuf {
    folder.join("bin/python")
}

/// Makes an environment with the pinned packages; packages of `other` are seen behind its own.
fn make(folder: &Path, requirements: &str, other: Option<&Path>) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    succeed(
        python::command().args(["-m", "venv"]).arg(folder),
        "make a virtual environment (Debian and Ubuntu: apt install python3-venv)",
    )?;
    if let Some(other) = other {
        let behind = site_packages(other)?;
        let path = site_packages(&program(folder))?.join("behind.pth");
        fs::write(&path, format!("{}\n", behind.display())).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let mut install = Command::new(program(folder));
    install.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input"]).args(requirements.lines());
    succeed(&mut install, "install the packages above with pip: check the network and `pip config list`")?;
    fs::write(folder.join(STAMP), requirements).with_context(|| format!("cannot write into {}", folder.display()))
}

fn site_packages(program: &Path) -> Result<PathBuf> {
    let mut command = Command::new(program);
    command.args(["-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"]).stderr(Stdio::inherit());
    let output = command.output().with_context(|| format!("cannot run {}", program.display()))?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

fn succeed(command: &mut Command, what: &str) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot {what}"))?;
    if status.success() { Ok(()) } else { bail!("cannot {what}") }
}
