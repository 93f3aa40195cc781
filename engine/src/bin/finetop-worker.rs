//! The engine as a process: `finetop-worker train RUN_DIR --attempt N` and its sisters. Started by `finetop`, not by hand.

use std::path::PathBuf;
use std::process::exit;

use clap::{Args, Parser, Subcommand};
use finetop::run::dir::RunDir;
use finetop_engine::worker;

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
}

#[derive(Args)]
struct TrainArguments {
    /// Folder of the run.
    run_dir: PathBuf,
    /// Number of this attempt; higher than that of any earlier one.
    #[arg(long, default_value_t = 1)]
    attempt: u32,
}

fn main() {
    let (code, problem) = match Arguments::parse().command {
        Command::Train(arguments) => worker::work(&RunDir::new(arguments.run_dir), arguments.attempt),
    };
    if let Some(problem) = problem {
        eprintln!("error: {problem}");
    }
    exit(code);
}
