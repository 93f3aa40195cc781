//! A pre-trained model's folder: everything that can be checked before its weights are loaded.

use std::path::{Path, PathBuf};

use crate::pretrained::config::{self, ConfigError};
use crate::pretrained::header::{self, HeaderError};
use crate::pretrained::tensors;
use crate::pretrained::tokenizer::{self, TokenizerError};
use crate::spec::backbone::Backbone;

/// What a checked folder holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Pretrained {
    /// The folder.
    pub folder: PathBuf,
    /// The encoder's shape.
    pub backbone: Backbone,
    /// Whether the checkpoint has a pooler.
    pub has_pooler: bool,
    /// Size of the weights on disk.
    pub weight_bytes: u64,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is no such folder.
    #[error("{0} is not a folder")]
    NotAFolder(PathBuf),
    /// A file is missing.
    #[error("{folder} has no {file}; a model folder holds config.json, model.safetensors and tokenizer.json")]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The file's name.
        file: &'static str,
    },
    /// The weights are a pickle.
    #[error(
        "{folder} has its weights only as {file}, a pickle, which can run code when read; convert it once: python3 -c \"from transformers import AutoModel; AutoModel.from_pretrained('{folder}').save_pretrained('{folder}', safe_serialization=True)\""
    )]
    PickleOnly {
        /// The folder.
        folder: PathBuf,
        /// The pickle's name.
        file: &'static str,
    },
    /// The weights are in several files.
    #[error(
        "{0} has its weights in several files (model.safetensors.index.json); save them as one: save_pretrained(…, max_shard_size='100GB')"
    )]
    Sharded(PathBuf),
    /// `config.json` cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// `model.safetensors` cannot be used.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// `model.safetensors` does not agree with `config.json`.
    #[error("{path}: {problem}")]
    Tensors {
        /// The weight file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// `tokenizer.json` cannot be used.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
}

/// Checks the model in `folder`.
pub fn check(folder: &Path) -> Result<Pretrained, FolderError> {
    if !folder.is_dir() {
        return Err(FolderError::NotAFolder(folder.to_owned()));
    }
    let file = |name: &'static str| {
        let path = folder.join(name);
        if path.is_file() { Ok(path) } else { Err(FolderError::Missing { folder: folder.to_owned(), file: name }) }
    };
    file("config.json")?;
    let backbone = config::read(folder)?;
    let weights = file("model.safetensors").map_err(|missing| in_place_of_safetensors(folder).unwrap_or(missing))?;
    let header = header::read(&weights)?;
    if let Some(problem) = tensors::first_problem(&header, &backbone) {
        return Err(FolderError::Tensors { path: weights, problem });
    }
    tokenizer::check(&file("tokenizer.json")?, backbone.vocab_size)?;
    Ok(Pretrained { folder: folder.to_owned(), backbone, has_pooler: header.has_pooler(), weight_bytes: header.file_bytes })
}

/// What stands where `model.safetensors` is missing.
fn in_place_of_safetensors(folder: &Path) -> Option<FolderError> {
    if folder.join("model.safetensors.index.json").is_file() {
        return Some(FolderError::Sharded(folder.to_owned()));
    }
    let pickles = ["pytorch_model.bin", "model.pt", "pytorch_model.bin.index.json"];
    let file = pickles.into_iter().find(|name| folder.join(name).is_file())?;
    Some(FolderError::PickleOnly { folder: folder.to_owned(), file })
}
