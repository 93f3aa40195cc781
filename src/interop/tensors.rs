//! The tensors that a run trains, by their names in finetop, and how a file of another library pairs with them. Pure.

use std::collections::BTreeMap;

use safetensors::Dtype;

use crate::pretrained::header::Header;
use crate::spec::backbone::Backbone;
use crate::spec::head::{Classifier, Head};
use crate::spec::method::Method;
use crate::spec::method::adapter::Adapter;
use crate::spec::method::ia3::Ia3;
use crate::spec::method::prefix_tuning::PrefixTuning;

/// Types that are read; all are widened to F32.
const ACCEPTED: [Dtype; 3] = [Dtype::F32, Dtype::F16, Dtype::BF16];

/// A tensor by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its name in finetop.
    pub name: String,
    /// Its shape.
    pub shape: Vec<i64>,
}

/// A tensor of a file and the one of ours that has the same elements in the same order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Name in the file.
    pub theirs: String,
    /// Shape in the file.
    pub shape: Vec<i64>,
    /// Name in finetop.
    pub ours: String,
}

impl Pair {
    /// A pair.
    pub fn new(theirs: String, shape: &[i64], ours: String) -> Self {
        Self { theirs, shape: shape.to_vec(), ours }
    }
}

fn named(name: String, shape: &[i64]) -> Named {
    Named { name, shape: shape.to_vec() }
}

/// The method as it is written: a projected prefix as the flat one that it computes.
pub fn flattened(method: &Method) -> Method {
    match method {
        Method::PrefixTuning(prefix) => Method::PrefixTuning(PrefixTuning { projection: None, ..prefix.clone() }),
        other => other.clone(),
    }
}

/// What the method adds; the engine makes exactly these.
pub fn of_method(method: &Method, backbone: &Backbone) -> Vec<Named> {
    let (n_layers, hidden) = (backbone.n_layers as usize, backbone.hidden_size);
    let all = 2 * backbone.n_layers * hidden;
    match method {
        Method::Full | Method::TopLayers(_) | Method::FeatureExtraction | Method::BitFit | Method::LayerNormTuning => Vec::new(),
        Method::Lora(lora) => {
            let mut tensors = Vec::new();
            for (layer, &site) in (0..n_layers).flat_map(|layer| lora.targets.iter().map(move |site| (layer, site))) {
                let ((n_in, n_out), name) = (site.features(backbone), format!("method.layer.{layer}.{}", site.name()));
                tensors.push(named(format!("{name}.lora_a"), &[lora.rank, n_in]));
                tensors.push(named(format!("{name}.lora_b"), &[n_out, lora.rank]));
                if lora.dora {
                    tensors.push(named(format!("{name}.magnitude"), &[n_out]));
                }
            }
            tensors
        }
        Method::HoulsbyAdapter(adapter) => bottlenecks(adapter, backbone, &["attention", "ffn"]),
        Method::PfeifferAdapter(adapter) | Method::ParallelAdapter(adapter) => bottlenecks(adapter, backbone, &["ffn"]),
        Method::PrefixTuning(PrefixTuning { length, projection: Some(width), .. }) => vec![
            named("method.embedding".to_owned(), &[*length, hidden]),
            named("method.hidden.weight".to_owned(), &[*width, hidden]),
            named("method.hidden.bias".to_owned(), &[*width]),
            named("method.output.weight".to_owned(), &[all, *width]),
            named("method.output.bias".to_owned(), &[all]),
        ],
        Method::PrefixTuning(prefix) => vec![named("method.prefix".to_owned(), &[prefix.length, all])],
        Method::PTuningV2(prefix) => vec![named("method.prefix".to_owned(), &[prefix.length, all])],
        Method::PromptTuning(prompt) => vec![named("method.prompt".to_owned(), &[prompt.length, hidden])],
        Method::Ia3(ia3) => (0..n_layers)
            .flat_map(|layer| ia3.targets.iter().map(move |&site| (layer, site)))
            .map(|(layer, site)| named(format!("method.layer.{layer}.{}.ia3", site.name()), &[Ia3::factors(site, backbone)]))
            .collect(),
    }
}

fn bottlenecks(adapter: &Adapter, backbone: &Backbone, sublayers: &[&str]) -> Vec<Named> {
    let (hidden, width) = (backbone.hidden_size, adapter.width(backbone.hidden_size));
    let of_one = |layer: i64, sublayer: &str| {
        let name = format!("method.layer.{layer}.{sublayer}");
        [
            named(format!("{name}.down.weight"), &[width, hidden]),
            named(format!("{name}.down.bias"), &[width]),
            named(format!("{name}.up.weight"), &[hidden, width]),
            named(format!("{name}.up.bias"), &[hidden]),
        ]
    };
    (0..backbone.n_layers).flat_map(|layer| sublayers.iter().flat_map(move |sublayer| of_one(layer, sublayer))).collect()
}

/// The head's.
pub fn of_head(head: &Head, backbone: &Backbone, n_outputs: usize) -> Vec<Named> {
    let (hidden, n_outputs) = (backbone.hidden_size, n_outputs as i64);
    let mut tensors = Vec::new();
    if head.classifier != Classifier::Linear {
        tensors.push(named("head.hidden.weight".to_owned(), &[hidden, hidden]));
        tensors.push(named("head.hidden.bias".to_owned(), &[hidden]));
    }
    tensors.push(named("head.output.weight".to_owned(), &[n_outputs, hidden]));
    tensors.push(named("head.output.bias".to_owned(), &[n_outputs]));
    tensors
}

/// What of the backbone itself trains; the pooler only where the head reads it.
pub fn of_backbone(method: &Method, head: &Head, backbone: &Backbone) -> Vec<Named> {
    let training = method.backbone_training(backbone);
    let tensors = backbone.tensors(head.pooling.reads_pooler()).into_iter().filter(|tensor| training.trains(tensor.part));
    tensors.map(|tensor| named(tensor.name, &tensor.shape)).collect()
}

/// What a file must hold beside nothing else: names, shapes and types.
///
/// # Errors
/// Up to three of the tensors that are missing, unknown, or of another shape or type, in words.
pub fn check(header: &Header, pairs: &[Pair]) -> Result<(), String> {
    let expected: BTreeMap<&str, &Pair> = pairs.iter().map(|pair| (pair.theirs.as_str(), pair)).collect();
    let mut problems = Vec::new();
    for (name, pair) in &expected {
        match header.tensors.get(*name) {
            None => problems.push(format!("tensor {name} {:?} is missing", pair.shape)),
            Some(found) if found.shape.iter().map(|&side| side as i64).ne(pair.shape.iter().copied()) => {
                problems
                    .push(format!("tensor {name} has shape {:?}; the configuration and this model ask for {:?}", found.shape, pair.shape));
            }
            Some(found) if !ACCEPTED.contains(&found.dtype) => {
                problems.push(format!("tensor {name} is of type {:?}; accepted: F32, F16, BF16", found.dtype));
            }
            Some(_) => {}
        }
    }
    let unknown = header.tensors.keys().filter(|name| !expected.contains_key(name.as_str()));
    problems.extend(unknown.map(|name| format!("tensor {name:?} is none that the configuration and this model ask for")));
    if problems.is_empty() {
        return Ok(());
    }
    let more = if problems.len() > 2 { format!("; and {} more", problems.len() - 2) } else { String::new() };
    problems.truncate(2);
    Err(problems.join("; ") + &more)
}
