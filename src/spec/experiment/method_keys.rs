//! A method's own keys in a run → the method, by what the registry says each key accepts.

use serde_json::{Map, Value};

use crate::spec::experiment::document::Node;
use crate::spec::experiment::locate::Place;
use crate::spec::experiment::nearest::nearest;
use crate::spec::experiment::problem::Problems;
use crate::spec::experiment::section::Section;
use crate::spec::experiment::values;
use crate::spec::method::Method;
use crate::spec::method::about::About;
use crate::spec::method::hyperparameter::{Accepts, Hyperparameter};
use crate::spec::method::site::Site;

/// The own keys of a method.
pub fn keys(about: &About) -> Vec<&'static str> {
    about.hyperparameters.iter().map(|own| own.key).collect()
}

/// Places of a method's own keys in a run, for problems that are found later.
pub fn places(about: &About, run: &Section) -> Vec<(&'static str, Place)> {
    keys(about).into_iter().filter_map(|key| Some((key, run.entry(key)?.1))).collect()
}

/// Reads a method's own keys from a run whose keys were checked.
pub fn read(about: &About, run: &Section, problems: &mut Problems) -> Method {
    let mut given = Map::new();
    for own in about.hyperparameters {
        let Some((node, place)) = run.entry(own.key) else { continue };
        match own.accepts.read(&plain(node)) {
            Some(value) => drop(given.insert(own.key.to_owned(), value)),
            None if own.accepts == Accepts::Sites => bad_sites(own, node, &place, problems),
            None => bad_value(own, node, &place, problems),
        }
        if let Some((other, place)) = own.replaced_by.and_then(|other| Some((other, run.entry(other)?.1)))
            && own.key < other
            && given.get(own.key).is_some_and(|value| !value.is_null())
        {
            problems.push(&place.key(), format!("`{}` and `{other}` are both given", own.key), "keep one");
        }
    }
    Method::with(about, &given)
}

fn plain(node: &Node) -> Value {
    match node {
        Node::Empty | Node::Map(_) => Value::Null,
        Node::Bool(flag) => Value::Bool(*flag),
        Node::Integer(number) => i64::try_from(*number).map_or(Value::Null, Value::from),
        Node::Float(number) => Value::from(*number),
        Node::Text(text) => Value::from(text.as_str()),
        Node::List(items) => items.iter().map(plain).collect(),
    }
}

fn bad_value(own: &Hyperparameter, node: &Node, place: &Place, problems: &mut Problems) {
    let hint = match (own.accepts, node) {
        (Accepts::Choice(names), Node::Text(text)) => nearest(text, names).map(|meant| format!("did you mean `{meant}`?")),
        (_, Node::Text(text)) if text.parse::<f64>().is_ok() => Some("write the number without quotes".to_owned()),
        _ => None,
    };
    let message = format!("`{}` must be {}, not {}", own.key, own.accepts.words(), values::found(node));
    problems.push(place, message, &hint.unwrap_or_default());
}

/// Says which of a list of linear layers is wrong.
fn bad_sites(own: &Hyperparameter, node: &Node, place: &Place, problems: &mut Problems) {
    let names = Site::ALL.map(Site::name);
    let mut must_be = |found: &str| problems.push(place, format!("`{}` must be {}, not {found}", own.key, own.accepts.words()), "");
    let Node::List(items) = node else { return must_be(&values::found(node)) };
    if items.is_empty() {
        return must_be("an empty list");
    }
    for (index, item) in items.iter().enumerate() {
        let place = place.child(index);
        match item {
            Node::Text(text) if names.contains(&text.as_str()) => {
                if items[..index].contains(item) {
                    problems.push(&place, format!("target {text} occurs twice"), "remove one");
                }
            }
            _ => {
                let meant = if let Node::Text(text) = item { nearest(text, &names) } else { None };
                let hint = meant.map(|meant| format!("did you mean `{meant}`?")).unwrap_or_default();
                let message = format!("a target must be one of {}, not {}", names.join(", "), values::found(item));
                problems.push(&place, message, &hint);
            }
        }
    }
}
