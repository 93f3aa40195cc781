//! The command line: clap definitions, one file per command; exit codes and error printing in one place.

pub mod arguments;
pub mod ask;
pub mod background;
pub mod called;
pub mod compare;
pub mod dashboard;
pub mod demo;
pub mod download;
pub mod exit_code;
pub mod export;
pub mod extend;
pub mod find;
pub mod headless;
pub mod import;
pub mod latency;
pub mod list;
pub mod look;
pub mod methods;
pub mod narrator;
pub mod picture;
pub mod plan;
pub mod plot;
pub mod predict;
pub mod progress;
pub mod run;
pub mod settings;
pub mod show;
pub mod trained;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::cli::arguments::{Arguments, Command};
use crate::cli::settings::Look;
use crate::run::request::RequestKind;
use crate::run::text;

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match dispatch(arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) if is_broken_pipe(&error) => ExitCode::from(exit_code::OK),
        Err(error) => {
            print_error(&error);
            ExitCode::from(exit_code::USAGE)
        }
    }
}

fn dispatch(arguments: Arguments) -> anyhow::Result<u8> {
    let root = &arguments.runs;
    let look = Look { settings: arguments.settings.clone(), read_only: arguments.read_only, no_mouse: arguments.no_mouse };
    let out = &mut io::stdout().lock();
    if root.exists() && !root.is_dir() {
        anyhow::bail!("{} is a file; --runs names the folder of all runs", root.display());
    }
    match arguments.command {
        None => match &arguments.picture.screenshot {
            Some(file) => picture::of_runs(root, &arguments.picture, file, arguments.ascii),
            None => dashboard::run(root, None, arguments.ascii, &look),
        },
        Some(Command::Plan(plan)) => plan::run(&plan, out),
        Some(Command::Methods(methods)) => methods::run(&methods, out),
        Some(Command::Demo(demo)) => demo::run(&demo, &look),
        Some(Command::Settings) => settings::run(&look, out),
        Some(Command::Run(run)) => run::run(root, &run, &look),
        Some(Command::List(list)) => list::run(root, &list, out),
        Some(Command::Show(show)) => show::run(root, &show, out),
        Some(Command::Plot(plot)) => plot::run(root, &plot, out),
        Some(Command::Compare(compare)) => compare::run(root, &compare, out),
        Some(Command::Predict(predict)) => predict::run(root, &predict),
        Some(Command::Latency(latency)) => latency::run(root, &latency, out),
        Some(Command::Stop(stop)) => ask::stop(root, &stop, out),
        Some(Command::Set(set)) => ask::set(root, &set, out),
        Some(Command::Mute(mute)) => ask::mute(root, &mute, out),
        Some(Command::Requeue(ask)) => ask::requeue(root, &ask.names, out),
        Some(Command::Pause(pause)) if pause.release => ask::run(root, &pause.names, RequestKind::Release, out),
        Some(Command::Pause(pause)) => ask::run(root, &pause.names, RequestKind::Pause, out),
        Some(Command::Resume(ask)) => ask::run(root, &ask.names, RequestKind::Resume, out),
        Some(Command::Extend(extend)) => extend::run(root, &extend, out),
        Some(Command::Kill(ask)) => ask::run(root, &ask.names, RequestKind::Kill, out),
        Some(Command::Export(export)) => export::run(root, &export),
        Some(Command::Import(import)) => import::run(root, &import, &look),
        Some(Command::Queue) => background::queue(root),
        Some(Command::Supervise(supervise)) => background::supervise(&supervise),
    }
}

/// The one place where errors are printed: the error, then its causes, a line each, fit for a terminal.
pub(crate) fn print_error(error: &anyhow::Error) {
    let mut lines = String::new();
    let mut last = String::new();
    for (depth, cause) in error.chain().enumerate() {
        let message = cause.to_string();
        // Messages that already quote their cause need not repeat it.
        if depth > 0 && last.contains(&message) {
            continue;
        }
        for (row, line) in message.lines().enumerate() {
            let lead = match (depth, row) {
                (0, 0) => "error: ",
                (_, 0) => "  because ",
                _ => "  ",
            };
            lines.push_str(lead);
            lines.push_str(&text::printable(line));
            lines.push('\n');
        }
        last = message;
    }
    // Where stderr is closed nobody wants to know.
    let _ = io::stderr().lock().write_all(lines.as_bytes());
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe))
}
