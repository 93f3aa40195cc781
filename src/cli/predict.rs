//! `finetop predict`: labels and probabilities of trained runs for texts. The worker does it, in the place of this process.

use std::io::{self, IsTerminal};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::anyhow;
use clap::{Args, ValueEnum};

use crate::cli::trained;
use crate::launch::program;
use crate::run::{clock, store};

/// What `predict --help` ends with.
pub const EXAMPLES: &str = "\
Examples:
  echo 'It rained all night.' | finetop predict --run quickstart-1/lora
  finetop predict --run lora                      type texts, read answers
  finetop predict --run lora texts.txt > a.jsonl  an answer per line
  finetop predict --run lora --run full test.tsv  two runs at once
  finetop predict --run lora --column text a.csv  text of another column

Inputs: a text per line; of a task on pairs, two texts with a tab between them. A file that ends in .tsv, .csv, .jsonl or \
.parquet is read by the names of its columns; it needs no labels, and where it has them the accuracy goes to stderr. Standard \
input is read as lines, and answered as they come: it may be endless. Texts are cut at the run's max_length, as in training.

Answers: one per input, in the order of the inputs. jsonl (the default where standard output is no terminal): \
{\"label\": \"a\", \"probabilities\": {\"a\": 0.9, \"b\": 0.1}}, of a regression {\"value\": 3.2}; with several runs one object per input \
and run, which begins with {\"line\": 1, \"run\": \"quickstart-1/lora\", …}. tsv: the same as columns below a header. Numbers have six \
decimals. An empty or broken line is answered with {\"error\": …}, in tsv with empty cells and a line on stderr.

Exit codes: 0 all were answered; 1 some were not; 2 nothing could be done, the error says why; 130 interrupted.";

/// Arguments of `predict`.
#[derive(Debug, Args)]
pub struct PredictArguments {
    /// A trained run; give it several times to ask several runs.
    #[arg(long = "run", value_name = "RUN", required = true)]
    pub names: Vec<String>,
    /// File of inputs; without one, or as `-`, standard input.
    pub file: Option<PathBuf>,
    /// Form of the answers; text on a terminal, else jsonl.
    #[arg(long)]
    pub format: Option<Format>,
    /// Column of the text; of pairs twice, for the first and the second text. As in training by default.
    #[arg(long = "column", value_name = "NAME")]
    pub columns: Vec<String>,
    /// Texts per forward pass.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub batch_size: u16,
    /// Processor threads; all by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Say on stderr what was loaded, how fast and how large.
    #[arg(long, short)]
    pub verbose: bool,
}

/// Form of the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A line for people: label, probability, text.
    Text,
    /// A JSON object per line.
    Jsonl,
    /// Tab-separated columns with a header.
    Tsv,
}

impl Format {
    const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Jsonl => "jsonl",
            Self::Tsv => "tsv",
        }
    }
}

/// Becomes the worker; returns only where that fails.
pub fn run(root: &Path, arguments: &PredictArguments) -> anyhow::Result<u8> {
    let catalog = store::read_all(root, clock::now_seconds());
    let ids = trained::named(root, &catalog, &arguments.names)?;
    let format = arguments.format.unwrap_or(if io::stdout().is_terminal() { Format::Text } else { Format::Jsonl });
    let path = program::worker()?;
    let mut worker = Command::new(&path);
    worker.arg("predict").arg("--runs").arg(root);
    for id in &ids {
        worker.arg(format!("--run={id}"));
    }
    for column in &arguments.columns {
        worker.arg(format!("--column={column}"));
    }
    worker.args(["--format", format.name(), "--batch-size", &arguments.batch_size.to_string()]);
    worker.args(["--threads", &trained::threads(arguments.threads.map(usize::from)).to_string()]);
    if arguments.verbose {
        worker.arg("--verbose");
    }
    if let Some(file) = &arguments.file {
        worker.arg("--").arg(file);
    }
    Err(anyhow!("cannot start {}: {}", path.display(), worker.exec()))
}
