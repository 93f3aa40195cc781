//! All rules asked: what deserves attention about a run now, and what of it is news for its log.

use std::collections::BTreeSet;

use crate::run::alert::{Alert, AlertCleared, Moment, Rule};
use crate::run::catalog::RunView;
use crate::run::event::EventKind;
use crate::run::state::RunState;
use crate::spec::run::RunSpec;
use crate::verdict::{
    Finding, Run, divergence, imbalance, learning_rate, not_learning, not_moving, one_class, overfitting, plateau, small_validation, spike,
};

/// What deserves attention about a run, most urgent first: what its worker wrote down, or, of a log from before workers did, what the
/// rules say of it now. Rules whose names are in `muted` are left out.
pub fn alerts(run: &RunView, muted: &BTreeSet<String>) -> Vec<Alert> {
    let is_judged = !run.state.updates.is_empty() || !run.state.alerts.is_empty();
    let mut alerts = match &run.spec {
        _ if is_judged => run.state.alerts.values().cloned().collect(),
        Ok(spec) => judge(spec, &run.state),
        Err(_) => Vec::new(),
    };
    alerts.retain(|alert| !muted.contains(alert.rule.name()));
    alerts.sort_by_key(|alert| (std::cmp::Reverse(alert.severity), alert.rule));
    alerts
}

/// What the rules say of a run as far as it is known, in the order of [`Rule::ALL`].
pub fn judge(spec: &RunSpec, state: &RunState) -> Vec<Alert> {
    let run = Run { spec, state };
    let at = state.steps.last().map_or_else(Moment::default, |step| Moment { step: step.step, epoch: step.epoch });
    let mut alerts = Vec::new();
    for rule in Rule::ALL {
        // A run that is lost is not judged by its curve.
        let is_lost = alerts.first().is_some_and(|alert: &Alert| alert.rule == Rule::Divergence);
        if is_lost && matches!(rule, Rule::Overfitting | Rule::NotLearning | Rule::Spike | Rule::Plateau) {
            continue;
        }
        let Some(Finding { severity, what, brief, advice, action }) = ask(rule, &run) else { continue };
        let since = state.alerts.get(&rule).filter(|earlier| earlier.severity == severity).map_or(at, |earlier| earlier.since);
        alerts.push(Alert { rule, severity, what, brief, since, at, advice, action });
    }
    alerts
}

/// The events that bring the alerts of `state` up to date: those that appear or say something new, and those that are over.
pub fn changes(spec: &RunSpec, state: &RunState) -> Vec<EventKind> {
    let now = judge(spec, state);
    let at = state.steps.last().map_or_else(Moment::default, |step| Moment { step: step.step, epoch: step.epoch });
    let is_over = |rule: &Rule| now.iter().all(|alert| alert.rule != *rule);
    let over: Vec<Rule> = state.alerts.keys().copied().filter(is_over).collect();
    let news = now.into_iter().filter(|alert| {
        let says = |alert: &Alert| (alert.severity, alert.what.clone(), alert.advice.clone());
        state.alerts.get(&alert.rule).is_none_or(|earlier| says(earlier) != says(alert))
    });
    let cleared = over.into_iter().map(|rule| EventKind::AlertCleared(AlertCleared { rule, at }));
    news.map(EventKind::Alert).chain(cleared).collect()
}

fn ask(rule: Rule, run: &Run) -> Option<Finding> {
    match rule {
        Rule::Divergence => divergence::judge(run),
        Rule::Overfitting => overfitting::finding(run),
        Rule::NotMoving => not_moving::judge(run),
        Rule::OneClass => one_class::judge(run),
        Rule::NotLearning => not_learning::judge(run),
        Rule::LearningRate => learning_rate::judge(run),
        Rule::Spike => spike::judge(run),
        Rule::Plateau => plateau::judge(run),
        Rule::SmallValidation => small_validation::judge(run),
        Rule::Imbalance => imbalance::judge(run),
    }
}

#[cfg(test)]
mod tests;
