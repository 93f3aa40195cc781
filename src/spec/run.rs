//! One training job, resolved: the only specification that the engine sees.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::metric::MetricName;
use crate::spec::continuation::{CheckpointEvery, Extension};
use crate::spec::early_stopping::EarlyStopping;
use crate::spec::head::Head;
use crate::spec::method::Method;
use crate::spec::optimization::Optimization;
use crate::spec::task::Task;

/// One training job with every default spelled out; `run.yaml` of its folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSpec {
    /// Name of the experiment it belongs to.
    pub experiment: String,
    /// Its own name, unique within the experiment; also the name of its folder.
    pub name: String,
    /// The pre-trained model.
    pub model: Model,
    /// Data and labels.
    pub task: Task,
    /// How the backbone is adapted.
    pub method: Method,
    /// What the weights begin as, where it is not the method's own beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_from: Option<StartFrom>,
    /// The task head.
    pub head: Head,
    /// How the trainable tensors move.
    pub optimization: Optimization,
    /// When the run ends by itself; `None` is never.
    pub early_stopping: Option<EarlyStopping>,
    /// The validation metric that chooses the best checkpoint.
    pub best_metric: MetricName,
    /// Feeds every generator of random numbers.
    pub seed: u64,
    /// Processor threads of the worker, at least 1.
    pub threads: usize,
    /// Where tensors live.
    pub device: Device,
    /// Numbers that the backbone's linear layers multiply.
    #[serde(default)]
    pub precision: Precision,
    /// When the checkpoint is written where a restart goes on.
    #[serde(default)]
    pub checkpoint: CheckpointEvery,
    /// How often the queue starts it again after a crash; 0, also where an older version left it out, is never.
    #[serde(default)]
    pub restarts: u32,
    /// What was added to its epochs after it had ended, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
}

/// Weights that a run begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartFrom {
    /// Absolute folder of an adapter or of a run.
    pub folder: PathBuf,
    /// Whether the head is taken over too; else it begins anew.
    pub head: bool,
}

/// A pre-trained model, as written and as found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Hub id or folder, as written in the experiment.
    pub id: String,
    /// Absolute folder with `config.json`, `model.safetensors` (or its shards) and `tokenizer.json`.
    pub folder: PathBuf,
}

/// The numbers that the backbone's linear layers multiply. Weights, sums, optimizer and everything else are fp32 in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// Single precision.
    #[default]
    Fp32,
    /// Inputs, weights and outputs of linear layers rounded to bfloat16 (Kalamkar et al. 2019, arXiv:1905.12322), as in mixed precision
    /// elsewhere.
    Bf16,
}

impl Precision {
    /// Its name in experiment files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fp32 => "fp32",
            Self::Bf16 => "bf16",
        }
    }
}

/// Where tensors live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// The first GPU if libtorch has one, else the processor.
    Auto,
    /// The processor.
    Cpu,
    /// GPU number N.
    Cuda(usize),
}
