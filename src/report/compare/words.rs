//! A comparison as text for a terminal or a pipe. Pure.

use std::collections::BTreeMap;

use crate::metric::MetricName;
use crate::report::columns::{Align, aligned};
use crate::report::compare::budget::Budget;
use crate::report::compare::configuration;
use crate::report::compare::cost::Cost;
use crate::report::compare::frontier;
use crate::report::compare::matched::{Matched, Standing, matched};
use crate::report::compare::storage::{TASKS, stored};
use crate::report::number::{self, MISSING, bytes, duration, grouped};
use crate::report::table;
use crate::run::catalog::RunView;
use crate::spec::flat::flat;

/// Stands behind the best value of a column.
const BEST: &str = " *";

/// What runs are called: by their names where these tell them apart, else by their ids.
pub fn labels(runs: &[&RunView]) -> Vec<String> {
    let is_plain = |run: &RunView| runs.iter().filter(|other| other.id.run() == run.id.run()).count() == 1;
    runs.iter().map(|run| if is_plain(run) { run.id.run().to_owned() } else { run.id.to_string() }).collect()
}

/// An amount of a budget: `250`, `8,000`, `43 s`, `1.2e13`.
pub fn amount(budget: Budget, amount: f64) -> String {
    match budget {
        Budget::Steps | Budget::Examples => grouped(amount.max(0.0).round() as u64),
        Budget::Seconds => duration(amount),
        Budget::Flops => format!("{amount:.2e}"),
    }
}

/// An amount of a cost.
pub fn cost(cost: Cost, amount: f64) -> String {
    match cost {
        Cost::Parameters => grouped(amount.max(0.0) as u64),
        Cost::Bytes | Cost::Memory => bytes(amount.max(0.0) as u64),
        Cost::Seconds => duration(amount),
    }
}

/// What is to be thought of a difference.
pub const fn verdict(standing: &Standing) -> &'static str {
    match standing {
        Standing { is_best: true, .. } => "best",
        Standing { is_beyond_chance: Some(true), .. } => "beyond chance",
        Standing { is_beyond_chance: Some(false), .. } => "within chance",
        Standing { is_beyond_chance: None, .. } => "no interval",
    }
}

/// Everything that `finetop compare` says.
pub fn text(runs: &[&RunView], budget: Budget, metric: MetricName) -> String {
    let labels = labels(runs);
    let parts =
        [metrics(runs, &labels, budget, metric), efficiency(runs, &labels, metric), storage(runs, &labels), settings(runs, &labels)];
    parts.join("\n")
}

fn metrics(runs: &[&RunView], labels: &[String], budget: Budget, metric: MetricName) -> String {
    use Align::{Left, Right};
    let found = matched(runs, budget);
    let mut text = heading(&found, labels);
    let others: Vec<MetricName> = found.metrics().into_iter().filter(|other| *other != metric).collect();
    let standings = found.standings(metric);
    let of_others: Vec<Vec<Option<Standing>>> = others.iter().map(|other| found.standings(*other)).collect();
    let head = ["RUN", "METHOD", "STEP", budget.name(), metric.name(), "DELTA", "95 % INTERVAL", "DIFFERENCE"].map(str::to_uppercase);
    let mut rows = vec![head.into_iter().chain(others.iter().map(|other| other.name().to_uppercase())).collect::<Vec<_>>()];
    for (idx, run) in runs.iter().enumerate() {
        let entry = found.entries[idx].as_ref();
        let standing = standings[idx].as_ref();
        let or_missing = |text: Option<String>| text.unwrap_or_else(|| MISSING.to_owned());
        let interval = standing.and_then(|standing| standing.interval);
        let mut row = vec![
            labels[idx].clone(),
            table::method(run),
            or_missing(entry.map(|entry| entry.evaluation.step.to_string())),
            or_missing(entry.map(|entry| amount(budget, entry.spent))),
            or_missing(standing.map(marked)),
            or_missing(standing.filter(|standing| !standing.is_best).map(|standing| format!("{:+.4}", standing.delta))),
            or_missing(interval.map(|interval| format!("{:.3} to {:.3}", interval.low, interval.high))),
            or_missing(standing.map(|standing| verdict(standing).to_owned())),
        ];
        row.extend(of_others.iter().map(|standings| or_missing(standings[idx].as_ref().map(marked))));
        rows.push(row);
    }
    let columns = [Left, Left, Right, Right, Right, Right, Right, Left].into_iter().chain(others.iter().map(|_| Right));
    text.push_str(&aligned(&columns.collect::<Vec<_>>(), &rows));
    text
}

/// What is held equal, and by which run.
fn heading(found: &Matched, labels: &[String]) -> String {
    let Some((limit, limited_by)) = found.amount.zip(found.limited_by) else {
        return format!("nothing to compare at {}: no run has an evaluation for which its log tells them\n", found.budget.about());
    };
    let text = format!(
        "the best of each within {} {} ({}; {} has no more)\n",
        amount(found.budget, limit),
        if found.budget == Budget::Seconds { "of training" } else { found.budget.name() },
        found.budget.about(),
        crate::run::text::printable(&labels[limited_by]),
    );
    let Some(counts) = found.row_counts() else { return text };
    let counts = counts.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    text + &format!("careful: the runs are not judged on the same rows ({counts} validation rows)\n")
}

fn marked(standing: &Standing) -> String {
    format!("{}{}", number::metric(standing.value), if standing.is_best { BEST } else { "  " })
}

fn efficiency(runs: &[&RunView], labels: &[String], metric: MetricName) -> String {
    use Align::{Left, Right};
    let points: Vec<(Cost, Vec<frontier::Point>)> =
        Cost::ALL.into_iter().map(|cost| (cost, frontier::frontier(runs, cost, metric))).collect();
    let mut rows = vec![
        ["RUN", "PARAMETERS", "BYTES", "SECONDS", "MEMORY", &format!("BEST {}", metric.name().to_uppercase())].map(str::to_owned).to_vec(),
    ];
    for (idx, label) in labels.iter().enumerate() {
        let of = |points: &[frontier::Point]| points.iter().find(|point| point.idx == idx).copied();
        let value = points.iter().find_map(|(_, points)| of(points)).map(|point| number::metric(point.value));
        let costs = points.iter().map(|(kind, points)| match of(points) {
            Some(point) => format!("{}{}", cost(*kind, point.cost), if point.is_efficient { BEST } else { "  " }),
            None => MISSING.to_owned(),
        });
        let row = [label.clone()].into_iter().chain(costs).chain([value.unwrap_or_else(|| MISSING.to_owned())]);
        rows.push(row.collect());
    }
    format!(
        "efficiency: * where no other run is as good at that cost or less\n{}",
        aligned(&[Left, Right, Right, Right, Right, Right], &rows)
    )
}

fn storage(runs: &[&RunView], labels: &[String]) -> String {
    use Align::{Left, Right};
    let tasks = TASKS.map(|tasks| if tasks == 1 { "1 TASK".to_owned() } else { format!("{} TASKS", grouped(tasks)) });
    let mut rows = vec![["RUN", "PER TASK", "BASE"].map(str::to_owned).into_iter().chain(tasks).collect::<Vec<_>>()];
    let mut whole = None;
    for (run, label) in runs.iter().zip(labels) {
        let Some(found) = stored(run) else {
            rows.push(vec![label.clone(), MISSING.to_owned()]);
            continue;
        };
        whole = whole.or(Some(found.whole_models_bytes));
        let base = if found.base_bytes == 0 { MISSING.to_owned() } else { bytes(found.base_bytes) };
        rows.push([label.clone(), bytes(found.task_bytes), base].into_iter().chain(found.bytes.map(bytes)).collect());
    }
    if let Some(whole) = whole {
        let lead = ["(whole models)".to_owned(), bytes(whole[0]), MISSING.to_owned()];
        rows.push(lead.into_iter().chain(whole.map(bytes)).collect());
    }
    format!("stored for many tasks, one base and a file for each\n{}", aligned(&[Left, Right, Right, Right, Right, Right, Right], &rows))
}

fn settings(runs: &[&RunView], labels: &[String]) -> String {
    let maps: Vec<Option<BTreeMap<String, String>>> = runs.iter().map(|run| run.spec.as_ref().ok().map(flat)).collect();
    let (differences, n_same) = configuration::differences(&maps.iter().map(Option::as_ref).collect::<Vec<_>>());
    if differences.is_empty() {
        return format!("settings: all {n_same} are the same\n");
    }
    let mut rows = vec![["SETTING".to_owned()].into_iter().chain(labels.iter().cloned()).collect::<Vec<_>>()];
    rows.extend(differences.into_iter().map(|difference| {
        let values = difference.values.into_iter().map(|value| value.unwrap_or_else(|| MISSING.to_owned()));
        [difference.key].into_iter().chain(values).collect()
    }));
    let columns = vec![Align::Left; labels.len() + 1];
    format!("settings that differ ({n_same} are the same)\n{}", aligned(&columns, &rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::compare::matched::tests::run_with;
    use crate::run::catalog::RunId;

    #[test]
    fn a_comparison_lines_up() {
        let mut small = run_with(&[(10, 0.7), (20, 0.83)]);
        small.id = RunId("x-1/small".to_owned());
        if let Ok(spec) = &mut small.spec {
            spec.seed = 7;
        }
        let long = run_with(&[(10, 0.6), (20, 0.85), (30, 0.95)]);
        let poor = run_with(&[(20, 0.4), (25, 0.41)]);
        insta::assert_snapshot!(text(&[&small, &long, &poor], Budget::Steps, MetricName::Accuracy));
    }

    #[test]
    fn runs_of_one_name_are_called_by_their_ids() {
        let (mut one, mut other) = (run_with(&[]), run_with(&[]));
        (one.id, other.id) = (RunId("a-1/lora".to_owned()), RunId("a-2/lora".to_owned()));
        assert_eq!(labels(&[&one, &other]), ["a-1/lora", "a-2/lora"]);
        assert_eq!(labels(&[&one]), ["lora"]);
    }

    #[test]
    fn nothing_to_compare_is_said() {
        let fresh = run_with(&[]);
        assert!(text(&[&fresh], Budget::Flops, MetricName::Accuracy).starts_with("nothing to compare at equal training FLOPs"));
    }
}
