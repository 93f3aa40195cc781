//! `finetop plan FILE`: what an experiment would run, without running it.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::plan::environment::Environment;
use crate::plan::prepare;
use crate::report;

/// Shows what an experiment would run: parameters, bytes, steps, memory and warnings; trains nothing.
#[derive(Debug, clap::Args)]
pub struct PlanArgs {
    /// The experiment file.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print one JSON document, with every default spelled out.
    #[arg(long)]
    pub json: bool,
}

/// Prints the plan, or fails with every problem of the experiment.
pub fn run(args: &PlanArgs) -> anyhow::Result<()> {
    let plan = prepare::prepare(&args.file, &Environment::current())?;
    let text = if args.json { report::plan::json(&plan) } else { report::plan::text(&plan) };
    match io::stdout().lock().write_all(text.as_bytes()) {
        // The reader of a pipe had enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}
