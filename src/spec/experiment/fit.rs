//! Settings that only one kind of task has: what does not fit the task is a problem where it stands.

use crate::metric::MetricName;
use crate::spec::experiment::problem::Problems;
use crate::spec::experiment::section::Written;
use crate::spec::experiment::settings::{Settings, Switch};
use crate::spec::experiment::values;
use crate::spec::experiment::written::Experiment;
use crate::spec::task::TaskKind;

/// Checks the settings of an experiment and of its runs against the kind of its task.
pub fn check(experiment: &Experiment, problems: &mut Problems) {
    let kind = experiment.data.kind.unwrap_or_default();
    for settings in experiment.runs.iter().map(|run| &run.settings).chain([&experiment.settings]) {
        check_settings(settings, kind, problems);
    }
}

fn check_settings(settings: &Settings, kind: TaskKind, problems: &mut Problems) {
    if let Some(best) = &settings.best_metric {
        check_metric("best_metric", best, kind, problems);
    }
    if let Some(Switch::On(early_stopping)) = &settings.early_stopping
        && let Some(metric) = &early_stopping.metric
    {
        check_metric("metric", metric, kind, problems);
    }
    if let Some(smoothing) = settings.label_smoothing.as_ref().filter(|smoothing| smoothing.value > 0.0)
        && kind == TaskKind::Regression
    {
        problems.push(&smoothing.place.clone().key(), "`label_smoothing` has no meaning in a regression: there are no labels", "remove it");
    }
}

fn check_metric(key: &str, metric: &Written<MetricName>, kind: TaskKind, problems: &mut Problems) {
    if kind.metrics().contains(&metric.value) {
        return;
    }
    let names: Vec<&str> = kind.metrics().iter().map(|metric| metric.name()).collect();
    let other = if kind == TaskKind::Classification { "; for numbers to be predicted say `data: {kind: regression}`" } else { "" };
    let message = format!("`{key}` is {}, which does not judge a {}", metric.value.name(), kind.name());
    problems.push(&metric.place, message, &format!("accepted: {}{other}", values::one_of(&names)));
}
