//! What may be written behind the commands that ask something of runs, and what their help says. Must not act on it.

use clap::Args;

use crate::run::alert::Rule;
use crate::run::condition::StopAt;
use crate::run::request;

/// Help of `stop`.
pub const STOP: &str = "\
Examples:
  finetop stop lora                    now: evaluate, keep the best, test it
  finetop stop lora --at epoch-end     after the epoch that it is in
  finetop stop lora --at 500           at step 500
  finetop stop lora --at 'gap > 0.1'   once validation loss lies that far above
  finetop stop lora --cancel           not later after all

A condition is NAME < NUMBER, with <, <=, > or >= and one of these names: step, epoch, seconds (of training), loss (of the last step), gap \
(latest validation loss minus the mean training loss since the evaluation before it), validation_loss, and the metrics of the latest \
validation: accuracy, f1, macro_f1, matthews, pearson, spearman. It is looked at after every step. A later stop takes the place of an \
earlier one and outlives crashes and pauses. `finetop resume` takes a stopped run up again.

A RUN is EXPERIMENT-NUMBER/NAME as `finetop list` shows it, or its NAME, or the beginning of either, where only one run fits.
Exit codes: 0 all were asked; 1 some could not be (they have ended: the error says what helps); 2 no such run, or not understood.";

/// Help of `set`.
pub const SET: &str = "\
Examples:
  finetop set lora --lr 1e-4              another rate, from its next step on
  finetop set lora adapter --patience 5   bear five evaluations without a gain

--lr is the highest rate of the schedule; its shape, and the proportion of rates of their own (head, layers), stay. The change is an event in \
the run's log with its step, so a run that is killed later goes on with the same bits. A run that waits, is paused or has ended takes it \
up when it goes on (`finetop resume`, `finetop extend`).

Exit codes: 0 all were asked; 1 some could not be, the error says why; 2 no such run, or not understood.";

/// Help of `mute`.
pub const MUTE: &str = "\
Examples:
  finetop mute lora overfitting           say no more of it
  finetop mute lora spike plateau --off   hear them again

What alerts there are, `finetop show RUN` says; muted ones are still judged and marked (muted). It is an event in the run's log, so every \
viewer knows.

Exit codes: 0 done; 1 it could not be, the error says why; 2 no such run or rule.";

/// Help of `requeue`.
pub const REQUEUE: &str = "\
A run that trains or is paused saves, leaves and waits for its turn again; one that was stopped, killed, lost or has failed waits for its \
turn and goes on from its last checkpoint. `finetop resume` does the same for those that have ended, and only lets paused ones go on.

A RUN is EXPERIMENT-NUMBER/NAME as `finetop list` shows it, or its NAME, or the beginning of either, where only one run fits.
Exit codes: 0 all were asked; 1 some could not be, the error says why; 2 no such run.";

/// Help of `extend`.
pub const EXTEND: &str = "\
Examples:
  finetop extend quickstart-1/lora --epochs 3

The learning-rate schedule is computed for the new total, so the rate jumps; the numbers are said first, and on a terminal you are asked. \
The best so far and the patience of early stopping carry on.";

/// Arguments of `stop`.
#[derive(Debug, Args)]
pub struct StopArguments {
    /// The runs.
    #[arg(required = true, value_name = "RUN")]
    pub names: Vec<String>,
    /// When: epoch-end, a step, or a condition such as 'gap > 0.1'; without it, now.
    #[arg(long, value_name = "WHEN", value_parser = StopAt::parse)]
    pub at: Option<StopAt>,
    /// Take back a stop that was asked for later.
    #[arg(long, conflicts_with = "at")]
    pub cancel: bool,
}

/// Arguments of `pause`.
#[derive(Debug, Args)]
pub struct PauseArguments {
    /// The runs.
    #[arg(required = true, value_name = "RUN")]
    pub names: Vec<String>,
    /// Free their memory: each saves and leaves, and `resume` starts it again from there.
    #[arg(long)]
    pub release: bool,
}

/// Arguments of `set`.
#[derive(Debug, Args)]
pub struct SetArguments {
    /// The runs.
    #[arg(required = true, value_name = "RUN")]
    pub names: Vec<String>,
    /// What is changed.
    #[command(flatten)]
    pub setting: SettingArguments,
}

/// What `set` changes: at least one of them.
#[derive(Debug, Clone, Copy, Args)]
#[group(required = true, multiple = true)]
pub struct SettingArguments {
    /// Highest learning rate of the schedule.
    #[arg(long, value_name = "RATE", value_parser = request::learning_rate)]
    pub lr: Option<f64>,
    /// Evaluations without improvement that early stopping bears.
    #[arg(long, value_name = "N", value_parser = request::patience)]
    pub patience: Option<u32>,
}

/// Arguments of `mute`.
#[derive(Debug, Args)]
pub struct MuteArguments {
    /// The run.
    #[arg(value_name = "RUN")]
    pub name: String,
    /// The rules.
    #[arg(required = true, value_name = "RULE", value_parser = rule)]
    pub rules: Vec<Rule>,
    /// Hear them again.
    #[arg(long)]
    pub off: bool,
}

/// Arguments of `resume`, `requeue` and `kill`.
#[derive(Debug, Args)]
pub struct AskArguments {
    /// The runs.
    #[arg(required = true, value_name = "RUN")]
    pub names: Vec<String>,
}

/// Arguments of `extend`.
#[derive(Debug, Args)]
pub struct ExtendArguments {
    /// The run.
    pub run: String,
    /// How many epochs more.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub epochs: u32,
    /// Ask nothing.
    #[arg(long, short)]
    pub yes: bool,
}

fn rule(name: &str) -> Result<Rule, String> {
    let names = || Rule::ALL.map(Rule::name).join(", ");
    Rule::ALL.into_iter().find(|rule| rule.name() == name).ok_or_else(|| format!("there is no such rule; there are {}", names()))
}
