//! Which files of a model's repository are wanted, and what to do where they are missing. Pure but for [`missing`].

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::hub::repository::is_path;

/// The index of weights in several files.
pub const INDEX: &str = "model.safetensors.index.json";
/// The weights in one file.
const WEIGHTS: &str = "model.safetensors";
/// What no model can do without, beside its weights.
const NEEDED: [&str; 2] = ["config.json", "tokenizer.json"];
/// What other tools like to find beside them.
const EXTRA: [&str; 3] = ["tokenizer_config.json", "special_tokens_map.json", "vocab.txt"];
/// Weights in formats that are not read.
const PICKLES: [&str; 2] = ["pytorch_model.bin", "pytorch_model.bin.index.json"];

/// The files that are wanted of those that a repository has; weights in several files only by their index.
pub fn wanted(id: &str, files: &[String]) -> Result<Vec<&'static str>, String> {
    let has = |name: &&str| files.iter().any(|file| file == name);
    if !has(&NEEDED[0]) {
        return Err(format!("it has no {}, so it is no model of the transformers library", NEEDED[0]));
    }
    let Some(weights) = [WEIGHTS, INDEX].into_iter().find(has) else {
        let pickle = PICKLES.into_iter().find(has);
        let found = pickle.map(|name| format!(", only {name}, a pickle, which can run code when read")).unwrap_or_default();
        return Err(format!("it has no {WEIGHTS}{found}; {}", convert(id)));
    };
    if !has(&NEEDED[1]) {
        return Err(format!("it has no {}; {}", NEEDED[1], convert(id)));
    }
    Ok(NEEDED.into_iter().chain(EXTRA.into_iter().filter(has)).chain([weights]).collect())
}

/// How to make a folder that can be read.
fn convert(id: &str) -> String {
    let name = id.rsplit('/').next().unwrap_or(id);
    format!(
        "convert it once, then give `model: ./{name}`: python3 -c \"from transformers import AutoModel, AutoTokenizer; \
         AutoModel.from_pretrained('{id}').save_pretrained('{name}'); AutoTokenizer.from_pretrained('{id}').save_pretrained('{name}')\""
    )
}

/// The weight files that an index names.
pub fn shards(index: &str) -> Result<BTreeSet<String>, String> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: std::collections::BTreeMap<String, String>,
    }
    let index: Index = serde_json::from_str(index).map_err(|error| format!("its {INDEX} is damaged: {error}"))?;
    let shards: BTreeSet<String> = index.weight_map.into_values().collect();
    match shards.iter().find(|shard| !is_path(shard) || !shard.ends_with(".safetensors")) {
        Some(odd) => Err(format!("its {INDEX} names {odd:?}, which is no .safetensors file")),
        None if shards.is_empty() => Err(format!("its {INDEX} names no file")),
        None => Ok(shards),
    }
}

/// The first file that a snapshot in the cache lacks.
pub fn missing(snapshot: &Path) -> Option<String> {
    let is_absent = |name: &str| !snapshot.join(name).is_file();
    if let Some(name) = NEEDED.into_iter().find(|name| is_absent(name)) {
        return Some(name.to_owned());
    }
    if !is_absent(WEIGHTS) {
        return None;
    }
    let Ok(index) = fs::read_to_string(snapshot.join(INDEX)) else { return Some(WEIGHTS.to_owned()) };
    shards(&index).unwrap_or_default().into_iter().find(|shard| is_absent(shard))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn safetensors_are_preferred_and_what_is_not_read_is_left_on_the_hub() {
        let all = files(&[
            "README.md",
            "config.json",
            "model.safetensors",
            "onnx/model.onnx",
            "pytorch_model.bin",
            "tokenizer.json",
            "vocab.txt",
        ]);
        assert_eq!(wanted("o/n", &all).unwrap(), ["config.json", "tokenizer.json", "vocab.txt", "model.safetensors"]);
        let sharded = files(&["config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors", "tokenizer.json"]);
        assert_eq!(wanted("o/n", &sharded).unwrap().last(), Some(&INDEX));
    }

    #[test]
    fn a_pickle_or_a_missing_tokenizer_is_refused_with_the_command_that_converts_it() {
        let pickle = wanted("o/n", &files(&["config.json", "pytorch_model.bin", "tokenizer.json"])).unwrap_err();
        assert!(
            pickle.contains("only pytorch_model.bin, a pickle") && pickle.contains("AutoModel.from_pretrained('o/n').save_pretrained('n')")
        );
        let slow = wanted("o/n", &files(&["config.json", "model.safetensors", "vocab.txt"])).unwrap_err();
        assert!(slow.starts_with("it has no tokenizer.json; convert it once"), "{slow}");
        assert!(wanted("o/n", &files(&["README.md"])).unwrap_err().contains("config.json"));
    }

    #[test]
    fn an_index_cannot_name_files_elsewhere() {
        let index = |name: &str| shards(&format!("{{\"weight_map\": {{\"a\": \"{name}\", \"b\": \"{name}\"}}}}"));
        assert_eq!(index("model-00001-of-00001.safetensors").unwrap().len(), 1);
        assert!(index("../x.safetensors").is_err() && index("x.bin").is_err() && shards("{}").is_err());
    }
}
