//! `cargo xtask interop`: two Python environments with the other libraries, then the check in `tests/interop`, both ways.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use crate::output::say;
use crate::places::Places;
use crate::{cargo, disk, lock, model, python};

/// Room for both environments: the wheels of torch for Linux bring the libraries of CUDA along.
const ROOM_BYTES: u64 = if cfg!(target_os = "macos") { 2_000_000_000 } else { 8_000_000_000 };
/// What is said before anything is downloaded.
const SIZES: &str =
    if cfg!(target_os = "macos") { "about 250 MB to download, 1.5 GB on disk" } else { "about 3 GB to download, 6.5 GB on disk" };
/// Written last; an environment without it is made anew.
const STAMP: &str = "finetop-requirements.txt";

/// Pythons that the user names instead of those made here.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// With peft and transformers.
    python: Option<PathBuf>,
    /// With adapters.
    python_adapters: Option<PathBuf>,
}

impl Options {
    /// Reads the arguments of the command.
    pub fn read(arguments: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            let option = match name.as_str() {
                "--python" => &mut options.python,
                "--python-adapters" => &mut options.python_adapters,
                unknown => bail!("`interop` knows no `{unknown}`: only --python PATH and --python-adapters PATH"),
            };
            *option = Some(rest.next().with_context(|| format!("`{name}` needs the path of a Python"))?.into());
        }
        Ok(options)
    }
}

/// Makes what is missing, builds, and runs the check; its table goes to standard output.
pub fn check(places: &Places, options: Options) -> Result<ExitCode> {
    let scripts = places.checkout.join("tests/interop");
    let (peft, adapters) = match (options.python, options.python_adapters) {
        (Some(peft), Some(adapters)) => (peft, adapters),
        (peft, adapters) => environments(places, &scripts, peft, adapters)?,
    };
    cargo::build_programs(places)?;
    // Beside the folder of this program, which may be another profile's.
    let this = std::env::current_exe().context("cannot find the build folder")?;
    let programs = this.ancestors().nth(2).context("cannot find the build folder")?.join("debug");
    let model = model::cache(places).snapshot().context("there is no base model: cargo xtask setup")?;
    let work = work_folder()?;
    say(&format!("the check works in {}", work.display()));
    let mut command = Command::new("python3");
    command.arg(scripts.join("check.py")).arg("--model").arg(&model).arg("--work").arg(&work);
    command.arg("--finetop").arg(programs.join("finetop")).arg("--worker").arg(programs.join("finetop-worker"));
    command.arg("--python").arg(peft).arg("--python-adapters").arg(adapters);
    // The model is a folder; nothing else may be fetched.
    command.env("HF_HUB_OFFLINE", "1").env("TOKENIZERS_PARALLELISM", "false").env("TRANSFORMERS_VERBOSITY", "error");
    let status = command.status().context("cannot run python3")?;
    if status.success() {
        // What went wrong can be looked at; what went well need not stay.
        let _ = fs::remove_dir_all(&work);
    }
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A new folder for the check's runs and folders.
fn work_folder() -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("finetop-interop-{}", std::process::id()));
    fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// The Pythons of the environments in the cache, made where they are missing or of other versions.
fn environments(places: &Places, scripts: &Path, peft: Option<PathBuf>, adapters: Option<PathBuf>) -> Result<(PathBuf, PathBuf)> {
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
        say(&format!("the Python environments of the check are made in {}: {SIZES}, once", folder.display()));
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
    Ok((peft.unwrap_or_else(|| program(&peft_folder)), adapters.unwrap_or_else(|| program(&adapters_folder))))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_name_pythons_and_nothing_else() {
        let read = |words: &[&str]| Options::read(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>());
        let both = read(&["--python", "/a", "--python-adapters", "/b"]).unwrap();
        assert_eq!(both, Options { python: Some("/a".into()), python_adapters: Some("/b".into()) });
        assert!(read(&["--python"]).unwrap_err().to_string().contains("needs the path"));
        assert!(read(&["fast"]).unwrap_err().to_string().contains("knows no `fast`"));
    }
}
