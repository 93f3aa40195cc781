//! A pre-trained model's folder: everything that can be checked before its weights are loaded.

use std::path::{Path, PathBuf};

use crate::pretrained::config::{self, ConfigError};
use crate::pretrained::tensors;
use crate::pretrained::tokenizer::{self, TokenizerError};
use crate::pretrained::weights::{self, WeightsError};
use crate::spec::backbone::Backbone;

/// Vocabularies that `tokenizer.json` can be made from: of word pieces, of byte-level BPE, of sentence pieces.
const SLOW_TOKENIZERS: [&str; 4] = ["vocab.txt", "vocab.json", "sentencepiece.bpe.model", "spiece.model"];

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
    /// The tokenizer is only there in the form of the slow tokenizers.
    #[error(
        "{folder} has {file} but no tokenizer.json; make it once: python3 -c \"from transformers import AutoTokenizer; AutoTokenizer.from_pretrained('{folder}').save_pretrained('{folder}')\""
    )]
    SlowTokenizer {
        /// The folder.
        folder: PathBuf,
        /// What is there instead.
        file: &'static str,
    },
    /// `config.json` cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The weights cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The weights do not agree with `config.json`.
    #[error("{path}: {problem}")]
    Tensors {
        /// The weight file, the folder where they are several.
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
    let header = weights::header(folder)?;
    if let Some(problem) = tensors::first_problem(&header, &backbone) {
        let path = file("model.safetensors").unwrap_or_else(|_| folder.to_owned());
        return Err(FolderError::Tensors { path, problem });
    }
    let tokenizer_file = file("tokenizer.json").map_err(|missing| slow_tokenizer(folder).unwrap_or(missing))?;
    tokenizer::check(&tokenizer_file, backbone.vocab_size)?;
    let has_pooler = tensors::has_pooler(&header, backbone.family);
    Ok(Pretrained { folder: folder.to_owned(), backbone, has_pooler, weight_bytes: header.file_bytes })
}

/// What stands where `tokenizer.json` is missing.
fn slow_tokenizer(folder: &Path) -> Option<FolderError> {
    let file = SLOW_TOKENIZERS.into_iter().find(|name| folder.join(name).is_file())?;
    Some(FolderError::SlowTokenizer { folder: folder.to_owned(), file })
}
