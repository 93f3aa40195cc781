//! The vocabulary of `tokenizer.json`, as far as it must agree with the model; tokenizing itself is the engine's.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// Why a tokenizer does not fit its model.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// It cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is not what the `tokenizers` library writes.
    #[error("{path} is not a tokenizer: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Its ids go beyond the model's word embedding.
    #[error(
        "wrong vocabulary: {path} has a token with id {largest}, but config.json has vocab_size {vocab_size}; tokenizer and model are not of one checkpoint"
    )]
    WrongVocabulary {
        /// The file.
        path: PathBuf,
        /// The largest id.
        largest: u64,
        /// Rows of the word embedding.
        vocab_size: i64,
    },
}

/// Checks that every id of the tokenizer is a row of the word embedding; returns the number of tokens.
pub fn check(path: &Path, vocab_size: i64) -> Result<usize, TokenizerError> {
    let bytes = std::fs::read(path).map_err(|source| TokenizerError::Unreadable { path: path.to_owned(), source })?;
    let malformed = |reason: String| TokenizerError::Malformed { path: path.to_owned(), reason };
    let json: Value = serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
    let vocabulary: Vec<u64> = match &json["model"]["vocab"] {
        Value::Object(words) => words.values().filter_map(Value::as_u64).collect(),
        Value::Array(pieces) => (0..pieces.len() as u64).collect(),
        _ => return Err(malformed("it has no `model.vocab`".to_owned())),
    };
    let added = json["added_tokens"].as_array().into_iter().flatten().filter_map(|token| token["id"].as_u64());
    let largest = vocabulary.iter().copied().chain(added).max().ok_or_else(|| malformed("its vocabulary is empty".to_owned()))?;
    if largest >= vocab_size as u64 {
        return Err(TokenizerError::WrongVocabulary { path: path.to_owned(), largest, vocab_size });
    }
    Ok(vocabulary.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(text: &str, vocab_size: i64) -> Result<usize, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        check(file.path(), vocab_size).map_err(|error| error.to_string().replace(&file.path().display().to_string(), "tokenizer.json"))
    }

    #[test]
    fn ids_beyond_the_embedding_are_a_wrong_vocabulary() {
        let text = r#"{"added_tokens": [{"id": 3}], "model": {"vocab": {"a": 0, "b": 1, "c": 2}}}"#;
        assert_eq!(check_text(text, 4), Ok(3));
        let error = check_text(text, 3).unwrap_err();
        assert!(error.starts_with("wrong vocabulary: tokenizer.json has a token with id 3, but config.json has vocab_size 3"), "{error}");
    }

    #[test]
    fn other_files_are_not_a_tokenizer() {
        assert_eq!(check_text("{}", 4), Err("tokenizer.json is not a tokenizer: it has no `model.vocab`".to_owned()));
        assert!(check_text("[PAD]\n", 4).unwrap_err().starts_with("tokenizer.json is not a tokenizer: expected"));
    }
}
