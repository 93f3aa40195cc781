//! Steps on a GPU are given ahead of what is known of them: the log has a step when its figures have come, a few steps later.

use tch::Device;

use super::Training;
use crate::error::EngineError;
use crate::gpu::{Figures, Surroundings};
use crate::journal::Journal;
use crate::{memory, native};
use finetop::run::event::{EventKind, Level, Outcome, StepTaken};
use finetop::run::number::Number;
use finetop::spec::task::Split;

impl Training<'_> {
    /// Gives a GPU one optimizer step on the rows `indices`. What it made of it is known later; [`arrived`](Self::arrived) tells.
    pub(super) fn launch(&mut self, indices: &[usize], learning_rate: f64, journal: &mut Journal) -> Result<(), EngineError> {
        let step = self.position.step + 1;
        let inputs = &self.inputs[&Split::Train];
        if let Some(gpu) = &mut self.gpu {
            let of = Surroundings { spec: self.spec, network: &self.network, inputs, optimizer: &self.optimizer };
            if let Some(problem) = gpu.launch(of, indices, step, learning_rate) {
                journal.note(Level::Warning, format!("steps are not recorded for the GPU, which makes them slower: {problem}"))?;
            }
        }
        self.position.step = step;
        self.position.examples += indices.len() as u64;
        self.position.tokens += indices.iter().map(|&index| inputs.rows[index].token_ids.len() as u64).sum::<u64>();
        self.given.push_back(StepTaken {
            step,
            epoch: self.epoch(),
            loss: Number(f64::NAN),
            learning_rate,
            gradient_norm: Number(f64::NAN),
            examples: self.position.examples,
            tokens: self.position.tokens,
            seconds: 0.0,
            training_seconds: 0.0,
            rss_bytes: 0,
        });
        Ok(())
    }

    /// The steps whose figures have come from the GPU, or, waiting for them, all.
    pub(super) fn arrived(&mut self, all: bool) -> Vec<StepTaken> {
        let done = self.gpu.as_mut().map(|gpu| gpu.done(all)).unwrap_or_default();
        let rss_bytes = memory::resident_bytes();
        let mut taken = Vec::new();
        for Figures { loss, gradient_norm, seconds } in done {
            let Some(step) = self.given.pop_front() else { break };
            self.position.training_seconds += seconds;
            let training_seconds = self.position.training_seconds;
            taken.push(StepTaken {
                loss: Number(loss),
                gradient_norm: Number(gradient_norm),
                seconds,
                training_seconds,
                rss_bytes,
                ..step
            });
        }
        taken
    }

    /// Takes steps down, up to the first whose loss or gradient is not finite; its number, and what is wrong.
    pub(super) fn record(taken: Vec<StepTaken>, journal: &mut Journal) -> Result<Option<(u64, String)>, EngineError> {
        for taken in taken {
            let (step, loss, norm) = (taken.step, taken.loss.0, taken.gradient_norm.0);
            journal.record(EventKind::Step(taken))?;
            if !loss.is_finite() || !norm.is_finite() {
                let what = if loss.is_finite() { format!("gradient norm became {norm}") } else { format!("training loss became {loss}") };
                return Ok(Some((step, what)));
            }
        }
        Ok(None)
    }

    /// The end at a step that is not finite. A GPU was given others after it, which changed nothing.
    pub(super) fn diverged(&mut self, step: u64, what: &str) -> (Outcome, String) {
        self.position.step = step;
        self.given.clear();
        (Outcome::Diverged, format!("{what} at step {step}; try a lower learning rate"))
    }
}

/// Tells how much memory of a GPU was used at most; nothing of the processor.
pub(super) fn note_memory(device: Device, journal: &mut Journal) -> Result<(), EngineError> {
    let Device::Cuda(index) = device else { return Ok(()) };
    let (tensors, held) = native::gpu::peak_memory(index);
    journal.note(Level::Info, format!("GPU memory at most: {} MiB of tensors, {} MiB held for them", tensors >> 20, held >> 20))
}
