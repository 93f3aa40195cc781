//! The files of an exported run: what they say is `finetop::interop`'s, here they get their weights.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};
use tch::Tensor;

use crate::adapted::Adapted;
use crate::checkpoint;
use crate::error::EngineError;
use crate::hooks::Mode;
use crate::merge;
use finetop::interop::error::Refusal;
use finetop::interop::tensors::Pair;
use finetop::interop::{Format, RUN_FILE, adapterhub, peft, transformers};
use finetop::run::dir;
use finetop::spec::backbone::Backbone;
use finetop::spec::run::RunSpec;

/// Files of a tokenizer, as far as there are any.
const TOKENIZER: [&str; 8] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "sentencepiece.bpe.model",
];

/// What will be written.
#[derive(Debug)]
pub struct Plan {
    /// Names and contents of JSON files.
    json: Vec<(&'static str, Value)>,
    /// Names and tensors of weight files.
    weights: Vec<(&'static str, Vec<Pair>)>,
    /// Whether the tokenizer comes along.
    with_tokenizer: bool,
}

/// What a run is in a format.
///
/// # Errors
/// When the format cannot hold it: says what would work.
pub fn plan(spec: &RunSpec, backbone: &Backbone, format: Format) -> Result<Plan, EngineError> {
    let refuse = |refusal: Refusal| EngineError::Data(format!("{} cannot be exported so: {refusal}", spec.name));
    let run = serde_json::to_value(spec).map_err(|error| EngineError::Data(error.to_string()))?;
    match format {
        Format::Peft => {
            let (config, pairs) = peft::write(spec, backbone).map_err(refuse)?;
            Ok(Plan { json: vec![(peft::CONFIG, config), (RUN_FILE, run)], weights: vec![(peft::WEIGHTS, pairs)], with_tokenizer: false })
        }
        Format::AdapterHub => {
            let written = adapterhub::write(spec, backbone).map_err(refuse)?;
            Ok(Plan {
                json: vec![(adapterhub::CONFIG, written.config), (adapterhub::HEAD_CONFIG, written.head_config), (RUN_FILE, run)],
                weights: vec![(adapterhub::WEIGHTS, written.adapter), (adapterhub::HEAD_WEIGHTS, written.head)],
                with_tokenizer: false,
            })
        }
        Format::Transformers => {
            transformers::check(spec, backbone).map_err(refuse)?;
            let path = spec.model.folder.join("config.json");
            let base = dir::read_json::<Map<String, Value>>(&path).map_err(|error| EngineError::Data(error.to_string()))?;
            let config = transformers::config(base.unwrap_or_default(), backbone.family, &spec.task);
            let weights = vec![("model.safetensors", transformers::pairs(spec, backbone))];
            Ok(Plan { json: vec![("config.json", config), (RUN_FILE, run)], weights, with_tokenizer: true })
        }
    }
}

/// Writes all files into the new folder `out`.
///
/// # Errors
/// When a file cannot be written.
pub fn write(plan: &Plan, adapted: &Adapted, out: &Path) -> Result<(), EngineError> {
    let fail = |source| EngineError::File { action: "write", path: out.to_owned(), source };
    std::fs::create_dir_all(out).map_err(fail)?;
    let own = own_tensors(adapted, plan.with_tokenizer);
    for (name, pairs) in &plan.weights {
        let path = out.join(name);
        let mut tensors = Vec::new();
        for pair in pairs {
            let tensor = own.get(&pair.ours).ok_or_else(|| EngineError::Weights {
                path: path.clone(),
                problem: format!("the run has no tensor {}: a bug", pair.ours),
            })?;
            tensors.push((pair.theirs.clone(), tensor.f_reshape(&pair.shape)?));
        }
        checkpoint::write_tensors(&path, tensors)?;
    }
    for (name, value) in &plan.json {
        dir::write_json(&out.join(name), value).map_err(|error| EngineError::Data(error.to_string()))?;
    }
    if plan.with_tokenizer {
        for name in TOKENIZER {
            let from = adapted.spec.model.folder.join(name);
            if from.is_file() {
                std::fs::copy(&from, out.join(name)).map_err(fail)?;
            }
        }
    }
    Ok(())
}

/// The run's tensors by name: what it trains, a projected prefix computed, and for a whole checkpoint the merged backbone.
fn own_tensors(adapted: &Adapted, is_whole: bool) -> BTreeMap<String, Tensor> {
    let _guard = tch::no_grad_guard();
    let (params, network) = (&adapted.params, &adapted.network);
    let mut own: BTreeMap<String, Tensor> =
        params.trainable().into_iter().map(|(name, tensor)| (name.to_owned(), tensor.detach())).collect();
    if is_whole {
        own.extend(merge::backbone(params, network.hooks.as_ref(), &network.backbone));
    }
    let columns = (0..network.backbone.n_layers as usize).map_while(|layer| network.hooks.virtual_keys(layer, 1, Mode::Evaluate));
    let columns: Vec<Tensor> = columns.flat_map(|pair| [pair.keys.squeeze_dim(0), pair.values.squeeze_dim(0)]).collect(); // 2L of [V,H]
    if !columns.is_empty() {
        own.insert("method.prefix".to_owned(), Tensor::cat(&columns, 1)); // [V,2LH]
    }
    own
}
