//! Strict loading: a missing, misshapen, wrongly typed or unknown tensor is an error that names it.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::SafeTensors;
use tch::{Device, Kind, Tensor};

use crate::cache::rounded;
use crate::error::EngineError;
use crate::model::encoder::Encoder;
use crate::model::mapped;
use crate::params::Params;
use finetop::pretrained::{tensors, weights};
use finetop::spec::backbone::{Backbone, BackboneTensor};
use finetop::spec::family::Family;
use finetop::spec::head::Pooling;
use finetop::spec::run::Precision;

/// The tensors of a checkpoint, handed out once each; problems are gathered so that loading reads like a list.
#[derive(Debug)]
pub struct Weights<'a> {
    tensors: BTreeMap<String, Tensor>,
    expected: BTreeMap<String, BackboneTensor>,
    family: Family,
    params: &'a mut Params,
    problems: Vec<String>,
    /// Weights in bf16 that all workers share.
    rounded: BTreeMap<String, Tensor>,
}

impl Weights<'_> {
    /// What linear layers multiply.
    pub const fn precision(&self) -> Precision {
        self.params.precision
    }

    /// The frozen weight `name` of a linear layer in bf16: shared with other workers where it can be, else a copy of `weight`.
    pub fn rounded(&mut self, name: &str, weight: &Tensor) -> Tensor {
        let shared = self.rounded.remove(name).filter(|rounded| rounded.size() == weight.size());
        shared.unwrap_or_else(|| weight.to_kind(Kind::BFloat16))
    }

    /// Moves tensor `name` into the backbone store and returns a handle to it.
    pub fn take(&mut self, name: &str) -> Tensor {
        let Some(BackboneTensor { shape, part, .. }) = self.expected.get(name) else {
            self.problems.push(not_part(name, self.family));
            return Tensor::new();
        };
        match self.tensors.remove(name) {
            Some(tensor) if tensor.size() == *shape => {
                let tensor = tensor.to_device(self.params.device);
                // What trains needs memory of its own, not the file's.
                let tensor = if self.params.trains(*part) { tensor.copy() } else { tensor };
                self.params.add_backbone(name, *part, &tensor)
            }
            Some(tensor) => {
                let name = self.family.checkpoint_name(name);
                self.problems.push(format!("tensor {name} has shape {:?}, but config.json asks for {shape:?}", tensor.size()));
                Tensor::new()
            }
            None => {
                self.problems.push(format!("tensor {} {shape:?} is missing", self.family.checkpoint_name(name)));
                Tensor::new()
            }
        }
    }
}

/// The encoder's tensors in the checkpoint of `folder` as fp32, by canonical name; what is wrong with its files is an error. They may be the
/// file's own memory, and must not be changed in place.
pub fn read(folder: &Path, family: Family) -> Result<BTreeMap<String, Tensor>, EngineError> {
    let mut found = BTreeMap::new();
    for file in weights::find(folder).map_err(|error| EngineError::Data(error.to_string()))? {
        let path = &file.path;
        let bytes = mapped::file(path).map_err(|source| EngineError::File { action: "read", path: path.clone(), source })?;
        let fail = |problem: String| EngineError::Weights { path: path.clone(), problem };
        let views =
            SafeTensors::deserialize(bytes).map_err(|error| fail(format!("not a whole safetensors file ({error}); download it again")))?;
        file.check(views.names().into_iter()).map_err(|error| EngineError::Data(error.to_string()))?;
        for (canonical, name) in tensors::by_canonical_name(views.names().into_iter(), family).map_err(fail)? {
            let view = views.tensor(name).map_err(|error| fail(error.to_string()))?;
            let tensor = mapped::tensor(&view).map_err(|problem| fail(format!("tensor {name} {problem}")))?;
            if found.insert(canonical, tensor).is_some() {
                return Err(fail(format!("tensor {name} occurs in two files")));
            }
        }
    }
    Ok(found)
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
    let expected: BTreeMap<_, _> = backbone.tensors(true).into_iter().map(|tensor| (tensor.name.clone(), tensor)).collect();
    let is_rounded = params.precision == Precision::Bf16 && params.device == Device::Cpu;
    let rounded = match &params.cache {
        Some(cache) if is_rounded && expected.values().any(|tensor| tensor.shape.len() == 2 && !params.trains(tensor.part)) => {
            rounded::weights(cache, folder, &tensors)
        }
        _ => BTreeMap::new(),
    };
    let family = backbone.family;
    let mut weights = Weights { tensors, expected, family, params, problems: Vec::new(), rounded };
    let encoder = Encoder::load(&mut weights, backbone, pooling);
    let Weights { tensors, mut problems, .. } = weights;
    let unused_pooler = |name: &str| !pooling.reads_pooler() && name.starts_with("pooler.dense.");
    problems.extend(tensors.keys().filter(|name| !unused_pooler(name)).map(|name| not_part(name, family)));
    if problems.is_empty() {
        return Ok(encoder);
    }
    let more = if problems.len() > 3 { format!("; and {} more", problems.len() - 3) } else { String::new() };
    problems.truncate(3);
    Err(EngineError::Weights { path: folder.to_owned(), problem: problems.join("; ") + &more })
}

fn not_part(canonical: &str, family: Family) -> String {
    format!("tensor {} is not part of the {} encoder that config.json describes", family.checkpoint_name(canonical), family.name())
}
