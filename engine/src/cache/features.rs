//! The features of a split's rows, computed once for all runs that would compute the same.

use std::io;
use std::path::Path;

use tch::{Device, Kind, Tensor};

use crate::cache::Cache;
use crate::cache::key::Key;
use crate::cache::shelf::Found;
use crate::data::tokenizer::Encoded;
use crate::{device, processor};
use finetop::pretrained::weights;
use finetop::run::event::Level;
use finetop::spec::run::RunSpec;

/// Name of the tensor in a file.
const POOLED: &str = "pooled";

/// The name of the features of `rows` in the run of `spec`: of all that their bits depend on, so not of seed, head or optimizer.
///
/// # Errors
/// When a file of the model is gone.
pub fn name(spec: &RunSpec, rows: &[Encoded], on: Device) -> io::Result<String> {
    let folder = &spec.model.folder;
    let settings = (spec.head.pooling, spec.precision, spec.threads, device::name(on), processor::name());
    let key = Key::of_this_program()?.with("settings", format!("{settings:?}").as_bytes());
    let key = with_model(key, folder)?;
    let mut tokens = Vec::new();
    for row in rows {
        tokens.extend((row.token_ids.len() as u64).to_le_bytes());
        tokens.extend(row.token_ids.iter().chain(&row.token_types).flat_map(|id| id.to_le_bytes()));
    }
    Ok(key.with("rows", &tokens).name())
}

/// Adds the model of `folder`.
pub(super) fn with_model(key: Key, folder: &Path) -> io::Result<Key> {
    let files = weights::find(folder).map_err(|error| io::Error::other(error.to_string()))?;
    let key = key.with("config", &std::fs::read(folder.join("config.json"))?);
    files.iter().try_fold(key, |key, file| key.with_file(&file.path))
}

/// The features `[rows,H]` of this name, where an earlier run left them whole.
pub fn take(cache: &Cache, name: &str, n_rows: usize, on: Device) -> Option<Tensor> {
    match cache.features.take(name) {
        Found::Nothing => None,
        Found::Damaged(problem) => {
            cache.note(Level::Warning, format!("features in the cache are damaged and computed again: {problem}"));
            None
        }
        Found::Tensors(mut tensors) => {
            tensors.remove(POOLED).filter(|pooled| pooled.size()[0] == n_rows as i64).map(|pooled| pooled.to_device(on))
        }
    }
}

/// Leaves features for later runs.
pub fn put(cache: &Cache, name: &str, pooled: &Tensor) {
    if let Err(error) = cache.features.put(name, Kind::Float, vec![(POOLED.to_owned(), pooled.shallow_clone())]) {
        cache.note(Level::Warning, format!("features cannot be kept in {}: {error}", cache.features.folder().display()));
    }
}
