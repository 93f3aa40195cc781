//! Which files hold a model's weights: `model.safetensors`, or the shards that `model.safetensors.index.json` lists. Reads the index alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::pretrained::header::{self, Header, HeaderError};

const WHOLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
const PICKLES: [&str; 3] = ["pytorch_model.bin", "model.pt", "pytorch_model.bin.index.json"];

/// A file with weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightFile {
    /// The file.
    pub path: PathBuf,
    /// Names of its tensors, where an index tells them.
    listed: Option<BTreeSet<String>>,
}

/// Why a model has no weights that can be read.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// There are none.
    #[error("{0} has no model.safetensors; a model folder holds config.json, model.safetensors and tokenizer.json")]
    Missing(PathBuf),
    /// They are a pickle.
    #[error(
        "{folder} has its weights only as {file}, a pickle, which can run code when read; convert it once: python3 -c \"from transformers import AutoModel; AutoModel.from_pretrained('{folder}').save_pretrained('{folder}', safe_serialization=True)\""
    )]
    PickleOnly {
        /// The folder.
        folder: PathBuf,
        /// The pickle's name.
        file: &'static str,
    },
    /// The index of the shards cannot be used.
    #[error("{path}: {problem}")]
    Index {
        /// The index.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The index and a shard do not agree.
    #[error("{path}: {problem}; download it again")]
    Shard {
        /// The shard.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A file's header cannot be used.
    #[error(transparent)]
    Header(#[from] HeaderError),
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl WeightFile {
    /// Checks that the file holds the tensors `names`, no more and no fewer, that the index lists for it.
    pub fn check<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<(), WeightsError> {
        let Some(listed) = &self.listed else { return Ok(()) };
        let shard = |problem: String| WeightsError::Shard { path: self.path.clone(), problem };
        let names: BTreeSet<&str> = names.collect();
        if let Some(missing) = listed.iter().find(|name| !names.contains(name.as_str())) {
            return Err(shard(format!("has no tensor {missing:?}, which {INDEX} lists for it")));
        }
        match names.into_iter().find(|name| !listed.contains(*name)) {
            Some(surplus) => Err(shard(format!("has tensor {surplus:?}, which {INDEX} does not list for it"))),
            None => Ok(()),
        }
    }
}

/// The weight files of the model in `folder`.
pub fn find(folder: &Path) -> Result<Vec<WeightFile>, WeightsError> {
    let (whole, index) = (folder.join(WHOLE), folder.join(INDEX));
    if whole.is_file() {
        return Ok(vec![WeightFile { path: whole, listed: None }]);
    }
    if index.is_file() {
        let problem = |problem| WeightsError::Index { path: index.clone(), problem };
        let bytes = std::fs::read(&index).map_err(|error| problem(format!("cannot be read: {error}")))?;
        return shards(folder, &bytes).map_err(problem);
    }
    match PICKLES.into_iter().find(|name| folder.join(name).is_file()) {
        Some(file) => Err(WeightsError::PickleOnly { folder: folder.to_owned(), file }),
        None => Err(WeightsError::Missing(folder.to_owned())),
    }
}

/// The headers of all weight files in `folder` as one; `file_bytes` is their sum.
pub fn header(folder: &Path) -> Result<Header, WeightsError> {
    let mut whole = Header { tensors: BTreeMap::new(), file_bytes: 0 };
    for file in find(folder)? {
        let header = header::read(&file.path)?;
        file.check(header.tensors.keys().map(String::as_str))?;
        whole.file_bytes += header.file_bytes;
        whole.tensors.extend(header.tensors);
    }
    Ok(whole)
}

/// The shards that an index lists, all of them there, or what is wrong with it.
fn shards(folder: &Path, index: &[u8]) -> Result<Vec<WeightFile>, String> {
    let Index { weight_map } = serde_json::from_slice(index).map_err(|error| format!("is not an index of shards: {error}"))?;
    let mut shards: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (tensor, file) in weight_map {
        shards.entry(file).or_default().insert(tensor);
    }
    if shards.is_empty() {
        return Err("lists no tensor".to_owned());
    }
    let shard = |(file, listed): (String, BTreeSet<String>)| {
        // A shard lies beside its index: no name leads elsewhere.
        let is_plain = file.ends_with(".safetensors") && !file.contains(['/', '\\', ':']) && !file.chars().any(char::is_control);
        if !is_plain {
            return Err(format!("lists {file:?}, which is not the name of a .safetensors file beside it"));
        }
        let path = folder.join(&file);
        if path.is_file() {
            Ok(WeightFile { path, listed: Some(listed) })
        } else {
            Err(format!("lists {file}, which is missing; download it"))
        }
    };
    shards.into_iter().map(shard).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::Dtype;
    use safetensors::tensor::TensorView;

    const SHARDS: [(&str, &[&str]); 2] = [("model-00001-of-00002.safetensors", &["a", "b"]), ("model-00002-of-00002.safetensors", &["c"])];

    /// A folder with two shards and the index after `change`.
    fn folder(change: impl FnOnce(&Path, String) -> String) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (file, names) in SHARDS {
            let views = names.iter().map(|&name| (name, TensorView::new(Dtype::F32, vec![1], &[0; 4]).unwrap()));
            std::fs::write(folder.path().join(file), safetensors::serialize(views, None).unwrap()).unwrap();
        }
        let entries = SHARDS.iter().flat_map(|(file, names)| names.iter().map(move |name| format!("\"{name}\": \"{file}\"")));
        let index = format!("{{\"metadata\": {{\"total_size\": 12}}, \"weight_map\": {{{}}}}}", entries.collect::<Vec<_>>().join(", "));
        let index = change(folder.path(), index);
        std::fs::write(folder.path().join(INDEX), index).unwrap();
        folder
    }

    fn error(change: impl FnOnce(&Path, String) -> String) -> String {
        let folder = folder(change);
        let error = header(folder.path()).unwrap_err().to_string();
        assert!(!error.contains('\n'), "{error}");
        error.replace(&folder.path().display().to_string(), "m")
    }

    #[test]
    fn shards_are_read_as_one_file() {
        let folder = folder(|_, index| index);
        let header = header(folder.path()).unwrap();
        assert_eq!(header.tensors.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
        let on_disk: u64 = SHARDS.iter().map(|(file, _)| std::fs::metadata(folder.path().join(file)).unwrap().len()).sum();
        assert_eq!(header.file_bytes, on_disk);
    }

    #[test]
    fn an_index_that_is_broken_or_tampered_with_is_refused_in_one_line() {
        assert!(error(|_, _| "{\"weight_map\": ".to_owned()).starts_with("m/model.safetensors.index.json: is not an index of shards: EOF"));
        assert!(error(|_, _| "{}".to_owned()).contains("missing field `weight_map`"));
        assert!(error(|_, _| "{\"weight_map\": {}}".to_owned()).ends_with("lists no tensor"));
        for elsewhere in ["../other.safetensors", "/etc/x.safetensors", "a\\\\b.safetensors", "model.bin", "a\\u001b.safetensors"] {
            let error = error(|_, index| index.replace(SHARDS[1].0, elsewhere));
            assert!(error.ends_with("which is not the name of a .safetensors file beside it"), "{error}");
        }
        assert_eq!(
            error(|_, index| index.replace("\"c\"", "\"d\"")),
            "m/model-00002-of-00002.safetensors: has no tensor \"d\", which model.safetensors.index.json lists for it; download it again"
        );
        assert_eq!(
            error(|_, index| index.replace("\"a\": \"model-00001-of-00002.safetensors\", ", "")),
            "m/model-00001-of-00002.safetensors: has tensor \"a\", which model.safetensors.index.json does not list for it; download it again"
        );
    }

    #[test]
    fn a_shard_that_is_missing_or_cut_is_named() {
        let missing = error(|folder, index| {
            std::fs::remove_file(folder.join(SHARDS[0].0)).unwrap();
            index
        });
        assert_eq!(missing, "m/model.safetensors.index.json: lists model-00001-of-00002.safetensors, which is missing; download it");
        let cut = error(|folder, index| {
            let whole = std::fs::read(folder.join(SHARDS[0].0)).unwrap();
            std::fs::write(folder.join(SHARDS[0].0), &whole[..whole.len() - 1]).unwrap();
            index
        });
        assert!(cut.starts_with("m/model-00001-of-00002.safetensors is truncated"), "{cut}");
    }

    #[test]
    fn a_pickle_is_refused_with_the_way_to_convert_it_also_in_shards() {
        let folder = tempfile::tempdir().unwrap();
        assert!(find(folder.path()).unwrap_err().to_string().contains("has no model.safetensors"));
        std::fs::write(folder.path().join("pytorch_model.bin.index.json"), "{}").unwrap();
        let error = find(folder.path()).unwrap_err().to_string();
        assert!(error.contains("only as pytorch_model.bin.index.json, a pickle") && error.contains("save_pretrained"), "{error}");
    }
}
