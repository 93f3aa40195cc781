//! Whether there is a terminal to open the dashboard in, and opening it.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anyhow::bail;

use crate::cli::settings::Look;
use crate::cli::{called, exit_code};
use crate::run::text;
use crate::tui::app;
use crate::tui::source::Source;

/// Whether a person sits at a terminal that can show the dashboard.
pub fn is_possible() -> bool {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb && !is_set("CI")
}

/// Opens the dashboard on all runs under `root`, the experiment `focus` first; says what goes on without it.
pub fn run(root: &Path, focus: Option<&str>, is_ascii: bool, look: &Look) -> anyhow::Result<u8> {
    if !is_possible() {
        bail!("the dashboard needs a terminal; without one use `finetop list`, or `finetop run FILE --headless`");
    }
    let source = Source::Folder(root.to_owned());
    let left = app::run(look.options(source, focus, is_ascii)?)?;
    if left.n_going > 0 {
        let runs = if left.n_going == 1 { "1 run goes on".to_owned() } else { format!("{} runs go on", left.n_going) };
        let finetop = text::printable(&called::command(root)).into_owned();
        writeln!(io::stdout(), "{runs}: `{finetop}` shows them again, `{finetop} stop RUN` ends one early")?;
    }
    Ok(exit_code::OK)
}
