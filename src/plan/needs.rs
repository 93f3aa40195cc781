//! What an experiment names by its hub id and the cache lacks: what is to be downloaded before the plan can be made.

use std::path::Path;

use crate::hub::dataset::Choice;
use crate::hub::fetch;
use crate::hub::repository::Repository;
use crate::plan::environment::Environment;
use crate::plan::error::PlanError;
use crate::plan::prepare;
use crate::plan::sources::{self, Bases};
use crate::spec::experiment::locate::Place;
use crate::spec::experiment::overrides::Overrides;
use crate::spec::experiment::problem::Problems;
use crate::spec::experiment::read as experiment_reader;
use crate::spec::experiment::resolve::DEFAULT_MODEL;
use crate::spec::experiment::written::Source;

/// A model or data set that the cache lacks.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// Which.
    pub what: Needed,
    /// Where the experiment names it.
    place: Place,
}

/// What is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needed {
    /// A pre-trained model.
    Model(Repository),
    /// Rows of a data set.
    Dataset(Repository, Choice),
}

/// What the experiment in a file needs from the hub; nothing for a file with problems, which the plan will tell.
pub fn needs(file: &Path, overrides: &Overrides, environment: &Environment) -> Vec<Need> {
    let Ok(bytes) = prepare::bytes(&environment.current_folder.join(file)) else { return Vec::new() };
    let Ok(mut experiment) = experiment_reader::experiment(&bytes) else { return Vec::new() };
    overrides.apply(&mut experiment);
    let bases = Bases::new(file, environment);
    let (id, place) = match &experiment.model {
        Some(written) => (written.value.as_str(), written.place.clone()),
        None => (DEFAULT_MODEL, Place::default()),
    };
    let model = sources::hub_model(id, &bases).and_then(Result::ok).filter(|model| !fetch::has_model(model, &environment.hub));
    let mut needs: Vec<Need> = model.map(|model| Need { what: Needed::Model(model), place }).into_iter().collect();
    if let Source::Dataset(written) = &experiment.data.source
        && let Ok((repository, choice)) = sources::dataset(written)
        && !fetch::has_dataset(&repository, &choice, &environment.hub)
    {
        needs.push(Need { what: Needed::Dataset(repository, choice), place: written.id.place.clone() });
    }
    needs
}

/// The error that a need cannot be met, at its place in the file.
pub fn unmet(need: &Need, message: String, file: &Path, environment: &Environment) -> PlanError {
    let bytes = prepare::bytes(&environment.current_folder.join(file)).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut problems = Problems::new(&text);
    problems.push(&need.place, message, "");
    PlanError { file: file.to_owned(), problems: problems.sorted() }
}
