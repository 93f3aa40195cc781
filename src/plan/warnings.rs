//! What is allowed and yet probably a mistake. Pure.

use crate::data::read;
use crate::data::survey::{Occurrence, Survey, Targets};
use crate::data::values;
use crate::metric::MetricName;
use crate::plan::prepare::PlannedRun;
use crate::spec::experiment::values::{quoted, short_number};
use crate::spec::method::Method;
use crate::spec::optimization::EvaluateEvery;
use crate::spec::task::{Split, Task, TaskKind};

/// Devlin et al. 2019, appendix A.3: the highest learning rate for full fine-tuning.
const HIGHEST_FULL_LR: f64 = 5e-5;
/// Learning rates this many times above or below a method's default belong to another method.
const FAR_LR: f64 = 30.0;
/// Names that a shared warning lists.
const MOST_NAMES: usize = 4;
/// Validation splits smaller than this move by chance more than methods differ.
const SMALL_VALIDATION: usize = 1000;

/// Every warning about the runs and the data, runs first; a warning that several runs share is told once.
pub fn warnings(runs: &[PlannedRun], task: &Task, survey: &Survey) -> Vec<String> {
    let mut shared: Vec<(Vec<&str>, String)> = Vec::new();
    for run in runs {
        for warning in of_run(run, task) {
            match shared.iter_mut().find(|(_, known)| *known == warning) {
                Some((names, _)) => names.push(&run.spec.name),
                None => shared.push((vec![&run.spec.name], warning)),
            }
        }
    }
    let all = runs.len();
    let of_runs = shared.into_iter().map(|(names, warning)| match names.len() {
        n if n == all && n > 1 => format!("all runs: {warning}"),
        n if n > MOST_NAMES => format!("{} and {} more: {warning}", names[..MOST_NAMES].join(", "), n - MOST_NAMES),
        _ => format!("{}: {warning}", names.join(", ")),
    });
    of_runs.chain(of_data(task, survey)).collect()
}

fn of_run(run: &PlannedRun, task: &Task) -> Vec<String> {
    let (spec, cost) = (&run.spec, &run.cost);
    let optimization = &spec.optimization;
    let lr = optimization.learning_rate;
    let shown = short_number(lr);
    let mut warnings = Vec::new();
    let usual = spec.method.about().learning_rate;
    let default = short_number(usual);
    match spec.method {
        Method::Full if lr > HIGHEST_FULL_LR => {
            warnings.push(format!(
                "learning rate {shown} is above 5e-5; full fine-tuning then often forgets or diverges (Devlin et al. 2019: 2e-5 to 5e-5)"
            ));
        }
        _ if lr >= FAR_LR * usual => {
            warnings.push(format!("learning rate {shown} is {:.0} times the method's default, {default}; it may diverge", lr / usual));
        }
        Method::Full | Method::TopLayers(_) if lr * FAR_LR <= usual => {
            warnings.push(format!("learning rate {shown} is far below the method's default, {default}; it may barely learn"));
        }
        Method::Full | Method::TopLayers(_) => {}
        _ if lr <= HIGHEST_FULL_LR => {
            warnings.push(format!(
                "learning rate {shown} suits full fine-tuning; a frozen backbone needs more (default {default}) and may barely learn"
            ));
        }
        _ if lr * FAR_LR <= usual => {
            warnings.push(format!("learning rate {shown} is far below the method's default, {default}; it may barely learn"));
        }
        _ => {}
    }
    if spec.task.max_length < task.max_length {
        let (length, n_virtual) = (spec.task.max_length, spec.method.virtual_tokens());
        warnings.push(format!("{n_virtual} virtual tokens leave room for {length}; longer texts are cut there, other runs read more"));
    }
    if optimization.warmup_ratio == 0.0 && spec.method != Method::FeatureExtraction {
        warnings.push("no warm-up: the first steps are the largest, on moments that are not settled (warmup: 0.1 is usual)".to_owned());
    }
    if let EvaluateEvery::Steps(steps) = optimization.evaluate
        && steps > cost.total_steps
    {
        warnings.push(format!("evaluated every {steps} steps, but it has only {}: only the end is evaluated", cost.total_steps));
    }
    let watched = spec.early_stopping.as_ref().map_or(spec.best_metric, |early_stopping| early_stopping.metric);
    if watched == MetricName::F1 && task.labels.len() > 2 {
        warnings.push(format!("f1 is that of label {} alone; macro_f1 weighs all {}", quoted(&task.labels[1]), task.labels.len()));
    }
    if cost.steps_per_epoch < 2 {
        warnings.push(format!("a batch of {} holds the whole training split: one step an epoch", optimization.batch_size));
    }
    warnings
}

fn of_data(task: &Task, survey: &Survey) -> Vec<String> {
    let mut warnings = Vec::new();
    let is_fraction = |label: &String| values::parse(label).is_some_and(|value| value.fract() != 0.0);
    if task.labels.iter().all(|label| values::parse(label).is_some()) && task.labels.iter().any(is_fraction) {
        let n_labels = task.labels.len();
        warnings
            .push(format!("the {n_labels} labels are numbers with fractions; to predict them as numbers say `data: {{kind: regression}}`"));
    }
    for split in &survey.splits {
        let name = split.split.name();
        let counts = if let Targets::LabelCounts(counts) = &split.targets { &counts[..] } else { &[] };
        let absent: Vec<String> =
            task.labels.iter().zip(counts).filter(|(_, count)| **count == 0).map(|(label, _)| quoted(label)).collect();
        if !absent.is_empty() {
            warnings.push(format!("the {name} split has no row of label {}", absent.join(", ")));
        }
        if let Targets::Values(values) = &split.targets
            && values.standard_deviation == 0.0
        {
            warnings.push(format!("every row of the {name} split has the value {}: no correlation can be told from it", values.mean));
        }
        if let Some(found) = &split.control_characters {
            let verb = if found.n_rows == 1 { "has" } else { "have" };
            warnings.push(format!(
                "{} of the {name} split {verb} control characters, {}; the model sees them as they are",
                rows(found),
                first(survey, split.split, found)
            ));
        }
        if split.split == Split::Validation && split.n_rows < SMALL_VALIDATION {
            let known = match task.kind {
                TaskKind::Classification => format!("an accuracy near 90 % is known to ±{:.0} points", 100.0 * interval(split.n_rows)),
                TaskKind::Regression => format!("a correlation near 0.9 is known to ±{:.2}", correlation_interval(split.n_rows)),
            };
            warnings.push(format!("the validation split has {} rows: {known} (95 %)", split.n_rows));
        }
    }
    for overlap in &survey.overlaps {
        let name = overlap.split.name();
        let verb = if overlap.found.n_rows == 1 { "is" } else { "are" };
        warnings.push(format!(
            "{} of the {name} split {verb} also in the training split, {}: the {name} metric flatters",
            rows(&overlap.found),
            first(survey, overlap.split, &overlap.found)
        ));
    }
    if let Some(found) = &survey.train_duplicates {
        warnings.push(format!(
            "{} of the training split {} an earlier one, {}",
            rows(found),
            repeat(found),
            first(survey, Split::Train, found)
        ));
    }
    if let Some(found) = &survey.contradictions {
        warnings.push(format!(
            "{} of the training split {} an earlier one with another label, {}",
            rows(found),
            repeat(found),
            first(survey, Split::Train, found)
        ));
    }
    warnings
}

/// Where the first of them is.
fn first(survey: &Survey, split: Split, found: &Occurrence) -> String {
    let path = survey.splits.iter().find(|survey| survey.split == split).map(|survey| survey.path.as_path());
    let place = if path.is_none_or(read::has_lines) { "on line" } else { "in row" };
    format!("the first {place} {}", found.first_line)
}

fn repeat(found: &Occurrence) -> &'static str {
    if found.n_rows == 1 { "repeats" } else { "repeat" }
}

fn rows(found: &Occurrence) -> String {
    format!("{} {}", found.n_rows, if found.n_rows == 1 { "row" } else { "rows" })
}

/// Half the width of the 95 % interval of a correlation near 0.9 in `n` rows (Fisher's transformation, to first order).
fn correlation_interval(n: usize) -> f64 {
    1.96 * (1.0 - 0.9 * 0.9) / (n.max(4) as f64 - 3.0).sqrt()
}

/// Half the width of the 95 % interval of a share near 0.9 in `n` rows (normal approximation).
fn interval(n: usize) -> f64 {
    1.96 * (0.9 * 0.1 / n as f64).sqrt()
}
