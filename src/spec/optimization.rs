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
    /// Whether training keeps each block's input alone and computes the block again for its gradient. The bits stay the
    /// same, but for prefixes, which all blocks share.
    #[serde(default)]
    pub activation_recomputation: bool,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Peak learning rate of the head, where it differs.
    #[serde(default)]
    pub head_learning_rate: Option<f64>,
    /// Shape of the learning rate after warm-up.
    pub schedule: Schedule,
    /// Share of all steps over which the learning rate rises from 0 to its peak, in `[0, 1]`.
    pub warmup_ratio: f64,
    /// The learning rate of block `l` (1 is the lowest of `L`) is multiplied by `layer_decay^(L+1-l)`, that of the embeddings by
    /// `layer_decay^(L+1)`; head, pooler, and prompts and prefixes, which belong to no one block, keep it whole. 1 is off. In `(0, 1]`. Paper: Howard & Ruder 2018, arXiv:1801.06146, §3.2.
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

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Schedule; 3] = [Schedule::Linear, Schedule::Cosine, Schedule::Constant];

    fn schedule(schedule: Schedule, warmup_steps: u64, total_steps: u64) -> LrSchedule {
        LrSchedule { peak: 2.0, warmup_steps, total_steps, schedule }
    }

    #[test]
    fn the_rate_rises_in_a_straight_line_and_falls_as_the_schedule_says() {
        let at = |kind, step| schedule(kind, 4, 12).at(step);
        let close = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-12, "{value} is not {expected}");
        for kind in ALL {
            for (step, expected) in [(1, 0.5), (2, 1.0), (4, 2.0), (5, 2.0)] {
                close(at(kind, step), expected);
            }
        }
        for (step, expected) in [(6, 1.75), (9, 1.0), (12, 0.25)] {
            close(at(Schedule::Linear, step), expected);
        }
        close(at(Schedule::Cosine, 9), 1.0);
        close(at(Schedule::Cosine, 7), 1.0 + (std::f64::consts::PI / 4.0).cos());
        close(at(Schedule::Constant, 12), 2.0);
    }

    proptest::proptest! {
        #[test]
        fn every_step_has_a_rate_above_zero_and_at_most_the_peak(kind in 0..3_usize, total in 1..500_u64, share in 0.0..=1.0_f64) {
            let schedule = schedule(ALL[kind], (share * total as f64).ceil() as u64, total);
            let rates: Vec<f64> = (1..=total).map(|step| schedule.at(step)).collect();
            proptest::prop_assert!(rates.iter().all(|rate| *rate > 0.0 && *rate <= 2.0));
            let peak = (schedule.warmup_steps as usize).min(rates.len() - 1);
            proptest::prop_assert!(rates[..peak].is_sorted());
            proptest::prop_assert!(rates[peak..].iter().rev().is_sorted());
        }
    }
}
