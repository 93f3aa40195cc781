//! A comparison as one JSON document for scripts. Pure.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::metric::MetricName;
use crate::report::compare::budget::Budget;
use crate::report::compare::configuration::{self, Difference};
use crate::report::compare::cost::Cost;
use crate::report::compare::frontier;
use crate::report::compare::matched::{Standing, matched};
use crate::report::compare::storage::{Stored, TASKS, stored};
use crate::run::catalog::RunView;
use crate::spec::flat::flat;

/// The document; numbers that are none are null.
#[derive(Debug, Serialize)]
struct Document {
    /// Ids, in the order of every list below.
    runs: Vec<String>,
    metric: MetricName,
    budget: Budget,
    /// What is held equal: the least that any sound run has spent.
    amount: Option<f64>,
    limited_by: Option<String>,
    matched: Vec<Option<Entry>>,
    efficiency: BTreeMap<Cost, Vec<Point>>,
    tasks: [u64; TASKS.len()],
    storage: Vec<Option<Stored>>,
    differing_settings: Vec<Difference>,
    equal_settings: usize,
}

#[derive(Debug, Serialize)]
struct Entry {
    step: u64,
    spent: f64,
    validation_rows: u64,
    metrics: BTreeMap<MetricName, Value>,
}

#[derive(Debug, Serialize)]
struct Value {
    #[serde(flatten)]
    standing: Standing,
    low: Option<f64>,
    high: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Point {
    run: String,
    cost: f64,
    value: f64,
    is_efficient: bool,
}

/// The document, with a line end.
pub fn document(runs: &[&RunView], budget: Budget, metric: MetricName) -> String {
    let found = matched(runs, budget);
    let standings: Vec<(MetricName, Vec<Option<Standing>>)> =
        found.metrics().into_iter().map(|metric| (metric, found.standings(metric))).collect();
    let entry = |(idx, entry): (usize, &Option<crate::report::compare::matched::Entry>)| {
        let entry = entry.as_ref()?;
        let value = |standing: &Standing| {
            let interval = standing.interval;
            Value { standing: *standing, low: interval.map(|interval| interval.low), high: interval.map(|interval| interval.high) }
        };
        let metrics = standings.iter().filter_map(|(metric, standings)| Some((*metric, value(standings[idx].as_ref()?)))).collect();
        Some(Entry { step: entry.evaluation.step, spent: entry.spent, validation_rows: entry.rows, metrics })
    };
    let points = |cost| {
        let points = frontier::frontier(runs, cost, metric).into_iter();
        let point = |point: frontier::Point| Point {
            run: runs[point.idx].id.to_string(),
            cost: point.cost,
            value: point.value,
            is_efficient: point.is_efficient,
        };
        points.map(point).collect()
    };
    let maps: Vec<Option<BTreeMap<String, String>>> = runs.iter().map(|run| run.spec.as_ref().ok().map(flat)).collect();
    let (differing_settings, equal_settings) = configuration::differences(&maps.iter().map(Option::as_ref).collect::<Vec<_>>());
    let document = Document {
        runs: runs.iter().map(|run| run.id.to_string()).collect(),
        metric,
        budget,
        amount: found.amount,
        limited_by: found.limited_by.map(|idx| runs[idx].id.to_string()),
        matched: found.entries.iter().enumerate().map(entry).collect(),
        efficiency: Cost::ALL.into_iter().map(|cost| (cost, points(cost))).collect(),
        tasks: TASKS,
        storage: runs.iter().map(|run| stored(run)).collect(),
        differing_settings,
        equal_settings,
    };
    serde_json::to_string_pretty(&document).expect("names as keys and plain numbers always encode") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::compare::matched::tests::run_with;

    #[test]
    fn the_document_holds_what_the_text_says() {
        let (a, b) = (run_with(&[(10, 0.9)]), run_with(&[(20, 0.5)]));
        let document: serde_json::Value = serde_json::from_str(&document(&[&a, &b], Budget::Steps, MetricName::Accuracy)).unwrap();
        assert_eq!(document["amount"], 10.0);
        assert_eq!(document["limited_by"], "x-1/until-10");
        assert_eq!(document["matched"][0]["metrics"]["accuracy"]["is_best"], true);
        assert!(document["matched"][0]["metrics"]["accuracy"]["low"].as_f64().unwrap() < 0.9);
        assert_eq!(document["matched"][1], serde_json::Value::Null);
        assert_eq!(document["efficiency"]["seconds"][0]["is_efficient"], true);
        assert_eq!(document["storage"][0]["bytes"].as_array().unwrap().len(), 4);
        assert_eq!(document["differing_settings"], serde_json::json!([]));
    }
}
