//! Hands over to cargo or to finetop: the process is replaced, so that signals and the terminal are the program's.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Error, Result, anyhow};

use crate::places::Places;

/// What a bare `cargo xtask run` shows.
const QUICK_START: [&str; 2] = ["run", "experiments/quickstart.yaml"];

/// Builds the programs and becomes finetop; returns only what went wrong.
pub fn build_and_become_finetop(places: &Places, arguments: &[String]) -> Error {
    let program = match build_release_programs(places) {
        Ok(programs) => programs.join("finetop"),
        Err(error) => return error,
    };
    let mut command = Command::new(&program);
    if arguments.is_empty() {
        command.current_dir(&places.checkout).args(QUICK_START);
    } else {
        command.args(arguments);
    }
    let error = without_cargos_variables(&mut command, places).exec();
    anyhow!("cannot run {} ({error})", program.display())
}

/// Becomes `cargo test`; returns only what went wrong.
pub fn become_test(places: &Places, arguments: &[String]) -> Error {
    let mut command = cargo(&places.checkout);
    command.args(["test", "--workspace"]).args(arguments);
    let error = without_cargos_variables(&mut command, places).exec();
    anyhow!("cannot run cargo ({error})")
}

/// Version of cargo.
pub fn version(checkout: &Path) -> Option<String> {
    let output = cargo(checkout).arg("--version").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Builds the programs as users have them; the folder they lie in.
pub fn build_release_programs(places: &Places) -> Result<PathBuf> {
    build(places, &["build", "--release", "--bins"])?;
    // This program, a release build, lies where cargo puts finetop too, wherever the user lets cargo build.
    let this = std::env::current_exe().context("cannot find the build folder")?;
    Ok(this.parent().context("cannot find the build folder")?.to_owned())
}

/// Builds the programs as tests have them.
pub fn build_programs(places: &Places) -> Result<()> {
    build(places, &["build", "--bins"])
}

fn build(places: &Places, arguments: &[&str]) -> Result<()> {
    let mut command = cargo(&places.checkout);
    command.args(arguments);
    let status = without_cargos_variables(&mut command, places).status().context("cannot run cargo")?;
    if status.success() { Ok(()) } else { Err(anyhow!("the build failed, see above")) }
}

fn cargo(checkout: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(checkout);
    command
}

/// Takes away what cargo told this program about itself, so that an inner build equals a plain one.
fn without_cargos_variables<'a>(command: &'a mut Command, places: &Places) -> &'a mut Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    if places.user_libtorch.is_none() {
        command.env_remove("LIBTORCH");
    }
    command
}
