//! Names of runs that have none: the method, and what tells it from its siblings.

use serde_json::Value;

use crate::spec::experiment::resolve::Draft;
use crate::spec::experiment::values::{LONGEST_NAME, short_number};
use crate::spec::head::{Classifier, Pooling};
use crate::spec::method::hyperparameter::shown;

/// The names of the drafts: as given, else made of what distinguishes runs of one method, else numbered.
pub fn names(drafts: &[Draft]) -> Vec<String> {
    let mut names: Vec<Option<String>> = drafts.iter().map(|draft| draft.name.clone()).collect();
    for (index, draft) in drafts.iter().enumerate() {
        if names[index].is_some() {
            continue;
        }
        let method = draft.method.about().name;
        let siblings: Vec<&Draft> = drafts.iter().filter(|other| other.name.is_none() && other.method.about().name == method).collect();
        let mut wanted = format!("{method}{}", distinction(draft, &siblings));
        // Names are ASCII; room is left for a number and a seed.
        wanted.truncate(LONGEST_NAME - 8);
        let is_taken = |name: &str| names.iter().flatten().any(|taken| taken.eq_ignore_ascii_case(name));
        let numbered = (2..).map(|number| format!("{wanted}-{number}"));
        names[index] = std::iter::once(wanted.clone()).chain(numbered).find(|name| !is_taken(name));
    }
    names.into_iter().flatten().collect()
}

/// What tells a draft from its siblings: the first feature that differs for all, else every feature that differs at all.
fn distinction(draft: &Draft, siblings: &[&Draft]) -> String {
    if siblings.len() < 2 {
        return String::new();
    }
    let own = features(draft);
    let of_siblings: Vec<Vec<String>> = siblings.iter().map(|sibling| features(sibling)).collect();
    let values = |position: usize| of_siblings.iter().map(move |features| &features[position]);
    let is_distinct = |position: usize| {
        let mut seen: Vec<&String> = values(position).collect();
        seen.sort();
        seen.dedup();
        seen.len() == siblings.len()
    };
    if let Some(position) = (0..own.len()).find(|&position| is_distinct(position)) {
        return format!("-{}", own[position]);
    }
    let differing = (0..own.len()).filter(|&position| values(position).any(|value| *value != own[position]));
    std::iter::once("").chain(differing.map(|position| own[position].as_str())).collect::<Vec<_>>().join("-")
}

/// What runs of one method can differ in, most telling first, each short enough for a name.
fn features(draft: &Draft) -> Vec<String> {
    let mut features: Vec<String> = draft.method.hyperparameters().into_iter().map(|(own, value)| feature(own.short, &value)).collect();
    let optimization = &draft.optimization;
    features.push(format!("lr{}", short_number(optimization.learning_rate)));
    features.push(optimization.head_learning_rate.map_or("hlr".to_owned(), |rate| format!("hlr{}", short_number(rate))));
    features.push(
        match draft.head.pooling {
            Pooling::Cls => "cls",
            Pooling::Pooler => "pooler",
            Pooling::Mean => "mean",
            Pooling::Peft => "peft",
        }
        .to_owned(),
    );
    features.push(
        match draft.head.classifier {
            Classifier::Linear => "linear",
            Classifier::Mlp => "mlp",
            Classifier::MlpRelu => "mlp_relu",
        }
        .to_owned(),
    );
    features.push(draft.precision.name().to_owned());
    features.push(format!("e{}", optimization.epochs));
    features.push(format!("b{}", optimization.batch_size));
    features.push(format!("{:?}", optimization.schedule).to_lowercase());
    features.push(format!("w{}", short_number(optimization.warmup_ratio)));
    features.push(format!("wd{}", short_number(optimization.weight_decay)));
    features.push(format!("ld{}", short_number(optimization.layer_decay)));
    features.push(format!("ls{}", short_number(optimization.label_smoothing)));
    features.push(format!("hd{}", short_number(draft.head.dropout)));
    features
}

/// A hyperparameter as part of a name: `r8`, `query.value`, `nodora`.
fn feature(short: &str, value: &Value) -> String {
    let word = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).take(24).collect::<String>();
    match value {
        Value::Null | Value::Bool(false) => format!("no{short}"),
        Value::Bool(true) => short.to_owned(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(word).collect::<Vec<_>>().join("."),
        Value::String(text) => format!("{short}{}", word(text)),
        other => format!("{short}{}", shown(other)),
    }
}
