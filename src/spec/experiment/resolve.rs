//! An [`Experiment`] as written → runs with every default spelled out. Pure: what was found on disk is handed in.

use crate::metric::MetricName;
use crate::spec::backbone::Backbone;
use crate::spec::continuation::{CheckpointEvery, RESTARTS};
use crate::spec::early_stopping::EarlyStopping;
use crate::spec::experiment::locate::Place;
use crate::spec::experiment::names;
use crate::spec::experiment::problem::Problems;
use crate::spec::experiment::settings::{Settings, Switch};
use crate::spec::experiment::values::LONGEST_NAME;
use crate::spec::experiment::written::{Experiment, Run};
use crate::spec::head::Head;
use crate::spec::method::Method;
use crate::spec::optimization::{EvaluateEvery, Optimization, Schedule};
use crate::spec::run::{Device, Model, Precision, RunSpec};
use crate::spec::task::Task;

/// What was found on disk and in the machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Name of the experiment where the file gives none.
    pub default_name: String,
    /// The pre-trained model.
    pub model: Model,
    /// Its shape.
    pub backbone: Backbone,
    /// Whether its checkpoint has a pooler.
    pub has_pooler: bool,
    /// The data.
    pub task: Task,
    /// Processor cores.
    pub n_cores: usize,
    /// What linear layers multiply where the experiment does not say.
    pub precision: Precision,
}

/// An experiment with every default spelled out.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// Its name.
    pub name: String,
    /// Its runs, in the file's order.
    pub runs: Vec<RunSpec>,
    /// For each of them, the number of the run in the file that it was made from.
    pub made_from: Vec<usize>,
    /// How many of them train at the same time.
    pub runs_at_once: usize,
}

/// A run on its way to be resolved: all but its name, seed and place in the machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Its name, where given.
    pub name: Option<String>,
    /// How the backbone is adapted.
    pub method: Method,
    /// The task head.
    pub head: Head,
    /// How the trainable tensors move.
    pub optimization: Optimization,
    /// When the run ends by itself.
    pub early_stopping: Option<EarlyStopping>,
    /// The metric that chooses the best checkpoint.
    pub best_metric: MetricName,
    /// What linear layers multiply.
    pub precision: Precision,
    /// One run for each.
    pub seeds: Vec<u64>,
    /// When the checkpoint is written where a restart goes on.
    pub checkpoint: CheckpointEvery,
    /// Restarts after a crash.
    pub restarts: u32,
}

/// The pre-trained model where none is named: 22.7 M parameters, so that full fine-tuning is a matter of minutes on a processor.
pub const DEFAULT_MODEL: &str = "sentence-transformers/all-MiniLM-L6-v2";
/// Longest input: as Transformers' sequence classification examples (`--max_seq_length 128`).
pub const DEFAULT_MAX_LENGTH: i64 = 128;
/// Share of the training rows carved for validation, where no file is given.
pub const DEFAULT_VALIDATION_SHARE: f64 = 0.1;

/// Devlin et al. 2019, appendix A.3: 2, 3 or 4 epochs.
pub const EPOCHS: u32 = 3;
/// Devlin et al. 2019, appendix A.3: 16 or 32.
pub const BATCH_SIZE: usize = 32;
/// Mosbach et al. 2021, arXiv:2006.04884, §6: warm-up over the first 10 % of the steps keeps fine-tuning stable.
pub const WARMUP: f64 = 0.1;
/// Devlin et al. 2019, appendix A.2.
pub const WEIGHT_DECAY: f64 = 0.01;
/// As BERT's own `optimization.py` clips.
pub const MAX_GRAD_NORM: f64 = 1.0;
/// Devlin et al. 2019, appendix A.2.
const BETAS: (f64, f64) = (0.9, 0.999);
/// Kingma & Ba 2015, arXiv:1412.6980, algorithm 1.
const EPSILON: f64 = 1e-8;
/// Evaluations without improvement that are borne (Lightning's default).
pub const PATIENCE: u32 = 3;
/// Each run at once is a process with its own copy of the model; more than these by default may not fit a laptop's memory.
const RUNS_AT_ONCE: usize = 4;
/// The most runs of one experiment, seeds counted.
const MOST_RUNS: usize = 1000;

/// Resolves an experiment; what is wrong goes to `problems`, and then the result is of no use.
pub fn resolve(experiment: &Experiment, found: &Found, problems: &mut Problems) -> Resolved {
    if let Some(length) = &experiment.data.max_length
        && length.value > found.backbone.longest_input()
    {
        let most = found.backbone.longest_input();
        problems.push(&length.place, format!("`max_length` is {}; the model's longest input is {most} tokens", length.value), "");
    }
    let drafts: Vec<Draft> = experiment.runs.iter().map(|run| draft(run, experiment, found, problems)).collect();
    let n_runs: usize = drafts.iter().map(|draft| draft.seeds.len()).sum();
    if n_runs > MOST_RUNS {
        problems.push(&Place::default(), format!("{n_runs} runs, seeds counted; an experiment has at most {MOST_RUNS}"), "");
    }
    let runs_at_once = experiment.runs_at_once.unwrap_or_else(|| n_runs.min(found.n_cores).min(RUNS_AT_ONCE)).clamp(1, n_runs.max(1));
    // One thread each for two runs gives more examples a second in all than two threads for one after the other.
    let threads = experiment.threads.unwrap_or_else(|| (found.n_cores / runs_at_once).max(1));
    let name = experiment.name.clone().unwrap_or_else(|| found.default_name.clone());
    let names = names::names(&drafts);
    let spec = |draft: &Draft, run_name: String, seed: u64| RunSpec {
        experiment: name.clone(),
        name: run_name,
        model: found.model.clone(),
        task: Task { max_length: found.task.max_length.min(longest(&draft.method, &found.backbone)), ..found.task.clone() },
        method: draft.method.clone(),
        start_from: None,
        head: draft.head.clone(),
        optimization: draft.optimization.clone(),
        early_stopping: draft.early_stopping.clone(),
        best_metric: draft.best_metric,
        seed,
        threads,
        device: experiment.device.unwrap_or(Device::Auto),
        precision: draft.precision,
        checkpoint: draft.checkpoint,
        restarts: draft.restarts,
        extensions: Vec::new(),
    };
    let (mut runs, mut made_from): (Vec<RunSpec>, Vec<usize>) = (Vec::new(), Vec::new());
    for (index, ((draft, name), run)) in drafts.iter().zip(names).zip(&experiment.runs).enumerate() {
        for &seed in &draft.seeds {
            let run_name = if draft.seeds.len() == 1 { name.clone() } else { format!("{name}-s{seed}") };
            if run_name.len() > LONGEST_NAME {
                problems.push(
                    &run.place,
                    format!("the name {run_name} is longer than {LONGEST_NAME} characters"),
                    "give the run a shorter `name`",
                );
            }
            // Names are folders, and some file systems take `A` and `a` for the same.
            if runs.iter().any(|earlier| earlier.name.eq_ignore_ascii_case(&run_name)) {
                let place = run.name.as_ref().map_or(&run.place, |name| &name.place);
                problems.push(place, format!("two runs are named {run_name}"), "give each its own name; it must differ in more than case");
            }
            runs.push(spec(draft, run_name, seed));
            made_from.push(index);
        }
    }
    Resolved { name, runs, made_from, runs_at_once }
}

/// Longest input in tokens beside the method's virtual ones.
fn longest(method: &Method, backbone: &Backbone) -> i64 {
    backbone.longest_input() - method.virtual_tokens()
}

fn draft(run: &Run, experiment: &Experiment, found: &Found, problems: &mut Problems) -> Draft {
    let experiment_length = experiment.data.max_length.as_ref();
    let settings = run.settings.clone().over(experiment.settings.clone());
    if let Some(misfit) = run.method.misfit(&found.backbone) {
        let place = run.method_places.iter().find(|(key, _)| *key == misfit.key).map_or(&run.place, |(_, place)| place);
        problems.push(place, misfit.message, "");
    }
    if let Some(length) = experiment_length.filter(|length| length.value > longest(&run.method, &found.backbone)) {
        let (most, virtual_tokens) = (longest(&run.method, &found.backbone), run.method.virtual_tokens());
        if virtual_tokens > 0 && most >= 3 {
            let message = format!("`max_length` is {}; beside {virtual_tokens} virtual tokens the model has room for {most}", length.value);
            problems.push(&length.place, message, "");
        }
    }
    if settings.epochs == Some(0) && run.from.is_none() {
        problems.push(
            &run.place,
            "`epochs` is 0, so the run would only evaluate weights that nothing trained",
            "give it a `from`, or epochs",
        );
    }
    let batch_size = settings.batch_size.unwrap_or(BATCH_SIZE);
    if let Some(accumulation) = settings.gradient_accumulation.as_ref().filter(|accumulation| accumulation.value > batch_size) {
        let message = format!("`gradient_accumulation` is {}; a batch of {batch_size} has no more parts than rows", accumulation.value);
        problems.push(&accumulation.place, message, "");
    }
    let early_stopping = settings.early_stopping.clone().and_then(Switch::on).map(|written| EarlyStopping {
        metric: written.metric.as_ref().or(settings.best_metric.as_ref()).map_or(found.task.kind.default_metric(), |metric| metric.value),
        patience: written.patience.unwrap_or(PATIENCE),
        min_delta: written.min_delta.unwrap_or(0.0),
    });
    let watched = early_stopping.as_ref().map(|early_stopping| early_stopping.metric);
    let best_metric = settings.best_metric.as_ref().map(|metric| metric.value).or(watched).unwrap_or(found.task.kind.default_metric());
    if let (Some(best), Some(watched)) = (&settings.best_metric, watched)
        && best.value != watched
    {
        let message = format!("`best_metric` is {}, but early stopping watches {}", best.value.name(), watched.name());
        problems.push(&best.place, message, "the same metric chooses the best checkpoint and the end: name it once");
    }
    Draft {
        name: run.name.as_ref().map(|name| name.value.clone()),
        method: run.method.clone(),
        head: head(&run.method, &settings, found, problems),
        optimization: optimization(&run.method, &settings, batch_size),
        early_stopping,
        best_metric,
        precision: settings.precision.flatten().unwrap_or(found.precision),
        seeds: settings.seeds.unwrap_or_else(|| vec![0]),
        checkpoint: settings.checkpoint.unwrap_or_default(),
        restarts: settings.restarts.unwrap_or(RESTARTS),
    }
}

fn head(method: &Method, settings: &Settings, found: &Found, problems: &mut Problems) -> Head {
    let default = method.default_head(&found.backbone, found.has_pooler);
    if let Some(pooling) = settings.pooling.as_ref().filter(|pooling| pooling.value.reads_pooler() && !found.has_pooler) {
        problems.push(&pooling.place, "`pooling` needs the pooler, but the checkpoint has none", "accepted here: cls or mean");
    }
    Head {
        pooling: settings.pooling.as_ref().map_or(default.pooling, |pooling| pooling.value),
        classifier: settings.classifier.unwrap_or(default.classifier),
        dropout: settings.head_dropout.unwrap_or(default.dropout),
    }
}

fn optimization(method: &Method, settings: &Settings, batch_size: usize) -> Optimization {
    Optimization {
        epochs: settings.epochs.unwrap_or(EPOCHS),
        batch_size,
        gradient_accumulation: settings.gradient_accumulation.as_ref().map_or(1, |accumulation| accumulation.value),
        activation_recomputation: settings.activation_recomputation.unwrap_or(false),
        learning_rate: settings.lr.unwrap_or(method.about().learning_rate),
        // A rate that is given is the head's too.
        head_learning_rate: settings.head_lr.or(if settings.lr.is_none() { method.about().head_learning_rate } else { None }),
        schedule: settings.schedule.unwrap_or(Schedule::Linear),
        warmup_ratio: settings.warmup.unwrap_or(WARMUP),
        layer_decay: settings.layer_decay.unwrap_or(1.0),
        weight_decay: settings.weight_decay.unwrap_or(WEIGHT_DECAY),
        max_grad_norm: settings.max_grad_norm.clone().unwrap_or(Switch::On(MAX_GRAD_NORM)).on(),
        label_smoothing: settings.label_smoothing.as_ref().map_or(0.0, |smoothing| smoothing.value),
        beta1: BETAS.0,
        beta2: BETAS.1,
        epsilon: EPSILON,
        dropout: settings.backbone_dropout,
        evaluate: settings.evaluate.unwrap_or(EvaluateEvery::Epoch),
    }
}
