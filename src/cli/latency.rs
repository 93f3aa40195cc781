//! `finetop latency`: what a method costs at inference, measured against its base.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use clap::Args;

use crate::cli::{exit_code, trained};
use crate::launch::program;
use crate::report;
use crate::run::{clock, store};

/// What `latency --help` ends with.
pub const EXAMPLES: &str = "\
Examples:
  finetop latency                          all runs of the latest experiment
  finetop latency quickstart-1             all runs of this experiment
  finetop latency lora ia3 --batch-size 1  two runs, one text at a time
  finetop latency quickstart-1 --length 128 --json > latency.json

Measured is the forward pass from tokens to logits, in one process, on rows of the validation split: of the base with the \
same head and no method, of the run as trained, and with the method folded into the weights where it can be. They take turns \
on the same batch, each first as often as the others, after a warm-up. Given are the median of milliseconds per example, half \
the distance of the quartiles (\u{b1}), and the median ratio to the base in the same round. Leave the machine alone meanwhile.";

/// Arguments of `latency`.
#[derive(Debug, Args)]
pub struct LatencyArguments {
    /// Runs, or an experiment as `finetop list` shows it; the latest experiment by default.
    #[arg(value_name = "RUN|EXPERIMENT")]
    pub names: Vec<String>,
    /// Rows of a batch; give it several times to measure several.
    #[arg(long = "batch-size", value_name = "N", default_values_t = [1, 32], value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub batch_sizes: Vec<u16>,
    /// Tokens of every row; by default rows are as long as they are.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..))]
    pub length: Option<u16>,
    /// File with the columns of the runs' task, in place of the validation split.
    #[arg(long, value_name = "FILE")]
    pub rows: Option<PathBuf>,
    /// Times that every network is run on every batch.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rounds: u32,
    /// Processor threads; all by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print one JSON document.
    #[arg(long)]
    pub json: bool,
}

/// Lets the worker measure and prints the table.
pub fn run(root: &Path, arguments: &LatencyArguments, out: &mut dyn Write) -> anyhow::Result<u8> {
    let path = program::worker()?;
    let mut worker = Command::new(&path);
    worker.arg("latency").arg("--runs").arg(root);
    for id in ids(root, &arguments.names)? {
        worker.arg(format!("--run={id}"));
    }
    for batch_size in &arguments.batch_sizes {
        worker.arg(format!("--batch-size={batch_size}"));
    }
    if let Some(length) = arguments.length {
        worker.arg(format!("--length={length}"));
    }
    if let Some(rows) = &arguments.rows {
        worker.arg("--rows").arg(rows);
    }
    worker.args(["--rounds", &arguments.rounds.to_string()]);
    worker.args(["--threads", &trained::threads(arguments.threads.map(usize::from)).to_string()]);
    let child = worker.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {}", path.display()))?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        // It has said why.
        let code = output.status.code().and_then(|code| u8::try_from(code).ok());
        return Ok(code.unwrap_or(exit_code::FAILED));
    }
    let latency = serde_json::from_slice(&output.stdout).context("the worker's answer cannot be understood")?;
    let text = if arguments.json { report::latency::json(&latency) } else { report::latency::text(&latency) };
    out.write_all(text.as_bytes())?;
    Ok(exit_code::OK)
}

/// The runs that are meant: all of one experiment, or those named.
fn ids(root: &Path, names: &[String]) -> anyhow::Result<Vec<String>> {
    let catalog = store::read_all(root, clock::now_seconds());
    let is_experiment = |name: &str| catalog.runs.iter().any(|run| run.id.experiment() == name);
    match names {
        [] => match catalog.runs.last() {
            Some(latest) => trained::of_experiment(root, &catalog, latest.id.experiment()),
            None => bail!("there are no runs in {}: start some with `finetop run FILE`", root.display()),
        },
        [name] if is_experiment(name) => trained::of_experiment(root, &catalog, name),
        names => trained::named(root, &catalog, names),
    }
}
