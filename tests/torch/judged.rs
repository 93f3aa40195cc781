//! What the real worker measures of its weights and says of its own run.

use finetop::run::alert::Rule;
use finetop::run::event::Outcome;
use finetop::run::state::RunState;
use finetop::run::updates::{Part, Place};
use finetop::spec::method::Method;
use finetop::verdict::alerts;

use crate::tiny;
use crate::worker::{run_dir, state, work};

fn trained(method: Method, learning_rate: f64) -> RunState {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = tiny::spec(folder.path(), method);
    spec.optimization.learning_rate = learning_rate;
    spec.optimization.head_learning_rate = None;
    let dir = run_dir(folder.path(), "run", &spec);
    assert!(work(&dir, 1).status.success());
    let state = state(&dir);
    assert_eq!(state.finished.as_ref().unwrap().outcome, Outcome::Finished);
    assert_eq!(alerts::changes(&spec, &state), [], "all that can be said of the log stands in it");
    state
}

#[test]
fn a_run_says_how_far_each_layer_has_moved_and_counts_what_the_ledger_counts() {
    for method in Method::examples() {
        let state = trained(method.clone(), 1e-2);
        let ledger = state.training.as_ref().unwrap().ledger;
        assert_eq!(state.updates.len(), state.evaluations.len() + 1, "at the start and at every evaluation");
        assert!(state.updates[0].all().unwrap().relative().abs() < f64::EPSILON);
        let last = state.updates.last().unwrap();
        assert!(last.all().unwrap().relative() > 1e-3, "{method:?}");
        let count = |trains: bool| -> u64 {
            last.groups.iter().filter(|group| group.movement.is_some() == trains).map(|group| group.parameters).sum()
        };
        assert_eq!((count(true), count(false)), (ledger.trainable, ledger.frozen), "{method:?}");
        assert!(last.groups.iter().any(|group| group.place == Place::Layer(1)));
        assert_eq!(last.of(Part::Method).is_some(), ledger.method > 0, "{method:?}");
        assert!(!state.alerts.contains_key(&Rule::NotMoving), "{method:?}: {:?}", state.alerts);
    }
}

#[test]
fn a_run_at_a_rate_of_next_to_nothing_says_so_before_its_first_evaluation_and_then_that_nothing_moves() {
    let state = trained(Method::default_of("lora").unwrap(), 1e-9);
    assert_eq!(state.alerts[&Rule::LearningRate].since.step, 0);
    let still = &state.alerts[&Rule::NotMoving];
    assert!(still.what.starts_with("the weights have moved by "), "{}", still.what);
    assert!(state.log.iter().any(|(_, line)| line.starts_with("alert: learning_rate: ")));
}
