//! The linear weights of a pre-trained model rounded to bf16, made once and mapped by every worker: frozen weights that no worker holds alone.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use tch::{Kind, Tensor};

use crate::cache::key::Key;
use crate::cache::shelf::Found;
use crate::cache::{Cache, features};
use finetop::run::event::Level;

/// The weights of linear layers among the `tensors` of the checkpoint in `folder`, rounded, by name; none where the cache cannot be used.
pub fn weights(cache: &Cache, folder: &Path, tensors: &BTreeMap<String, Tensor>) -> BTreeMap<String, Tensor> {
    shared(cache, folder, tensors).unwrap_or_else(|error| {
        let place = cache.weights.folder().display();
        cache.note(Level::Warning, format!("rounded weights cannot be shared through {place}: {error}"));
        BTreeMap::new()
    })
}

fn shared(cache: &Cache, folder: &Path, tensors: &BTreeMap<String, Tensor>) -> io::Result<BTreeMap<String, Tensor>> {
    let name = features::with_model(Key::of_this_program()?, folder)?.name();
    match cache.weights.take(&name) {
        Found::Tensors(tensors) => return Ok(tensors),
        Found::Nothing => {}
        Found::Damaged(problem) => {
            cache.note(Level::Warning, format!("rounded weights in the cache are damaged and made again: {problem}"));
        }
    }
    let linear = tensors.iter().filter(|(name, tensor)| is_linear(name) && tensor.dim() == 2);
    cache.weights.put(&name, Kind::BFloat16, linear.map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect())?;
    // Through the file, so that this worker shares its pages as well.
    match cache.weights.take(&name) {
        Found::Tensors(tensors) => Ok(tensors),
        Found::Nothing | Found::Damaged(_) => Ok(BTreeMap::new()),
    }
}

fn is_linear(name: &str) -> bool {
    ["encoder.", "pooler."].iter().any(|part| name.starts_with(part)) && name.ends_with(".weight")
}
