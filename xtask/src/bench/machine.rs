//! What the machine can do at most, how much of that full fine-tuning uses, and whether something else is using it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::bench::child::{self, Interruption};
use crate::bench::figures::{Figures, number};
use crate::bench::methods::Device;

/// Above this, other work on the machine spoils the figures.
pub const QUIET_LOAD: f64 = 0.5;

/// Rates of large matrix products, GFLOP/s, with all the threads of the measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ceiling {
    /// Single precision.
    pub fp32: f64,
    /// Brain floats.
    pub bf16: f64,
}

impl Ceiling {
    /// The higher of two looks: other work on the machine only ever lowers a rate.
    pub fn best(self, other: Self) -> Self {
        Self { fp32: self.fp32.max(other.fp32), bf16: self.bf16.max(other.bf16) }
    }
}

/// Asks the worker for the rates of a device.
pub fn ceiling(worker: &Path, threads: usize, device: Device, folder: &Path, interruption: &Interruption) -> Result<Ceiling> {
    let mut command = Command::new(worker);
    command.args(["rate", "--threads", &threads.to_string(), "--device", device.name()]);
    let ended = child::run(&mut command, folder, interruption, |_| {})?;
    let value: Value = serde_json::from_str(&ended.stdout).context("the worker's rates are no JSON object")?;
    Ok(Ceiling { fp32: number(&value, "fp32_gflops")?, bf16: number(&value, "bf16_gflops")? })
}

/// Shape of the encoder, as far as its work depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    hidden: f64,
    layers: f64,
    feedforward: f64,
}

impl Shape {
    /// Of the model in a folder.
    pub fn read(model: &Path) -> Result<Self> {
        let path = model.join("config.json");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let value: Value = serde_json::from_str(&text).with_context(|| format!("{} is no JSON object", path.display()))?;
        let (hidden, layers) = (number(&value, "hidden_size")?, number(&value, "num_hidden_layers")?);
        Ok(Self { hidden, layers, feedforward: number(&value, "intermediate_size")? })
    }

    /// Floating-point operations per second of useful work in full fine-tuning, in GFLOP/s.
    ///
    /// A token costs `2 P + 4 L T H` forward: `P = L (4 H² + 2 H F)` weights of linear layers, each a multiplication and an addition, and
    /// per layer attention's two products with the `T` tokens of its row. Backward every product is two, towards input and
    /// weights (for attention: both factors), so training costs three times the forward pass. Padding, embeddings, norms, activations,
    /// pooler, head and optimizer count nothing; `T` is the mean length, which counts attention a little too low.
    pub fn useful_rate(&self, figures: &Figures) -> f64 {
        let Self { hidden, layers, feedforward } = self;
        let length = figures.tokens / figures.training_examples;
        let weights = layers * (4.0 * hidden * hidden + 2.0 * hidden * feedforward);
        let forward = 2.0 * weights + 4.0 * layers * length * hidden;
        3.0 * forward * figures.tokens / figures.training_seconds / 1e9
    }
}

/// Processes that want a processor, as a mean over the last minute; `None` where the system does not tell.
pub fn load() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok().or_else(|| {
        let output = Command::new("sysctl").args(["-n", "vm.loadavg"]).output().ok()?;
        String::from_utf8(output.stdout).ok()
    })?;
    first_number(&text)
}

/// Linux writes `0.10 0.20 …`, macOS `{ 0.10 0.20 … }`.
fn first_number(text: &str) -> Option<f64> {
    text.split_whitespace().find_map(|word| word.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_is_read_in_the_words_of_both_systems() {
        assert_eq!(first_number("0.61 0.40 0.30 1/200 4711\n"), Some(0.61));
        assert_eq!(first_number("{ 2.50 1.00 0.90 }\n"), Some(2.5));
        assert_eq!(first_number(""), None);
    }

    #[test]
    fn of_two_looks_at_the_ceiling_the_higher_counts() {
        let (before, after) = (Ceiling { fp32: 200.0, bf16: 300.0 }, Ceiling { fp32: 220.0, bf16: 100.0 });
        assert_eq!(before.best(after), Ceiling { fp32: 220.0, bf16: 300.0 });
    }

    #[test]
    fn useful_work_is_six_operations_per_weight_and_token_and_attention_beside() {
        let shape = Shape { hidden: 384.0, layers: 6.0, feedforward: 1536.0 };
        let figures = Figures { tokens: 2000.0, training_examples: 100.0, training_seconds: 1.0, ..Figures::default() };
        let weights = 6.0 * 12.0 * 384.0 * 384.0;
        let attention = 3.0 * 4.0 * 6.0 * 20.0 * 384.0;
        let expected = (6.0 * weights + attention) * 2000.0 / 1e9;
        assert!((shape.useful_rate(&figures) - expected).abs() < 1e-6, "{}", shape.useful_rate(&figures));
    }
}
