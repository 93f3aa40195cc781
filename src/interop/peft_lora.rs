//! `adapter_config.json` of LoRA and (IA)³ ↔ our hyperparameters. The layers are those of the weights, checked against `target_modules`.

use serde_json::{Map, Value, json};

use crate::interop::error::InteropError;
use crate::interop::json::{Keys, names};
use crate::interop::peft_names;
use crate::pretrained::header::Header;
use crate::spec::backbone::Backbone;
use crate::spec::family::Family;
use crate::spec::method::Method;
use crate::spec::method::about::About;
use crate::spec::method::ia3::{self, Ia3};
use crate::spec::method::lora::{self, Initialization, Lora};
use crate::spec::method::site::Site;

/// Initialisations that leave the base's weights as they are; others train against a changed base.
const INITIALIZATIONS: [&str; 4] = ["gaussian", "orthogonal", "eva", "kaiming"];

/// The keys of LoRA.
pub fn write_lora(lora: &Lora, family: Family) -> Value {
    let initialization = if lora.initialization == Initialization::Gaussian { json!("gaussian") } else { json!(true) };
    // PEFT takes `lora_alpha` as it is; a whole number is written as one.
    let alpha = if lora.alpha.fract() == 0.0 && lora.alpha < 1e15 { json!(lora.alpha as i64) } else { json!(lora.alpha) };
    json!({
        "r": lora.rank, "lora_alpha": alpha, "lora_dropout": lora.dropout, "use_rslora": lora.rank_stabilized, "use_dora": lora.dora,
        "target_modules": peft_names::target_modules(&lora.targets, family), "init_lora_weights": initialization,
        "bias": "none", "fan_in_fan_out": false, "alpha_pattern": {}, "rank_pattern": {}, "layers_to_transform": null,
    })
}

/// The keys of (IA)³.
pub fn write_ia3(ia3: &Ia3, family: Family) -> Value {
    json!({
        "target_modules": peft_names::target_modules(&ia3.targets, family),
        "feedforward_modules": peft_names::feedforward_modules(&ia3.targets, family),
        "fan_in_fan_out": false, "init_ia3_weights": true,
    })
}

/// LoRA as the configuration says it.
pub fn read_lora(keys: &mut Keys, header: &Header, backbone: &Backbone) -> Result<Method, InteropError> {
    let rank = keys.need("r", "a whole number of at least 1", |value| value.as_i64().filter(|&rank| rank >= 1))?;
    let is_positive = |value: &Value| value.as_f64().filter(|alpha| alpha.is_finite() && *alpha > 0.0);
    let alpha = keys.or("lora_alpha", 8.0, "a number above 0", is_positive)?;
    let share = |value: &Value| value.as_f64().filter(|share| (0.0..1.0).contains(share));
    let dropout = keys.or("lora_dropout", 0.0, "a number from 0 up to, not including, 1", share)?;
    let (dora, rank_stabilized) = (keys.flag("use_dora")?, keys.flag("use_rslora")?);
    let bias = keys.or("bias", "none".to_owned(), "a text", |value| value.as_str().map(str::to_owned))?;
    if bias != "none" {
        return Err(keys.problem(format!("`bias` is {bias:?}: the base's biases were trained with the adapter; finetop's lora does not train them, so train it with bias=\"none\"")));
    }
    let initialization = match keys.take("init_lora_weights") {
        None | Some(Value::Bool(_)) => "kaiming",
        Some(Value::String(name)) if name == "gaussian" => "gaussian",
        Some(Value::String(name)) if INITIALIZATIONS.contains(&name.as_str()) => "kaiming",
        other => {
            return Err(keys.error(
                "init_lora_weights",
                other.as_ref(),
                "one that leaves the base's weights as they are (true, false, gaussian, orthogonal or eva)",
            ));
        }
    };
    let targets = targets(keys, header, backbone, ".lora_A.weight", "LoRA")?;
    keys.ignore(&["megatron_core", "qalora_group_size", "eva_config", "loftq_config", "runtime_config"]);
    let given = json!({"rank": rank, "alpha": alpha, "dropout": dropout, "dora": dora, "rank_stabilized": rank_stabilized,
        "initialization": initialization, "targets": targets.into_iter().map(Site::name).collect::<Vec<_>>()});
    Ok(with(&lora::ABOUT, given))
}

/// (IA)³ as the configuration says it.
pub fn read_ia3(keys: &mut Keys, header: &Header, backbone: &Backbone) -> Result<Method, InteropError> {
    keys.ignore(&["init_ia3_weights"]);
    let feedforward = keys.take("feedforward_modules");
    let targets = targets(keys, header, backbone, ".ia3_l", "(IA)³")?;
    // A list is checked here, anything else by the shapes of the weights.
    if let Some(list) = feedforward.as_ref().and_then(names) {
        let family = backbone.family;
        let is_input = |site: Site| {
            let module = peft_names::module(0, site, family);
            list.iter().any(|name| module.ends_with(name.as_str()))
        };
        if let Some(site) = targets.iter().find(|&&site| is_input(site) != Ia3::scales_input(site)) {
            let (site, place) = (site.name(), if Ia3::scales_input(*site) { "input" } else { "output" });
            return Err(keys
                .problem(format!("`feedforward_modules` has the factors of {site} on its other side; finetop's ia3 scales its {place}")));
        }
    }
    Ok(with(&ia3::ABOUT, json!({"targets": targets.into_iter().map(Site::name).collect::<Vec<_>>()})))
}

/// The layers that have a tensor with this ending, at least one, as `target_modules` names them.
fn targets(keys: &mut Keys, header: &Header, backbone: &Backbone, ending: &str, what: &str) -> Result<Vec<Site>, InteropError> {
    let layers = 0..backbone.n_layers as usize;
    let has = |site: Site| {
        layers.clone().any(|layer| header.tensors.contains_key(&format!("{}{ending}", peft_names::module(layer, site, backbone.family))))
    };
    let sites: Vec<Site> = Site::ALL.into_iter().filter(|&site| has(site)).collect();
    let target_modules = keys.take("target_modules");
    if sites.is_empty() {
        let first = header.tensors.keys().next().map_or("the file is empty".to_owned(), |name| format!("its first tensor is {name:?}"));
        return Err(keys.problem(format!("the weights beside it hold no {what} of this model's layers ({first})")));
    }
    match target_modules.and_then(|value| peft_names::target_problem(&value, &sites, backbone.family)) {
        Some(problem) => Err(keys.problem(problem)),
        None => Ok(sites),
    }
}

/// The method with these hyperparameters, which were checked.
pub fn with(about: &About, given: Value) -> Method {
    let given = if let Value::Object(given) = given { given } else { Map::new() };
    Method::with(about, &given)
}
