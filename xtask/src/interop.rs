//! `cargo xtask interop`: the check in `tests/interop`, both ways, with the Pythons of the other libraries.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::output::say;
use crate::peers::{self, Chosen, Pythons};
use crate::places::Places;
use crate::{cargo, model};

/// Reads the arguments of the command.
pub fn read(arguments: &[String]) -> Result<Chosen> {
    let mut chosen = Chosen::default();
    let mut rest = arguments.iter();
    while let Some(name) = rest.next() {
        let option = match name.as_str() {
            "--python" => &mut chosen.peft,
            "--python-adapters" => &mut chosen.adapters,
            unknown => bail!("`interop` knows no `{unknown}`: only --python PATH and --python-adapters PATH"),
        };
        *option = Some(rest.next().with_context(|| format!("`{name}` needs the path of a Python"))?.into());
    }
    Ok(chosen)
}

/// Makes what is missing, builds, and runs the check; its table goes to standard output.
pub fn check(places: &Places, chosen: Chosen) -> Result<ExitCode> {
    let scripts = places.checkout.join("tests/interop");
    let Pythons { peft, adapters } = peers::find(places, chosen)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_name_pythons_and_nothing_else() {
        let read = |words: &[&str]| read(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>());
        let both = read(&["--python", "/a", "--python-adapters", "/b"]).unwrap();
        assert_eq!(both, Chosen { peft: Some("/a".into()), adapters: Some("/b".into()) });
        assert!(read(&["--python"]).unwrap_err().to_string().contains("needs the path"));
        assert!(read(&["fast"]).unwrap_err().to_string().contains("knows no `fast`"));
    }
}
