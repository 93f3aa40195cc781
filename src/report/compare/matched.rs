//! What each run had when all had spent the same: the metrics of its best evaluation up to there, and how they differ. Pure.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::metric::MetricName;
use crate::report::compare::budget::Budget;
use crate::run::catalog::RunView;
use crate::run::event::Evaluation;
use crate::run::status::RunStatus;
use crate::spec::task::Split;
use crate::verdict::interval::{self, Interval};

/// Runs at one budget.
#[derive(Debug, Clone, PartialEq)]
pub struct Matched<'a> {
    /// What is held equal.
    pub budget: Budget,
    /// How much of it: what the run that has spent least has spent; `None` where no log says.
    pub amount: Option<f64>,
    /// The run that has spent least.
    pub limited_by: Option<usize>,
    /// What each run had then, in the order of the runs.
    pub entries: Vec<Option<Entry<'a>>>,
}

/// What a run had at the budget.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry<'a> {
    /// The best evaluation that the budget allows, as the run judges it: what its kept checkpoint would be.
    pub evaluation: &'a Evaluation,
    /// What the run had spent when it was evaluated.
    pub spent: f64,
    /// Rows of its validation split.
    pub rows: u64,
}

/// How a run stands against the best one in a metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Standing {
    /// Its value.
    pub value: f64,
    /// Whether it is the best.
    pub is_best: bool,
    /// Its value less that of the best.
    pub delta: f64,
    /// Whether the difference is larger than chance explains on these rows; `None` where that cannot be told.
    pub is_beyond_chance: Option<bool>,
    /// Its own 95 % interval.
    #[serde(skip)]
    pub interval: Option<Interval>,
}

/// Brings runs to the same budget. A run that broke down does not hold the others back.
pub fn matched<'a>(runs: &[&'a RunView], budget: Budget) -> Matched<'a> {
    let total = |run: &RunView| run.state.evaluations.last().and_then(|last| budget.spent(run, last.step));
    let is_broken = |run: &RunView| matches!(run.status, RunStatus::Failed | RunStatus::Diverged | RunStatus::Lost);
    let totals: Vec<(usize, f64, bool)> =
        runs.iter().enumerate().filter_map(|(idx, run)| Some((idx, total(run)?, is_broken(run)))).filter(|total| total.1 > 0.0).collect();
    let has_sound = totals.iter().any(|total| !total.2);
    let least = totals.iter().filter(|total| !has_sound || !total.2).min_by(|a, b| a.1.total_cmp(&b.1));
    let amount = least.map(|least| least.1);
    let entries = runs.iter().map(|run| amount.and_then(|amount| entry(run, budget, amount))).collect();
    Matched { budget, amount, limited_by: least.map(|least| least.0), entries }
}

/// The best evaluation of a run within a budget.
fn entry(run: &RunView, budget: Budget, amount: f64) -> Option<Entry<'_>> {
    let metric = run.spec.as_ref().map_or(MetricName::Loss, |spec| spec.best_metric);
    let sign = if metric.definition().higher_is_better { 1.0 } else { -1.0 };
    // Sums of seconds may differ in their last digits.
    let within = amount * (1.0 + 1e-9);
    let fits = run.state.evaluations.iter().filter_map(|evaluation| {
        let spent = budget.spent(run, evaluation.step).filter(|spent| *spent <= within)?;
        Some((evaluation, spent))
    });
    let value = |evaluation: &Evaluation| evaluation.metrics.get(&metric).map_or(f64::NAN, |value| value.0 * sign);
    // The first of equals, as the worker keeps it; what is no number is the worst.
    let best = fits.reduce(|best, next| if value(next.0) > value(best.0) || value(best.0).is_nan() { next } else { best })?;
    let rows = run.state.training.as_ref().and_then(|training| training.rows.get(&Split::Validation)).copied().unwrap_or(0);
    Some(Entry { evaluation: best.0, spent: best.1, rows })
}

impl Matched<'_> {
    /// The metrics that any of the runs has, in their order.
    pub fn metrics(&self) -> Vec<MetricName> {
        let has = |metric: &MetricName| self.entries.iter().flatten().any(|entry| entry.evaluation.metrics.contains_key(metric));
        MetricName::ALL.into_iter().filter(has).collect()
    }

    /// How each run stands in a metric.
    pub fn standings(&self, metric: MetricName) -> Vec<Option<Standing>> {
        let value = |entry: &Entry| entry.evaluation.metrics.get(&metric).map(|value| value.0);
        let sign = if metric.definition().higher_is_better { 1.0 } else { -1.0 };
        let finite = |entry: &Entry| value(entry).filter(|value| value.is_finite());
        let candidates = self.entries.iter().enumerate().filter_map(|(idx, entry)| Some((idx, finite(entry.as_ref()?)?)));
        let best = candidates.reduce(|best, next| if next.1 * sign > best.1 * sign { next } else { best });
        let interval_of = |entry: &Entry| interval::interval(metric, entry.evaluation, entry.rows);
        let best_interval = best.and_then(|(idx, _)| self.entries[idx].as_ref()).and_then(interval_of);
        let standing = |(idx, entry): (usize, &Option<Entry>)| {
            let entry = entry.as_ref()?;
            let value = value(entry)?;
            let (best_idx, best_value) = best.unwrap_or((idx, value));
            let interval = interval_of(entry);
            let is_beyond_chance = interval.zip(best_interval).map(|(own, best)| interval::is_beyond_chance(own, best));
            let is_best = idx == best_idx;
            Some(Standing { value, is_best, delta: value - best_value, is_beyond_chance: is_beyond_chance.filter(|_| !is_best), interval })
        };
        self.entries.iter().enumerate().map(standing).collect()
    }

    /// Rows of the validation splits, where not all runs are judged on as many.
    pub fn row_counts(&self) -> Option<Vec<u64>> {
        let counts: BTreeSet<u64> = self.entries.iter().flatten().map(|entry| entry.rows).collect();
        (counts.len() > 1).then(|| counts.into_iter().collect())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::metric::ConfusionMatrix;
    use crate::report::table::tests::golden_run;
    use crate::run::catalog::RunId;
    use crate::run::event::{Event, EventKind, StepTaken};
    use crate::run::number::Number;
    use crate::run::state::RunState;

    /// A finished run with an accuracy of 200 rows at some steps; a step takes 0.1 s, 32 examples and 640 tokens.
    pub(crate) fn run_with(evaluations: &[(u64, f64)]) -> RunView {
        let golden = golden_run();
        let mut state = RunState { training: golden.state.training.clone(), ..RunState::default() };
        let mut apply = |kind| state.apply(&Event { time: 0.0, kind });
        let last = evaluations.last().map_or(0, |last| last.0);
        for step in 1..=last {
            apply(EventKind::Step(StepTaken {
                step,
                epoch: step as f64 / 10.0,
                loss: Number(1.0),
                learning_rate: 1e-3,
                gradient_norm: Number(1.0),
                examples: 32 * step,
                tokens: 640 * step,
                seconds: 0.1,
                training_seconds: 0.1 * step as f64,
                rss_bytes: 1 << 28,
            }));
            let Some((_, accuracy)) = evaluations.iter().find(|evaluation| evaluation.0 == step) else { continue };
            let hits = (accuracy * 200.0).round() as u64;
            let confusion = ConfusionMatrix { counts: vec![vec![hits, 200 - hits], vec![0, 0]] };
            apply(EventKind::Evaluation(Evaluation {
                step,
                epoch: step as f64 / 10.0,
                split: Split::Validation,
                metrics: [(MetricName::Accuracy, Number(*accuracy)), (MetricName::Loss, Number(1.0 - accuracy))].into(),
                confusion: Some(confusion),
                seconds: 0.0,
                is_best: true,
            }));
        }
        RunView { id: RunId(format!("x-1/until-{last}")), state, status: RunStatus::Finished, ..golden }
    }

    #[test]
    fn runs_are_judged_by_what_the_shortest_could_spend_and_keep() {
        let (long, short) = (run_with(&[(10, 0.6), (20, 0.9), (30, 0.8), (40, 0.95)]), run_with(&[(15, 0.7), (30, 0.75)]));
        for (budget, amount) in [(Budget::Steps, 30.0), (Budget::Examples, 960.0), (Budget::Seconds, 3.0)] {
            let found = matched(&[&long, &short], budget);
            assert!((found.amount.unwrap() - amount).abs() < 1e-5, "{budget:?}");
            assert_eq!(found.limited_by, Some(1));
            let steps: Vec<u64> = found.entries.iter().flatten().map(|entry| entry.evaluation.step).collect();
            assert_eq!(steps, [20, 30], "the best within the budget, not the last");
        }
        assert_eq!(matched(&[&long, &short], Budget::Flops).amount, None);
    }

    #[test]
    fn the_winner_is_marked_and_differences_are_weighed_against_chance() {
        let runs = [run_with(&[(10, 0.9)]), run_with(&[(10, 0.88)]), run_with(&[(10, 0.5)])];
        let found = matched(&runs.iter().collect::<Vec<_>>(), Budget::Steps);
        let standings: Vec<Standing> = found.standings(MetricName::Accuracy).into_iter().flatten().collect();
        let words: Vec<_> = standings.iter().map(|standing| (standing.is_best, standing.is_beyond_chance)).collect();
        assert_eq!(words, [(true, None), (false, Some(false)), (false, Some(true))]);
        assert!((standings[2].delta + 0.4).abs() < 1e-12);
        let losses: Vec<Standing> = found.standings(MetricName::Loss).into_iter().flatten().collect();
        assert!(losses[0].is_best && losses[2].is_beyond_chance.is_none(), "a loss has no interval");
    }

    #[test]
    fn a_run_that_broke_down_early_does_not_hold_the_others_back() {
        let broken = RunView { status: RunStatus::Diverged, ..run_with(&[(5, 0.3)]) };
        let (a, b) = (run_with(&[(20, 0.8)]), run_with(&[(30, 0.8)]));
        let found = matched(&[&broken, &a, &b], Budget::Steps);
        assert_eq!((found.amount, found.limited_by), (Some(20.0), Some(1)));
        assert!(found.entries[0].is_some() && found.entries[2].is_none(), "nothing of the third lies within");
        assert_eq!(matched(&[&broken], Budget::Steps).amount, Some(5.0));
        assert_eq!(matched(&[], Budget::Steps).entries, []);
    }
}
