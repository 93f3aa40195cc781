//! The engine as a process: `finetop-worker train RUN_DIR --attempt N` and its sisters. Started by `finetop`, not by hand.

use std::path::PathBuf;
use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Args, Parser, Subcommand};
use finetop::interop::Format;
use finetop::run::dir::RunDir;
use finetop::run::exit::code;
use finetop::run::text;
use finetop::spec::run::Device;
use finetop_engine::error::EngineError;
use finetop_engine::export::{self, Order};
use finetop_engine::{latency, logits, predict, rate, worker};
use signal_hook::consts::SIGINT;

/// Exit code after Ctrl-C, as shells count it.
const INTERRUPTED: i32 = 130;

/// The engine of finetop: what needs libtorch.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Trains one run: reads `RUN_DIR/run.yaml`, appends to `RUN_DIR/events.jsonl`, obeys `RUN_DIR/requests`.
    ///
    /// Exit codes: 0 ended well, 1 failed, 2 bad usage or unreadable run, 3 diverged, 4 interrupted (start it again to go on),
    /// 5 another attempt owns the folder. SIGUSR1 stops early and keeps the best; SIGTERM saves and leaves.
    Train(TrainArguments),
    /// Answers inputs with the labels that trained runs predict.
    Predict(predict::Request),
    /// Measures inference time; prints one JSON document, progress goes to stderr.
    Latency(latency::Request),
    /// Writes the best weights of a run as a folder of PEFT, AdapterHub or Transformers, reads it back and compares.
    ///
    /// Exit codes: 0 written, 2 not written.
    Export(ExportArguments),
    /// Prints a run's logits: reads a JSON object such as {"text": "…"} per line, writes one such as {"logits": […]} per line.
    Logits(LogitsArguments),
    /// Prints how fast this machine multiplies large matrices, as JSON.
    #[command(hide = true)]
    Rate(RateArguments),
}

#[derive(Args)]
struct RateArguments {
    /// Processor threads.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    threads: u16,
    /// cpu, or cuda for the first GPU.
    #[arg(long, default_value = "cpu", value_parser = device)]
    device: Device,
}

fn device(name: &str) -> Result<Device, &'static str> {
    match name {
        "cpu" => Ok(Device::Cpu),
        "cuda" => Ok(Device::Cuda(0)),
        _ => Err("cpu or cuda"),
    }
}

#[derive(Args)]
struct ExportArguments {
    /// Folder of the run.
    run_dir: PathBuf,
    /// Folder to make.
    #[arg(long)]
    out: PathBuf,
    /// peft, adapterhub or transformers; by default the method's own.
    #[arg(long, value_parser = |name: &str| Format::named(name).ok_or("peft, adapterhub or transformers"))]
    format: Option<Format>,
    /// Merge the method into the backbone: a whole checkpoint for Transformers.
    #[arg(long)]
    merged: bool,
    /// Replace the folder if it is there.
    #[arg(long)]
    force: bool,
}

#[derive(Args)]
struct LogitsArguments {
    /// Folder of the run.
    run_dir: PathBuf,
}

#[derive(Args)]
struct TrainArguments {
    /// Folder of the run.
    run_dir: PathBuf,
    /// Number of this attempt; higher than that of any earlier one.
    #[arg(long, default_value_t = 1)]
    attempt: u32,
    /// Folder of what runs compute once and share; without it each computes for itself.
    #[arg(long)]
    cache: Option<PathBuf>,
}

fn main() {
    let (code, problem) = match Arguments::parse().command {
        Command::Train(arguments) => worker::work(&RunDir::new(arguments.run_dir), arguments.attempt, arguments.cache.as_deref()),
        Command::Predict(request) => at_the_terminal(|| predict::predict(&request)),
        Command::Latency(request) => at_the_terminal(|| {
            let document = serde_json::to_string(&latency::measure(&request)?).expect("names as keys always encode");
            println!("{document}");
            Ok(code::OK)
        }),
        Command::Export(arguments) => {
            let ExportArguments { run_dir, out, format, merged, force } = arguments;
            let order = Order { run: run_dir, out, format, merged, force };
            at_the_terminal(|| export::export(&order, &mut std::io::stdout().lock()).map(|()| code::OK))
        }
        Command::Logits(arguments) => {
            let (input, output) = (std::io::stdin().lock(), std::io::stdout().lock());
            at_the_terminal(|| logits::answer(&RunDir::new(arguments.run_dir), input, output).map(|()| code::OK))
        }
        Command::Rate(RateArguments { threads, device }) => at_the_terminal(|| {
            println!("{}", serde_json::to_string(&rate::measure(threads.into(), device)?).expect("plain numbers always encode"));
            Ok(code::OK)
        }),
    };
    if let Some(problem) = problem {
        eprintln!("error: {problem}");
    }
    exit(code);
}

/// What a person waits for: Ctrl-C ends it at once, an error is one line fit for a terminal.
fn at_the_terminal(work: impl FnOnce() -> Result<i32, EngineError>) -> (i32, Option<String>) {
    // Where the handler cannot be set, the system's own ends the process as well.
    let _ = signal_hook::flag::register_conditional_shutdown(SIGINT, INTERRUPTED, Arc::new(AtomicBool::new(true)));
    match work() {
        Ok(code) => (code, None),
        Err(error) => (code::USAGE, Some(text::printable(&worker::with_sources(&error)).into_owned())),
    }
}
