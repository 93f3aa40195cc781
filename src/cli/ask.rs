//! `finetop stop|pause|resume|kill RUN…`: from the shell what the keys do.

use std::io::Write;
use std::path::Path;

use crate::cli::{exit_code, find};
use crate::launch::{control, start};
use crate::run::clock;
use crate::run::request::RequestKind;
use crate::run::store;
use crate::run::text;

/// Asks every run named; each gets its own answer.
pub fn run(root: &Path, names: &[String], kind: RequestKind, out: &mut dyn Write) -> anyhow::Result<u8> {
    let catalog = store::read_all(root, clock::now_seconds());
    // All names are understood before anything is asked.
    let runs: Vec<_> = names.iter().map(|wanted| find::run(&catalog, wanted)).collect::<Result<_, _>>()?;
    let mut code = exit_code::OK;
    for run in runs {
        match control::ask(root, run, kind) {
            Ok(answer) => writeln!(out, "{}", text::printable(&answer))?,
            Err(error) => {
                super::print_error(&error.into());
                code = exit_code::FAILED;
            }
        }
    }
    start::ensure_queue(root, &catalog)?;
    Ok(code)
}
