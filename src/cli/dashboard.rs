//! Whether there is a terminal to open the dashboard in, and opening it.

use std::env;
use std::io::{self, IsTerminal};
use std::path::Path;

use anyhow::bail;

/// Whether a person sits at a terminal that can show the dashboard.
pub fn is_possible() -> bool {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb && !is_set("CI")
}

/// Opens the dashboard on all runs under `root`, the experiment `focus` first.
pub fn run(root: &Path, focus: Option<&str>) -> anyhow::Result<u8> {
    if !is_possible() {
        bail!("the dashboard needs a terminal; without one use `finetop list`, or `finetop run FILE --headless`");
    }
    let _ = (root, focus);
    bail!("the dashboard is not part of this build")
}
