//! Reading and changing a document by path: a key goes where a person would look for it, what is not touched stays as it is. Pure.

use crate::spec::experiment::document::{self, Node};
use crate::spec::experiment::locate::Place;
use crate::spec::experiment::settings;

/// A step into a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To the value of a key.
    Key(&'static str),
    /// To an item of a list.
    Item(usize),
}

/// Keys in the order in which a person writes them; settings, which are not listed, stand in the middle.
const FIRST: [&str; 9] = ["name", "method", "from", "model", "data", "kind", "dataset", "config", "folder"];

/// See [`FIRST`].
const LAST: [&str; 4] = ["runs_at_once", "threads", "device", "runs"];

fn rank(key: &str) -> usize {
    let first = FIRST.iter().position(|first| *first == key);
    let setting = settings::KEYS.iter().position(|setting| *setting == key).map(|idx| 200 + idx);
    let last = LAST.iter().position(|last| *last == key).map(|idx| 300 + idx);
    first.or(setting).or(last).unwrap_or(100)
}

/// The document of a text that a form can show; else why it cannot.
pub fn fit(bytes: &[u8]) -> Result<Node, String> {
    let (_, document) = document::parse(bytes).map_err(|problem| format!("the file cannot be read as YAML: {problem}"))?;
    let Node::Map(entries) = &document else { return Err("the file is no map of keys and values".to_owned()) };
    if has_twice(&document) {
        return Err("a key occurs twice".to_owned());
    }
    let of = |key: &str| entries.iter().find(|(name, _)| name == key).map(|(_, value)| value);
    if !matches!(of("data"), None | Some(Node::Map(_))) {
        return Err("`data` is no map".to_owned());
    }
    match of("runs") {
        None => {}
        Some(Node::List(runs)) if runs.iter().all(|run| matches!(run, Node::Map(_))) => {}
        Some(_) => return Err("`runs` is no list of runs".to_owned()),
    }
    Ok(document)
}

fn has_twice(node: &Node) -> bool {
    match node {
        Node::Map(entries) => {
            let is_twice = |idx: usize| entries[..idx].iter().any(|(key, _)| *key == entries[idx].0);
            (0..entries.len()).any(is_twice) || entries.iter().any(|(_, value)| has_twice(value))
        }
        Node::List(items) => items.iter().any(has_twice),
        _ => false,
    }
}

/// The value at a path.
pub fn get<'a>(document: &'a Node, path: &[Step]) -> Option<&'a Node> {
    path.iter().try_fold(document, |node, step| match (node, step) {
        (Node::Map(entries), Step::Key(key)) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
        (Node::List(items), Step::Item(idx)) => items.get(*idx),
        _ => None,
    })
}

/// Where the value at a path stands.
pub fn place(document: &Node, path: &[Step]) -> Option<Place> {
    let mut node = document;
    let mut place = Place::default();
    for step in path {
        let idx = match (node, step) {
            (Node::Map(entries), Step::Key(key)) => entries.iter().position(|(name, _)| name == key)?,
            (Node::List(_), Step::Item(idx)) => *idx,
            _ => return None,
        };
        node = match node {
            Node::Map(entries) => &entries[idx].1,
            Node::List(items) => items.get(idx)?,
            _ => return None,
        };
        place = place.child(idx);
    }
    Some(place)
}

/// Puts a value at a path, or takes away what is there; maps that become empty by it go too, but for `data`.
pub fn put(node: &mut Node, path: &[Step], value: Option<Node>) {
    let Some((step, rest)) = path.split_first() else { return };
    match step {
        Step::Item(idx) => {
            if let Node::List(items) = node
                && let Some(item) = items.get_mut(*idx)
            {
                put(item, rest, value);
            }
        }
        Step::Key(key) => {
            if !matches!(node, Node::Map(_)) {
                *node = Node::Map(Vec::new());
            }
            let Node::Map(entries) = node else { return };
            let position = entries.iter().position(|(name, _)| name == key);
            match (position, rest.is_empty(), value) {
                (None, _, None) => {}
                (Some(idx), true, None) => drop(entries.remove(idx)),
                (Some(idx), true, Some(value)) => entries[idx].1 = value,
                (Some(idx), false, value) => {
                    put(&mut entries[idx].1, rest, value);
                    if entries[idx].1 == Node::Map(Vec::new()) && *key != "data" {
                        entries.remove(idx);
                    }
                }
                (None, is_end, Some(value)) => {
                    let mut inner = Node::Map(Vec::new());
                    if is_end {
                        inner = value;
                    } else {
                        put(&mut inner, rest, Some(value));
                    }
                    let after = entries.iter().rposition(|(name, _)| rank(name) <= rank(key)).map_or(0, |idx| idx + 1);
                    entries.insert(after, ((*key).to_owned(), inner));
                }
            }
        }
    }
}

/// The runs of the document.
pub fn runs(document: &Node) -> &[Node] {
    match get(document, &[Step::Key("runs")]) {
        Some(Node::List(runs)) => runs,
        _ => &[],
    }
}

/// The runs of the document, to be changed; a list is made where there is none.
pub fn runs_mut(document: &mut Node) -> Option<&mut Vec<Node>> {
    if get(document, &[Step::Key("runs")]).is_none() {
        put(document, &[Step::Key("runs")], Some(Node::List(Vec::new())));
    }
    let Node::Map(entries) = document else { return None };
    entries.iter_mut().find_map(|(key, value)| match value {
        Node::List(runs) if key == "runs" => Some(runs),
        _ => None,
    })
}

/// The method that a run names.
pub fn method(run: &Node) -> Option<&str> {
    match get(run, &[Step::Key("method")]) {
        Some(Node::Text(name)) => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::experiment::write;

    fn document(text: &str) -> Node {
        fit(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_key_goes_where_a_person_would_look_for_it() {
        let mut draft = document("name: a\nruns: [{method: lora}]\n");
        put(&mut draft, &[Step::Key("epochs")], Some(Node::Integer(4)));
        put(&mut draft, &[Step::Key("data"), Step::Key("train")], Some(Node::Text("t.tsv".to_owned())));
        put(&mut draft, &[Step::Key("early_stopping"), Step::Key("patience")], Some(Node::Integer(2)));
        put(&mut draft, &[Step::Key("runs"), Step::Item(0), Step::Key("lr")], Some(Node::Float(1e-3)));
        put(&mut draft, &[Step::Key("runs"), Step::Item(0), Step::Key("rank")], Some(Node::Integer(4)));
        let expected =
            "name: a\ndata: {train: t.tsv}\nepochs: 4\nearly_stopping: {patience: 2}\nruns:\n  - {method: lora, rank: 4, lr: 1e-3}\n";
        assert_eq!(write::text(&draft), expected);
        put(&mut draft, &[Step::Key("early_stopping"), Step::Key("patience")], None);
        put(&mut draft, &[Step::Key("data"), Step::Key("train")], None);
        assert_eq!(write::text(&draft), "name: a\ndata: {}\nepochs: 4\nruns:\n  - {method: lora, rank: 4, lr: 1e-3}\n");
    }

    #[test]
    fn what_no_form_can_show_says_why() {
        for (text, why) in [
            ("a: [", "cannot be read as YAML"),
            ("- a", "no map"),
            ("data: {train: a, train: b}", "twice"),
            ("data: 3", "`data`"),
            ("runs: [full]", "`runs`"),
        ] {
            let said = fit(text.as_bytes()).unwrap_err();
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
