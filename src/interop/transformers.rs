//! Whole checkpoints as Transformers' `…ForSequenceClassification` has them: `config.json`, names of tensors, and which heads exist. Pure.

use serde_json::{Map, Value, json};

use crate::interop::error::Refusal;
use crate::interop::tensors::{self, Pair};
use crate::spec::backbone::Backbone;
use crate::spec::family::Family;
use crate::spec::head::{Classifier, Head, Pooling};
use crate::spec::method::Method;
use crate::spec::run::RunSpec;
use crate::spec::task::{Task, TaskKind};

/// The head of the family's own classifier: what it reads and how.
pub const fn native_head(family: Family) -> (Pooling, Classifier) {
    match family {
        Family::Bert => (Pooling::Pooler, Classifier::Linear),
        Family::Roberta => (Pooling::Cls, Classifier::Mlp),
        Family::DistilBert => (Pooling::Cls, Classifier::MlpRelu),
    }
}

/// The class that reads the checkpoint.
pub const fn class(family: Family) -> &'static str {
    match family {
        Family::Bert => "BertForSequenceClassification",
        Family::Roberta => "RobertaForSequenceClassification",
        Family::DistilBert => "DistilBertForSequenceClassification",
    }
}

/// Whether the family's class computes this head; without virtual tokens `peft` and `pooler` read the same vector.
pub fn check_head(head: &Head, method: &Method, family: Family) -> Result<(), Refusal> {
    let (pooling, classifier) = native_head(family);
    let is_pooler = head.pooling == pooling || (head.pooling == Pooling::Peft && pooling == Pooling::Pooler);
    if is_pooler && head.classifier == classifier {
        return Ok(());
    }
    let key = |pooling: Pooling| Pooling::NAMES.into_iter().find(|(_, own)| *own == pooling).map_or("", |(name, _)| name);
    let word = |classifier: Classifier| Classifier::NAMES.into_iter().find(|(_, own)| *own == classifier).map_or("", |(name, _)| name);
    Err(Refusal::new(format!(
        "the head of this run is {{pooling: {}, classifier: {}}}, which {} does not have; train {} with `head: {{pooling: {}, classifier: {}}}`",
        key(head.pooling),
        word(head.classifier),
        class(family),
        method.about().name,
        key(pooling),
        word(classifier),
    )))
}

/// Whether the run is a plain checkpoint of its family once what merges is merged.
pub fn check(spec: &RunSpec, backbone: &Backbone) -> Result<(), Refusal> {
    let method = &spec.method;
    if !method.merges() && method.added_parameters(backbone) > 0 {
        let format = super::artefact::default_format(method).name();
        let name = method.about().name;
        return Err(Refusal::new(format!("{name} adds layers or tokens of its own, which do not merge; use --format {format}")));
    }
    check_head(&spec.head, method, backbone.family)
}

/// `config.json` of the exported checkpoint: that of the base with the classifier's class and labels.
pub fn config(base: Map<String, Value>, family: Family, task: &Task) -> Value {
    let mut config = base;
    config.insert("architectures".to_owned(), json!([class(family)]));
    let (id2label, label2id) = label_maps(&task.output_names());
    config.insert("id2label".to_owned(), id2label);
    config.insert("label2id".to_owned(), label2id);
    config.insert("problem_type".to_owned(), Value::from(problem_type(task)));
    // Whether it is written follows from id2label.
    config.remove("num_labels");
    Value::Object(config)
}

/// What Transformers calls the kind of a task.
const fn problem_type(task: &Task) -> &'static str {
    match task.kind {
        TaskKind::Classification => "single_label_classification",
        TaskKind::Regression => "regression",
    }
}

/// `id2label` and `label2id`.
pub fn label_maps(labels: &[String]) -> (Value, Value) {
    let id2label: Map<String, Value> = labels.iter().enumerate().map(|(id, label)| (id.to_string(), label.as_str().into())).collect();
    let label2id: Map<String, Value> = labels.iter().enumerate().map(|(id, label)| (label.clone(), id.into())).collect();
    (id2label.into(), label2id.into())
}

/// Every tensor of the checkpoint.
pub fn pairs(spec: &RunSpec, backbone: &Backbone) -> Vec<Pair> {
    let family = backbone.family;
    let encoder = backbone.tensors(spec.head.pooling.reads_pooler()).into_iter().map(|tensor| {
        let theirs = format!("{}{}", family.prefix(), family.checkpoint_name(&tensor.name));
        Pair::new(theirs, &tensor.shape, tensor.name)
    });
    let head = tensors::of_head(&spec.head, backbone, spec.task.n_outputs()).into_iter();
    let head = head.filter_map(|own| Some(Pair::new(family.head_name(&own.name)?, &own.shape, own.name)));
    encoder.chain(head).collect()
}
