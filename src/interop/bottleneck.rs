//! The `config` of AdapterHub's bottleneck adapters ↔ our three kinds of them. Pure.

use serde_json::{Value, json};

use crate::interop::error::{InteropError, Refusal};
use crate::interop::json::Keys;
use crate::interop::peft_lora::with;
use crate::spec::method::adapter::Adapter;
use crate::spec::method::{Method, houlsby_adapter, parallel_adapter, pfeiffer_adapter};

/// The kinds that both have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `double_seq_bn`.
    Houlsby,
    /// `seq_bn`.
    Pfeiffer,
    /// `par_bn`.
    Parallel,
}

/// What tells them apart, and must be as written for the equations to be ours: key, and its value in each kind.
const SHAPE: [(&str, [bool; 3]); 9] = [
    ("mh_adapter", [true, false, false]),
    ("output_adapter", [true, true, true]),
    ("is_parallel", [false, false, true]),
    ("original_ln_before", [false, true, false]),
    ("original_ln_after", [true, true, true]),
    ("ln_before", [false, false, false]),
    ("ln_after", [false, false, false]),
    ("residual_before_ln", [true, true, true]),
    ("adapter_residual_before_ln", [false, false, false]),
];

/// Keys that act only where an option that is off here is on, or only on first weights.
const WITHOUT_EFFECT: [&str; 17] = [
    "init_weights",
    "init_weights_seed",
    "dropout",
    "inv_adapter_reduction_factor",
    "cross_adapter",
    "factorized_phm_W",
    "factorized_phm_rule",
    "hypercomplex_nonlinearity",
    "learn_phm",
    "phm_bias",
    "phm_c_init",
    "phm_dim",
    "phm_init_range",
    "phm_rank",
    "shared_W_phm",
    "shared_phm_rule",
    "stochastic_depth",
];

/// Of the bottleneck that a run has, and of nothing else.
fn parts(method: &Method) -> Option<(Kind, &Adapter)> {
    match method {
        Method::HoulsbyAdapter(adapter) => Some((Kind::Houlsby, adapter)),
        Method::PfeifferAdapter(adapter) => Some((Kind::Pfeiffer, adapter)),
        Method::ParallelAdapter(adapter) => Some((Kind::Parallel, adapter)),
        _ => None,
    }
}

/// The inner `config` of `adapter_config.json`.
pub fn write(method: &Method, hidden_size: i64) -> Result<Value, Refusal> {
    let name = method.about().name;
    let Some((kind, adapter)) = parts(method) else {
        let format = super::artefact::default_format(method).name();
        return Err(Refusal::new(format!("finetop writes bottleneck adapters for AdapterHub, not {name}; use --format {format}")));
    };
    if adapter.train_layer_norms {
        return Err(Refusal::new(format!(
            "AdapterHub's adapters leave the layer norms as they are, but this run trained them; train {name} with `train_layer_norms: false`, \
             and it can be exported"
        )));
    }
    let width = adapter.width(hidden_size);
    // AdapterHub rounds hidden size / factor down: half above the width, no rounding of floats can miss it.
    let factor = if hidden_size % width == 0 { json!(hidden_size / width) } else { json!(hidden_size as f64 / (width as f64 + 0.5)) };
    let mut config = json!({
        "reduction_factor": factor, "non_linearity": adapter.activation.name(), "scaling": adapter.scale, "use_gating": false,
        "init_weights": if kind == Kind::Parallel { "mam_adapter" } else { "bert" }, "dropout": 0.0, "cross_adapter": false, "leave_out": [],
        "inv_adapter": null, "inv_adapter_reduction_factor": null, "phm_layer": false,
    });
    for (key, values) in SHAPE {
        config[key] = values[kind as usize].into();
    }
    Ok(config)
}

/// The adapter that a `config` says.
pub fn read(mut keys: Keys, hidden_size: i64) -> Result<Method, InteropError> {
    let flag = |value: &Value| value.as_bool();
    let mut found = Vec::new();
    for (key, _) in SHAPE {
        let default = matches!(key, "original_ln_after" | "residual_before_ln");
        found.push(keys.or(key, default, "true or false", flag)?);
    }
    let kinds = [Kind::Houlsby, Kind::Pfeiffer, Kind::Parallel];
    let is = |kind: Kind| SHAPE.iter().zip(&found).all(|((_, values), found)| values[kind as usize] == *found);
    let Some(kind) = kinds.into_iter().find(|&kind| is(kind)) else {
        let shown: Vec<String> = SHAPE.iter().zip(&found).map(|((key, _), found)| format!("{key} {found}")).collect();
        return Err(keys
            .problem(format!("this bottleneck is none of double_seq_bn, seq_bn and par_bn, which finetop reads ({})", shown.join(", "))));
    };
    let activations = ["gelu", "relu", "swish", "silu", "tanh"];
    let activation = keys.need("non_linearity", "gelu, relu, swish or tanh", |value| {
        let name = value.as_str()?.to_lowercase();
        activations.into_iter().find(|own| *own == name).map(|own| if own == "silu" { "swish" } else { own })
    })?;
    let scale = keys.or("scaling", 1.0, "a number above 0", |value| value.as_f64().filter(|scale| scale.is_finite() && *scale > 0.0))?;
    let factor = keys.need("reduction_factor", "a number above 0, the same in all blocks", |value| {
        let entries = value.as_object();
        let value = match entries {
            Some(entries) if entries.len() == 1 => entries.get("default")?,
            Some(_) => return None,
            None => value,
        };
        value.as_f64().filter(|factor| factor.is_finite() && *factor > 0.0)
    })?;
    let size = ((hidden_size as f64 / factor).floor() as i64).max(1);
    keys.ignore(&WITHOUT_EFFECT);
    let given = json!({"size": size, "activation": activation, "scale": scale, "train_layer_norms": false});
    let about = match kind {
        Kind::Houlsby => &houlsby_adapter::ABOUT,
        Kind::Pfeiffer => &pfeiffer_adapter::ABOUT,
        Kind::Parallel => &parallel_adapter::ABOUT,
    };
    keys.finish(about.name)?;
    Ok(with(about, given))
}
