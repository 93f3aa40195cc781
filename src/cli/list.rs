//! `finetop list`: all runs with their status.

use std::io::Write;
use std::path::Path;

use crate::cli::arguments::ListArguments;
use crate::cli::exit_code;
use crate::launch::start;
use crate::report::{json, table};
use crate::run::clock;
use crate::run::store;

/// Prints all runs.
pub fn run(root: &Path, arguments: &ListArguments, out: &mut dyn Write) -> anyhow::Result<u8> {
    let catalog = store::read_all(root, clock::now_seconds());
    start::ensure_queue(root, &catalog)?;
    if arguments.json {
        write!(out, "{}", json::runs_by_id(&catalog.runs))?;
    } else if catalog.runs.is_empty() {
        writeln!(out, "no runs in {}: start some with `finetop run FILE`", root.display())?;
    } else {
        write!(out, "{}", table::list(&catalog.runs))?;
    }
    Ok(exit_code::OK)
}
