//! How the trainable tensors move: learning rate over steps, decay groups, clipping.

use serde::{Deserialize, Serialize};

/// The optimizer and its schedule. A step is an optimizer update, not a micro-batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Optimization {
    /// Passes over the training split, at least 1.
    pub epochs: u32,
    /// Examples per optimizer step, at least 1.
    pub batch_size: usize,
    /// Micro-batches that a step's batch is split into, at least 1; the gradient is that of the whole batch.
    pub gradient_accumulation: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Shape of the learning rate after warm-up.
    pub schedule: Schedule,
    /// Share of all steps over which the learning rate rises from 0 to its peak, in `[0, 1]`.
    pub warmup_ratio: f64,
    /// The learning rate of block `l` (1 is the lowest of `L`) is multiplied by `layer_decay^(L+1-l)`, that of the embeddings by
    /// `layer_decay^(L+1)`; head and pooler keep it whole. 1 is off. In `(0, 1]`. Paper: Howard & Ruder 2018, arXiv:1801.06146, §3.2.
    pub layer_decay: f64,
    /// Decoupled weight decay; biases and layer norms are exempt.
    pub weight_decay: f64,
    /// Gradients are scaled so that their global norm is at most this; `None` is off.
    pub max_grad_norm: Option<f64>,
    /// Share of the target given to the other labels, in `[0, 1)`.
    pub label_smoothing: f64,
    /// First and second moment decay, and epsilon, of AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101).
    pub beta1: f64,
    /// Second moment decay.
    pub beta2: f64,
    /// Added to the denominator.
    pub epsilon: f64,
    /// Overrides the backbone's dropout on hidden states and attention.
    pub dropout: Option<f64>,
    /// When the validation split is evaluated.
    pub evaluate: EvaluateEvery,
}

/// When the validation split is evaluated; the end of training always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvaluateEvery {
    /// At the end of every epoch.
    Epoch,
    /// Every so many steps.
    Steps(u64),
}

/// Shape of the learning rate after warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Falls in a straight line to 0.
    Linear,
    /// Falls along half a cosine to 0.
    Cosine,
    /// Stays at its peak.
    Constant,
}

impl Schedule {
    /// Every schedule with its name in experiment files.
    pub const NAMES: [(&'static str, Self); 3] = [("linear", Self::Linear), ("cosine", Self::Cosine), ("constant", Self::Constant)];
}

/// The learning rate as a function of the step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LrSchedule {
    /// Highest learning rate.
    pub peak: f64,
    /// Steps of warm-up.
    pub warmup_steps: u64,
    /// All steps of the run.
    pub total_steps: u64,
    /// Shape after warm-up.
    pub schedule: Schedule,
}

impl LrSchedule {
    /// The schedule of a run of `total_steps`.
    pub fn new(optimization: &Optimization, total_steps: u64) -> Self {
        let warmup_steps = (optimization.warmup_ratio * total_steps as f64).ceil() as u64;
        Self { peak: optimization.learning_rate, warmup_steps, total_steps, schedule: optimization.schedule }
    }

    /// Learning rate of update `step`, counted from 1; the first update after a warm-up of `W` steps is `W + 1`.
    ///
    /// As in Transformers' `get_linear_schedule_with_warmup`: update `s` uses the factor of `s - 1` updates done,
    /// so the first update of a warm-up has learning rate 0 there. Differs: we use `s`, so that no update is wasted.
    pub fn at(&self, step: u64) -> f64 {
        if step <= self.warmup_steps {
            return self.peak * step as f64 / self.warmup_steps.max(1) as f64;
        }
        let rest = (self.total_steps - self.warmup_steps).max(1) as f64;
        let done = ((step - 1 - self.warmup_steps) as f64 / rest).min(1.0);
        let factor = match self.schedule {
            Schedule::Linear => 1.0 - done,
            Schedule::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * done).cos()),
            Schedule::Constant => 1.0,
        };
        self.peak * factor
    }
}
