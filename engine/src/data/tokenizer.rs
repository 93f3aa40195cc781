//! Rows → token ids, exactly as the checkpoint was trained.

use std::path::Path;

use tokenizers::{Tokenizer, TruncationParams};

use crate::error::EngineError;
use finetop::data::example::Example;
use finetop::spec::backbone::Backbone;

/// A tokenized row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// Token ids with the special tokens around them, at least two.
    pub token_ids: Vec<i64>,
    /// 0 for the first text and its special tokens, 1 for the second; 0 throughout where the model tells no types apart.
    pub token_types: Vec<i64>,
    /// Index of the label.
    pub label: i64,
}

/// Reads `tokenizer.json` of a model folder and sets truncation to `max_length` tokens, padding off.
///
/// # Errors
/// When the file cannot be read, or its vocabulary is larger than the model's.
pub fn load(folder: &Path, backbone: &Backbone, max_length: i64) -> Result<Tokenizer, EngineError> {
    let path = folder.join("tokenizer.json");
    let fail = |problem: String| EngineError::Tokenizer { path: path.clone(), problem };
    let mut tokenizer = Tokenizer::from_file(&path).map_err(|error| fail(error.to_string()))?;
    let size = tokenizer.get_vocab_size(true) as i64;
    if size > backbone.vocab_size {
        let problem = format!(
            "its vocabulary has {size} entries, the model's word embedding only {}; it belongs to another model",
            backbone.vocab_size
        );
        return Err(fail(problem));
    }
    let truncation = TruncationParams { max_length: max_length.min(backbone.longest_input()) as usize, ..TruncationParams::default() };
    tokenizer.with_truncation(Some(truncation)).map_err(|error| fail(error.to_string()))?;
    tokenizer.with_padding(None);
    Ok(tokenizer)
}

/// Token ids of a text, special tokens included; none where it cannot be tokenized.
pub fn ids(tokenizer: &Tokenizer, text: &str) -> Vec<i64> {
    tokenizer.encode_fast(text, true).map_or_else(|_| Vec::new(), |encoding| encoding.get_ids().iter().map(|&id| i64::from(id)).collect())
}

/// Tokenizes rows, in order.
///
/// # Errors
/// When a row cannot be tokenized, or yields an id that the model has no embedding for.
pub fn encode(tokenizer: &Tokenizer, backbone: &Backbone, examples: &[Example]) -> Result<Vec<Encoded>, EngineError> {
    examples.iter().enumerate().map(|(index, example)| encode_one(tokenizer, backbone, index, example)).collect()
}

fn encode_one(tokenizer: &Tokenizer, backbone: &Backbone, index: usize, example: &Example) -> Result<Encoded, EngineError> {
    let encoding = match &example.text_pair {
        Some(pair) => tokenizer.encode_fast((example.text.as_str(), pair.as_str()), true),
        None => tokenizer.encode_fast(example.text.as_str(), true),
    };
    let encoding = encoding.map_err(|error| EngineError::Data(format!("tokenize row {}: {error}", index + 1)))?;
    let token_ids: Vec<i64> = encoding.get_ids().iter().map(|&id| i64::from(id)).collect();
    if let Some(id) = token_ids.iter().find(|&&id| id >= backbone.vocab_size) {
        return Err(EngineError::Data(format!(
            "tokenize row {}: token id {id} is outside the model's vocabulary of {}",
            index + 1,
            backbone.vocab_size
        )));
    }
    // A model with one token type or none has it everywhere, whatever the tokenizer says.
    let last_type = (backbone.type_vocab_size - 1).max(0);
    let token_types = encoding.get_type_ids().iter().map(|&id| i64::from(id).min(last_type)).collect();
    Ok(Encoded { token_ids, token_types, label: example.label as i64 })
}
