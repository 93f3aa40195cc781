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
    #[error("{path}: model_type is {found}; finetop supports bert (BERT, MiniLM), roberta, xlm-roberta, camembert and distilbert")]
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
    let Some(family) = object.get("model_type").and_then(Value::as_str).and_then(Family::of_model_type) else {
        return Err(ConfigError::Family { path: path.to_owned(), found: found(object.get("model_type")) });
    };
    if let Some(kind) = object.get("position_embedding_type").filter(|kind| !kind.is_null())
        && kind.as_str() != Some("absolute")
    {
        return Err(keys.error("position_embedding_type", "\"absolute\""));
    }
    let names = if family == Family::DistilBert { &DISTILBERT } else { &BERT };
    let hidden_size = keys.count(names.hidden_size)?;
    let n_heads = keys.count(names.n_heads)?;
    if hidden_size % n_heads != 0 {
        return Err(keys.error(names.n_heads, names.divisor));
    }
    // Defaults are those of Transformers' configurations: a key that equals its default may be left out.
    let vocab_size = keys.count("vocab_size")?;
    let pad_token_id = if family == Family::Roberta { 1.0 } else { 0.0 };
    let pad_token_id = keys.number_or("pad_token_id", pad_token_id, "the id of a token", |id| id.fract() == 0.0 && id >= 0.0)? as i64;
    if pad_token_id >= vocab_size {
        return Err(keys.error("pad_token_id", "less than `vocab_size`"));
    }
    let hidden_dropout = keys.share(names.hidden_dropout, 0.1)?;
    let of_head = if family == Family::DistilBert { 0.2 } else { hidden_dropout };
    let backbone = Backbone {
        family,
        vocab_size,
        hidden_size,
        n_layers: keys.count(names.n_layers)?,
        n_heads,
        intermediate_size: keys.count(names.intermediate_size)?,
        max_positions: keys.count("max_position_embeddings")?,
        type_vocab_size: if family == Family::DistilBert { 0 } else { keys.count("type_vocab_size")? },
        activation: keys.activation(names.activation)?,
        hidden_dropout,
        attention_dropout: keys.share(names.attention_dropout, 0.1)?,
        head_dropout: keys.share(names.head_dropout, of_head)?,
        layer_norm_epsilon: match family {
            Family::DistilBert => 1e-12,
            _ => keys.number_or("layer_norm_eps", 1e-12, "a number above 0", |epsilon| epsilon > 0.0)?,
        },
        initializer_range: keys.number_or("initializer_range", 0.02, "a number above 0", |range| range > 0.0)?,
        pad_token_id,
    };
    if backbone.longest_input() < 1 {
        return Err(keys.error("max_position_embeddings", "more than `pad_token_id` + 1, where RoBERTa's positions begin"));
    }
    Ok(backbone)
}

/// What a family calls the keys whose names differ.
struct Names {
    hidden_size: &'static str,
    n_layers: &'static str,
    n_heads: &'static str,
    divisor: &'static str,
    intermediate_size: &'static str,
    activation: &'static str,
    hidden_dropout: &'static str,
    attention_dropout: &'static str,
    head_dropout: &'static str,
}

/// BERT's and RoBERTa's.
const BERT: Names = Names {
    hidden_size: "hidden_size",
    n_layers: "num_hidden_layers",
    n_heads: "num_attention_heads",
    divisor: "a divisor of `hidden_size`",
    intermediate_size: "intermediate_size",
    activation: "hidden_act",
    hidden_dropout: "hidden_dropout_prob",
    attention_dropout: "attention_probs_dropout_prob",
    head_dropout: "classifier_dropout",
};

const DISTILBERT: Names = Names {
    hidden_size: "dim",
    n_layers: "n_layers",
    n_heads: "n_heads",
    divisor: "a divisor of `dim`",
    intermediate_size: "hidden_dim",
    activation: "activation",
    hidden_dropout: "dropout",
    attention_dropout: "attention_dropout",
    head_dropout: "seq_classif_dropout",
};

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

    fn share(&self, key: &'static str, default: f64) -> Result<f64, ConfigError> {
        self.number_or(key, default, "a number from 0 up to, not including, 1", |share| (0.0..1.0).contains(&share))
    }

    fn number_or(&self, key: &'static str, default: f64, accepts: &'static str, is_good: fn(f64) -> bool) -> Result<f64, ConfigError> {
        match self.object.get(key) {
            None | Some(Value::Null) => Ok(default),
            Some(value) => value.as_f64().filter(|&number| is_good(number)).ok_or_else(|| self.error(key, accepts)),
        }
    }

    fn activation(&self, key: &'static str) -> Result<Activation, ConfigError> {
        match self.object.get(key).map(Value::as_str) {
            None | Some(Some("gelu")) => Ok(Activation::Gelu),
            Some(Some("gelu_new" | "gelu_pytorch_tanh")) => Ok(Activation::GeluTanh),
            Some(Some("relu")) => Ok(Activation::Relu),
            Some(_) => Err(self.error(key, "\"gelu\", \"gelu_new\" or \"relu\"")),
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
    fn distilbert_has_its_own_keys() {
        let text = r#"{"model_type": "distilbert", "vocab_size": 30522, "dim": 768, "hidden_dim": 3072, "n_layers": 6, "n_heads": 12,
            "dropout": 0.15, "attention_dropout": 0.05, "max_position_embeddings": 512, "activation": "gelu", "pad_token_id": 0,
            "sinusoidal_pos_embds": false, "tie_weights_": true}"#;
        let backbone = parse(text.as_bytes(), Path::new("c")).unwrap();
        assert_eq!(backbone.parameters(false), 66_955_010 - 592_130);
        assert_eq!((backbone.type_vocab_size, backbone.longest_input(), backbone.first_position()), (0, 512, 0));
        let dropouts = [backbone.hidden_dropout, backbone.attention_dropout, backbone.head_dropout];
        assert_eq!(dropouts.map(f64::to_bits), [0.15, 0.05, 0.2].map(f64::to_bits));
        let error = parse(text.replace("\"n_heads\": 12", "\"n_heads\": 7").as_bytes(), Path::new("c")).unwrap_err().to_string();
        assert_eq!(error, "c: `n_heads` must be a divisor of `dim`, not 7");
    }

    #[test]
    fn positions_of_roberta_begin_after_the_padding_id() {
        let roberta = |positions: i64| {
            config(|object| {
                object.insert("model_type".into(), "xlm-roberta".into());
                object.insert("max_position_embeddings".into(), positions.into());
                object.insert("classifier_dropout".into(), Value::Null);
            })
        };
        let backbone = roberta(514).unwrap();
        assert_eq!((backbone.family, backbone.pad_token_id, backbone.first_position()), (Family::Roberta, 1, 2));
        assert_eq!((backbone.longest_input(), backbone.head_dropout.to_bits()), (512, 0.1f64.to_bits()));
        let error = roberta(2).unwrap_err();
        assert!(error.ends_with("must be more than `pad_token_id` + 1, where RoBERTa's positions begin, not 2"), "{error}");
    }

    #[test]
    fn other_families_are_named_in_the_error() {
        let error = config(|object| drop(object.insert("model_type".into(), "gpt2".into()))).unwrap_err();
        assert_eq!(
            error,
            "m/config.json: model_type is \"gpt2\"; finetop supports bert (BERT, MiniLM), roberta, xlm-roberta, camembert and distilbert"
        );
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
