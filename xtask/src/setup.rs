//! The set-up as a whole: nothing if all is there, else one locked pass over what is missing.

use anyhow::Result;

use crate::output::Output;
use crate::places::Places;
use crate::staging::Staging;
use crate::{compiler, libtorch, lock, model};

/// Fetches what is missing. Touches no file and no network if nothing is.
pub fn set_up(places: &Places, output: Output) -> Result<()> {
    compiler::require()?;
    if is_complete(places)? {
        return Ok(());
    }
    let lock = lock::acquire(&places.cache)?;
    let staging = Staging::begin(&places.cache, &lock)?;
    // Another set-up may have done all this while this one waited.
    let needs_model = !model::is_ready(places);
    if needs_model {
        model::require_place(places)?;
    }
    if !has_libtorch(places)? {
        libtorch::set_up(places, &staging, output)?;
    }
    if needs_model {
        model::set_up(places, &staging, output)?;
    }
    Ok(())
}

/// Says what is there, after a set-up.
pub fn report(places: &Places) {
    if let Ok(libtorch) = libtorch::current(places) {
        println!("libtorch {} in {}", libtorch.version, libtorch.folder.display());
    }
    if let Some(snapshot) = model::cache(places).snapshot() {
        println!("base model in {}", snapshot.display());
    }
    println!("all is set up; `cargo xtask run` shows the quick start");
}

fn is_complete(places: &Places) -> Result<bool> {
    Ok(has_libtorch(places)? && model::is_ready(places))
}

/// Whether a build finds a libtorch; a wrong `LIBTORCH` of the user's is an error, not a gap to fill.
fn has_libtorch(places: &Places) -> Result<bool> {
    match libtorch::current(places) {
        Ok(_) => Ok(true),
        Err(error) if places.user_libtorch.is_some() => Err(error),
        Err(_) => Ok(false),
    }
}
