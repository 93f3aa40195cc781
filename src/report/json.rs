//! Runs as one JSON document for scripts. Must not know who reads it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::metric::MetricName;
use crate::run::alert::Alert;
use crate::run::catalog::RunView;
use crate::run::event::{Evaluation, Ledger};
use crate::run::storage::Storage;
use crate::verdict::alerts;

/// The document: `{"runs": […]}`.
#[derive(Debug, Serialize)]
struct Document<T> {
    runs: Vec<T>,
}

/// One run; NaN and infinite numbers are null, as JSON has none.
#[derive(Debug, Serialize)]
struct RunReport {
    run: String,
    method: Option<&'static str>,
    status: &'static str,
    reason: String,
    seed: Option<u64>,
    trainable: Option<u64>,
    total: Option<u64>,
    ledger: Option<Ledger>,
    storage: Option<Storage>,
    best_step: Option<u64>,
    steps: u64,
    validation: BTreeMap<MetricName, Option<f64>>,
    test: BTreeMap<MetricName, Option<f64>>,
    seconds: Option<f64>,
    examples_per_second: Option<f64>,
    peak_rss_bytes: Option<u64>,
    checkpoint_bytes: Option<u64>,
    alerts: Vec<Alert>,
    asked: Vec<String>,
}

/// A run of one experiment, by its name.
pub fn runs(runs: &[RunView]) -> String {
    document(runs.iter().map(|run| report(run, run.id.run().to_owned())).collect())
}

/// Runs of several experiments, by their ids.
pub fn runs_by_id(runs: &[RunView]) -> String {
    document(runs.iter().map(|run| report(run, run.id.to_string())).collect())
}

/// One run, by its id.
pub fn run(run: &RunView) -> String {
    encoded(&report(run, run.id.to_string()))
}

fn document(runs: Vec<RunReport>) -> String {
    encoded(&Document { runs })
}

fn encoded(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("names as keys and plain numbers always encode") + "\n"
}

fn report(run: &RunView, name: String) -> RunReport {
    let state = &run.state;
    let spec = run.spec.as_ref().ok();
    let ledger = state.training.as_ref().map(|training| training.ledger);
    let best = state.best().or(state.evaluations.last());
    let finished = state.finished.as_ref();
    let seconds = finished.map(|finished| finished.seconds).or_else(|| Some(state.last_time? - state.first_time?));
    RunReport {
        run: name,
        method: spec.map(|spec| spec.method.about().name),
        status: run.status.name(),
        reason: run.reason(),
        seed: spec.map(|spec| spec.seed),
        trainable: ledger.map(|ledger| ledger.trainable),
        total: ledger.map(|ledger| ledger.total),
        storage: ledger.zip(spec).map(|(ledger, spec)| Storage::new(&ledger, &spec.method)),
        ledger,
        best_step: finished.and_then(|finished| finished.best_step).or_else(|| state.best().map(|best| best.step)),
        steps: state.step(),
        validation: metrics(best),
        test: metrics(state.test.as_ref()),
        seconds: seconds.filter(|seconds| seconds.is_finite()),
        examples_per_second: state.examples_per_second().filter(|rate| rate.is_finite()),
        peak_rss_bytes: finished.map(|finished| finished.peak_rss_bytes),
        checkpoint_bytes: finished.map(|finished| finished.checkpoint_bytes),
        alerts: alerts(run, &BTreeSet::new()),
        asked: state.standing.in_words(),
    }
}

fn metrics(evaluation: Option<&Evaluation>) -> BTreeMap<MetricName, Option<f64>> {
    let metrics = evaluation.map(|evaluation| evaluation.metrics.iter());
    metrics.into_iter().flatten().map(|(name, value)| (*name, Some(value.0).filter(|value| value.is_finite()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::tests::golden_run;

    #[test]
    fn a_run_has_exactly_these_keys_and_nan_is_null() {
        insta::assert_snapshot!(runs(&[golden_run()]));
    }

    #[test]
    fn one_run_alone_is_the_same_object_under_its_id() {
        let alone: serde_json::Value = serde_json::from_str(&run(&golden_run())).unwrap();
        let listed: serde_json::Value = serde_json::from_str(&runs_by_id(&[golden_run()])).unwrap();
        assert_eq!(alone, listed["runs"][0]);
    }

    #[test]
    fn a_run_that_has_not_begun_has_the_same_keys() {
        let fresh = RunView { state: crate::run::state::RunState::default(), ..golden_run() };
        let keys = |text: &str| -> Vec<String> {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            value["runs"][0].as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(keys(&runs_by_id(&[fresh])), keys(&runs(&[golden_run()])));
    }
}
