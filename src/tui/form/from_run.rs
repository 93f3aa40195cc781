//! A resolved run → the file that a person would write for it: what is the default is left out. Pure.

use std::path::Path;

use serde_json::Value;

use crate::spec::backbone::Backbone;
use crate::spec::continuation::{CheckpointEvery, RESTARTS};
use crate::spec::experiment::document::Node;
use crate::spec::experiment::resolve::{
    BATCH_SIZE, DEFAULT_MAX_LENGTH, DEFAULT_VALIDATION_SHARE, EPOCHS, MAX_GRAD_NORM, PATIENCE, WARMUP, WEIGHT_DECAY,
};
use crate::spec::head::{Classifier, Head, Pooling};
use crate::spec::optimization::{EvaluateEvery, Schedule};
use crate::spec::run::{Device, Precision, RunSpec};
use crate::spec::task::TaskKind;

/// What is known of the machine and the model when a run is written down again.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The current folder: paths below it are written from there.
    pub current: &'a Path,
    /// The model's shape and whether it has a pooler, where it is still there.
    pub model: Option<(&'a Backbone, bool)>,
    /// The precision where none is named.
    pub precision: Precision,
}

fn text(value: &str) -> Node {
    Node::Text(value.to_owned())
}

fn whole(value: impl Into<i128>) -> Node {
    Node::Integer(value.into())
}

/// A list of entries, those with `None` left out.
fn map(entries: Vec<(&str, Option<Node>)>) -> Node {
    Node::Map(entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect())
}

#[expect(clippy::needless_pass_by_value, reason = "defaults are numbers and names, and callers read better without a reference")]
fn unless<T: PartialEq>(value: T, default: T, node: impl FnOnce(T) -> Node) -> Option<Node> {
    (value != default).then(|| node(value))
}

fn filled(node: Node) -> Option<Node> {
    (node != Node::Map(Vec::new())).then_some(node)
}

/// The experiment of this one run, under this name.
pub fn document(spec: &RunSpec, name: &str, around: Surroundings) -> Node {
    let path = |path: &Path| text(&path.strip_prefix(around.current).unwrap_or(path).display().to_string());
    let (task, columns) = (&spec.task, &spec.task.columns);
    let column = |name: &str, default: &str| unless(name, default, text);
    let data = map(vec![
        ("kind", unless(task.kind, TaskKind::Classification, |kind| text(kind.name()))),
        ("train", Some(path(&task.train))),
        ("validation", task.validation.as_deref().map(path)),
        ("test", task.test.as_deref().map(path)),
        (
            "columns",
            filled(map(vec![
                ("text", column(&columns.text, "text")),
                ("text_pair", columns.text_pair.as_deref().map(text)),
                ("label", column(&columns.label, "label")),
            ])),
        ),
        (
            "labels",
            Some(&task.labels).filter(|labels| labels.len() > 1).map(|labels| Node::List(labels.iter().map(|label| text(label)).collect())),
        ),
        ("validation_share", unless(task.validation_share, DEFAULT_VALIDATION_SHARE, Node::Float).filter(|_| task.validation.is_none())),
        ("split_seed", unless(task.split_seed, 0, whole)),
        ("max_train_rows", task.max_train_rows.map(|rows| whole(rows as i64))),
        ("max_length", unless(task.max_length, DEFAULT_MAX_LENGTH, whole)),
    ]);
    let id = Path::new(&spec.model.id);
    let is_folder = id.is_relative() && (id.starts_with(".") || id.starts_with("..") || spec.model.folder.ends_with(id));
    let model = if is_folder { path(&spec.model.folder) } else { text(&spec.model.id) };
    let top = map(vec![
        ("name", Some(text(name))),
        ("model", Some(model)),
        ("data", Some(data)),
        (
            "device",
            match spec.device {
                Device::Auto => None,
                Device::Cpu => Some(text("cpu")),
                Device::Cuda(idx) => Some(text(&format!("cuda:{idx}"))),
            },
        ),
    ]);
    // What the form has rows for stands at the top, so that changing it there changes the run.
    let Node::Map(mut entries) = top else { return top };
    let Node::Map(shared) = shared(spec) else { return Node::Map(entries) };
    entries.extend(shared);
    entries.push(("runs".to_owned(), Node::List(vec![run(spec, around)])));
    Node::Map(entries)
}

/// What holds for all runs of the new experiment, whichever methods are added to this one.
fn shared(spec: &RunSpec) -> Node {
    let watched = spec.early_stopping.as_ref();
    let early_stopping = watched.map(|early| {
        map(vec![
            ("metric", Some(text(early.metric.name()))),
            ("patience", unless(early.patience, PATIENCE, whole)),
            ("min_delta", unless(early.min_delta, 0.0, Node::Float)),
        ])
    });
    let default_metric = watched.map_or(spec.task.kind.default_metric(), |early| early.metric);
    map(vec![
        ("epochs", unless(spec.optimization.epochs, EPOCHS, whole)),
        ("batch_size", unless(spec.optimization.batch_size, BATCH_SIZE, |size| whole(size as i64))),
        ("early_stopping", early_stopping),
        ("best_metric", unless(spec.best_metric, default_metric, |metric| text(metric.name()))),
    ])
}

fn run(spec: &RunSpec, around: Surroundings) -> Node {
    let (about, own) = (spec.method.about(), &spec.optimization);
    let mut entries = vec![
        ("method", Some(text(about.name))),
        ("name", unless(spec.name.as_str(), about.name, text)),
        ("from", spec.start_from.as_ref().map(|from| text(&from.folder.display().to_string()))),
    ];
    for (own, value) in spec.method.hyperparameters() {
        // What another key replaces is off by itself.
        let is_replaced = value.is_null() && own.replaced_by.is_some();
        entries.push((own.key, (value != own.default_value() && !is_replaced).then(|| node(&value))));
    }
    let schedule = Schedule::NAMES.iter().find(|(_, schedule)| *schedule == own.schedule).map_or("linear", |(name, _)| name);
    let default_rate = own.learning_rate.to_bits() == about.learning_rate.to_bits() && own.head_learning_rate == about.head_learning_rate;
    entries.extend([
        ("gradient_accumulation", unless(own.gradient_accumulation, 1, |parts| whole(parts as i64))),
        ("lr", (!default_rate).then_some(Node::Float(own.learning_rate))),
        ("head_lr", own.head_learning_rate.filter(|_| !default_rate).map(Node::Float)),
        ("schedule", unless(schedule, "linear", text)),
        ("warmup", unless(own.warmup_ratio, WARMUP, Node::Float)),
        ("layer_decay", unless(own.layer_decay, 1.0, Node::Float)),
        ("weight_decay", unless(own.weight_decay, WEIGHT_DECAY, Node::Float)),
        ("max_grad_norm", unless(own.max_grad_norm, Some(MAX_GRAD_NORM), |norm| norm.map_or(Node::Bool(false), Node::Float))),
        ("label_smoothing", unless(own.label_smoothing, 0.0, Node::Float)),
        ("backbone_dropout", own.dropout.map(Node::Float)),
        ("activation_recomputation", unless(own.activation_recomputation, false, Node::Bool)),
        ("precision", unless(spec.precision, around.precision, |precision| text(precision.name()))),
        (
            "evaluate",
            match own.evaluate {
                EvaluateEvery::Epoch => None,
                EvaluateEvery::Steps(steps) => Some(map(vec![("steps", Some(whole(steps)))])),
            },
        ),
        (
            "checkpoint",
            unless(spec.checkpoint, CheckpointEvery::default(), |every| match every {
                CheckpointEvery::Seconds(seconds) => map(vec![("seconds", Some(whole(seconds)))]),
                CheckpointEvery::Steps(steps) => map(vec![("steps", Some(whole(steps)))]),
            }),
        ),
        ("restarts", unless(spec.restarts, RESTARTS, whole)),
        ("head", head(spec, around)),
    ]);
    entries.push(("seed", unless(spec.seed, 0, whole)));
    map(entries)
}

fn head(spec: &RunSpec, around: Surroundings) -> Option<Node> {
    let default: Option<Head> = around.model.map(|(backbone, has_pooler)| spec.method.default_head(backbone, has_pooler));
    let default = default.as_ref();
    let pooling = Pooling::NAMES.iter().find(|(_, pooling)| *pooling == spec.head.pooling).map(|(name, _)| text(name));
    let classifier = Classifier::NAMES.iter().find(|(_, classifier)| *classifier == spec.head.classifier).map(|(name, _)| text(name));
    let is_own_dropout = default.is_none_or(|default| default.dropout.to_bits() != spec.head.dropout.to_bits());
    filled(map(vec![
        ("pooling", pooling.filter(|_| default.is_none_or(|default| default.pooling != spec.head.pooling))),
        ("classifier", classifier.filter(|_| default.is_none_or(|default| default.classifier != spec.head.classifier))),
        ("dropout", is_own_dropout.then_some(Node::Float(spec.head.dropout))),
    ]))
}

/// A hyperparameter as written; "off" is false.
fn node(value: &Value) -> Node {
    match value {
        Value::Null => Node::Bool(false),
        Value::Bool(flag) => Node::Bool(*flag),
        Value::Number(number) => number.as_i64().map_or_else(|| Node::Float(number.as_f64().unwrap_or_default()), whole),
        Value::String(word) => text(word),
        Value::Array(items) => Node::List(items.iter().map(node).collect()),
        Value::Object(_) => Node::Empty,
    }
}
