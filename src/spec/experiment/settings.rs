//! Settings that all runs share and any run may override: their keys, ranges and reading.

use crate::metric::MetricName;
use crate::spec::continuation::CheckpointEvery;
use crate::spec::experiment::document::Node;
use crate::spec::experiment::problem::Problems;
use crate::spec::experiment::section::{Section, Written};
use crate::spec::experiment::values;
use crate::spec::head::{Classifier, Pooling};
use crate::spec::optimization::{EvaluateEvery, Schedule};
use crate::spec::run::Precision;

/// The keys, in the order of help and errors.
pub const KEYS: [&str; 22] = [
    "epochs",
    "batch_size",
    "gradient_accumulation",
    "activation_recomputation",
    "lr",
    "head_lr",
    "schedule",
    "warmup",
    "layer_decay",
    "weight_decay",
    "max_grad_norm",
    "label_smoothing",
    "backbone_dropout",
    "precision",
    "evaluate",
    "checkpoint",
    "restarts",
    "head",
    "early_stopping",
    "best_metric",
    "seed",
    "seeds",
];

/// A setting that can be turned off with `false`.
#[derive(Debug, Clone, PartialEq)]
pub enum Switch<T> {
    /// Turned off.
    Off,
    /// Set.
    On(T),
}

impl<T> Switch<T> {
    /// What it is set to.
    pub fn on(self) -> Option<T> {
        match self {
            Self::Off => None,
            Self::On(value) => Some(value),
        }
    }
}

/// Settings as written; `None` is left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// Passes over the training split.
    pub epochs: Option<u32>,
    /// Examples per optimizer step.
    pub batch_size: Option<usize>,
    /// Micro-batches of a step.
    pub gradient_accumulation: Option<Written<usize>>,
    /// Whether blocks are computed again for their gradients.
    pub activation_recomputation: Option<bool>,
    /// Peak learning rate.
    pub lr: Option<f64>,
    /// Peak learning rate of the head.
    pub head_lr: Option<f64>,
    /// Shape of the learning rate after warm-up.
    pub schedule: Option<Schedule>,
    /// Share of all steps that warm up.
    pub warmup: Option<f64>,
    /// Layer-wise decay of the learning rate.
    pub layer_decay: Option<f64>,
    /// Decoupled weight decay.
    pub weight_decay: Option<f64>,
    /// Largest gradient norm.
    pub max_grad_norm: Option<Switch<f64>>,
    /// Share of the target given to the other labels.
    pub label_smoothing: Option<Written<f64>>,
    /// Dropout inside the backbone.
    pub backbone_dropout: Option<f64>,
    /// What linear layers multiply; `None` inside is what the machine does best.
    pub precision: Option<Option<Precision>>,
    /// When the validation split is evaluated.
    pub evaluate: Option<EvaluateEvery>,
    /// When the checkpoint is written where a restart goes on.
    pub checkpoint: Option<CheckpointEvery>,
    /// Restarts after a crash.
    pub restarts: Option<u32>,
    /// What the head reads.
    pub pooling: Option<Written<Pooling>>,
    /// The classifier.
    pub classifier: Option<Classifier>,
    /// Dropout on the pooled vector.
    pub head_dropout: Option<f64>,
    /// When a run ends by itself.
    pub early_stopping: Option<Switch<EarlyStoppingWritten>>,
    /// The metric that chooses the best checkpoint.
    pub best_metric: Option<Written<MetricName>>,
    /// Seeds; every run is made once with each.
    pub seeds: Option<Vec<u64>>,
}

/// Early stopping as written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EarlyStoppingWritten {
    /// The metric watched.
    pub metric: Option<Written<MetricName>>,
    /// Evaluations without improvement that are borne.
    pub patience: Option<u32>,
    /// Smallest change that counts.
    pub min_delta: Option<f64>,
}

impl Settings {
    /// These settings, and those of `base` where these say nothing.
    #[must_use]
    pub fn over(self, base: Self) -> Self {
        Self {
            epochs: self.epochs.or(base.epochs),
            batch_size: self.batch_size.or(base.batch_size),
            gradient_accumulation: self.gradient_accumulation.or(base.gradient_accumulation),
            activation_recomputation: self.activation_recomputation.or(base.activation_recomputation),
            lr: self.lr.or(base.lr),
            head_lr: self.head_lr.or(base.head_lr),
            schedule: self.schedule.or(base.schedule),
            warmup: self.warmup.or(base.warmup),
            layer_decay: self.layer_decay.or(base.layer_decay),
            weight_decay: self.weight_decay.or(base.weight_decay),
            max_grad_norm: self.max_grad_norm.or(base.max_grad_norm),
            label_smoothing: self.label_smoothing.or(base.label_smoothing),
            backbone_dropout: self.backbone_dropout.or(base.backbone_dropout),
            precision: self.precision.or(base.precision),
            evaluate: self.evaluate.or(base.evaluate),
            checkpoint: self.checkpoint.or(base.checkpoint),
            restarts: self.restarts.or(base.restarts),
            pooling: self.pooling.or(base.pooling),
            classifier: self.classifier.or(base.classifier),
            head_dropout: self.head_dropout.or(base.head_dropout),
            early_stopping: self.early_stopping.or(base.early_stopping),
            best_metric: self.best_metric.or(base.best_metric),
            seeds: self.seeds.or(base.seeds),
        }
    }
}

/// Every metric with its name.
pub fn metrics() -> [(&'static str, MetricName); MetricName::ALL.len()] {
    MetricName::ALL.map(|metric| (metric.name(), metric))
}

const PRECISIONS: [(&str, Option<Precision>); 3] = [("auto", None), ("fp32", Some(Precision::Fp32)), ("bf16", Some(Precision::Bf16))];
const SHARE: &str = "a number from 0 up to, not including, 1";
const SEED: &str = "a whole number of at least 0";

/// Reads the settings in a section whose keys were checked.
pub fn read(section: &Section, problems: &mut Problems) -> Settings {
    let above_zero = |node: &Node| values::number(node, |number| number > 0.0);
    let at_least_zero = |node: &Node| values::number(node, |number| number >= 0.0);
    let share = |key, problems: &mut Problems| section.take(key, SHARE, problems, values::share).map(plain);
    let head = section.section("head", "{pooling: mean, classifier: linear, dropout: 0.1}", problems);
    if let Some(head) = &head {
        head.check_keys(&["pooling", "classifier", "dropout"], &[], problems);
    }
    let head = head.as_ref();
    let rate = |key, problems: &mut Problems| {
        let read = |node: &Node| values::number(node, |lr| lr > 0.0 && lr <= 10.0);
        section.take(key, "a number above 0 and at most 10", problems, read).map(plain)
    };
    Settings {
        epochs: section
            .take("epochs", "a whole number from 1 to 10000, or with `from` 0 to evaluate alone", problems, |node| {
                values::whole(node, 0, 10_000)
            })
            .map(|n| n.value as u32),
        batch_size: section.take("batch_size", "a whole number from 1 to 65536", problems, |node| values::count(node, 65_536)).map(plain),
        gradient_accumulation: section
            .take("gradient_accumulation", "a whole number from 1 to 65536", problems, |node| values::count(node, 65_536)),
        activation_recomputation: section.take("activation_recomputation", "true or false", problems, flag).map(plain),
        lr: rate("lr", problems),
        head_lr: rate("head_lr", problems),
        schedule: section.choice("schedule", &Schedule::NAMES, problems).map(plain),
        warmup: section
            .take("warmup", "a share of all steps, from 0 to 1", problems, |node| {
                values::number(node, |share| (0.0..=1.0).contains(&share))
            })
            .map(plain),
        layer_decay: section
            .take("layer_decay", "a number above 0 and at most 1", problems, |node| {
                values::number(node, |decay| decay > 0.0 && decay <= 1.0)
            })
            .map(plain),
        weight_decay: section.take("weight_decay", "a number of at least 0", problems, at_least_zero).map(plain),
        max_grad_norm: section
            .take("max_grad_norm", "a number above 0, or false to turn clipping off", problems, |node| or_off(node, above_zero))
            .map(plain),
        label_smoothing: section.take("label_smoothing", SHARE, problems, values::share),
        backbone_dropout: share("backbone_dropout", problems),
        precision: section.choice("precision", &PRECISIONS, problems).map(plain),
        evaluate: evaluate(section, problems),
        checkpoint: checkpoint(section, problems),
        restarts: section
            .take("restarts", "a whole number from 0 (never) to 100", problems, |node| values::whole(node, 0, 100))
            .map(|n| n.value as u32),
        pooling: head.and_then(|head| head.choice("pooling", &Pooling::NAMES, problems)),
        classifier: head.and_then(|head| head.choice("classifier", &Classifier::NAMES, problems)).map(plain),
        head_dropout: head.and_then(|head| head.take("dropout", SHARE, problems, values::share)).map(plain),
        early_stopping: early_stopping(section, problems),
        best_metric: section.choice("best_metric", &metrics(), problems),
        seeds: seeds(section, problems),
    }
}

fn plain<T>(written: Written<T>) -> T {
    written.value
}

fn flag(node: &Node) -> Option<bool> {
    if let Node::Bool(flag) = node { Some(*flag) } else { None }
}

/// `false` is off; anything else is read by `read`.
fn or_off<T>(node: &Node, read: impl FnOnce(&Node) -> Option<T>) -> Option<Switch<T>> {
    if *node == Node::Bool(false) { Some(Switch::Off) } else { read(node).map(Switch::On) }
}

fn evaluate(section: &Section, problems: &mut Problems) -> Option<EvaluateEvery> {
    const ACCEPTS: &str = "`epoch`, or a number of steps such as {steps: 50}";
    if let Some((Node::Map(_), _)) = section.entry("evaluate") {
        let inner = section.section("evaluate", "{steps: 50}", problems)?;
        inner.check_keys(&["steps"], &[], problems);
        let steps = inner.take("steps", "a whole number of at least 1", problems, |node| values::whole(node, 1, 1 << 40));
        return steps.map(|steps| EvaluateEvery::Steps(steps.value as u64));
    }
    let is_epoch = |node: &Node| (*node == Node::Text("epoch".to_owned())).then_some(EvaluateEvery::Epoch);
    section.take("evaluate", ACCEPTS, problems, is_epoch).map(plain)
}

fn checkpoint(section: &Section, problems: &mut Problems) -> Option<CheckpointEvery> {
    let (_, place) = section.entry("checkpoint")?;
    let inner = section.section("checkpoint", "{seconds: 30} or {steps: 50}", problems)?;
    inner.check_keys(&["seconds", "steps"], &[], problems);
    let at_least_one = |node: &Node| values::whole(node, 1, 1 << 40).map(|number| number as u64);
    let seconds = inner.take("seconds", "a whole number of at least 1", problems, at_least_one);
    let steps = inner.take("steps", "a whole number of at least 1", problems, at_least_one);
    if seconds.is_some() && steps.is_some() {
        problems.push(&place.key(), "`checkpoint` has both seconds and steps", "keep one");
    }
    seconds.map(|written| CheckpointEvery::Seconds(written.value)).or(steps.map(|written| CheckpointEvery::Steps(written.value)))
}

fn early_stopping(section: &Section, problems: &mut Problems) -> Option<Switch<EarlyStoppingWritten>> {
    if let Some((Node::Bool(false), _)) = section.entry("early_stopping") {
        return Some(Switch::Off);
    }
    let inner = section.section("early_stopping", "{metric: accuracy, patience: 3}, or false", problems)?;
    inner.check_keys(&["metric", "patience", "min_delta"], &[], problems);
    let at_least_zero = |node: &Node| values::number(node, |number| number >= 0.0);
    Some(Switch::On(EarlyStoppingWritten {
        metric: inner.choice("metric", &metrics(), problems),
        patience: inner
            .take("patience", "a whole number from 1 to 10000", problems, |node| values::count(node, 10_000))
            .map(|n| n.value as u32),
        min_delta: inner.take("min_delta", "a number of at least 0", problems, at_least_zero).map(plain),
    }))
}

/// `seed` or `seeds`; seeds stay below 2^63, so that every program reads them alike.
fn seeds(section: &Section, problems: &mut Problems) -> Option<Vec<u64>> {
    let seed = |node: &Node| values::whole(node, 0, i64::MAX.into()).map(|seed| seed as u64);
    let one = section.take("seed", SEED, problems, seed);
    let many = section.take("seeds", "a list of at least one and at most 100 distinct whole numbers of at least 0", problems, |node| {
        let Node::List(items) = node else { return None };
        let seeds: Vec<u64> = items.iter().map(seed).collect::<Option<_>>()?;
        let is_distinct = seeds.iter().enumerate().all(|(index, seed)| !seeds[..index].contains(seed));
        ((1..=100).contains(&seeds.len()) && is_distinct).then_some(seeds)
    });
    if let (Some(_), Some((_, place))) = (&one, section.entry("seeds")) {
        problems.push(&place.key(), "`seed` and `seeds` are both given", "keep one");
    }
    many.map(plain).or_else(|| one.map(|seed| vec![seed.value]))
}
