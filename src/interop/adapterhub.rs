//! A folder of AdapterHub's library Adapters: a bottleneck adapter with its head.

use std::path::Path;

use serde_json::{Value, json};

use crate::interop::artefact::{Artefact, Part};
use crate::interop::error::{InteropError, Refusal};
use crate::interop::json::{Keys, labels};
use crate::interop::tensors::{self, Pair};
use crate::interop::{Format, base, bottleneck, transformers};
use crate::pretrained::header;
use crate::spec::backbone::Backbone;
use crate::spec::family::Family;
use crate::spec::head::{Classifier, Head, Pooling};
use crate::spec::method::Method;
use crate::spec::run::RunSpec;

/// The adapter's configuration.
pub const CONFIG: &str = "adapter_config.json";
/// Its weights.
pub const WEIGHTS: &str = "adapter.safetensors";
/// The head's configuration.
pub const HEAD_CONFIG: &str = "head_config.json";
/// Its weights.
pub const HEAD_WEIGHTS: &str = "model_head.safetensors";
/// The weights as a pickle.
const PICKLE: &str = "pytorch_adapter.bin";
/// The head as a pickle.
const HEAD_PICKLE: &str = "pytorch_model_head.bin";
/// The library whose format is written.
const VERSION: &str = "adapters.1.3.0";

/// The four files of an exported adapter, without its weights' values.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// `adapter_config.json`.
    pub config: Value,
    /// `head_config.json`.
    pub head_config: Value,
    /// Tensors of the adapter.
    pub adapter: Vec<Pair>,
    /// Tensors of the head.
    pub head: Vec<Pair>,
}

/// The class with flexible heads, and the `model_type`.
const fn model(family: Family) -> (&'static str, &'static str) {
    match family {
        Family::Bert => ("BertAdapterModel", "bert"),
        Family::Roberta => ("RobertaAdapterModel", "roberta"),
        Family::DistilBert => ("DistilBertAdapterModel", "distilbert"),
    }
}

/// The adapter's name inside the files: that of the run, without what would end a name there.
pub fn adapter_name(spec: &RunSpec) -> String {
    spec.name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect()
}

/// What AdapterHub's files say of a run.
pub fn write(spec: &RunSpec, backbone: &Backbone) -> Result<Written, Refusal> {
    let inner = bottleneck::write(&spec.method, backbone.hidden_size)?;
    let (layers, activation, use_pooler) = flexible_head(&spec.head, backbone.family)?;
    let name = adapter_name(spec);
    let (class, model_type) = model(backbone.family);
    let outer = |config: Value| {
        json!({"config": config, "hidden_size": backbone.hidden_size, "model_class": class, "model_name": base::name(&spec.model),
            "model_type": model_type, "name": name, "version": VERSION})
    };
    let (_, label2id) = transformers::label_maps(&spec.task.output_names());
    let head_config = json!({"head_type": "classification", "num_labels": spec.task.n_outputs(), "layers": layers, "activation_function": activation,
        "use_pooler": use_pooler, "bias": true, "dropout_prob": spec.head.dropout, "label2id": label2id});
    Ok(Written {
        config: outer(inner),
        head_config: outer(head_config),
        adapter: adapter_pairs(&spec.method, backbone, &name),
        head: head_pairs(&spec.head, backbone, spec.task.n_outputs(), &Names::Flexible(name)),
    })
}

/// Layers of the flexible head, the function between them, and whether it reads the pooler.
fn flexible_head(head: &Head, family: Family) -> Result<(i64, &'static str, bool), Refusal> {
    let use_pooler = match head.pooling {
        Pooling::Pooler | Pooling::Peft if family == Family::Bert => true,
        Pooling::Cls => false,
        _ => {
            return Err(Refusal::new(
                "AdapterHub's classification head reads the pooler or [CLS]; train with `head: {pooling: pooler}` or `{pooling: cls}`",
            ));
        }
    };
    Ok(match head.classifier {
        Classifier::Linear => (1, "tanh", use_pooler),
        Classifier::Mlp => (2, "tanh", use_pooler),
        Classifier::MlpRelu => (2, "relu", use_pooler),
    })
}

fn adapter_pairs(method: &Method, backbone: &Backbone, name: &str) -> Vec<Pair> {
    let family = backbone.family;
    let theirs = |ours: &str| {
        let mut parts = ours.strip_prefix("method.layer.")?.splitn(3, '.');
        let (layer, sublayer, part) = (parts.next()?, parts.next()?, parts.next()?);
        let part = part.replace("down.", "adapter_down.0.").replace("up.", "adapter_up.");
        let module = match (family, sublayer) {
            (Family::DistilBert, "attention") => format!("transformer.layer.{layer}.attention_adapters"),
            (Family::DistilBert, _) => format!("transformer.layer.{layer}.output_adapters"),
            (_, "attention") => format!("encoder.layer.{layer}.attention.output"),
            _ => format!("encoder.layer.{layer}.output"),
        };
        Some(format!("{}{module}.adapters.{name}.{part}", family.prefix()))
    };
    let own = tensors::of_method(method, backbone).into_iter();
    own.filter_map(|own| Some(Pair::new(theirs(&own.name)?, &own.shape, own.name))).collect()
}

/// How a head's tensors are named.
enum Names {
    /// A flexible head of this name.
    Flexible(String),
    /// The model class's own classifier.
    Static,
}

fn head_pairs(head: &Head, backbone: &Backbone, n_outputs: usize, names: &Names) -> Vec<Pair> {
    let theirs = |ours: &str| match names {
        Names::Static => backbone.family.head_name(ours),
        Names::Flexible(name) => {
            let (layer, part) = ours.strip_prefix("head.")?.split_once('.')?;
            // Dropout, linear layer, and with a hidden layer activation, dropout, linear layer.
            let number = if layer == "output" && head.classifier != Classifier::Linear { 4 } else { 1 };
            Some(format!("heads.{name}.{number}.{part}"))
        }
    };
    let own = tensors::of_head(head, backbone, n_outputs).into_iter();
    own.filter_map(|own| Some(Pair::new(theirs(&own.name)?, &own.shape, own.name))).collect()
}

/// Reads the folder's configurations and headers.
pub fn read(folder: &Path, backbone: &Backbone) -> Result<Artefact, InteropError> {
    let mut outer = Keys::read(&folder.join(CONFIG))?;
    if !folder.join(WEIGHTS).is_file() {
        return Err(without_weights(folder));
    }
    let hidden_size = outer.need("hidden_size", "a whole number", Value::as_i64)?;
    let base = outer.take("model_name").and_then(|value| value.as_str().map(str::to_owned));
    if hidden_size != backbone.hidden_size {
        let (own, named) = (backbone.hidden_size, base.as_deref().unwrap_or("another model"));
        return Err(outer.problem(format!(
            "the adapter is of {named:?} with hidden size {hidden_size}; this run's model has {own}: the base model is another one"
        )));
    }
    let model_type = outer.need("model_type", "a text", |value| value.as_str().map(str::to_owned))?;
    if Family::of_model_type(&model_type) != Some(backbone.family) {
        return Err(
            outer.problem(format!("the adapter is of a model of type {model_type:?}; this run's model is {}", backbone.family.name()))
        );
    }
    let name = outer.need("name", "a text", |value| value.as_str().map(str::to_owned))?;
    if let Some(inner) = outer.value("config").filter(|inner| inner.get("architecture").is_some_and(|kind| !kind.is_null())) {
        let kind = super::json::shown(&inner["architecture"]);
        return Err(outer.problem(format!("the adapter's architecture is {kind}; of AdapterHub's, finetop reads bottleneck adapters")));
    }
    let method = bottleneck::read(outer.object("config")?, hidden_size)?;
    let weights = folder.join(WEIGHTS);
    let pairs = adapter_pairs(&method, backbone, &name);
    tensors::check(&header::read(&weights)?, &pairs).map_err(|problem| InteropError::of(&weights, problem))?;
    let mut artefact = Artefact {
        folder: folder.to_owned(),
        format: Some(Format::AdapterHub),
        method,
        head: None,
        n_outputs: None,
        labels: None,
        base,
        parts: vec![Part { file: weights, pairs }],
        run: None,
    };
    if folder.join(HEAD_CONFIG).is_file() {
        read_head(folder, backbone, &mut artefact)?;
    }
    Ok(artefact)
}

fn read_head(folder: &Path, backbone: &Backbone, artefact: &mut Artefact) -> Result<(), InteropError> {
    let mut outer = Keys::read(&folder.join(HEAD_CONFIG))?;
    let weights = folder.join(HEAD_WEIGHTS);
    if !weights.is_file() {
        return Err(without_weights(folder));
    }
    let count = |value: &Value| value.as_u64().filter(|count| (1..=100_000).contains(count));
    let (head, names, n_outputs, found_labels) = if outer.value("config").is_some() {
        let mut keys = outer.object("config")?;
        let kind = keys.need("head_type", "a text", |value| value.as_str().map(str::to_owned))?;
        if kind != "classification" {
            return Err(keys.problem(format!("`head_type` is {kind:?}; finetop reads classification heads")));
        }
        let layers = keys.need("layers", "1 or 2", |value| value.as_i64().filter(|layers| (1..=2).contains(layers)))?;
        let activation = keys.take("activation_function");
        let classifier = match (layers, activation.as_ref().and_then(Value::as_str)) {
            (1, _) => Classifier::Linear,
            (_, Some("tanh")) => Classifier::Mlp,
            (_, Some("relu")) => Classifier::MlpRelu,
            _ => return Err(keys.error("activation_function", activation.as_ref(), "\"tanh\" or \"relu\"")),
        };
        if !keys.or("bias", true, "true or false", Value::as_bool)? {
            return Err(keys.problem("`bias` is false; the head of finetop has biases"));
        }
        let pooling = if keys.flag("use_pooler")? { Pooling::Pooler } else { Pooling::Cls };
        let dropout = keys.take("dropout_prob").and_then(|value| value.as_f64()).filter(|share| (0.0..1.0).contains(share));
        let n_outputs = keys.need("num_labels", "a whole number of at least 1", count)?;
        let head = Head { pooling, classifier, dropout: dropout.unwrap_or(backbone.head_dropout) };
        let name = outer.need("name", "a text", |value| value.as_str().map(str::to_owned))?;
        (head, Names::Flexible(name), n_outputs, keys.take("label2id"))
    } else {
        let (pooling, classifier) = transformers::native_head(backbone.family);
        let head = Head { pooling, classifier, dropout: backbone.head_dropout };
        (head, Names::Static, outer.need("num_labels", "a whole number of at least 1", count)?, outer.take("label2id"))
    };
    let n_outputs = n_outputs as usize;
    let pairs = head_pairs(&head, backbone, n_outputs, &names);
    tensors::check(&header::read(&weights)?, &pairs).map_err(|problem| InteropError::of(&weights, problem))?;
    let labels = found_labels.as_ref().and_then(labels).filter(|labels| labels.len() == n_outputs);
    // Names that the library makes up say nothing.
    artefact.labels = labels.filter(|labels| !labels.iter().all(|label| label.starts_with("LABEL_")));
    artefact.head = Some(head);
    artefact.n_outputs = Some(n_outputs);
    artefact.parts.push(Part { file: weights, pairs });
    Ok(())
}

fn without_weights(folder: &Path) -> InteropError {
    let pickles = [(PICKLE, WEIGHTS), (HEAD_PICKLE, HEAD_WEIGHTS)].map(|(pickle, weights)| (folder.join(pickle), pickle, weights));
    let problem = match pickles.iter().find(|(path, ..)| path.is_file()) {
        Some((_, pickle, _)) => {
            let convert: Vec<String> = pickles
                .iter()
                .filter(|(path, ..)| path.is_file())
                .map(|(path, _, weights)| {
                    format!("save_file(torch.load('{}', weights_only=True), '{}')", path.display(), folder.join(weights).display())
                })
                .collect();
            format!(
                "has its weights as {pickle}, a pickle, which can run code when read; convert it once: python3 -c \"import torch; \
                 from safetensors.torch import save_file; {}\"",
                convert.join("; ")
            )
        }
        None => format!("has no {WEIGHTS}, or no {HEAD_WEIGHTS} beside its {HEAD_CONFIG}"),
    };
    InteropError::of(folder, problem)
}
