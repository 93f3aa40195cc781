//! Runs whose weights can be used: found by name, checked before a process is started.

use std::io::{self, Write};
use std::path::Path;

use anyhow::bail;

use crate::cli::find;
use crate::run::catalog::{Catalog, RunView};
use crate::run::dir::RunDir;
use crate::run::text;

/// The ids of the runs that `names` mean.
pub fn named(root: &Path, catalog: &Catalog, names: &[String]) -> anyhow::Result<Vec<String>> {
    let mut ids = Vec::new();
    for name in names {
        let run = find::run(catalog, name)?;
        check(root, run)?;
        if !ids.contains(&run.id.0) {
            ids.push(run.id.0.clone());
        }
    }
    Ok(ids)
}

/// The ids of all runs of an experiment that have weights; the others are named on stderr.
pub fn of_experiment(root: &Path, catalog: &Catalog, experiment: &str) -> anyhow::Result<Vec<String>> {
    let mut ids = Vec::new();
    for run in catalog.runs.iter().filter(|run| run.id.experiment() == experiment) {
        match check(root, run) {
            Ok(()) => ids.push(run.id.0.clone()),
            Err(problem) => note(&format!("left out: {problem}"))?,
        }
    }
    if ids.is_empty() {
        bail!("no run of {experiment} has weights yet");
    }
    Ok(ids)
}

/// Whether the run has weights and its base model is there.
fn check(root: &Path, run: &RunView) -> anyhow::Result<()> {
    let id = &run.id;
    let spec = match &run.spec {
        Ok(spec) => spec,
        Err(problem) => bail!("{id} cannot be read: {problem}"),
    };
    let status = run.status.name();
    let reason = Some(run.reason()).filter(|reason| !reason.is_empty()).map(|reason| format!(" ({reason})")).unwrap_or_default();
    if !RunDir::new(root.join(&id.0)).best_file().is_file() {
        let remedy = if run.status.is_over() { "train it again" } else { "wait for its first evaluation" };
        bail!("{id} is {status}{reason} and has no checkpoint; {remedy}");
    }
    let model = &spec.model;
    if !model.folder.join("config.json").is_file() {
        let folder = model.folder.display();
        bail!("the base model of {id} is gone: {} was in {folder}; put it back there", model.id);
    }
    if !run.status.is_well() {
        note(&format!("note: {id} is {status}{reason}; its best checkpoint so far is used"))?;
    }
    Ok(())
}

/// A line for people.
pub fn note(words: &str) -> io::Result<()> {
    writeln!(io::stderr(), "{}", text::printable(words))
}

/// Threads of the machine.
pub fn threads(wanted: Option<usize>) -> usize {
    wanted.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}
