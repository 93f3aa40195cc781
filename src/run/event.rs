//! The lines of `events.jsonl`: one owned, serialisable event; live view, replay, report and test fold the same ones.
//!
//! Must not know who writes or reads it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::metric::{ConfusionMatrix, MetricName};
use crate::run::alert::{Alert, AlertCleared};
use crate::run::amended::Amended;
use crate::run::number::Number;
use crate::run::request::RequestKind;
use crate::run::split::StepSplit;
use crate::run::updates::Updates;
use crate::spec::task::Split;

/// Version of the format of a run folder; the first event of every attempt carries it.
///
/// Changelog:
/// - 1: first version. Since then, readable by all: an evaluation of a regression has no `confusion` and other metrics;
///   the events `extended`, `updates`, `alert`, `alert_cleared`, `amended` and `step_split`, the outcomes `crashed` and `released`, the requests `release`,
///   `extend`, `stop_at`, `keep_going`, `set`, `mute` and `unmute`, which older readers skip; the file `mistakes.json`, which they leave alone.
pub const FORMAT_VERSION: u32 = 1;

/// One line of `events.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Seconds since the Unix epoch, on the worker's clock.
    pub time: f64,
    /// What happened.
    #[serde(rename = "event")]
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The run was changed while it waited; before the first attempt alone.
    Amended(Amended),
    /// An attempt began; the first event of each. Emitted before the model is loaded.
    AttemptStarted(AttemptStarted),
    /// What precedes the first step: how far it is.
    Preparing(Preparing),
    /// Model and data are ready; training begins.
    TrainingStarted(TrainingStarted),
    /// An optimizer step was taken.
    Step(StepTaken),
    /// Where the time of the last steps went; every ten seconds and before evaluations, where it can be told.
    StepSplit(StepSplit),
    /// A split was evaluated.
    Evaluation(Evaluation),
    /// How far the weights have moved by place and part; at the start and after every evaluation of the validation split.
    Updates(Updates),
    /// A checkpoint was written.
    Checkpoint(Checkpoint),
    /// A request was read and is being obeyed.
    Request(RequestSeen),
    /// The run goes on for more epochs after it had ended.
    Extended(Extended),
    /// A rule says something of the run, or says it anew; judged at the start, at every evaluation and at the end.
    Alert(Alert),
    /// A rule has nothing to say any more.
    AlertCleared(AlertCleared),
    /// Something worth a line that is not an error.
    Note(Note),
    /// The run ended; the last event of an attempt.
    Finished(Finished),
}

/// An attempt began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptStarted {
    /// [`FORMAT_VERSION`] of the writer.
    pub format: u32,
    /// 1 for the first.
    pub attempt: u32,
    /// Host name.
    pub host: String,
    /// Process id of the worker on that host.
    pub process_id: u32,
}

/// How far the preparation is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preparing {
    /// In words: "reading data", "loading model", "tokenizing", "computing features".
    pub what: String,
    /// Units done.
    pub done: u64,
    /// Units in all; 0 where unknown.
    pub total: u64,
}

/// Model and data are ready.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingStarted {
    /// Parameters by role, counted from the tensors.
    pub ledger: Ledger,
    /// Passes over the training split.
    pub epochs: u32,
    /// Optimizer steps in an epoch.
    pub steps_per_epoch: u64,
    /// Optimizer steps in all.
    pub total_steps: u64,
    /// Rows per split.
    pub rows: BTreeMap<Split, u64>,
    /// Label names in the order of the logits; none in a regression.
    pub labels: Vec<String>,
    /// The device in words: "cpu", "cuda:0".
    pub device: String,
    /// Processor threads.
    pub threads: u64,
    /// The last step of the checkpoint that training goes on from; 0 from the start.
    pub resumed_step: u64,
}

/// Parameters by role. Sums hold: `total = trainable + frozen`, `trainable = backbone_trainable + norms + method + head`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// Every parameter used in the forward pass.
    pub total: u64,
    /// Those that training changes.
    pub trainable: u64,
    /// Those that it does not.
    pub frozen: u64,
    /// Trainable ones of the backbone that are not of its layer norms.
    pub backbone_trainable: u64,
    /// Trainable ones of the backbone's layer norms.
    #[serde(default)]
    pub norms: u64,
    /// Those that the method added.
    pub method: u64,
    /// Those of the head.
    pub head: u64,
}

/// An optimizer step was taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepTaken {
    /// Optimizer steps taken so far, this one included.
    pub step: u64,
    /// Passes over the training split so far, with fraction.
    pub epoch: f64,
    /// Mean of the training objective over the step's batch: cross-entropy with label smoothing, nat, or the squared error.
    pub loss: Number,
    /// Learning rate used.
    pub learning_rate: f64,
    /// Global gradient norm before clipping.
    pub gradient_norm: Number,
    /// Examples seen so far.
    pub examples: u64,
    /// Real (unpadded) tokens seen so far.
    pub tokens: u64,
    /// Seconds that this step took.
    pub seconds: f64,
    /// Seconds spent in training steps so far, over all attempts; pauses and evaluations not counted.
    pub training_seconds: f64,
    /// Resident memory of the worker now, bytes.
    pub rss_bytes: u64,
}

/// A split was evaluated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The step whose weights were evaluated (for the test split: the best step).
    pub step: u64,
    /// Passes over the training split at that step.
    pub epoch: f64,
    /// Which rows.
    pub split: Split,
    /// Loss and every metric.
    pub metrics: BTreeMap<MetricName, Number>,
    /// Counts of (true, predicted) label; none in a regression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confusion: Option<ConfusionMatrix>,
    /// Seconds that it took.
    pub seconds: f64,
    /// Whether it is the best validation so far.
    pub is_best: bool,
}

/// Which of the two checkpoints of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckpointKind {
    /// The weights with the best validation metric: the artefact.
    Best,
    /// The latest weights with the optimizer's state: where a restart goes on. Written as the key `checkpoint` says.
    Last,
}

/// A checkpoint was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Which.
    pub kind: CheckpointKind,
    /// Its step.
    pub step: u64,
    /// Bytes on disk of its weights.
    pub bytes: u64,
    /// Seconds that writing took.
    pub seconds: f64,
}

/// A request was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestSeen {
    /// What was asked.
    pub request: RequestKind,
    /// Optimizer steps taken when it was read.
    pub step: u64,
}

/// The run goes on for more epochs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extended {
    /// The step at which it goes on.
    pub step: u64,
    /// Epochs before.
    pub from_epochs: u32,
    /// Epochs since.
    pub to_epochs: u32,
}

/// Something worth a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// How much it matters.
    pub level: Level,
    /// The line.
    pub message: String,
}

/// How much a note matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Good to know.
    Info,
    /// Something may be wrong.
    Warning,
}

/// The run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    /// How.
    pub outcome: Outcome,
    /// Why, in words for a person: "all 5 epochs done", "early stopping: …", "stopped by hand at step 75".
    pub reason: String,
    /// Optimizer steps taken.
    pub step: u64,
    /// Step of the best checkpoint, if any.
    pub best_step: Option<u64>,
    /// Wall seconds of this attempt, from start to end.
    pub seconds: f64,
    /// Highest resident memory of the worker, bytes.
    pub peak_rss_bytes: u64,
    /// Bytes on disk of the best checkpoint's weights: what is stored per task.
    pub checkpoint_bytes: u64,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All epochs done, or early stopping decided.
    Finished,
    /// Stopped by hand; the best checkpoint was kept and evaluated.
    Stopped,
    /// The loss became NaN or infinite.
    Diverged,
    /// An error; the reason says which.
    Failed,
    /// A bug in the worker; the reason says which.
    Crashed,
    /// Asked to leave fast (SIGTERM, kill); the last checkpoint allows going on.
    Interrupted,
    /// Saved and left by request; paused without a process until it is resumed.
    Released,
}
