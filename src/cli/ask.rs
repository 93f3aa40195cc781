//! `finetop stop|pause|resume|requeue|kill|set|mute RUN…`: from the shell what the keys do.

use std::io::Write;
use std::path::Path;

use crate::cli::arguments::control::{MuteArguments, SetArguments, StopArguments};
use crate::cli::{exit_code, find};
use crate::launch::control::{self, ControlError};
use crate::launch::start;
use crate::run::catalog::RunView;
use crate::run::clock;
use crate::run::request::{RequestKind, Setting};
use crate::run::store;
use crate::run::text;

/// Asks every run named the same; each gets its own answer.
pub fn run(root: &Path, names: &[String], kind: RequestKind, out: &mut dyn Write) -> anyhow::Result<u8> {
    each(root, names, out, |run| vec![control::ask(root, run, kind)])
}

/// Stops runs now or later, or takes a later stop back.
pub fn stop(root: &Path, arguments: &StopArguments, out: &mut dyn Write) -> anyhow::Result<u8> {
    let kind = match arguments.at {
        _ if arguments.cancel => RequestKind::KeepGoing,
        Some(stop_at) => RequestKind::StopAt(stop_at),
        None => RequestKind::Stop,
    };
    run(root, &arguments.names, kind, out)
}

/// Changes how runs train.
pub fn set(root: &Path, arguments: &SetArguments, out: &mut dyn Write) -> anyhow::Result<u8> {
    let setting = Setting { learning_rate: arguments.setting.lr, patience: arguments.setting.patience };
    run(root, &arguments.names, RequestKind::Set(setting), out)
}

/// Mutes rules of a run, or hears them again.
pub fn mute(root: &Path, arguments: &MuteArguments, out: &mut dyn Write) -> anyhow::Result<u8> {
    let kind = |rule| if arguments.off { RequestKind::Unmute(rule) } else { RequestKind::Mute(rule) };
    each(root, std::slice::from_ref(&arguments.name), out, |run| {
        arguments.rules.iter().map(|rule| control::ask(root, run, kind(*rule))).collect()
    })
}

/// Puts runs back into the queue.
pub fn requeue(root: &Path, names: &[String], out: &mut dyn Write) -> anyhow::Result<u8> {
    each(root, names, out, |run| vec![control::requeue(root, run)])
}

fn each(
    root: &Path,
    names: &[String],
    out: &mut dyn Write,
    ask: impl Fn(&RunView) -> Vec<Result<String, ControlError>>,
) -> anyhow::Result<u8> {
    let catalog = store::read_all(root, clock::now_seconds());
    // All names are understood before anything is asked.
    let runs: Vec<_> = names.iter().map(|wanted| find::run(&catalog, wanted)).collect::<Result<_, _>>()?;
    let mut code = exit_code::OK;
    for answer in runs.into_iter().flat_map(ask) {
        match answer {
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
