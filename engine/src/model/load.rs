//! Strict loading: a missing, misshapen, wrongly typed or unknown tensor is an error that names it.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::{Dtype, SafeTensors};
use tch::{Kind, Tensor};

use crate::error::EngineError;
use crate::model::encoder::Encoder;
use crate::params::Params;
use finetop::spec::backbone::{Backbone, BackboneTensor};
use finetop::spec::head::Pooling;

/// What a pre-training checkpoint may hold beside the encoder: heads of its pre-training tasks, and buffers.
const KNOWN_EXTRAS: [&str; 3] = ["cls.predictions.", "cls.seq_relationship.", "embeddings.position_ids"];

/// The tensors of a checkpoint, handed out once each; problems are gathered so that loading reads like a list.
#[derive(Debug)]
pub struct Weights<'a> {
    tensors: BTreeMap<String, Tensor>,
    expected: BTreeMap<String, BackboneTensor>,
    params: &'a mut Params,
    problems: Vec<String>,
}

impl Weights<'_> {
    /// Moves tensor `name` into the backbone store and returns a handle to it.
    pub fn take(&mut self, name: &str) -> Tensor {
        let Some(BackboneTensor { shape, part, .. }) = self.expected.get(name) else {
            self.problems.push(format!("tensor {name} is not part of a BERT encoder"));
            return Tensor::new();
        };
        match self.tensors.remove(name) {
            Some(tensor) if tensor.size() == *shape => {
                let tensor = tensor.to_device(self.params.device);
                self.params.add_backbone(name, *part, &tensor)
            }
            Some(tensor) => {
                self.problems.push(format!("tensor {name} has shape {:?}, but config.json asks for {shape:?}", tensor.size()));
                Tensor::new()
            }
            None => {
                self.problems.push(format!("tensor {name} {shape:?} is missing"));
                Tensor::new()
            }
        }
    }
}

/// The tensors of the checkpoint in `folder`, by name; what is wrong with the file is an error.
pub fn read(folder: &Path) -> Result<BTreeMap<String, Tensor>, EngineError> {
    let path = folder.join("model.safetensors");
    let bytes = std::fs::read(&path).map_err(|source| EngineError::File { action: "read", path: path.clone(), source })?;
    parse(&bytes).map_err(|problem| EngineError::Weights { path, problem })
}

/// Puts an encoder together from the `tensors` of `folder`, all of them in `params.backbone`.
///
/// # Errors
/// Names the folder and up to three of the tensors that are wrong.
pub fn encoder(
    folder: &Path,
    tensors: BTreeMap<String, Tensor>,
    backbone: &Backbone,
    pooling: Pooling,
    params: &mut Params,
) -> Result<Encoder, EngineError> {
    let expected = backbone.tensors(true).into_iter().map(|tensor| (tensor.name.clone(), tensor)).collect();
    let mut weights = Weights { tensors, expected, params, problems: Vec::new() };
    let encoder = Encoder::load(&mut weights, backbone, pooling);
    let Weights { tensors, mut problems, .. } = weights;
    let unused_pooler = |name: &str| !pooling.reads_pooler() && name.starts_with("pooler.dense.");
    let is_known = |name: &str| unused_pooler(name) || KNOWN_EXTRAS.iter().any(|extra| name.starts_with(extra));
    problems.extend(tensors.keys().filter(|name| !is_known(name)).map(|name| format!("tensor {name} is not part of a BERT encoder")));
    if problems.is_empty() {
        return Ok(encoder);
    }
    let more = if problems.len() > 3 { format!("; and {} more", problems.len() - 3) } else { String::new() };
    problems.truncate(3);
    Err(EngineError::Weights { path: folder.join("model.safetensors"), problem: problems.join("; ") + &more })
}

/// The tensors of a safetensors file as fp32, by their names without a leading `bert.`.
fn parse(bytes: &[u8]) -> Result<BTreeMap<String, Tensor>, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| format!("not a whole safetensors file ({error}); download it again"))?;
    let mut tensors = BTreeMap::new();
    for (name, view) in file.tensors() {
        let plain = plain_name(&name);
        let kind = match view.dtype() {
            Dtype::F32 => Kind::Float,
            Dtype::F16 => Kind::Half,
            Dtype::BF16 => Kind::BFloat16,
            _ if KNOWN_EXTRAS.iter().any(|extra| plain.starts_with(extra)) => continue,
            other => return Err(format!("tensor {name} has type {other:?}; F32, F16 or BF16 is needed")),
        };
        let shape: Vec<i64> = view.shape().iter().map(|&size| size as i64).collect();
        let tensor = Tensor::f_from_data_size(view.data(), &shape, kind).map_err(|error| format!("tensor {name}: {error}"))?;
        if tensors.insert(plain, tensor.to_kind(Kind::Float)).is_some() {
            return Err(format!("tensor {name} occurs twice, with and without \"bert.\""));
        }
    }
    Ok(tensors)
}

/// The name as of today: no `bert.` in front, and `weight`, `bias` for the `gamma`, `beta` of early checkpoints.
fn plain_name(name: &str) -> String {
    let name = name.strip_prefix("bert.").unwrap_or(name);
    name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
}
