//! Everything before the first step: rows, tokens, weights, features. Says how far it is.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tch::Device;

use crate::cache::{Cache, features as kept_features};
use crate::control::{Control, Order};
use crate::crew::Crew;
use crate::data::tokenizer;
use crate::error::EngineError;
use crate::features;
use crate::journal::Journal;
use crate::network::{Inputs, Network, NetworkPlan};
use crate::params::Params;
use crate::start;
use finetop::data::{self, hash};
use finetop::pretrained;
use finetop::run::event::{EventKind, Level, Preparing};
use finetop::spec::method::Method;
use finetop::spec::run::RunSpec;
use finetop::spec::task::Split;

/// How often a long preparation says how far it is.
const REPORT_EVERY: Duration = Duration::from_millis(250);

/// All that training needs.
pub struct Prepared {
    /// Encoder, method and head.
    pub network: Network,
    /// Their tensors.
    pub params: Params,
    /// The rows of every split that has any.
    pub inputs: BTreeMap<Split, Inputs>,
    /// Of the texts of the validation split.
    pub fingerprint: u64,
}

/// Reads rows and model.
///
/// # Errors
/// When a file cannot be read or does not fit; the order to leave, where one came meanwhile.
pub fn prepare(
    spec: &RunSpec,
    device: Device,
    crew: &Crew,
    cache: Option<&Rc<Cache>>,
    control: &Control,
    journal: &mut Journal,
) -> Result<Result<Prepared, Order>, EngineError> {
    check_metrics(spec)?;
    begin(journal, "reading data", 0)?;
    let dataset = data::load(&spec.task).map_err(|error| EngineError::Data(error.to_string()))?;

    begin(journal, "loading model", 0)?;
    let folder = &spec.model.folder;
    let mut backbone = pretrained::config::read(folder).map_err(|error| EngineError::Data(error.to_string()))?;
    if let Some(dropout) = spec.optimization.dropout {
        backbone.hidden_dropout = dropout;
        backbone.attention_dropout = dropout;
    }
    let mut params = Params::new(spec.method.backbone_training(&backbone), device);
    params.precision = spec.precision;
    params.cache = cache.cloned();
    let tokenizer = tokenizer::load(folder, &backbone, spec.task.max_length)?;
    let plan = NetworkPlan {
        backbone: &backbone,
        method: &spec.method,
        head: &spec.head,
        n_outputs: spec.task.n_outputs(),
        seed: spec.seed,
        tokenize: &|text| tokenizer::ids(&tokenizer, text),
    };
    let network = Network::load(folder, &plan, &mut params)?;
    start::begin(spec, &network.backbone, &params)?;

    let fingerprint = hash::of_texts(dataset.validation.iter().map(|row| (row.text.as_str(), row.text_pair.as_deref())));
    let splits = [(Split::Train, &dataset.train), (Split::Validation, &dataset.validation), (Split::Test, &dataset.test)];
    let mut inputs = BTreeMap::new();
    for (split, examples) in splits {
        if examples.is_empty() {
            continue;
        }
        begin(journal, &format!("tokenizing {}", split.name()), examples.len() as u64)?;
        let rows = tokenizer::encode(&tokenizer, &network.backbone, examples)?;
        inputs.insert(split, Inputs { rows, pooled: None });
        if let Some(order) = control.obey(0, journal)? {
            return Ok(Err(order));
        }
    }
    if spec.method == Method::FeatureExtraction {
        let mut found = Vec::new();
        for (&split, inputs) in &mut inputs {
            let kept = cache.and_then(|cache| Some((cache, kept_features::name(spec, &inputs.rows, device).ok()?)));
            inputs.pooled = kept.as_ref().and_then(|(cache, name)| kept_features::take(cache, name, inputs.rows.len(), device));
            if inputs.pooled.is_some() {
                found.push(split.name());
                continue;
            }
            if let Err(order) = compute_features((&network, crew), split, inputs, device, control, journal)? {
                return Ok(Err(order));
            }
            if let (Some((cache, name)), Some(pooled)) = (kept, &inputs.pooled) {
                kept_features::put(cache, &name, pooled);
            }
        }
        if !found.is_empty() {
            journal.note(Level::Info, format!("features of {} are those that an earlier run computed", found.join(", ")))?;
        }
    }
    for (level, message) in cache.iter().flat_map(|cache| cache.take_notes()) {
        journal.note(level, message)?;
    }
    Ok(Ok(Prepared { network, params, inputs, fingerprint }))
}

/// The metrics that decide must be among those that an evaluation of the task gives.
fn check_metrics(spec: &RunSpec) -> Result<(), EngineError> {
    let watched = spec.early_stopping.as_ref().map(|early_stopping| early_stopping.metric);
    let kind = spec.task.kind;
    match watched.into_iter().chain([spec.best_metric]).find(|metric| !kind.metrics().contains(metric)) {
        None => Ok(()),
        Some(metric) => Err(EngineError::Data(format!("run.yaml: the metric {} does not judge a {}", metric.name(), kind.name()))),
    }
}

fn begin(journal: &mut Journal, what: &str, total: u64) -> Result<(), EngineError> {
    journal.record(EventKind::Preparing(Preparing { what: what.to_owned(), done: 0, total }))
}

fn compute_features(
    (network, crew): (&Network, &Crew),
    split: Split,
    inputs: &mut Inputs,
    device: Device,
    control: &Control,
    journal: &mut Journal,
) -> Result<Result<(), Order>, EngineError> {
    let what = format!("computing features of {}", split.name());
    let total = inputs.rows.len() as u64;
    begin(journal, &what, total)?;
    let mut reported = Instant::now();
    let mut interruption: Result<Option<Order>, EngineError> = Ok(None);
    inputs.pooled = features::pooled(network, inputs, device, crew, |done| {
        if reported.elapsed() >= REPORT_EVERY {
            reported = Instant::now();
            let event = EventKind::Preparing(Preparing { what: what.clone(), done, total });
            interruption = journal.record(event).and_then(|()| control.obey(0, journal));
        }
        matches!(interruption, Ok(None))
    });
    Ok(interruption?.map_or(Ok(()), Err))
}
