//! An exported folder as a network again, by the code that reads folders of other libraries.

use std::path::Path;
use std::rc::Rc;

use tokenizers::Tokenizer;

use crate::adapted::{Adapted, Base};
use crate::data::tokenizer;
use crate::error::EngineError;
use crate::network::{Network, NetworkPlan};
use crate::params::Params;
use crate::start;
use finetop::interop::tensors::check;
use finetop::interop::{Format, artefact, transformers};
use finetop::pretrained::{config, header};
use finetop::spec::backbone::BackboneTraining;
use finetop::spec::method::Method;
use finetop::spec::run::RunSpec;

/// The network in `folder` and the tokenizer of its inputs.
///
/// # Errors
/// When anything in the folder is not as it should be.
pub fn network(base: &Base, spec: &RunSpec, format: Format, folder: &Path) -> Result<(Network, Rc<Tokenizer>), EngineError> {
    if format == Format::Transformers {
        return whole(spec, base, folder);
    }
    let artefact = artefact::read(folder, &base.backbone).map_err(|error| EngineError::Data(error.to_string()))?;
    let head = artefact.head.clone().ok_or_else(|| EngineError::Data(format!("{} has no head", folder.display())))?;
    let adapted = Adapted::fresh(base, RunSpec { method: artefact.method.clone(), head, ..spec.clone() })?;
    start::restore(&artefact, true, &adapted.params)?;
    Ok((adapted.network, adapted.tokenizer))
}

/// A whole checkpoint with the family's own classifier.
fn whole(spec: &RunSpec, base: &Base, folder: &Path) -> Result<(Network, Rc<Tokenizer>), EngineError> {
    let data = |error: &dyn std::fmt::Display| EngineError::Data(error.to_string());
    let backbone = config::read(folder).map_err(|error| data(&error))?;
    let path = folder.join("model.safetensors");
    let pairs = transformers::pairs(spec, &backbone);
    check(&header::read(&path).map_err(|error| data(&error))?, &pairs)
        .map_err(|problem| EngineError::Weights { path: path.clone(), problem })?;
    let mut tensors = start::read(&path)?;
    let mut own: std::collections::BTreeMap<_, _> =
        pairs.into_iter().filter_map(|pair| Some((pair.ours, tensors.remove(&pair.theirs)?))).collect();
    let head = own.extract_if(.., |name, _| name.starts_with(crate::params::HEAD)).collect::<Vec<_>>();
    let mut params = Params::new(BackboneTraining::None, base.device());
    let plan = NetworkPlan {
        backbone: &backbone,
        method: &Method::FeatureExtraction,
        head: &spec.head,
        n_outputs: spec.task.n_outputs(),
        seed: spec.seed,
        tokenize: &|_| Vec::new(),
    };
    let network = Network::new(folder, own, &plan, &mut params)?;
    let _guard = tch::no_grad_guard();
    for (name, tensor) in head {
        if let Some(into) = params.delta.tensor(&name) {
            into.shallow_clone().copy_(&tensor);
        }
    }
    Ok((network, tokenizer::load(folder, &backbone, spec.task.max_length)?.into()))
}
