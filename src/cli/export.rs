//! `finetop export RUN --out DIR`: a run as a folder of PEFT, AdapterHub or Transformers. The worker does it, since it holds the tensors.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::cli::arguments::ExportArguments;
use crate::cli::{exit_code, find};
use crate::launch::program;
use crate::run::{clock, store};

/// Exports one run.
pub fn run(root: &Path, arguments: &ExportArguments) -> anyhow::Result<u8> {
    let worker = program::worker()?;
    let mut command = Command::new(&worker);
    command.arg("export").arg(folder(root, &arguments.run)?).arg("--out").arg(&arguments.out);
    if let Some(format) = arguments.format {
        command.args(["--format", format.name()]);
    }
    for (flag, is_set) in [("--merged", arguments.merged), ("--force", arguments.force)] {
        if is_set {
            command.arg(flag);
        }
    }
    let status = command.status().with_context(|| format!("cannot start {}", worker.display()))?;
    Ok(if status.success() { exit_code::OK } else { exit_code::USAGE })
}

/// The run's folder: itself, or that of the run which the word means.
fn folder(root: &Path, run: &str) -> anyhow::Result<PathBuf> {
    let path = PathBuf::from(run);
    if path.join("run.yaml").is_file() {
        return Ok(path);
    }
    let catalog = store::read_all(root, clock::now_seconds());
    Ok(root.join(&find::run(&catalog, run)?.id.0))
}
