//! `config.json` of a checkpoint → [`Backbone`]. Must not know how weights are loaded.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::spec::backbone::{Activation, Backbone};
use crate::spec::family::Family;

/// The largest number of anything in a configuration: keeps every product of two far from overflow.
const LARGEST: i64 = 1 << 24;

/// Why `config.json` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is not a JSON object.
    #[error("{path} is not a JSON object: {reason}")]
    NotJson {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        reason: String,
    },
    /// The model is of another family.
    #[error("{path}: model_type is {found}; finetop supports the family \"bert\" (BERT, MiniLM, and their kin)")]
    Family {
        /// The file.
        path: PathBuf,
        /// The value, quoted, or "missing".
        found: String,
    },
    /// A key is missing or its value cannot be used.
    #[error("{path}: `{key}` must be {accepts}, not {found}")]
    Key {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// Accepted values, in words.
        accepts: &'static str,
        /// The value, quoted, or "missing".
        found: String,
    },
}

/// Reads `config.json` in `folder`.
pub fn read(folder: &Path) -> Result<Backbone, ConfigError> {
    let path = folder.join("config.json");
    let bytes = std::fs::read(&path).map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
    parse(&bytes, &path)
}

/// The backbone that a `config.json` describes; `path` is for errors.
pub fn parse(bytes: &[u8], path: &Path) -> Result<Backbone, ConfigError> {
    let object: Map<String, Value> =
        serde_json::from_slice(bytes).map_err(|error| ConfigError::NotJson { path: path.to_owned(), reason: error.to_string() })?;
    let keys = Keys { object: &object, path };
    if object.get("model_type").and_then(Value::as_str) != Some("bert") {
        return Err(ConfigError::Family { path: path.to_owned(), found: found(object.get("model_type")) });
    }
    if let Some(kind) = object.get("position_embedding_type").filter(|kind| !kind.is_null())
        && kind.as_str() != Some("absolute")
    {
        return Err(keys.error("position_embedding_type", "\"absolute\""));
    }
    let hidden_size = keys.count("hidden_size")?;
    let n_heads = keys.count("num_attention_heads")?;
    if hidden_size % n_heads != 0 {
        return Err(keys.error("num_attention_heads", "a divisor of `hidden_size`"));
    }
    let vocab_size = keys.count("vocab_size")?;
    let pad_token_id = keys.number_or("pad_token_id", 0.0, "the id of a token", |id| id.fract() == 0.0 && id >= 0.0)? as i64;
    if pad_token_id >= vocab_size {
        return Err(keys.error("pad_token_id", "less than `vocab_size`"));
    }
    // Defaults are those of Transformers' `BertConfig`: a key that equals its default may be left out.
    Ok(Backbone {
        family: Family::Bert,
        vocab_size,
        hidden_size,
        n_layers: keys.count("num_hidden_layers")?,
        n_heads,
        intermediate_size: keys.count("intermediate_size")?,
        max_positions: keys.count("max_position_embeddings")?,
        type_vocab_size: keys.count("type_vocab_size")?,
        activation: keys.activation()?,
        hidden_dropout: keys.share("hidden_dropout_prob")?,
        attention_dropout: keys.share("attention_probs_dropout_prob")?,
        layer_norm_epsilon: keys.number_or("layer_norm_eps", 1e-12, "a number above 0", |epsilon| epsilon > 0.0)?,
        initializer_range: keys.number_or("initializer_range", 0.02, "a number above 0", |range| range > 0.0)?,
        pad_token_id,
    })
}

struct Keys<'a> {
    object: &'a Map<String, Value>,
    path: &'a Path,
}

impl Keys<'_> {
    fn error(&self, key: &'static str, accepts: &'static str) -> ConfigError {
        ConfigError::Key { path: self.path.to_owned(), key, accepts, found: found(self.object.get(key)) }
    }

    fn count(&self, key: &'static str) -> Result<i64, ConfigError> {
        let count = self.object.get(key).and_then(Value::as_i64).filter(|count| (1..=LARGEST).contains(count));
        count.ok_or_else(|| self.error(key, "a whole number of at least 1"))
    }

    fn share(&self, key: &'static str) -> Result<f64, ConfigError> {
        self.number_or(key, 0.1, "a number from 0 up to, not including, 1", |share| (0.0..1.0).contains(&share))
    }

    fn number_or(&self, key: &'static str, default: f64, accepts: &'static str, is_good: fn(f64) -> bool) -> Result<f64, ConfigError> {
        match self.object.get(key) {
            None | Some(Value::Null) => Ok(default),
            Some(value) => value.as_f64().filter(|&number| is_good(number)).ok_or_else(|| self.error(key, accepts)),
        }
    }

    fn activation(&self) -> Result<Activation, ConfigError> {
        match self.object.get("hidden_act").map(Value::as_str) {
            None | Some(Some("gelu")) => Ok(Activation::Gelu),
            Some(Some("gelu_new" | "gelu_pytorch_tanh")) => Ok(Activation::GeluTanh),
            Some(Some("relu")) => Ok(Activation::Relu),
            Some(_) => Err(self.error("hidden_act", "\"gelu\", \"gelu_new\" or \"relu\"")),
        }
    }
}

/// The value as an error quotes it; JSON escapes control characters.
fn found(value: Option<&Value>) -> String {
    value.map_or("missing".to_owned(), |value| value.to_string().chars().take(60).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(change: impl FnOnce(&mut Map<String, Value>)) -> Result<Backbone, String> {
        let text = r#"{"model_type": "bert", "vocab_size": 30522, "hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12,
            "intermediate_size": 1536, "max_position_embeddings": 512, "type_vocab_size": 2, "hidden_act": "gelu"}"#;
        let mut object = serde_json::from_str(text).unwrap();
        change(&mut object);
        parse(&serde_json::to_vec(&object).unwrap(), Path::new("m/config.json")).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_left_out_have_the_defaults_of_bert_config() {
        let backbone = config(|_| {}).unwrap();
        assert_eq!((backbone.n_layers, backbone.hidden_dropout.to_bits()), (6, 0.1f64.to_bits()));
        assert_eq!(backbone.parameters(true), 22_713_216);
    }

    #[test]
    fn other_families_are_named_in_the_error() {
        let error = config(|object| drop(object.insert("model_type".into(), "roberta".into()))).unwrap_err();
        assert_eq!(error, "m/config.json: model_type is \"roberta\"; finetop supports the family \"bert\" (BERT, MiniLM, and their kin)");
    }

    #[test]
    fn missing_and_bad_keys_name_file_and_key() {
        let missing = config(|object| drop(object.remove("hidden_size"))).unwrap_err();
        assert_eq!(missing, "m/config.json: `hidden_size` must be a whole number of at least 1, not missing");
        let heads = config(|object| drop(object.insert("num_attention_heads".into(), 7.into()))).unwrap_err();
        assert_eq!(heads, "m/config.json: `num_attention_heads` must be a divisor of `hidden_size`, not 7");
        let act = config(|object| drop(object.insert("hidden_act".into(), "swish".into()))).unwrap_err();
        assert_eq!(act, "m/config.json: `hidden_act` must be \"gelu\", \"gelu_new\" or \"relu\", not \"swish\"");
        let position = config(|object| drop(object.insert("position_embedding_type".into(), "relative_key".into()))).unwrap_err();
        assert_eq!(position, "m/config.json: `position_embedding_type` must be \"absolute\", not \"relative_key\"");
    }
}
