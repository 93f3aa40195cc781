//! `finetop extend RUN --epochs N`: more epochs for a run that has ended.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use crate::cli::arguments::control::ExtendArguments;
use crate::cli::{exit_code, find};
use crate::launch::extend;
use crate::run::clock;
use crate::run::store;
use crate::run::text;

/// Says what the extension does, asks where a person can answer, and queues the run.
pub fn run(root: &Path, arguments: &ExtendArguments, out: &mut dyn Write) -> anyhow::Result<u8> {
    let catalog = store::read_all(root, clock::now_seconds());
    let run = find::run(&catalog, &arguments.run)?;
    let prospect = extend::look_ahead(root, run, arguments.epochs)?;
    for line in &prospect.lines {
        writeln!(out, "{}", text::printable(line))?;
    }
    if !arguments.yes && io::stdin().is_terminal() && io::stdout().is_terminal() && !is_confirmed(out)? {
        writeln!(out, "nothing was changed")?;
        return Ok(exit_code::OK);
    }
    extend::extend(root, run, &prospect)?;
    writeln!(out, "{}: queued", run.id)?;
    Ok(exit_code::OK)
}

fn is_confirmed(out: &mut dyn Write) -> io::Result<bool> {
    write!(out, "extend it? [Y/n] ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes"))
}
