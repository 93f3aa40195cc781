//! Where the time of real steps goes, as their worker tells it.

use finetop::run::event::EventKind;
use finetop::run::reader::EventReader;
use finetop::run::split::StepSplit;
use finetop::spec::method::Method;

use crate::tiny;
use crate::worker::{run_dir, state, work};

/// Of each evaluation of a run of this method on so many threads.
fn splits(method: Method, threads: usize) -> (Vec<StepSplit>, f64) {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = tiny::spec(folder.path(), method);
    (spec.threads, spec.optimization.batch_size, spec.optimization.epochs) = (threads, 16, 3);
    let dir = run_dir(folder.path(), "run", &spec);
    let output = work(&dir, 1);
    assert!(output.status.success(), "{output:?}");
    let events = EventReader::new(dir.events_file()).poll().unwrap().events;
    let splits = events.into_iter().filter_map(|event| if let EventKind::StepSplit(split) = event.kind { Some(split) } else { None });
    let trained = state(&dir).steps.last().unwrap().training_seconds;
    (splits.collect(), trained)
}

#[test]
fn the_parts_of_a_step_are_all_there_and_add_up_to_no_more_than_it() {
    for (name, threads) in [("full", 1), ("lora", 2), ("feature_extraction", 1)] {
        let method = Method::examples().into_iter().find(|method| method.about().name == name).unwrap();
        let (splits, trained) = splits(method, threads);
        assert!(splits.len() >= 3, "{name}: one at least before each evaluation: {splits:?}");
        for split in &splits {
            let parts = [split.data, split.forward, split.backward, split.update].map(Option::unwrap_or_default);
            assert!(parts.iter().all(|part| *part > 0.0), "{name}: {split:?}");
            assert!(parts.iter().sum::<f64>() <= split.seconds * (1.0 + 1e-9), "{name}: {split:?}");
        }
        // Every step is counted once.
        let all: f64 = splits.iter().map(|split| split.seconds * split.steps as f64).sum();
        assert!((all / trained - 1.0).abs() < 1e-6, "{name}: {all} of {trained} seconds");
    }
}
