//! `finetop run FILE`: downloads what is missing, makes the experiment's folder, sees to it that the queue lives, then watches.

use std::io::{self, Write};
use std::path::Path;

use crate::cli::arguments::RunArguments;
use crate::cli::settings::Look;
use crate::cli::{dashboard, download, exit_code, headless};
use crate::launch::begin;
use crate::plan::prepare;
use crate::run::text;

/// Starts the experiment in the file and watches it in the way that fits the terminal.
pub fn run(root: &Path, arguments: &RunArguments, look: &Look) -> anyhow::Result<u8> {
    let (environment, overrides) = (download::environment(arguments.watch.offline), arguments.overrides.overrides());
    download::download(&arguments.file, &overrides, &environment)?;
    let plan = prepare::prepare(&arguments.file, &overrides, &environment)?;
    let experiment = begin::begin(root, &plan)?;
    for warning in &plan.warnings {
        writeln!(io::stderr(), "{}", text::printable(&format!("warning: {warning}")))?;
    }
    if arguments.watch.detach {
        let mut out = io::stdout().lock();
        for run in &plan.runs {
            writeln!(out, "{}", text::printable(&format!("{experiment}/{}", run.spec.name)))?;
        }
        return Ok(exit_code::OK);
    }
    if arguments.watch.headless || arguments.watch.json || !dashboard::is_possible() {
        headless::watch(root, &experiment, arguments.watch.json)
    } else {
        dashboard::run(root, Some(&experiment), arguments.watch.ascii, look)
    }
}
