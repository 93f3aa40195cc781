//! A folder that a run can start from: an adapter of another library, one that finetop exported, or a run of finetop.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::interop::error::InteropError;
use crate::interop::json::Keys;
use crate::interop::tensors::{self, Pair};
use crate::interop::{Format, RUN_FILE, adapterhub, peft};
use crate::pretrained::header;
use crate::run::dir::{self, RunDir};
use crate::spec::backbone::Backbone;
use crate::spec::head::{Head, Pooling};
use crate::spec::method::Method;
use crate::spec::run::RunSpec;

/// Keys that act in training alone: runs that differ in them compute the same.
const TRAINING_ALONE: [&str; 6] = ["dropout", "initialization", "learning_rate_ratio", "initial_std", "text", "train_layer_norms"];

/// What a folder holds, its configuration and headers checked against the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Artefact {
    /// The folder.
    pub folder: PathBuf,
    /// Whose files they are; `None` is a run of finetop.
    pub format: Option<Format>,
    /// What the weights belong to.
    pub method: Method,
    /// The head, where there is one.
    pub head: Option<Head>,
    /// Outputs of the head.
    pub n_outputs: Option<usize>,
    /// Names of its labels in the order of the outputs, where they are told.
    pub labels: Option<Vec<String>>,
    /// The base model as the folder names it.
    pub base: Option<String>,
    /// The weights.
    pub parts: Vec<Part>,
    /// The run that it was exported from, or that it is.
    pub run: Option<RunSpec>,
}

/// One file of weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The file.
    pub file: PathBuf,
    /// All its tensors.
    pub pairs: Vec<Pair>,
}

/// The format in which a method is exported where none is named.
pub const fn default_format(method: &Method) -> Format {
    match method {
        Method::Lora(_)
        | Method::Ia3(_)
        | Method::PrefixTuning(_)
        | Method::PTuningV2(_)
        | Method::PromptTuning(_)
        | Method::LayerNormTuning => Format::Peft,
        Method::HoulsbyAdapter(_) | Method::PfeifferAdapter(_) | Method::ParallelAdapter(_) => Format::AdapterHub,
        Method::Full | Method::TopLayers(_) | Method::FeatureExtraction | Method::BitFit => Format::Transformers,
    }
}

/// Reads a folder as a start for a model of this shape.
pub fn read(folder: &Path, backbone: &Backbone) -> Result<Artefact, InteropError> {
    if folder.join("run.yaml").is_file() {
        return read_run(folder, backbone);
    }
    let config = folder.join(peft::CONFIG);
    if !config.is_file() {
        return Err(InteropError::of(folder, not_an_adapter(folder)));
    }
    let keys = Keys::read(&config)?;
    let mut artefact = if keys.value("peft_type").is_some() {
        peft::read(folder, backbone)?
    } else if keys.value("config").is_some() {
        adapterhub::read(folder, backbone)?
    } else {
        return Err(keys.problem("has neither `peft_type` (PEFT) nor `config` (AdapterHub): it is no adapter's configuration"));
    };
    if let Some(run) = dir::read_json::<RunSpec>(&folder.join(RUN_FILE)).map_err(|error| InteropError::of(folder, error.to_string()))? {
        complete(&mut artefact, run, backbone.hidden_size)?;
    }
    Ok(artefact)
}

/// Why a folder without the files of an adapter is none, and where one may be.
fn not_an_adapter(folder: &Path) -> String {
    if !folder.is_dir() {
        return "is not a folder".to_owned();
    }
    let below: Vec<PathBuf> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    if let Some(inner) = below.iter().find(|path| path.join(peft::CONFIG).is_file()) {
        return format!("has no {}; an adapter lies in its folder {}", peft::CONFIG, inner.display());
    }
    if folder.join("model.safetensors").is_file() && folder.join("config.json").is_file() {
        return "is a whole model, not an adapter: name it as `model`".to_owned();
    }
    format!("has neither {} (PEFT, AdapterHub) nor run.yaml (a run of finetop)", peft::CONFIG)
}

/// What `finetop.json` knows beside the library's own files, which it must not contradict.
fn complete(artefact: &mut Artefact, run: RunSpec, hidden_size: i64) -> Result<(), InteropError> {
    let path = artefact.folder.join(RUN_FILE);
    let contradiction = |what: &str| {
        InteropError::of(&path, format!("does not agree with {} on {what}; remove {RUN_FILE} to go by the other alone", peft::CONFIG))
    };
    let method = tensors::flattened(&run.method);
    if let Some(key) = difference(&method, &artefact.method, hidden_size) {
        return Err(contradiction(&key));
    }
    if artefact.n_outputs.is_some_and(|n_outputs| n_outputs != run.task.n_outputs()) {
        return Err(contradiction("the number of labels"));
    }
    if let Some(head) = &mut artefact.head {
        let is_same = reads_like(head.pooling, run.head.pooling, &method) && head.classifier == run.head.classifier;
        if !is_same {
            return Err(contradiction("the head"));
        }
        *head = run.head.clone();
        artefact.labels = Some(run.task.labels.clone());
    }
    artefact.method = method;
    artefact.run = Some(run);
    Ok(())
}

/// Whether two poolings read the same vector: without virtual tokens `peft` is the pooler.
pub fn reads_like(one: Pooling, other: Pooling, method: &Method) -> bool {
    let plain = |pooling| if pooling == Pooling::Peft && !matches!(method, Method::PromptTuning(_)) { Pooling::Pooler } else { pooling };
    plain(one) == plain(other)
}

/// The first hyperparameter in which two methods compute something else, as `key`; the method's name where they are of two kinds.
///
/// Prefix tuning and P-tuning v2 compute the same; a bottleneck's width counts, not how it was said, for hidden size `hidden_size`.
pub fn difference(one: &Method, other: &Method, hidden_size: i64) -> Option<String> {
    let comparable = |method: &Method| {
        let mut values: Map<String, Value> = method.hyperparameters().into_iter().map(|(own, value)| (own.key.to_owned(), value)).collect();
        values.retain(|key, _| !TRAINING_ALONE.contains(&key.as_str()));
        let mut name = method.about().name;
        match method {
            Method::PTuningV2(_) => {
                name = "prefix_tuning";
                values.insert("projection".to_owned(), Value::Null);
            }
            Method::Lora(lora) => {
                let mut targets = lora.targets.clone();
                targets.sort_unstable();
                values.insert("targets".to_owned(), targets.iter().map(|site| site.name()).collect());
            }
            Method::Ia3(ia3) => {
                let mut targets = ia3.targets.clone();
                targets.sort_unstable();
                values.insert("targets".to_owned(), targets.iter().map(|site| site.name()).collect());
            }
            Method::HoulsbyAdapter(adapter) | Method::PfeifferAdapter(adapter) | Method::ParallelAdapter(adapter) => {
                values.remove("reduction_factor");
                values.insert("size".to_owned(), adapter.width(hidden_size).into());
            }
            _ => {}
        }
        (name, values)
    };
    let ((one_name, one), (other_name, other)) = (comparable(one), comparable(other));
    if one_name != other_name {
        return Some("method".to_owned());
    }
    one.iter().find(|(key, value)| other.get(*key) != Some(value)).map(|(key, _)| key.clone())
}

fn read_run(folder: &Path, backbone: &Backbone) -> Result<Artefact, InteropError> {
    let dir = RunDir::new(folder);
    let run = dir.read_spec().map_err(|error| InteropError::of(folder, error.to_string()))?;
    let file = dir.checkpoints_dir().join("best.safetensors");
    if !file.is_file() {
        return Err(InteropError::of(
            folder,
            "the run has no checkpoints/best.safetensors: it has not been evaluated yet, or its weights were removed",
        ));
    }
    let mut own = tensors::of_backbone(&run.method, &run.head, backbone);
    own.extend(tensors::of_method(&run.method, backbone));
    own.extend(tensors::of_head(&run.head, backbone, run.task.n_outputs()));
    let pairs: Vec<Pair> = own.into_iter().map(|own| Pair::new(own.name.clone(), &own.shape, own.name)).collect();
    tensors::check(&header::read(&file)?, &pairs).map_err(|problem| InteropError::of(&file, problem))?;
    Ok(Artefact {
        folder: folder.to_owned(),
        format: None,
        method: run.method.clone(),
        head: Some(run.head.clone()),
        n_outputs: Some(run.task.n_outputs()),
        labels: Some(run.task.labels.clone()),
        base: Some(run.model.folder.display().to_string()),
        parts: vec![Part { file, pairs }],
        run: Some(run),
    })
}
