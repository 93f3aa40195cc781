//! Checkpoints: `best` holds the trainable weights, `last` also the optimizer and the position. Each is one safetensors
//! file, written aside and renamed, so that there is always a whole one.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use safetensors::tensor::View;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::error::EngineError;
use crate::optimizer::AdamW;
use crate::params::Params;
use finetop::spec::early_stopping::Patience;

/// Where a run is: all that is needed to go on, beside the tensors.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Position {
    /// Optimizer steps taken.
    pub step: u64,
    /// Examples seen.
    pub examples: u64,
    /// Real tokens seen.
    pub tokens: u64,
    /// Seconds spent in training steps.
    pub training_seconds: f64,
    /// Best validation so far by the best metric.
    pub best: Patience,
    /// Early stopping's own count.
    pub early_stopping: Patience,
}

const POSITION: &str = "finetop.position";
const FIRST_MOMENT: &str = "optimizer.first_moment.";
const SECOND_MOMENT: &str = "optimizer.second_moment.";

/// Writes the trainable weights; returns the bytes on disk.
pub fn save_best(path: &Path, params: &Params, position: &Position) -> Result<u64, EngineError> {
    let tensors = params.trainable().into_iter().map(|(name, tensor)| (name.to_owned(), Stored::new(tensor)));
    write(path, tensors.collect(), position)
}

/// Writes the trainable weights, the optimizer's moments and the position; returns the bytes on disk.
pub fn save_last(path: &Path, params: &Params, optimizer: &AdamW, position: &Position) -> Result<u64, EngineError> {
    let mut tensors: Vec<_> = params.trainable().into_iter().map(|(name, tensor)| (name.to_owned(), Stored::new(tensor))).collect();
    for slot in optimizer.slots() {
        tensors.push((format!("{FIRST_MOMENT}{}", slot.name), Stored::new(&slot.first_moment)));
        tensors.push((format!("{SECOND_MOMENT}{}", slot.name), Stored::new(&slot.second_moment)));
    }
    write(path, tensors, position)
}

/// Reads the weights of a checkpoint into `params`.
pub fn load_weights(path: &Path, params: &Params) -> Result<Position, EngineError> {
    let (mut tensors, position) = read(path)?;
    for (name, tensor) in params.trainable() {
        restore(path, &mut tensors, name, tensor)?;
    }
    Ok(position)
}

/// Reads weights, optimizer and position.
pub fn load_last(path: &Path, params: &Params, optimizer: &AdamW) -> Result<Position, EngineError> {
    let (mut tensors, position) = read(path)?;
    for (name, tensor) in params.trainable() {
        restore(path, &mut tensors, name, tensor)?;
    }
    for slot in optimizer.slots() {
        restore(path, &mut tensors, &format!("{FIRST_MOMENT}{}", slot.name), &slot.first_moment)?;
        restore(path, &mut tensors, &format!("{SECOND_MOMENT}{}", slot.name), &slot.second_moment)?;
    }
    Ok(position)
}

fn restore(path: &Path, tensors: &mut BTreeMap<String, Tensor>, name: &str, into: &Tensor) -> Result<(), EngineError> {
    let problem = match tensors.remove(name) {
        Some(tensor) if tensor.size() == into.size() => {
            let _guard = tch::no_grad_guard();
            into.shallow_clone().copy_(&tensor);
            return Ok(());
        }
        Some(tensor) => format!("tensor {name} has shape {:?}, the run's {:?}", tensor.size(), into.size()),
        None => format!("tensor {name} is missing"),
    };
    Err(EngineError::Weights { path: path.to_owned(), problem })
}

fn read(path: &Path) -> Result<(BTreeMap<String, Tensor>, Position), EngineError> {
    let bytes = std::fs::read(path).map_err(|source| EngineError::File { action: "read", path: path.to_owned(), source })?;
    let fail = |problem: String| EngineError::Weights { path: path.to_owned(), problem };
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|error| fail(error.to_string()))?;
    let position =
        metadata.metadata().as_ref().and_then(|entries| entries.get(POSITION)).ok_or_else(|| fail("its position is missing".to_owned()))?;
    let position = serde_json::from_str(position).map_err(|error| fail(format!("its position cannot be read: {error}")))?;
    let file = SafeTensors::deserialize(&bytes).map_err(|error| fail(error.to_string()))?;
    let tensors = file.tensors().into_iter().map(|(name, view)| {
        let shape: Vec<i64> = view.shape().iter().map(|&size| size as i64).collect();
        (name, Tensor::from_data_size(view.data(), &shape, Kind::Float))
    });
    Ok((tensors.collect(), position))
}

fn write(path: &Path, tensors: Vec<(String, Stored)>, position: &Position) -> Result<u64, EngineError> {
    let fail = |source: std::io::Error| EngineError::File { action: "write", path: path.to_owned(), source };
    let position = serde_json::to_string(position).map_err(|error| fail(error.into()))?;
    write_stored(path, tensors, HashMap::from([("format".to_owned(), "pt".to_owned()), (POSITION.to_owned(), position)]))
}

/// Writes a safetensors file of these tensors as fp32, marked as other libraries mark theirs; returns the bytes on disk.
pub fn write_tensors(path: &Path, tensors: Vec<(String, Tensor)>) -> Result<u64, EngineError> {
    let tensors = tensors.into_iter().map(|(name, tensor)| (name, Stored::new(&tensor)));
    // Transformers refuses files without this mark.
    write_stored(path, tensors.collect(), HashMap::from([("format".to_owned(), "pt".to_owned())]))
}

fn write_stored(path: &Path, tensors: Vec<(String, Stored)>, metadata: HashMap<String, String>) -> Result<u64, EngineError> {
    let fail = |source: std::io::Error| EngineError::File { action: "write", path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(fail)?;
    }
    let aside = path.with_extension("partial");
    let written = safetensors::serialize_to_file(tensors, Some(metadata), &aside)
        .map_err(|error| match error {
            safetensors::SafeTensorError::IoError(source) => source,
            other => std::io::Error::other(other.to_string()),
        })
        .and_then(|()| std::fs::File::open(&aside)?.sync_all())
        .and_then(|()| std::fs::rename(&aside, path));
    if let Err(source) = written {
        // Half a file is of no use to anyone; that it cannot be removed changes nothing.
        let _ = std::fs::remove_file(&aside);
        return Err(fail(source));
    }
    std::fs::metadata(path).map(|metadata| metadata.len()).map_err(fail)
}

/// A tensor whose bytes are copied only when its turn to be written comes.
struct Stored {
    tensor: Tensor,
    shape: Vec<usize>,
}

impl Stored {
    fn new(tensor: &Tensor) -> Self {
        Self { tensor: tensor.detach(), shape: tensor.size().iter().map(|&size| size as usize).collect() }
    }
}

impl View for Stored {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let mut bytes = vec![0; self.data_len()];
        let tensor = self.tensor.to_device(Device::Cpu).contiguous();
        tensor.copy_data_u8(&mut bytes, tensor.numel());
        bytes.into()
    }

    fn data_len(&self) -> usize {
        self.tensor.numel() * size_of::<f32>()
    }
}
