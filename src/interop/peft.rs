//! A folder of PEFT: `adapter_config.json` and the pairing of `adapter_model.safetensors` with our tensors.

use std::path::Path;

use serde_json::{Value, json};

use crate::interop::artefact::{Artefact, Part};
use crate::interop::base;
use crate::interop::error::{InteropError, Refusal};
use crate::interop::json::{Keys, names};
use crate::interop::peft_lora::{self, with};
use crate::interop::tensors::{self, Pair};
use crate::interop::transformers;
use crate::interop::{Format, peft_names};
use crate::pretrained::header::{self, Header};
use crate::spec::backbone::Backbone;
use crate::spec::family::Family;
use crate::spec::head::{Head, Pooling};
use crate::spec::method::prompt_tuning::PromptInitialization;
use crate::spec::method::{Method, layer_norm_tuning, prefix_tuning, prompt_tuning};
use crate::spec::run::RunSpec;

/// The configuration.
pub const CONFIG: &str = "adapter_config.json";
/// The weights.
pub const WEIGHTS: &str = "adapter_model.safetensors";
/// The weights as older versions wrote them.
const PICKLE: &str = "adapter_model.bin";
/// The library whose format is written.
const VERSION: &str = "0.21.2";

/// The methods that PEFT has, in the words of its `peft_type`.
fn peft_type(method: &Method) -> Option<&'static str> {
    match method {
        Method::Lora(_) => Some("LORA"),
        Method::Ia3(_) => Some("IA3"),
        Method::PrefixTuning(_) | Method::PTuningV2(_) => Some("PREFIX_TUNING"),
        Method::PromptTuning(_) => Some("PROMPT_TUNING"),
        Method::LayerNormTuning => Some("LN_TUNING"),
        _ => None,
    }
}

/// `adapter_config.json` and the file's tensors for a run; a projected prefix is written as the flat one that it computes.
pub fn write(spec: &RunSpec, backbone: &Backbone) -> Result<(Value, Vec<Pair>), Refusal> {
    let method = tensors::flattened(&spec.method);
    let Some(peft_type) = peft_type(&method) else {
        let (name, format) = (method.about().name, super::artefact::default_format(&method).name());
        return Err(Refusal::new(format!("PEFT has no method like {name}; use --format {format}")));
    };
    if backbone.family == Family::DistilBert && matches!(method, Method::PrefixTuning(_) | Method::PTuningV2(_)) {
        return Err(Refusal::new("Transformers' DistilBERT takes no virtual keys and values, so PEFT cannot load a prefix for it"));
    }
    if let Method::PromptTuning(_) = method {
        check_prompt(spec, backbone)?;
    } else {
        transformers::check_head(&spec.head, &method, backbone.family)?;
    }
    let mut config = json!({
        "peft_type": peft_type, "task_type": "SEQ_CLS", "peft_version": VERSION, "inference_mode": true, "auto_mapping": null,
        "base_model_name_or_path": base::name(&spec.model), "revision": base::revision(&spec.model.folder),
        "modules_to_save": ["classifier", "score"],
    });
    let prompt = |length: i64| {
        json!({"num_virtual_tokens": length, "token_dim": backbone.hidden_size, "num_layers": backbone.n_layers,
            "num_attention_heads": backbone.n_heads, "num_transformer_submodules": 1})
    };
    let own = match &method {
        Method::Lora(lora) => peft_lora::write_lora(lora, backbone.family),
        Method::Ia3(ia3) => peft_lora::write_ia3(ia3, backbone.family),
        Method::LayerNormTuning => json!({"target_modules": peft_names::layer_norms(backbone.family)}),
        Method::PrefixTuning(_) | Method::PTuningV2(_) => {
            let mut own = prompt(method.virtual_tokens());
            own["prefix_projection"] = false.into();
            own["encoder_hidden_size"] = backbone.hidden_size.into();
            own
        }
        _ => {
            let mut own = prompt(method.virtual_tokens());
            own["prompt_tuning_init"] = "RANDOM".into();
            own
        }
    };
    if let (Value::Object(config), Value::Object(own)) = (&mut config, own) {
        config.extend(own);
    }
    let mut pairs = peft_names::of_method(&method, backbone);
    pairs.extend(peft_names::of_head(&method, &spec.head, backbone, spec.task.n_outputs()));
    Ok((config, pairs))
}

/// Under PEFT the classifier behind a prompt reads position 0, the first virtual token, so only a head trained so is the same.
fn check_prompt(spec: &RunSpec, backbone: &Backbone) -> Result<(), Refusal> {
    if backbone.family != Family::Bert {
        return Err(Refusal::new("finetop writes prompt tuning for BERT models alone"));
    }
    if spec.head.pooling != Pooling::Peft {
        return Err(Refusal::new(
            "under PEFT the classifier reads the first virtual token of a prompt, but this run was trained on [CLS]: its logits would be \
             others there; train it with `head: {pooling: peft}`, and it can be exported",
        ));
    }
    transformers::check_head(&Head { pooling: Pooling::Pooler, ..spec.head.clone() }, &spec.method, backbone.family)
}

/// Reads the folder's configuration and header.
pub fn read(folder: &Path, backbone: &Backbone) -> Result<Artefact, InteropError> {
    let mut keys = Keys::read(&folder.join(CONFIG))?;
    let weights = folder.join(WEIGHTS);
    if !weights.is_file() {
        return Err(without_weights(folder));
    }
    let header = header::read(&weights)?;
    let peft_type = keys.need("peft_type", "a text", |value| value.as_str().map(str::to_owned))?;
    let base = keys.take("base_model_name_or_path").and_then(|value| value.as_str().map(str::to_owned));
    let task = keys.take("task_type");
    let is_classifier = match task.as_ref().map(Value::as_str) {
        Some(Some("SEQ_CLS")) => true,
        None | Some(Some("FEATURE_EXTRACTION")) => false,
        _ => return Err(keys.error("task_type", task.as_ref(), "SEQ_CLS, FEATURE_EXTRACTION or null: finetop classifies sequences")),
    };
    check_modules_to_save(&mut keys)?;
    keys.ignore(&["peft_version", "inference_mode", "auto_mapping", "revision"]);
    if keys.flag("fan_in_fan_out")? {
        return Err(keys.problem("`fan_in_fan_out` is true: the weights are transposed, which no layer of a BERT encoder is"));
    }
    let method = match peft_type.as_str() {
        "LORA" => peft_lora::read_lora(&mut keys, &header, backbone)?,
        "IA3" => peft_lora::read_ia3(&mut keys, &header, backbone)?,
        "PREFIX_TUNING" | "PROMPT_TUNING" => read_prompt(&mut keys, &peft_type, backbone)?,
        "LN_TUNING" => read_layer_norms(&mut keys, backbone)?,
        other => {
            return Err(
                keys.problem(format!("`peft_type` is {other:?}; finetop reads LORA, IA3, PREFIX_TUNING, PROMPT_TUNING and LN_TUNING"))
            );
        }
    };
    let problem = |problem: String| InteropError::of(&weights, problem);
    let head = head(&header, &method, backbone, is_classifier).map_err(problem)?;
    keys.finish(method.about().name)?;
    let mut pairs = peft_names::of_method(&method, backbone);
    if let Some((head, n_outputs)) = &head {
        pairs.extend(peft_names::of_head(&method, head, backbone, *n_outputs));
    }
    tensors::check(&header, &pairs).map_err(problem)?;
    let (head, n_outputs) = head.map_or((None, None), |(head, n_outputs)| (Some(head), Some(n_outputs)));
    let parts = vec![Part { file: weights, pairs }];
    Ok(Artefact { folder: folder.to_owned(), format: Some(Format::Peft), method, head, n_outputs, labels: None, base, parts, run: None })
}

fn without_weights(folder: &Path) -> InteropError {
    let problem = if folder.join(PICKLE).is_file() {
        format!(
            "has its weights only as {PICKLE}, a pickle, which can run code when read; convert it once: python3 -c \"import torch; \
             from safetensors.torch import save_file; save_file(torch.load('{0}/{PICKLE}', weights_only=True), '{0}/{WEIGHTS}')\"",
            folder.display()
        )
    } else {
        format!("has no {WEIGHTS}")
    };
    InteropError::of(folder, problem)
}

/// PEFT lists the classifier twice over for some methods; any other module would be lost.
fn check_modules_to_save(keys: &mut Keys) -> Result<(), InteropError> {
    let Some(value) = keys.take("modules_to_save") else { return Ok(()) };
    let names = names(&value).ok_or_else(|| keys.error("modules_to_save", Some(&value), "a list of names"))?;
    match names.iter().find(|name| !matches!(name.as_str(), "classifier" | "score")) {
        None => Ok(()),
        Some(other) => Err(keys
            .problem(format!("`modules_to_save` has {other:?}: it was trained with the adapter, and finetop keeps only the classifier"))),
    }
}

fn read_prompt(keys: &mut Keys, peft_type: &str, backbone: &Backbone) -> Result<Method, InteropError> {
    let length = keys.need("num_virtual_tokens", "a whole number of at least 1", |value| value.as_i64().filter(|&length| length >= 1))?;
    for (key, own) in [
        ("token_dim", backbone.hidden_size),
        ("num_layers", backbone.n_layers),
        ("num_attention_heads", backbone.n_heads),
        ("num_transformer_submodules", 1),
    ] {
        let found = keys.or(key, own, "a whole number", Value::as_i64)?;
        if found != own {
            return Err(keys.problem(format!("`{key}` is {found}, but this run's model has {own}: the adapter is of another base model")));
        }
    }
    if peft_type == "PREFIX_TUNING" {
        // Saved prefixes are flat, whatever computed them.
        keys.ignore(&["prefix_projection", "encoder_hidden_size", "init_weights"]);
        return Ok(with(&prefix_tuning::ABOUT, json!({"length": length})));
    }
    keys.ignore(&["prompt_tuning_init", "prompt_tuning_init_text", "tokenizer_name_or_path", "tokenizer_kwargs"]);
    let mut method = with(&prompt_tuning::ABOUT, json!({"length": length}));
    if let Method::PromptTuning(prompt) = &mut method {
        prompt.initialization = PromptInitialization::Random;
    }
    Ok(method)
}

fn read_layer_norms(keys: &mut Keys, backbone: &Backbone) -> Result<Method, InteropError> {
    let all = names(&peft_names::layer_norms(backbone.family)).unwrap_or_default();
    let found = keys.take("target_modules");
    let mut listed = found.as_ref().and_then(names).unwrap_or_default();
    listed.sort();
    if listed != all {
        return Err(keys.error("target_modules", found.as_ref(), &format!("all layer norms, [{}]", all.join(", "))));
    }
    Ok(with(&layer_norm_tuning::ABOUT, json!({})))
}

/// The head that the file has, with its outputs.
fn head(header: &Header, method: &Method, backbone: &Backbone, is_classifier: bool) -> Result<Option<(Head, usize)>, String> {
    let prefix = peft_names::head_prefix(method);
    let has_any = header.tensors.keys().any(|name| {
        let name = name.strip_prefix(prefix).unwrap_or(name);
        name.starts_with("classifier.") || name.starts_with("pre_classifier.")
    });
    if !has_any {
        let missing = "the head is missing: there is no tensor `classifier.weight`, though `task_type` is SEQ_CLS; save the adapter again with \
                       `modules_to_save=[\"classifier\"]`";
        return if is_classifier { Err(missing.to_owned()) } else { Ok(None) };
    }
    let (pooling, classifier) = transformers::native_head(backbone.family);
    let pooling = if matches!(method, Method::PromptTuning(_)) { Pooling::Peft } else { pooling };
    let output = backbone.family.head_name("head.output.weight").unwrap_or_default();
    let weight = format!("{prefix}{output}");
    let n_outputs = header.tensors.get(&weight).map(|tensor| tensor.shape.first().copied().unwrap_or(0));
    let n_outputs = n_outputs.ok_or_else(|| format!("tensor {weight} is missing"))?;
    Ok(Some((Head { pooling, classifier, dropout: backbone.head_dropout }, n_outputs)))
}
