//! Weights of a folder, checked by its headers, into the tensors of a run.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::{Dtype, SafeTensors};
use tch::{Kind, Tensor};

use crate::error::EngineError;
use crate::params::{HEAD, Params};
use finetop::interop::artefact::{self, Artefact};
use finetop::spec::backbone::Backbone;
use finetop::spec::run::RunSpec;

/// Sets the run's first weights to those that it starts from, where it does.
///
/// # Errors
/// When the folder has changed since it was planned with, or cannot be read.
pub fn begin(spec: &RunSpec, backbone: &Backbone, params: &Params) -> Result<(), EngineError> {
    let Some(start) = &spec.start_from else { return Ok(()) };
    let artefact = artefact::read(&start.folder, backbone).map_err(|error| EngineError::Data(error.to_string()))?;
    restore(&artefact, start.head, params)
}

/// Copies the weights of a folder into `params`, those of the head only `with_head`.
///
/// # Errors
/// When a file cannot be read, or holds a tensor that the run does not train.
pub fn restore(artefact: &Artefact, with_head: bool, params: &Params) -> Result<(), EngineError> {
    let own: BTreeMap<&str, &Tensor> = params.trainable().into_iter().collect();
    for part in &artefact.parts {
        let fail = |problem: String| EngineError::Weights { path: part.file.clone(), problem };
        let mut tensors = read(&part.file)?;
        for pair in part.pairs.iter().filter(|pair| with_head || !pair.ours.starts_with(HEAD)) {
            let tensor = tensors.remove(&pair.theirs).ok_or_else(|| fail(format!("tensor {} is missing", pair.theirs)))?;
            let into = own.get(pair.ours.as_str()).ok_or_else(|| fail(format!("this run does not train {}", pair.ours)))?;
            if tensor.numel() != into.numel() {
                return Err(fail(format!("tensor {} has shape {:?}, the run's {:?}", pair.theirs, tensor.size(), into.size())));
            }
            let _guard = tch::no_grad_guard();
            into.shallow_clone().copy_(&tensor.reshape(into.size()));
        }
    }
    Ok(())
}

/// Every tensor of a safetensors file, as fp32, by its name there.
pub fn read(path: &Path) -> Result<BTreeMap<String, Tensor>, EngineError> {
    let bytes = std::fs::read(path).map_err(|source| EngineError::File { action: "read", path: path.to_owned(), source })?;
    let fail = |problem: String| EngineError::Weights { path: path.to_owned(), problem };
    let file = SafeTensors::deserialize(&bytes).map_err(|error| fail(error.to_string()))?;
    let mut tensors = BTreeMap::new();
    for (name, view) in file.tensors() {
        let kind = match view.dtype() {
            Dtype::F32 => Kind::Float,
            Dtype::F16 => Kind::Half,
            Dtype::BF16 => Kind::BFloat16,
            other => return Err(fail(format!("tensor {name} has type {other:?}; F32, F16 or BF16 is needed"))),
        };
        let shape: Vec<i64> = view.shape().iter().map(|&size| size as i64).collect();
        let tensor = Tensor::f_from_data_size(view.data(), &shape, kind)?;
        tensors.insert(name, tensor.to_kind(Kind::Float));
    }
    Ok(tensors)
}
