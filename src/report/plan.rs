//! A plan as text for people and as JSON for programs. Pure; returns text fit for a terminal.

use std::path::Path;

use serde::Serialize;

use crate::data::survey::{SplitSurvey, Survey, Targets, Values};
use crate::metric::MetricName;
use crate::plan::cost::Cost;
use crate::plan::places::Cached;
use crate::plan::prepare::{Plan, PlannedRun};
use crate::report::columns::{Align, WIDTH, wrapped};
use crate::report::ledger::{self, Row};
use crate::report::number::{bytes, grouped};
use crate::run::text::printable;
use crate::spec::early_stopping::EarlyStopping;
use crate::spec::experiment::overrides::Overrides;
use crate::spec::experiment::values::{quoted, short_number};
use crate::spec::head::{Classifier, Pooling};
use crate::spec::optimization::{EvaluateEvery, Optimization};
use crate::spec::run::{Device, Model, RunSpec};
use crate::spec::task::Split;

/// Labels that a line names before it only counts them.
const MOST_LABELS: usize = 6;

/// The plan as text, with a line feed at its end.
pub fn text(plan: &Plan) -> String {
    let mut lines = vec![heading(plan)];
    if !plan.overrides.is_empty() {
        lines.extend(wrapped(&format!("with {}", plan.overrides.in_words()), "    "));
    }
    lines.push(String::new());
    lines.extend(model(plan));
    lines.extend(data(plan));
    lines.push(String::new());
    lines.extend(tables(&plan.runs));
    lines.extend(settings(&plan.runs));
    if !plan.warnings.is_empty() {
        lines.push(String::new());
        lines.extend(plan.warnings.iter().flat_map(|warning| wrapped(&format!("! {warning}"), "  ")));
    }
    let mut text = String::new();
    for line in lines {
        text.push_str(printable(line.trim_end()).trim_end());
        text.push('\n');
    }
    text
}

/// The plan as one JSON document, with a line feed at its end.
pub fn json(plan: &Plan) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        experiment: &'a str,
        overrides: &'a Overrides,
        runs_at_once: usize,
        model: &'a Model,
        labels: &'a [String],
        data: &'a Survey,
        runs: Vec<Run<'a>>,
        warnings: &'a [String],
    }
    #[derive(Serialize)]
    struct Run<'a> {
        #[serde(rename = "run")]
        name: &'a str,
        method: &'a str,
        cost: &'a Cost,
        spec: &'a RunSpec,
    }
    let document = Document {
        experiment: &plan.name,
        overrides: &plan.overrides,
        runs_at_once: plan.runs_at_once,
        model: &plan.model,
        labels: &plan.task.labels,
        data: &plan.survey,
        runs: plan
            .runs
            .iter()
            .map(|PlannedRun { spec, cost, .. }| Run { name: &spec.name, method: spec.method.about().name, cost, spec })
            .collect(),
        warnings: &plan.warnings,
    };
    let text = serde_json::to_string_pretty(&document).expect("a plan has only maps with text keys, and its serializers do not fail");
    text + "\n"
}

fn heading(plan: &Plan) -> String {
    let n_runs = plan.runs.len();
    let threads = plan.runs.first().map_or(1, |run| run.spec.threads);
    let mut precisions: Vec<_> = plan.runs.iter().map(|run| run.spec.precision.name()).collect();
    precisions.sort_unstable();
    precisions.dedup();
    let precision = precisions.join(" or ");
    format!("{}: {}, {} at once, {} each, {precision}", plan.name, counted(n_runs, "run"), plan.runs_at_once, counted(threads, "thread"))
}

fn counted(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

fn model(plan: &Plan) -> Vec<String> {
    let backbone = &plan.pretrained.backbone;
    let parameters = grouped(backbone.parameters(plan.pretrained.has_pooler) as u64);
    let pooler = if plan.pretrained.has_pooler { "with a pooler" } else { "no pooler" };
    let shape = format!("       {} layers of width {}, {parameters} parameters, {pooler}", backbone.n_layers, backbone.hidden_size);
    let mut lines = vec![format!("model  {}", plan.model.id), shape];
    let folder = match plan.places.in_cache(&plan.model.folder) {
        Some(cached) if cached.file.is_empty() => format!("the Hugging Face cache, revision {}", cached.revision),
        _ => plan.places.shown(&plan.model.folder, WIDTH - "       in ".len()),
    };
    if folder != plan.model.id {
        lines.push(format!("       in {folder}"));
    }
    lines
}

fn data(plan: &Plan) -> Vec<String> {
    let labels = &plan.task.labels;
    let of_split = |(index, split): (usize, &SplitSurvey)| {
        let head = if index == 0 { "data   " } else { "       " };
        let targets = match &split.targets {
            Targets::LabelCounts(counts) if labels.len() <= MOST_LABELS => {
                let count = |(label, count): (&String, &usize)| format!("{label}: {}", grouped(*count as u64));
                labels.iter().zip(counts).map(count).collect::<Vec<_>>().join(", ")
            }
            Targets::LabelCounts(_) => format!("{} labels", labels.len()),
            Targets::Values(values) => in_words(values),
        };
        let carved = plan.task.validation.is_none() && split.split == Split::Validation;
        let source = if carved { "carved from the training file".to_owned() } else { format!("from {}", file(plan, &split.path)) };
        let rows = grouped(split.n_rows as u64);
        let mut lines = wrapped(&format!("{head}{:<10} {rows:>7} rows; {}", split.split.name(), targets), "         ");
        lines.extend(wrapped(&format!("         {source}"), "         "));
        lines
    };
    plan.survey.splits.iter().enumerate().flat_map(of_split).collect()
}

/// A data file as a line has room for it.
fn file(plan: &Plan, path: &Path) -> String {
    match plan.places.in_cache(path) {
        Some(Cached { repository, revision, file }) => format!("{file} of {repository} in the Hugging Face cache, revision {revision}"),
        None => plan.places.shown(path, WIDTH - "         from ".len()),
    }
}

fn in_words(values: &Values) -> String {
    let Values { least, mean, greatest, standard_deviation } = values;
    format!("values {least} to {greatest}, mean {mean:.3}, deviation {standard_deviation:.3}")
}

/// Three tables of a line a run: what runs, its parameters, what they take.
fn tables(runs: &[PlannedRun]) -> Vec<String> {
    let rows: Vec<Row> =
        runs.iter().map(|PlannedRun { spec, cost, .. }| Row { name: &spec.name, ledger: &cost.ledger, storage: &cost.storage }).collect();
    let tables = [schedule(runs), ledger::parameters(&rows), ledger::storage(&rows)];
    tables.iter().flat_map(|table| table.lines().map(str::to_owned).chain([String::new()])).collect()
}

fn schedule(runs: &[PlannedRun]) -> String {
    let heading = ["METHOD", "LR", "STEPS", "MEMORY", "AT INFERENCE"];
    let of_run = |PlannedRun { spec, cost, .. }: &PlannedRun| {
        vec![
            spec.method.about().short.to_owned(),
            short_number(spec.optimization.learning_rate),
            grouped(cost.total_steps),
            bytes(cost.memory_bytes),
            cost.storage.inference.short(),
        ]
    };
    let aligns = [Align::Left, Align::Right, Align::Right, Align::Right, Align::Left];
    ledger::named_table(&heading, &aligns, runs.iter().map(|run| (run.spec.name.as_str(), of_run(run))).collect())
}

/// What a run's line of settings says, by what it is about: the method, its head, the training, its end, chance.
type Parts = [Vec<String>; 5];

/// What the tables leave out: what all runs share, then a block for each set of runs that share the rest.
fn settings(runs: &[PlannedRun]) -> Vec<String> {
    let all: Vec<Parts> = runs.iter().map(parts).collect();
    let is_shared = |group: usize, part: &String| all.len() > 1 && all.iter().all(|parts| parts[group].contains(part));
    let mut shared = Parts::default();
    let mut blocks: Vec<(Vec<&str>, Parts)> = Vec::new();
    for (run, parts) in runs.iter().zip(&all) {
        let mut own = parts.clone();
        for (group, parts) in own.iter_mut().enumerate() {
            let (of_all, rest) = std::mem::take(parts).into_iter().partition(|part| is_shared(group, part));
            (shared[group], *parts) = (of_all, rest);
        }
        // Runs that differ in their seeds alone stand together.
        match blocks.iter_mut().find(|(_, known)| known[..4] == own[..4]) {
            Some((names, known)) => {
                names.push(&run.spec.name);
                let seeds = own[4].iter().map(|seed| seed.trim_start_matches("seed ").to_owned());
                known[4].extend(seeds);
                known[4].dedup();
            }
            None => blocks.push((vec![&run.spec.name], own)),
        }
    }
    let block = |names: &str, parts: &Parts| {
        let groups: Vec<String> = parts.iter().filter(|parts| !parts.is_empty()).map(|parts| parts.join(", ")).collect();
        if groups.is_empty() { Vec::new() } else { wrapped(&format!("{names}: {}", groups.join("; ")), "    ") }
    };
    let own = blocks.iter().flat_map(|(names, parts)| block(&names.join(", "), parts));
    block("all runs", &shared).into_iter().chain(own).collect()
}

fn parts(PlannedRun { spec, cost, .. }: &PlannedRun) -> Parts {
    let own = spec.method.hyperparameters_line();
    let own = if own.is_empty() { Vec::new() } else { vec![own] };
    let optimization = optimization_parts(&spec.optimization, cost.warmup_steps);
    [own, head_parts(spec), optimization, end_parts(spec), vec![format!("seed {}", spec.seed)]]
}

fn head_parts(spec: &RunSpec) -> Vec<String> {
    let pooling = Pooling::NAMES.iter().find(|(_, pooling)| *pooling == spec.head.pooling).map_or("", |(name, _)| name);
    let classifier = Classifier::NAMES.iter().find(|(_, classifier)| *classifier == spec.head.classifier).map_or("", |(name, _)| name);
    vec![format!("pooling {pooling}"), format!("{classifier} head"), format!("head dropout {}", spec.head.dropout)]
}

fn optimization_parts(optimization: &Optimization, warmup_steps: u64) -> Vec<String> {
    let mut parts = vec![
        counted(optimization.epochs as usize, "epoch"),
        format!("batches of {}", optimization.batch_size),
        format!("{:?} schedule", optimization.schedule).to_lowercase(),
        if warmup_steps == 0 { "no warm-up".to_owned() } else { format!("{} of warm-up", counted(warmup_steps as usize, "step")) },
        format!("weight decay {}", short_number(optimization.weight_decay)),
    ];
    if let Some(rate) = optimization.head_learning_rate {
        parts.push(format!("head at {}", short_number(rate)));
    }
    if optimization.gradient_accumulation > 1 {
        parts.push(format!("in {} parts", optimization.gradient_accumulation));
    }
    if optimization.activation_recomputation {
        parts.push("activations recomputed".to_owned());
    }
    parts.push(optimization.max_grad_norm.map_or("no clipping".to_owned(), |norm| format!("gradients clipped at {}", short_number(norm))));
    if (optimization.layer_decay - 1.0).abs() > f64::EPSILON {
        parts.push(format!("layer decay {}", short_number(optimization.layer_decay)));
    }
    if optimization.label_smoothing > 0.0 {
        parts.push(format!("label smoothing {}", short_number(optimization.label_smoothing)));
    }
    if let Some(dropout) = optimization.dropout {
        parts.push(format!("backbone dropout {}", short_number(dropout)));
    }
    parts
}

fn end_parts(spec: &RunSpec) -> Vec<String> {
    let evaluated = match spec.optimization.evaluate {
        EvaluateEvery::Epoch => "evaluated every epoch".to_owned(),
        EvaluateEvery::Steps(steps) => format!("evaluated every {steps} steps"),
    };
    let end = match &spec.early_stopping {
        None => "no early stopping".to_owned(),
        Some(EarlyStopping { patience, min_delta, .. }) => {
            let delta = if *min_delta > 0.0 { format!(" by more than {}", short_number(*min_delta)) } else { String::new() };
            format!("stops after {patience} without a gain{delta}")
        }
    };
    let device = match spec.device {
        Device::Auto => "auto".to_owned(),
        Device::Cpu => "cpu".to_owned(),
        Device::Cuda(index) => format!("cuda:{index}"),
    };
    let label = if spec.best_metric == MetricName::F1 { format!(" of label {}", quoted(&spec.task.labels[1])) } else { String::new() };
    vec![evaluated, format!("best by {}{label}", spec.best_metric.name()), end, format!("device {device}")]
}
