//! Checkpoints: `best` holds the trainable weights, `last` also the optimizer and the position. Each is one safetensors
//! file with a hash of its content, written aside and renamed, so that there is always a whole one.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use safetensors::tensor::View;
use safetensors::{Dtype, SafeTensors};
use tch::{Device, Kind, Tensor};

use crate::error::EngineError;
use crate::optimizer::AdamW;
use crate::params::Params;
use finetop::run::position::{POSITION, Position};

/// BLAKE3 of position and tensors, in hexadecimal; files of other programs have none.
const HASH: &str = "finetop.blake3";
const FIRST_MOMENT: &str = "optimizer.first_moment.";
const SECOND_MOMENT: &str = "optimizer.second_moment.";

/// Writes the trainable weights; returns the bytes on disk.
pub fn save_best(path: &Path, params: &Params, position: &Position) -> Result<u64, EngineError> {
    let tensors = params.trainable().into_iter().map(|(name, tensor)| (name.to_owned(), Stored::new(tensor)));
    settle(&write_checkpoint(path, tensors.collect(), position)?, path)
}

/// Writes the trainable weights, the optimizer's moments and the position; what had the name `path` is then called `previous`.
/// Returns the bytes on disk.
pub fn save_last(path: &Path, previous: &Path, params: &Params, optimizer: &AdamW, position: &Position) -> Result<u64, EngineError> {
    let mut tensors: Vec<_> = params.trainable().into_iter().map(|(name, tensor)| (name.to_owned(), Stored::new(tensor))).collect();
    for slot in optimizer.slots() {
        tensors.push((format!("{FIRST_MOMENT}{}", slot.name), Stored::new(&slot.first_moment)));
        tensors.push((format!("{SECOND_MOMENT}{}", slot.name), Stored::new(&slot.second_moment)));
    }
    let aside = write_checkpoint(path, tensors, position)?;
    if path.exists() {
        link(path, previous)?;
    }
    settle(&aside, path)
}

/// Reads the weights of a checkpoint into `params`.
pub fn load_weights(path: &Path, params: &Params) -> Result<Position, EngineError> {
    read(path, params.trainable().into_iter().map(|(name, tensor)| (Cow::from(name), tensor)))
}

/// Reads weights, optimizer and position.
pub fn load_last(path: &Path, params: &Params, optimizer: &AdamW) -> Result<Position, EngineError> {
    let weights = params.trainable().into_iter().map(|(name, tensor)| (Cow::from(name), tensor));
    let moments = optimizer.slots().iter().flat_map(|slot| {
        [(FIRST_MOMENT, &slot.first_moment), (SECOND_MOMENT, &slot.second_moment)]
            .map(|(which, moment)| (Cow::from(format!("{which}{}", slot.name)), moment))
    });
    read(path, weights.chain(moments))
}

/// Reads the tensors of these names, one after the other, since a copy of all of them is as large as the model.
fn read<'a>(path: &Path, wanted: impl Iterator<Item = (Cow<'a, str>, &'a Tensor)>) -> Result<Position, EngineError> {
    let bytes = std::fs::read(path).map_err(|source| EngineError::File { action: "read", path: path.to_owned(), source })?;
    let fail = |problem: String| EngineError::Weights { path: path.to_owned(), problem };
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|error| fail(error.to_string()))?;
    let entry = |name: &str| metadata.metadata().as_ref().and_then(|entries| entries.get(name)).cloned();
    let text = entry(POSITION).ok_or_else(|| fail("its position is missing".to_owned()))?;
    let position = serde_json::from_str(&text).map_err(|error| fail(format!("its position cannot be read: {error}")))?;
    let file = SafeTensors::deserialize(&bytes).map_err(|error| fail(error.to_string()))?;
    let views: BTreeMap<String, _> = file.tensors().into_iter().collect();
    if let Some(expected) = entry(HASH) {
        let mut hash = Hash::new(&text);
        for (name, view) in &views {
            hash.add(name, view.shape(), view.data());
        }
        if hash.in_hexadecimal() != expected {
            return Err(fail("it is damaged: its content does not have the hash that was stored with it".to_owned()));
        }
    }
    for (name, into) in wanted {
        let view = views.get(name.as_ref()).ok_or_else(|| fail(format!("tensor {name} is missing")))?;
        let shape: Vec<i64> = view.shape().iter().map(|&size| size as i64).collect();
        if shape != into.size() {
            return Err(fail(format!("tensor {name} has shape {shape:?}, the run's {:?}", into.size())));
        }
        let _guard = tch::no_grad_guard();
        into.shallow_clone().copy_(&Tensor::from_data_size(view.data(), &shape, Kind::Float));
    }
    Ok(position)
}

/// Writes a checkpoint aside, whole and on the disk; returns where.
fn write_checkpoint(path: &Path, tensors: Vec<(String, Stored)>, position: &Position) -> Result<PathBuf, EngineError> {
    let fail = |source: std::io::Error| EngineError::File { action: "write", path: path.to_owned(), source };
    let position = serde_json::to_string(position).map_err(|error| fail(error.into()))?;
    let mut hash = Hash::new(&position);
    let by_name: BTreeMap<&String, &Stored> = tensors.iter().map(|(name, stored)| (name, stored)).collect();
    for (name, stored) in by_name {
        hash.add(name, stored.shape(), &stored.data());
    }
    let entries = [("format", "pt".to_owned()), (POSITION, position), (HASH, hash.in_hexadecimal())];
    write_aside(path, tensors, entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Writes a safetensors file of these tensors as fp32, marked as other libraries mark theirs; returns the bytes on disk.
pub fn write_tensors(path: &Path, tensors: Vec<(String, Tensor)>) -> Result<u64, EngineError> {
    let tensors = tensors.into_iter().map(|(name, tensor)| (name, Stored::new(&tensor)));
    // Transformers refuses files without this mark.
    let aside = write_aside(path, tensors.collect(), HashMap::from([("format".to_owned(), "pt".to_owned())]))?;
    settle(&aside, path)
}

fn write_aside(path: &Path, tensors: Vec<(String, Stored)>, metadata: HashMap<String, String>) -> Result<PathBuf, EngineError> {
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
        .and_then(|()| std::fs::File::open(&aside)?.sync_all());
    if let Err(source) = written {
        // Half a file is of no use to anyone; that it cannot be removed changes nothing.
        let _ = std::fs::remove_file(&aside);
        return Err(fail(source));
    }
    Ok(aside)
}

/// Gives the file written aside its name; returns its bytes on disk.
fn settle(aside: &Path, path: &Path) -> Result<u64, EngineError> {
    let fail = |source: std::io::Error| EngineError::File { action: "write", path: path.to_owned(), source };
    std::fs::rename(aside, path).map_err(fail)?;
    std::fs::metadata(path).map(|metadata| metadata.len()).map_err(fail)
}

/// Gives the file a second name in place of whatever has it. Where the file system has no such links it is copied.
pub fn link(path: &Path, name: &Path) -> Result<(), EngineError> {
    let aside = name.with_extension("partial");
    // A leftover of a worker that was killed here.
    let _ = std::fs::remove_file(&aside);
    std::fs::hard_link(path, &aside)
        .or_else(|_| std::fs::copy(path, &aside).map(drop))
        .and_then(|()| std::fs::rename(&aside, name))
        // Two names of one file: renaming one to the other does nothing and leaves both.
        .map(|()| drop(std::fs::remove_file(&aside)))
        .map_err(|source| EngineError::File { action: "write", path: name.to_owned(), source })
}

/// BLAKE3 over a checkpoint's position and its tensors by name.
struct Hash(blake3::Hasher);

impl Hash {
    fn new(position: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(position.as_bytes());
        Self(hasher)
    }

    fn add(&mut self, name: &str, shape: &[usize], bytes: &[u8]) {
        self.0.update(format!("\0{name}\0{shape:?}\0").as_bytes());
        self.0.update(bytes);
    }

    fn in_hexadecimal(self) -> String {
        self.0.finalize().to_hex().to_string()
    }
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
