//! What a run costs, counted before it runs: parameters, bytes on disk, steps, memory. Pure.

use serde::Serialize;

use crate::data::survey::Survey;
use crate::plan::memory;
use crate::run::event::Ledger;
use crate::run::ledger;
use crate::run::storage::Storage;
use crate::spec::backbone::Backbone;
use crate::spec::head::Classifier;
use crate::spec::method::Method;
use crate::spec::optimization::LrSchedule;
use crate::spec::run::RunSpec;
use crate::spec::task::Split;

/// Bytes that a tensor's entry takes in a safetensors header, about.
const HEADER_BYTES_PER_TENSOR: u64 = 110;

/// What a run costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Parameters by role, exact.
    pub ledger: Ledger,
    /// What they take per task, for many tasks and in the optimizer, exact.
    pub storage: Storage,
    /// Bytes on disk of what is kept per task (the trained weights), without rounding but for the file's header.
    pub checkpoint_bytes: u64,
    /// Optimizer steps in an epoch.
    pub steps_per_epoch: u64,
    /// Optimizer steps in all, if nothing ends the run early.
    pub total_steps: u64,
    /// Steps of warm-up.
    pub warmup_steps: u64,
    /// Predicted peak memory of the run's process, bytes.
    pub memory_bytes: u64,
    /// About how much is computed, in passes of a row's tokens through the encoder: tells which of several runs takes longest.
    pub token_passes: u64,
}

/// The cost of a run, where oneDNN multiplies in fp32 or not.
pub fn cost(spec: &RunSpec, backbone: &Backbone, survey: &Survey, multiplies_with_onednn: bool) -> Cost {
    let rows = |split| survey.splits.iter().find(|found| found.split == split).map_or(0, |found| found.n_rows);
    let longest = survey.splits.iter().map(|split| split.words.longest).max().unwrap_or(0);
    let ledger = ledger::planned(spec, backbone);
    let steps_per_epoch = rows(Split::Train).div_ceil(spec.optimization.batch_size).max(1) as u64;
    let total_steps = steps_per_epoch * u64::from(spec.optimization.epochs);
    Cost {
        ledger,
        storage: Storage::new(&ledger, &spec.method),
        checkpoint_bytes: 4 * ledger.trainable + HEADER_BYTES_PER_TENSOR * n_trained_tensors(spec, backbone),
        steps_per_epoch,
        total_steps,
        warmup_steps: LrSchedule::new(&spec.optimization, total_steps).warmup_steps,
        memory_bytes: memory::predict(spec, backbone, &ledger, longest, multiplies_with_onednn),
        token_passes: token_passes(spec, survey),
    }
}

/// Forward is one pass; backward is one for the inputs and, where weights train, one for the weights. Frozen features are computed once.
fn token_passes(spec: &RunSpec, survey: &Survey) -> u64 {
    let (per_training_row, epochs) = match spec.method {
        Method::FeatureExtraction => (1.0, 1.0),
        Method::Full => (3.0, f64::from(spec.optimization.epochs)),
        _ => (2.0, f64::from(spec.optimization.epochs)),
    };
    let n_virtual = spec.method.virtual_tokens() as f64;
    let passes = survey.splits.iter().map(|split| {
        let passes = match split.split {
            Split::Train => per_training_row * epochs,
            Split::Validation => epochs,
            Split::Test => 1.0,
        };
        passes * split.n_rows as f64 * (split.words.mean + n_virtual)
    });
    passes.sum::<f64>() as u64
}

fn n_trained_tensors(spec: &RunSpec, backbone: &Backbone) -> u64 {
    let training = spec.method.backbone_training(backbone);
    let of_backbone = backbone.tensors(spec.head.pooling.reads_pooler()).iter().filter(|tensor| training.trains(tensor.part)).count();
    let of_head = if spec.head.classifier == Classifier::Linear { 2 } else { 4 };
    of_backbone as u64 + spec.method.added_tensors(backbone) as u64 + of_head
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::head::{Head, Pooling};

    fn counts(backbone: &Backbone, method: Method, pooling: Pooling) -> Ledger {
        let spec: RunSpec = serde_yaml::from_str(include_str!("../../tests/fixtures/experiments/run.yaml")).unwrap();
        let head = Head { pooling, classifier: Classifier::Linear, dropout: 0.0 };
        ledger::planned(&RunSpec { method, head, ..spec }, backbone)
    }

    #[test]
    fn counts_equal_those_of_the_reference_implementations() {
        // Transformers 5.23 and PEFT 0.21, two labels, LoRA of rank 8 on query and value.
        let shapes = [
            (Backbone::bert(12, 768, 12), 109_483_778, 1_538, 294_912),
            (Backbone::bert(12, 384, 12), 33_360_770, 770, 147_456),
            (Backbone::bert(6, 384, 12), 22_713_986, 770, 73_728),
        ];
        for (backbone, total, head, lora) in shapes {
            let full = counts(&backbone, Method::Full, Pooling::Pooler);
            assert_eq!((full.total, full.trainable, full.frozen, full.head, full.method), (total, total, 0, head, 0));
            let adapted = counts(&backbone, Method::default_of("lora").unwrap(), Pooling::Pooler);
            assert_eq!((adapted.total, adapted.trainable, adapted.method), (total + lora, lora + head, lora));
            assert_eq!(adapted.frozen, total - head);
        }
    }

    #[test]
    fn a_pooler_that_is_not_read_is_not_counted() {
        let mean = counts(&Backbone::bert(6, 384, 12), Method::FeatureExtraction, Pooling::Mean);
        assert_eq!((mean.total, mean.trainable), (22_713_986 - 384 * 385, 770));
    }
}
