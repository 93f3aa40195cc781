//! `finetop run FILE`: makes the experiment's folder, sees to it that the queue lives, then watches.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;

use crate::cli::arguments::RunArguments;
use crate::cli::{dashboard, exit_code, headless};
use crate::launch::create::{self, NewExperiment};
use crate::launch::{program, start};
use crate::run::text;
use crate::spec::run::RunSpec;

/// Starts the experiment in the file and watches it in the way that fits the terminal.
pub fn run(root: &Path, arguments: &RunArguments) -> anyhow::Result<u8> {
    // Whatever can be known to be missing is said before anything is written.
    let prepared = prepare(&arguments.file)?;
    program::worker()?;
    let new = NewExperiment { name: &prepared.name, source: &arguments.file, runs: &prepared.runs, runs_at_once: prepared.runs_at_once };
    let experiment = create::create(root, &new).with_context(|| format!("cannot start {}", arguments.file.display()))?;
    start::start_queue(root)?;
    if arguments.detach {
        let mut out = io::stdout().lock();
        for run in &prepared.runs {
            writeln!(out, "{}", text::printable(&format!("{experiment}/{}", run.name)))?;
        }
        return Ok(exit_code::OK);
    }
    if arguments.headless || arguments.json || !dashboard::is_possible() {
        headless::watch(root, &experiment, arguments.json)
    } else {
        dashboard::run(root, Some(&experiment))
    }
}

/// An experiment, resolved.
#[derive(serde::Deserialize)]
struct Prepared {
    name: String,
    runs_at_once: usize,
    runs: Vec<RunSpec>,
}

fn prepare(path: &Path) -> anyhow::Result<Prepared> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_yaml::from_str(&text).with_context(|| format!("cannot understand {}", path.display()))
}
