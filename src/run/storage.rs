//! What a run's parameters take in storage, from the ledger alone: per task, for many tasks, and in the optimizer. Pure.

use serde::Serialize;

use crate::run::event::Ledger;
use crate::spec::method::Method;
use crate::spec::method::inference::Inference;

/// Numbers of tasks that storage is told for.
pub const TASKS: [u64; 3] = [10, 100, 1000];

/// fp32.
const ELEMENT_BYTES: u64 = 4;
/// First and second moment of AdamW, both fp32.
const MOMENTS: u64 = 2;

/// Bytes of tensors, headers of files not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Storage {
    /// The pre-trained model that all tasks share; 0 where every weight of it trains, so that nothing is shared.
    pub base_bytes: u64,
    /// What is kept for each task: all that trained.
    pub task_bytes: u64,
    /// A whole model for one task: the backbone and its head.
    pub whole_model_bytes: u64,
    /// The same for many tasks.
    pub tasks: [ManyTasks; TASKS.len()],
    /// The optimizer's two moments while training.
    pub optimizer_bytes: u64,
    /// Parameters of the method that fold into the backbone's weights after training.
    pub merged_parameters: u64,
    /// What inference needs beyond the backbone and the head.
    pub inference: Inference,
}

/// Storage of a number of tasks that were trained alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ManyTasks {
    /// How many.
    pub tasks: u64,
    /// One base and what is kept for each.
    pub bytes: u64,
    /// A whole model for each: what full fine-tuning stores.
    pub whole_models_bytes: u64,
}

impl Storage {
    /// The storage of a run of `method` with these parameters.
    pub fn new(ledger: &Ledger, method: &Method) -> Self {
        // Ledgers are read from files, which may hold any number.
        let backbone = ledger.total.saturating_sub(ledger.method).saturating_sub(ledger.head);
        let base_bytes = if ledger.frozen == 0 { 0 } else { backbone.saturating_mul(ELEMENT_BYTES) };
        let task_bytes = ledger.trainable.saturating_mul(ELEMENT_BYTES);
        let whole_model_bytes = backbone.saturating_add(ledger.head).saturating_mul(ELEMENT_BYTES);
        let many = |tasks| ManyTasks {
            tasks,
            bytes: task_bytes.saturating_mul(tasks).saturating_add(base_bytes),
            whole_models_bytes: whole_model_bytes.saturating_mul(tasks),
        };
        Self {
            base_bytes,
            task_bytes,
            whole_model_bytes,
            tasks: TASKS.map(many),
            optimizer_bytes: task_bytes.saturating_mul(MOMENTS),
            merged_parameters: if method.merges() { ledger.method } else { 0 },
            inference: method.inference(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::ledger;
    use crate::spec::backbone::Backbone;
    use crate::spec::head::{Classifier, Head, Pooling};

    fn storage(method: &Method) -> (Ledger, Storage) {
        let head = Head { pooling: Pooling::Pooler, classifier: Classifier::Linear, dropout: 0.1 };
        let ledger = ledger::closed_form(method, &head, 2, &Backbone::bert(12, 768, 12));
        (ledger, Storage::new(&ledger, method))
    }

    #[test]
    fn a_thousand_tasks_are_one_base_and_a_thousand_small_files() {
        let (_, lora) = storage(&Method::default_of("lora").unwrap());
        // BERT-base: 294,912 of LoRA and 1,538 of the head, in 109,482,240 of the backbone.
        assert_eq!((lora.base_bytes, lora.task_bytes), (4 * 109_482_240, 4 * 296_450));
        assert_eq!(lora.tasks[2].bytes, 4 * 109_482_240 + 1000 * 4 * 296_450);
        assert_eq!(lora.tasks[2].whole_models_bytes, 1000 * 4 * 109_483_778);
        assert_eq!((lora.optimizer_bytes, lora.merged_parameters), (8 * 296_450, 294_912));
    }

    #[test]
    fn full_fine_tuning_stores_a_whole_model_for_each_task() {
        let (ledger, full) = storage(&Method::Full);
        assert_eq!((full.base_bytes, full.task_bytes, full.merged_parameters), (0, 4 * ledger.total, 0));
        assert!(full.tasks.iter().all(|many| many.bytes == many.whole_models_bytes));
    }

    #[test]
    fn every_other_method_stores_less_for_ten_tasks_already() {
        for method in Method::defaults().into_iter().filter(|method| *method != Method::Full) {
            let (_, storage) = storage(&method);
            assert!(storage.tasks.iter().all(|many| many.bytes < many.whole_models_bytes), "{method:?}");
        }
    }
}
