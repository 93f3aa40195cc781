//! A plan as text for people and as JSON for programs. Pure; returns text fit for a terminal.

use serde::Serialize;

use crate::data::survey::Survey;
use crate::plan::cost::Cost;
use crate::plan::prepare::{Plan, PlannedRun};
use crate::run::text::printable;
use crate::spec::early_stopping::EarlyStopping;
use crate::spec::experiment::values::short_number;
use crate::spec::head::{Classifier, Pooling};
use crate::spec::optimization::{EvaluateEvery, Optimization};
use crate::spec::run::{Device, RunSpec};

/// Labels that a line names before it only counts them.
const MOST_LABELS: usize = 6;

/// The plan as text, with a line feed at its end.
pub fn text(plan: &Plan) -> String {
    let mut lines = vec![heading(plan), String::new()];
    lines.extend(model(plan));
    lines.extend(data(plan));
    lines.push(String::new());
    lines.extend(table(&plan.runs));
    lines.push(String::new());
    lines.extend(settings(&plan.runs));
    if !plan.warnings.is_empty() {
        lines.push(String::new());
        lines.extend(plan.warnings.iter().map(|warning| format!("warning: {warning}")));
    }
    lines.iter().map(|line| format!("{}\n", printable(line.trim_end()))).collect()
}

/// The plan as one JSON document, with a line feed at its end.
pub fn json(plan: &Plan) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        experiment: &'a str,
        runs_at_once: usize,
        model: &'a crate::spec::run::Model,
        labels: &'a [String],
        data: &'a Survey,
        runs: Vec<Run<'a>>,
        warnings: &'a [String],
    }
    #[derive(Serialize)]
    struct Run<'a> {
        run: &'a str,
        method: &'a str,
        cost: &'a Cost,
        spec: &'a RunSpec,
    }
    let run = |run: &'_ PlannedRun| (run.spec.name.clone(), run.spec.method.about().name);
    let names: Vec<_> = plan.runs.iter().map(run).collect();
    let runs = plan.runs.iter().zip(&names).map(|(run, (name, method))| Run { run: name, method, cost: &run.cost, spec: &run.spec });
    let document = Document {
        experiment: &plan.name,
        runs_at_once: plan.runs_at_once,
        model: &plan.model,
        labels: &plan.task.labels,
        data: &plan.survey,
        runs: runs.collect(),
        warnings: &plan.warnings,
    };
    let text = serde_json::to_string_pretty(&document).expect("a plan holds neither maps with odd keys nor failing serializers");
    text + "\n"
}

fn heading(plan: &Plan) -> String {
    let n_runs = plan.runs.len();
    let threads = plan.runs.first().map_or(1, |run| run.spec.threads);
    format!("{}: {}, {} at once, {} each", plan.name, counted(n_runs, "run"), plan.runs_at_once, counted(threads, "thread"))
}

fn counted(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

fn model(plan: &Plan) -> Vec<String> {
    let backbone = &plan.pretrained.backbone;
    let parameters = grouped(backbone.parameters(plan.pretrained.has_pooler) as u64);
    let pooler = if plan.pretrained.has_pooler { "with a pooler" } else { "no pooler" };
    let shape = format!("{} layers of width {}, {parameters} parameters, {pooler}", backbone.n_layers, backbone.hidden_size);
    vec![format!("model  {}: {shape}", plan.model.id), format!("       in {}", plan.model.folder.display())]
}

fn data(plan: &Plan) -> Vec<String> {
    let labels = &plan.task.labels;
    let of_split = |(index, split): (usize, &crate::data::survey::SplitSurvey)| {
        let head = if index == 0 { "data   " } else { "       " };
        let counts: Vec<String> = if labels.len() <= MOST_LABELS {
            labels.iter().zip(&split.label_counts).map(|(label, count)| format!("{} {label}", grouped(*count as u64))).collect()
        } else {
            vec![format!("{} labels", labels.len())]
        };
        let carved = plan.task.validation.is_none() && split.split == crate::spec::task::Split::Validation;
        let source = if carved { "carved from the training file".to_owned() } else { format!("from {}", split.path.display()) };
        let rows = grouped(split.n_rows as u64);
        [format!("{head}{:<10} {rows:>7} rows: {}", split.split.name(), counts.join(", ")), format!("       {source}")]
    };
    plan.survey.splits.iter().enumerate().flat_map(of_split).collect()
}

fn table(runs: &[PlannedRun]) -> Vec<String> {
    let width = runs.iter().map(|run| run.spec.name.len()).max().unwrap_or(0).max(3);
    let header = format!(
        "{:<width$}  {:<8} {:>7} {:>13} {:>6} {:>9} {:>7} {:>7} {:>8}",
        "RUN", "METHOD", "LR", "TRAINABLE", "%", "ON DISK", "STEPS", "WARM-UP", "MEMORY"
    );
    let row = |PlannedRun { spec, cost }: &PlannedRun| {
        let share = 100.0 * cost.ledger.trainable as f64 / cost.ledger.total as f64;
        format!(
            "{:<width$}  {:<8} {:>7} {:>13} {share:>6.2} {:>9} {:>7} {:>7} {:>8}",
            spec.name,
            spec.method.about().short,
            short_number(spec.optimization.learning_rate),
            grouped(cost.ledger.trainable),
            bytes(cost.checkpoint_bytes),
            grouped(cost.total_steps),
            grouped(cost.warmup_steps),
            bytes(cost.memory_bytes),
        )
    };
    std::iter::once(header).chain(runs.iter().map(row)).collect()
}

/// What the table leaves out, a block per set of runs that share it.
fn settings(runs: &[PlannedRun]) -> Vec<String> {
    let mut blocks: Vec<(Vec<&str>, [String; 3])> = Vec::new();
    for PlannedRun { spec, .. } in runs {
        let lines = [method_line(spec), optimization_line(&spec.optimization), end_line(spec)];
        match blocks.iter_mut().find(|(_, known)| *known == lines) {
            Some((names, _)) => names.push(&spec.name),
            None => blocks.push((vec![&spec.name], lines)),
        }
    }
    blocks.into_iter().flat_map(|(names, lines)| std::iter::once(names.join(", ")).chain(lines.map(|line| format!("  {line}")))).collect()
}

fn method_line(spec: &RunSpec) -> String {
    let pooling = Pooling::NAMES.iter().find(|(_, pooling)| *pooling == spec.head.pooling).map_or("", |(name, _)| name);
    let classifier = Classifier::NAMES.iter().find(|(_, classifier)| *classifier == spec.head.classifier).map_or("", |(name, _)| name);
    let own = spec.method.hyperparameters_line();
    let own = if own.is_empty() { String::new() } else { format!("{own}; ") };
    format!("{own}{pooling} pooling, {classifier} head, head dropout {}", spec.head.dropout)
}

fn optimization_line(optimization: &Optimization) -> String {
    let mut parts = vec![
        counted(optimization.epochs as usize, "epoch"),
        format!("batches of {}", optimization.batch_size),
        format!("{:?} schedule", optimization.schedule).to_lowercase(),
        format!("weight decay {}", short_number(optimization.weight_decay)),
    ];
    if optimization.gradient_accumulation > 1 {
        parts.push(format!("in {} parts", optimization.gradient_accumulation));
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
    parts.join(", ")
}

fn end_line(spec: &RunSpec) -> String {
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
    format!("{evaluated}, best by {}, {end}, seed {}, device {device}", spec.best_metric.name(), spec.seed)
}

/// A count with its thousands apart: `22,713,986`.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A size with a decimal unit, as disks and `ls -h --si` have it.
fn bytes(count: u64) -> String {
    let count = count as f64;
    match count {
        _ if count < 1e3 => format!("{count:.0} B"),
        _ if count < 1e6 => format!("{:.1} kB", count / 1e3),
        _ if count < 1e9 => format!("{:.1} MB", count / 1e6),
        _ => format!("{:.2} GB", count / 1e9),
    }
}
