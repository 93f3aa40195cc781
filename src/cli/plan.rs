//! `finetop plan FILE`: what an experiment would run, without running it.

use std::io::Write;

use crate::cli::arguments::PlanArguments;
use crate::cli::{download, exit_code};
use crate::plan::prepare;
use crate::report;

/// Prints the plan, after downloading what it needs, or fails with every problem of the experiment.
pub fn run(arguments: &PlanArguments, out: &mut impl Write) -> anyhow::Result<u8> {
    let (environment, overrides) = (download::environment(arguments.offline), arguments.overrides.overrides());
    download::download(&arguments.file, &overrides, &environment)?;
    let plan = prepare::prepare(&arguments.file, &overrides, &environment)?;
    let text = if arguments.json { report::plan::json(&plan) } else { report::plan::text(&plan) };
    out.write_all(text.as_bytes())?;
    Ok(exit_code::OK)
}
