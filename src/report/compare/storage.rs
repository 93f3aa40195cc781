//! What one, ten, a hundred, a thousand tasks trained alike would store: one base and a file for each, beside whole models. Pure.

use serde::Serialize;

use crate::run::catalog::RunView;
use crate::run::storage::Storage;

/// Numbers of tasks that are told.
pub const TASKS: [u64; 4] = [1, 10, 100, 1000];

/// What a run's way of training stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// The base that all tasks share; 0 where nothing is shared.
    pub base_bytes: u64,
    /// For each task.
    pub task_bytes: u64,
    /// In all for each of [`TASKS`].
    pub bytes: [u64; TASKS.len()],
    /// The same where each task is a whole model.
    pub whole_models_bytes: [u64; TASKS.len()],
}

/// What `run` would store; `None` before its parameters are counted.
pub fn stored(run: &RunView) -> Option<Stored> {
    let ledger = run.state.training.as_ref()?.ledger;
    let storage = Storage::new(&ledger, &run.spec.as_ref().ok()?.method);
    let Storage { base_bytes, task_bytes, whole_model_bytes, .. } = storage;
    Some(Stored {
        base_bytes,
        task_bytes,
        bytes: TASKS.map(|tasks| task_bytes.saturating_mul(tasks).saturating_add(base_bytes)),
        whole_models_bytes: TASKS.map(|tasks| whole_model_bytes.saturating_mul(tasks)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::tests::golden_run;

    #[test]
    fn many_tasks_share_one_base() {
        let run = golden_run();
        let found = stored(&run).unwrap();
        assert_eq!(found.bytes[0], found.base_bytes + found.task_bytes);
        assert_eq!(found.bytes[3], found.base_bytes + 1000 * found.task_bytes);
        assert!(found.bytes[3] < found.whole_models_bytes[3]);
    }
}
