//! Whether a run can begin with the weights that its `from` names: base model, method, head and labels, told before anything runs.

use std::path::PathBuf;

use crate::interop::artefact::{self, Artefact};
use crate::interop::base::{self, Match};
use crate::interop::{adapterhub, tensors};
use crate::plan::sources::Bases;
use crate::spec::backbone::Backbone;
use crate::spec::experiment::problem::Problems;
use crate::spec::experiment::values::quoted;
use crate::spec::experiment::written::Run;
use crate::spec::head::{Classifier, Head, Pooling};
use crate::spec::method::hyperparameter::shown;
use crate::spec::method::{Method, adapter::Adapter};
use crate::spec::run::{RunSpec, StartFrom};

/// Settles what a run starts from; what is wrong goes to `problems`, what is worth knowing to `warnings`.
pub fn settle(spec: &mut RunSpec, run: &Run, backbone: &Backbone, bases: &Bases, problems: &mut Problems, warnings: &mut Vec<String>) {
    let Some(from) = &run.from else { return };
    let settled = find(&from.value, bases)
        .and_then(|folder| artefact::read(&folder, backbone).map_err(|error| error.to_string()))
        .and_then(|artefact| fit(&artefact, spec, backbone, warnings));
    match settled {
        Ok(start) => spec.start_from = Some(start),
        Err(message) => problems.push(&from.place, message, ""),
    }
}

/// The folder, or the run of this id under `runs/`.
fn find(text: &str, bases: &Bases) -> Result<PathBuf, String> {
    let candidates = [text.to_owned(), format!("runs/{text}")];
    let found = candidates.iter().find_map(|candidate| bases.find(candidate).filter(|path| path.is_dir()));
    found.ok_or_else(|| format!("there is no folder {} of an adapter or a run; {}", quoted(text), bases.looked_in(text)))
}

/// Compares what the folder holds with what the run is.
fn fit(artefact: &Artefact, spec: &RunSpec, backbone: &Backbone, warnings: &mut Vec<String>) -> Result<StartFrom, String> {
    let mut warn = |message: String| warnings.push(format!("{}: {message}", spec.name));
    if let Some(name) = &artefact.base {
        match base::compare(name, &spec.model) {
            Match::Same => {}
            Match::Other => {
                return Err(format!(
                    "the adapter was made for the base model {}; this run's model is {}: name that one as `model`",
                    quoted(name),
                    quoted(&spec.model.id)
                ));
            }
            Match::Unknown => {
                warn(format!("the adapter names its base model {}; that it is {} cannot be checked", quoted(name), quoted(&spec.model.id)));
            }
        }
    }
    check_method(&artefact.method, spec, backbone)?;
    let trained: Vec<String> = tensors::of_backbone(&spec.method, &spec.head, backbone).into_iter().map(|tensor| tensor.name).collect();
    let names = artefact.parts.iter().flat_map(|part| &part.pairs).map(|pair| &pair.ours);
    let is_added = |name: &str| name.starts_with("method.") || name.starts_with("head.");
    let head = check_head(artefact, spec, &mut warn)?;
    if let Some(name) = names.into_iter().find(|name| !is_added(name) && !trained.contains(name)) {
        return Err(format!(
            "it holds {name} of the backbone, which this run leaves as it is; train what it trained (train_layer_norms: true)"
        ));
    }
    Ok(StartFrom { folder: artefact.folder.clone(), head })
}

fn check_method(theirs: &Method, spec: &RunSpec, backbone: &Backbone) -> Result<(), String> {
    let Some(key) = artefact::difference(&spec.method, theirs, backbone.hidden_size) else { return Ok(()) };
    if key == "method" {
        return Err(format!("it holds weights of {}, but this run's method is {}", theirs.about().name, spec.method.about().name));
    }
    let value = |method: &Method| match method {
        Method::HoulsbyAdapter(adapter) | Method::PfeifferAdapter(adapter) | Method::ParallelAdapter(adapter) if key == "size" => {
            Adapter::width(adapter, backbone.hidden_size).to_string()
        }
        _ => method
            .hyperparameters()
            .into_iter()
            .find(|(own, _)| own.key == key)
            .map_or_else(|| "off".to_owned(), |(_, value)| shown(&value)),
    };
    Err(format!("its weights are of `{key}` {}, but this run says {}: write `{key}` as it is there", value(theirs), value(&spec.method)))
}

/// Whether the head is taken over.
fn check_head(artefact: &Artefact, spec: &RunSpec, warn: &mut impl FnMut(String)) -> Result<bool, String> {
    let is_evaluated_alone = spec.optimization.epochs == 0;
    let anew = |why: String, warn: &mut dyn FnMut(String)| {
        if is_evaluated_alone {
            return Err(format!("{why}, so there is nothing to evaluate with `epochs: 0`; train for an epoch or more"));
        }
        warn(format!("{why}: the head begins anew"));
        Ok(false)
    };
    let (Some(head), Some(n_outputs)) = (&artefact.head, artefact.n_outputs) else {
        return anew(format!("the adapter has no head ({} or a classifier in its weights)", adapterhub::HEAD_CONFIG), warn);
    };
    let labels = &spec.task.labels;
    if n_outputs != spec.task.n_outputs() {
        return anew(format!("its head has {n_outputs} labels, the data {}", spec.task.n_outputs()), warn);
    }
    if !artefact::reads_like(head.pooling, spec.head.pooling, &spec.method) || head.classifier != spec.head.classifier {
        return Err(format!("its head is {}, but this run's is {}: write `head: {}`", words(head), words(&spec.head), words(head)));
    }
    match &artefact.labels {
        Some(theirs) if theirs != labels => {
            if theirs.iter().all(|label| labels.contains(label)) {
                return Err(format!("its labels are, in this order, {0}; write `labels: [{0}]` under `data`", theirs.join(", ")));
            }
            warn(format!("the head's labels are {}; they are taken in order for {}", theirs.join(", "), labels.join(", ")));
        }
        None if !labels.is_empty() => {
            warn(format!("the adapter does not name its labels; its outputs are taken in the order {}", labels.join(", ")));
        }
        _ => {}
    }
    Ok(true)
}

/// A head as an experiment says it.
pub fn words(head: &Head) -> String {
    let pooling = Pooling::NAMES.into_iter().find(|(_, own)| *own == head.pooling).map_or("", |(name, _)| name);
    let classifier = Classifier::NAMES.into_iter().find(|(_, own)| *own == head.classifier).map_or("", |(name, _)| name);
    format!("{{pooling: {pooling}, classifier: {classifier}}}")
}
