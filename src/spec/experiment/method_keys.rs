//! A method's own keys in a run → its hyperparameters, with the registry's defaults.

use crate::spec::experiment::document::Node;
use crate::spec::experiment::locate::Place;
use crate::spec::experiment::nearest::nearest;
use crate::spec::experiment::problem::Problems;
use crate::spec::experiment::section::Section;
use crate::spec::experiment::values;
use crate::spec::method::{Lora, Method, Site};

/// Every method with its name in experiment files.
pub fn methods() -> Vec<(&'static str, Method)> {
    Method::defaults().into_iter().map(|method| (method.about().name, method)).collect()
}

/// The own keys of a method.
pub fn keys(method: &Method) -> Vec<&'static str> {
    method.about().hyperparameters.iter().map(|hyperparameter| hyperparameter.key).collect()
}

/// Reads a method's own keys from a run whose keys were checked.
pub fn read(method: &Method, run: &Section, problems: &mut Problems) -> Method {
    match method {
        Method::Full | Method::FeatureExtraction => method.clone(),
        Method::Lora(defaults) => Method::Lora(lora(defaults, run, problems)),
    }
}

/// Place of a method's rank in a run.
pub fn rank_place(run: &Section) -> Option<Place> {
    run.entry("rank").map(|(_, place)| place)
}

fn lora(defaults: &Lora, run: &Section, problems: &mut Problems) -> Lora {
    let accepts = |key: &str| {
        let own = Method::Lora(Lora::default()).about().hyperparameters;
        own.iter().find(|hyperparameter| hyperparameter.key == key).map_or("", |hyperparameter| hyperparameter.accepts)
    };
    let rank = run.take("rank", accepts("rank"), problems, |node| values::count(node, 1 << 20));
    let alpha = run.take("alpha", accepts("alpha"), problems, |node| values::number(node, |alpha| alpha > 0.0));
    let dropout = run.take("dropout", accepts("dropout"), problems, values::share);
    Lora {
        rank: rank.map_or(defaults.rank, |rank| rank.value as i64),
        alpha: alpha.map_or(defaults.alpha, |alpha| alpha.value),
        dropout: dropout.map_or(defaults.dropout, |dropout| dropout.value),
        targets: targets(run, accepts("targets"), problems).unwrap_or_else(|| defaults.targets.clone()),
    }
}

fn targets(run: &Section, accepts: &str, problems: &mut Problems) -> Option<Vec<Site>> {
    let (node, place) = run.entry("targets")?;
    if *node == Node::Text("all".to_owned()) {
        return Some(Site::ALL.to_vec());
    }
    let names = Site::ALL.map(Site::name);
    let mut targets = Vec::new();
    let Node::List(items) = node else {
        problems.push(&place, format!("`targets` must be {accepts}, not {}", values::found(node)), "");
        return None;
    };
    for (index, item) in items.iter().enumerate() {
        let site = Site::ALL.into_iter().find(|site| *item == Node::Text(site.name().to_owned()));
        match site {
            Some(site) if targets.contains(&site) => {
                problems.push(&place.child(index), format!("target {} occurs twice", site.name()), "remove one");
            }
            Some(site) => targets.push(site),
            None => {
                let meant = if let Node::Text(text) = item { nearest(text, &names) } else { None };
                let hint = meant.map(|meant| format!("did you mean `{meant}`?")).unwrap_or_default();
                let message = format!("a target must be one of {}, not {}", names.join(", "), values::found(item));
                problems.push(&place.child(index), message, &hint);
            }
        }
    }
    if items.is_empty() {
        problems.push(&place, format!("`targets` must be {accepts}, not an empty list"), "");
    }
    Some(targets)
}
