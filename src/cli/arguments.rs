//! What may be written on the command line. Must not act on it.

pub mod control;
mod number;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::cli::arguments::control::{
    AskArguments, EXTEND, ExtendArguments, MUTE, MuteArguments, PauseArguments, REQUEUE, SET, STOP, SetArguments, StopArguments,
};
use crate::cli::arguments::number::whole;
use crate::cli::compare::{self, CompareArguments};
use crate::cli::demo::DemoArguments;
use crate::cli::latency::{self, LatencyArguments};
use crate::cli::picture::PictureArguments;
use crate::cli::plot::{self, PlotArguments};
use crate::cli::predict::{self, PredictArguments};
use crate::interop::Format;
use crate::spec::experiment::overrides::Overrides;

/// Folder of all runs, unless `--runs` says otherwise.
pub const DEFAULT_RUNS: &str = "runs";

const EXAMPLES: &str = "\
Examples:
  finetop run experiments/quickstart.yaml   train, and watch live
  finetop                                   watch what runs under runs/
  finetop plan experiments/quickstart.yaml  what would run, and what it takes
  finetop methods                           what the methods are, what they cost
  finetop list                              all runs with their status
  finetop compare quickstart-1              its runs side by side, at equal cost
  finetop predict --run lora texts.txt      labels and probabilities
  finetop stop quickstart-1/lora            stop early; the best is kept
  finetop resume quickstart-1/lora          let it go on after all
  finetop demo                              the dashboard, without training

Closing a terminal stops nothing: runs are processes of their own, and each has a folder under runs/.";

const RUN_EXAMPLES: &str = "\
Examples:
  finetop run quickstart.yaml                       open the dashboard on it
  finetop run quickstart.yaml --headless            a line per event, a table
  finetop run quickstart.yaml --json > result.json  one document
  finetop run quickstart.yaml --detach              print the names and leave
  finetop run quickstart.yaml --data my.csv         the same runs on other rows

Without a terminal (a pipe, CI=1, TERM=dumb) it is headless by itself. There, Ctrl-C asks the runs to stop early and \
keep their best; a second Ctrl-C kills them.

Exit codes: 0 all runs ended well; 1 some did not; 2 nothing was started, the error says why; 130 interrupted.";

const METRICS: &str = "\
Metrics of a classification: loss (cross-entropy), accuracy, f1 (of the second label, the positive one of two), macro_f1 (mean over \
all labels), matthews. Metrics of a regression (`data: {kind: regression}`): loss (mean squared error), pearson, spearman.";
const METHODS_EXAMPLES: &str = "\
Examples:
  finetop methods                       all: learning rate, parameters, bytes
  finetop methods lora                  one: equation, settings, lines to paste
  finetop methods --model bert-base     counts for another model";
const EXPORT_EXAMPLES: &str = "\
Examples:
  finetop export quickstart-1/lora --out adapter          PEFT loads it
  finetop export quickstart-1/lora --out model --merged   Transformers loads it
  finetop export pfeiffer --out adapter                   AdapterHub loads it

The folder's README.md holds the Python lines that load it. Exit codes: 0 written; 2 not written, the error says why.";

const IMPORT_EXAMPLES: &str = "\
Examples:
  finetop import adapter --data train.tsv              go on training an adapter
  finetop import adapter --data test.tsv --epochs 0    evaluate it as it is
  finetop import runs/first-1/lora --data second.tsv   from one task to the next
  finetop import adapter --data train.tsv --dry-run    print what would run

Pickled weights (.bin) are refused, and the error says how to convert them.";

/// What concerns the dashboard alone stands together, below what a command is about.
const DASHBOARD: &str = "Where the dashboard opens";

const WHICH: &str = "\
A RUN is EXPERIMENT-NUMBER/NAME as `finetop list` shows it, or its NAME, or the beginning of either, where only one run fits.";

/// Fine-tune a pre-trained transformer in several ways, side by side, and watch it in the terminal.
#[derive(Debug, Parser)]
#[command(name = "finetop", version, after_help = EXAMPLES, max_term_width = 110)]
pub struct Arguments {
    /// Folder of all runs.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_RUNS, global = true, display_order = 90)]
    pub runs: PathBuf,
    /// Draw the dashboard with ASCII characters alone.
    #[arg(long)]
    pub ascii: bool,
    /// Settings of the dashboard, in place of ~/.config/finetop/settings.yaml; `finetop settings` explains them.
    #[arg(long, value_name = "FILE", global = true, help_heading = DASHBOARD)]
    pub settings: Option<PathBuf>,
    /// Look at runs only: nothing can be started, stopped or changed from the dashboard.
    #[arg(long, global = true, help_heading = DASHBOARD)]
    pub read_only: bool,
    /// Leave the mouse to the terminal, which then selects text with it (else: shift and drag selects).
    #[arg(long, global = true, help_heading = DASHBOARD)]
    pub no_mouse: bool,
    /// A picture instead of the dashboard.
    #[command(flatten)]
    pub picture: PictureArguments,
    /// What to do; without a command, the dashboard opens.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train the runs of an experiment file and watch them.
    #[command(after_help = RUN_EXAMPLES)]
    Run(RunArguments),
    /// Show what an experiment would run: parameters, bytes, steps, memory and warnings; trains nothing.
    #[command(after_help = METRICS)]
    Plan(PlanArguments),
    /// Say what the methods are: all in a list, or one in full, with counts for a model.
    #[command(after_help = METHODS_EXAMPLES)]
    Methods(MethodsArguments),
    /// Show the dashboard on runs that never ran: a demonstration.
    Demo(DemoArguments),
    /// Print the settings of the dashboard as they hold, with every action that can be given other keys.
    Settings,
    /// List all runs with their status.
    List(ListArguments),
    /// Show one run: settings, parameters, results, log.
    #[command(after_help = WHICH)]
    Show(ShowArguments),
    /// Draw charts of runs into a PNG or SVG file: loss, any metric, learning rate, gradient norm, speed, memory.
    #[command(after_help = plot::EXAMPLES)]
    Plot(PlotArguments),
    /// Compare runs: where settings differ, metrics at equal cost, what is worth its cost, what many tasks store.
    #[command(after_help = compare::EXAMPLES)]
    Compare(CompareArguments),
    /// Predict labels of texts with trained runs, from a file or as they are typed or piped.
    #[command(after_help = predict::EXAMPLES)]
    Predict(PredictArguments),
    /// Measure what each method costs at inference, merged and unmerged, against its base.
    #[command(after_help = latency::EXAMPLES)]
    Latency(LatencyArguments),
    /// Stop runs early, now or later: each finishes its step, evaluates, keeps its best checkpoint and tests it.
    #[command(after_help = STOP)]
    Stop(StopArguments),
    /// Change learning rate or patience of runs while they train.
    #[command(after_help = SET)]
    Set(SetArguments),
    /// Mute alerts of a run, or hear them again.
    #[command(after_help = MUTE)]
    Mute(MuteArguments),
    /// Put runs back into the queue: they save and leave if they train, and go on when it is their turn.
    #[command(after_help = REQUEUE)]
    Requeue(AskArguments),
    /// Hold runs at their next step; runs that wait are held back.
    #[command(after_help = WHICH)]
    Pause(PauseArguments),
    /// Let paused runs go on; runs that were stopped, killed or failed are queued again and go on from their last checkpoint.
    #[command(after_help = WHICH)]
    Resume(AskArguments),
    /// Give a finished or stopped run more epochs; it goes on from its last checkpoint.
    #[command(after_help = EXTEND)]
    Extend(ExtendArguments),
    /// Kill runs: each may save and leave; after ten seconds it is forced to.
    #[command(after_help = WHICH)]
    Kill(AskArguments),
    /// Write a run's best weights as a folder that PEFT, AdapterHub or Transformers loads; read back and compared before it appears.
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportArguments),
    /// Start a run from an adapter of PEFT or AdapterHub, or from another run.
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(ImportArguments),
    /// Work off the queue (started by finetop itself).
    #[command(hide = true)]
    Queue,
    /// Run one attempt of one run (started by the queue).
    #[command(hide = true)]
    Supervise(SuperviseArguments),
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The experiment file.
    pub file: PathBuf,
    /// What stands in place of what the file says.
    #[command(flatten)]
    pub overrides: OverrideArguments,
    /// How it is watched.
    #[command(flatten)]
    pub watch: WatchArguments,
}

/// How what was started is watched.
#[derive(Debug, Clone, Copy, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct WatchArguments {
    /// Print plain lines instead of opening the dashboard.
    #[arg(long)]
    pub headless: bool,
    /// Draw the dashboard with ASCII characters alone.
    #[arg(long)]
    pub ascii: bool,
    /// Print one JSON document at the end; progress goes to stderr.
    #[arg(long)]
    pub json: bool,
    /// Start the runs, print their names, and leave.
    #[arg(long, conflicts_with_all = ["headless", "json"])]
    pub detach: bool,
    /// Never use the network: models and data sets must be in the Hugging Face cache.
    #[arg(long)]
    pub offline: bool,
}

/// Arguments that replace what an experiment file says, for all its runs.
#[derive(Debug, Default, Args)]
pub struct OverrideArguments {
    /// Rows to use instead: a folder with train, validation and test files, or a file of training rows.
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// Use at most this many training rows.
    #[arg(long, value_name = "N", value_parser = |text: &str| whole(text, &(2..=u64::from(u32::MAX))))]
    pub max_train_rows: Option<u64>,
    /// Passes over the training rows.
    #[arg(long, value_name = "N", value_parser = |text: &str| whole(text, &(1..=10_000_u32)))]
    pub epochs: Option<u32>,
    /// The one seed of every run.
    #[arg(long, value_name = "N", value_parser = |text: &str| whole(text, &(0..=i64::MAX as u64)))]
    pub seed: Option<u64>,
}

impl OverrideArguments {
    /// As the plan takes them.
    pub fn overrides(&self) -> Overrides {
        let max_train_rows = self.max_train_rows.map(|rows| rows as usize);
        Overrides { data: self.data.clone(), max_train_rows, epochs: self.epochs, seed: self.seed }
    }
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// The experiment file.
    pub file: PathBuf,
    /// What stands in place of what the file says.
    #[command(flatten)]
    pub overrides: OverrideArguments,
    /// Print one JSON document, with every default spelled out.
    #[arg(long)]
    pub json: bool,
    /// Never use the network: models and data sets must be in the Hugging Face cache.
    #[arg(long)]
    pub offline: bool,
}

/// Arguments of `methods`.
#[derive(Debug, Args)]
pub struct MethodsArguments {
    /// The method to explain; without it, all are listed.
    pub name: Option<String>,
    /// Count for this model: a folder, the id of a cached model, or bert-base, bert-large, minilm-l6, minilm-l12.
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Labels of the head.
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    pub labels: i64,
    /// Print one JSON document.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArguments {
    /// Print one JSON document.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// The run.
    pub run: String,
    /// List validation rows that its best weights get wrong, the most confident first: N of them, or 20; with --json all that are kept.
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "20")]
    pub mistakes: Option<usize>,
    /// Print one JSON document.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArguments {
    /// The run, or its folder.
    pub run: String,
    /// The folder to make.
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// peft, adapterhub or transformers; by default the one that has the run's method.
    #[arg(long, value_parser = |name: &str| Format::named(name).ok_or("peft, adapterhub or transformers"))]
    pub format: Option<Format>,
    /// Merge the method into the model: a whole checkpoint for Transformers.
    #[arg(long)]
    pub merged: bool,
    /// Replace the folder if it is there.
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `import`.
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// Folder of an adapter, or of a run.
    pub folder: PathBuf,
    /// A file of training rows, or a folder with train and validation files.
    #[arg(long)]
    pub data: PathBuf,
    /// The base model, if not the one that the folder names: hub id or folder.
    #[arg(long)]
    pub model: Option<String>,
    /// Passes over the training rows; 0 evaluates the weights as they are.
    #[arg(long)]
    pub epochs: Option<u32>,
    /// Only write the experiment file.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Only print the experiment file.
    #[arg(long, conflicts_with = "out")]
    pub dry_run: bool,
    /// How it is watched.
    #[command(flatten)]
    pub watch: WatchArguments,
}

/// Arguments of `supervise`.
#[derive(Debug, Args)]
pub struct SuperviseArguments {
    /// The run's folder.
    pub folder: PathBuf,
    /// Number of the attempt, 1 for the first.
    #[arg(long)]
    pub attempt: u32,
    /// Number of the restart after a crash that it is, 1 for the first.
    #[arg(long)]
    pub restart: Option<u32>,
    /// What the crash was.
    #[arg(long, requires = "restart")]
    pub because: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_agree_with_each_other() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn examples_fit_eighty_columns_and_paragraphs_are_wrapped_by_the_terminal() {
        let root = Arguments::command();
        for command in std::iter::once(&root).chain(root.get_subcommands()) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in help.lines().filter(|line| line.starts_with("  ")) {
                assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
            }
            let mut lines = help.lines().peekable();
            while let Some(line) = lines.next() {
                let next = lines.peek().copied().unwrap_or_default();
                let goes_on = next.starts_with(char::is_lowercase) || next.starts_with(['(', '`']);
                assert!(line.starts_with("  ") || !goes_on, "{}: broken by hand after {line:?}", command.get_name());
            }
        }
    }

    #[test]
    fn every_command_can_be_parsed_with_the_folder_of_runs_before_and_after_it() {
        for command in ["stop", "pause", "resume", "requeue", "kill", "show"] {
            for line in [["finetop", "--runs", "here", command, "a"], ["finetop", command, "a", "--runs", "here"]] {
                assert_eq!(Arguments::try_parse_from(line).unwrap().runs, PathBuf::from("here"));
            }
        }
    }
}
