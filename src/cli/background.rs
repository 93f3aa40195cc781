//! The two hidden commands: the queue's process and the supervisor of a run. Must not be called by hand.

use std::io::{self, Write};
use std::path::Path;

use crate::cli::arguments::SuperviseArguments;
use crate::cli::exit_code;
use crate::launch::{daemon, supervise};
use crate::run::clock;
use crate::run::exit::Restart;
use crate::run::text;

/// Works off the queue; what it does goes to stdout, which is its log file.
pub fn queue(root: &Path) -> anyhow::Result<u8> {
    let mut log = |line: &str| {
        // A full disk must not stop the queue.
        let _ = writeln!(io::stdout(), "{:.3} {}", clock::now_seconds(), text::printable(line));
    };
    daemon::run(root, &mut log)?;
    Ok(exit_code::OK)
}

/// Runs one attempt of one run; the exit code is its worker's.
pub fn supervise(arguments: &SuperviseArguments) -> anyhow::Result<u8> {
    let reason = arguments.because.clone().unwrap_or_default();
    let restart = arguments.restart.map(|number| Restart { number, reason });
    let code = supervise::supervise(&arguments.folder, arguments.attempt, restart)?;
    Ok(u8::try_from(code).unwrap_or(exit_code::FAILED))
}
