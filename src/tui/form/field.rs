//! A row of the form: where its value stands, how it is typed and shown. Pure.

use serde::Deserialize;

use crate::spec::experiment::document::Node;
use crate::spec::experiment::write;
use crate::tui::form::draft::{self, Step};

/// A row of the form.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Where its value stands.
    pub path: Vec<Step>,
    /// Its name.
    pub label: String,
    /// How it is changed.
    pub kind: Kind,
    /// What holds where nothing is written.
    pub default: String,
    /// What it is, in a line.
    pub about: String,
}

/// How a row is changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A text is typed.
    Text,
    /// A value is typed as in the file: `8`, `5e-5`, `false`, `{steps: 50}`.
    Value,
    /// Values are typed, with commas between them.
    List,
    /// One of these is chosen, or typed.
    Choice(Vec<&'static str>),
    /// On with a metric, or off.
    EarlyStopping(Vec<&'static str>),
    /// Where the rows are: files, a folder, or a data set on the hub.
    Source,
    /// A method that no run has yet; its name.
    Absent(&'static str),
    /// A run.
    Run(usize),
    /// Whether every setting has a row.
    All(bool),
}

/// The ways to name data, as [`Kind::Source`] shows them.
pub const SOURCES: [(&str, &str); 3] = [("files", "train"), ("folder", "folder"), ("hub", "dataset")];

impl Field {
    /// How far its label stands to the right, columns.
    pub fn indent(&self) -> usize {
        let is_inner = self.path.len() > 2 && self.path[0] == Step::Key("runs");
        if is_inner { 6 } else { usize::from(matches!(self.kind, Kind::Run(_) | Kind::Absent(_))) }
    }

    /// The value as written; `None` where it is left out.
    pub fn value(&self, document: &Node) -> Option<String> {
        match &self.kind {
            Kind::Source => Some(source(document).to_owned()),
            Kind::EarlyStopping(_) => match draft::get(document, self.parent())? {
                Node::Bool(false) => Some("off".to_owned()),
                _ => Some(draft::get(document, &self.path).map_or_else(|| "on".to_owned(), shown)),
            },
            Kind::Absent(_) | Kind::Run(_) | Kind::All(_) => None,
            _ => draft::get(document, &self.path).map(shown),
        }
    }

    /// Where the map stands that holds its value.
    fn parent(&self) -> &[Step] {
        self.path.split_last().map_or(&[], |(_, parent)| parent)
    }

    /// The words to choose from.
    pub fn choices(&self) -> Vec<&'static str> {
        match &self.kind {
            Kind::Choice(choices) => choices.clone(),
            Kind::EarlyStopping(metrics) => std::iter::once("off").chain(metrics.iter().copied()).collect(),
            Kind::Source => SOURCES.iter().map(|(name, _)| *name).collect(),
            _ => Vec::new(),
        }
    }

    /// Writes what was typed or chosen into a document; empty takes it away.
    pub fn write(&self, document: &mut Node, typed: &str) {
        let typed = typed.trim();
        match &self.kind {
            Kind::Source => to_source(document, typed),
            Kind::EarlyStopping(_) if typed.is_empty() || typed == "off" => draft::put(document, self.parent(), None),
            Kind::EarlyStopping(_) => {
                if draft::get(document, self.parent()) == Some(&Node::Bool(false)) {
                    draft::put(document, self.parent(), None);
                }
                draft::put(document, &self.path, Some(Node::Text(typed.to_owned())));
            }
            Kind::Absent(_) | Kind::Run(_) | Kind::All(_) => {}
            _ if typed.is_empty() => draft::put(document, &self.path, None),
            Kind::Text => draft::put(document, &self.path, Some(Node::Text(typed.to_owned()))),
            Kind::List => draft::put(document, &self.path, Some(list(typed))),
            Kind::Value | Kind::Choice(_) => draft::put(document, &self.path, Some(value(typed))),
        }
    }
}

/// A value as a row shows it, and as it is typed.
pub fn shown(node: &Node) -> String {
    match node {
        Node::Text(text) => text.clone(),
        Node::List(items) if items.iter().all(|item| !matches!(item, Node::List(_) | Node::Map(_))) => {
            items.iter().map(write::flow).collect::<Vec<_>>().join(", ")
        }
        other => write::flow(other),
    }
}

/// A typed value; what is no YAML is taken as a text, so that the reader of experiment files says what is accepted.
fn value(typed: &str) -> Node {
    Node::deserialize(serde_yaml::Deserializer::from_str(typed)).unwrap_or_else(|_| Node::Text(typed.to_owned()))
}

fn list(typed: &str) -> Node {
    if typed == "all" || typed.starts_with(['[', '{']) {
        return value(typed);
    }
    Node::List(typed.split([',', ' ']).filter(|item| !item.is_empty()).map(value).collect())
}

/// How the document names its data.
pub fn source(document: &Node) -> &'static str {
    let has = |key: &'static str| draft::get(document, &[Step::Key("data"), Step::Key(key)]).is_some();
    if has("dataset") {
        "hub"
    } else if has("folder") {
        "folder"
    } else {
        "files"
    }
}

/// Names the data another way; what the other ways need goes.
fn to_source(document: &mut Node, name: &str) {
    let Some((_, key)) = SOURCES.iter().find(|(known, _)| *known == name) else { return };
    if source(document) == name {
        return;
    }
    for old in ["train", "validation", "test", "folder", "dataset", "config"] {
        draft::put(document, &[Step::Key("data"), Step::Key(old)], None);
    }
    if *key != "train" {
        draft::put(document, &[Step::Key("data"), Step::Key(key)], Some(Node::Text(String::new())));
    }
}
