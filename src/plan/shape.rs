//! The shape of a model, for counts that need no experiment: a folder's, a cached model's, or one known by name.

use std::path::Path;

use crate::plan::environment::Environment;
use crate::plan::sources::{self, Bases};
use crate::pretrained::folder;
use crate::spec::backbone::Backbone;
use crate::spec::experiment::resolve::DEFAULT_MODEL;

/// Shapes that need no files: the uncased BERT models of Devlin et al. 2019, and the MiniLM models of Wang et al. 2020.
const KNOWN: [(&str, Backbone); 4] = [
    ("bert-base", Backbone::bert(12, 768, 12)),
    ("bert-large", Backbone::bert(24, 1024, 16)),
    ("minilm-l6", Backbone::bert(6, 384, 12)),
    ("minilm-l12", Backbone::bert(12, 384, 12)),
];

/// A model's shape, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// The model's id, folder or name; says so where its files are not here.
    pub model: String,
    /// The shape.
    pub backbone: Backbone,
    /// Whether the model has a pooler.
    pub has_pooler: bool,
}

/// The shape of the model `wanted`; without one, of the default model, whose shape is known also where it is not cached.
///
/// # Errors
/// When no folder, cached model or known shape has that name, or its files cannot be used.
pub fn shape(wanted: Option<&str>, environment: &Environment) -> Result<Shape, String> {
    let id = wanted.unwrap_or(DEFAULT_MODEL);
    let folder = sources::model_folder(id, &Bases::new(Path::new("experiment.yaml"), environment), environment);
    let known = KNOWN.iter().find(|(name, _)| *name == if wanted.is_none() { "minilm-l6" } else { id });
    match (folder, known) {
        (Ok(folder), _) => {
            let found = folder::check(&folder).map_err(|error| error.to_string())?;
            Ok(Shape { model: id.to_owned(), backbone: found.backbone, has_pooler: found.has_pooler })
        }
        (Err(_), Some((_, backbone))) => {
            Ok(Shape { model: format!("{id} (its known shape; the model is not here)"), backbone: backbone.clone(), has_pooler: true })
        }
        (Err(message), None) => Err(format!("{message}; shapes known by name are {}", KNOWN.map(|(name, _)| name).join(", "))),
    }
}
