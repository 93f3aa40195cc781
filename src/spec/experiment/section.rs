//! A map of the document while it is read: unknown and repeated keys are problems, values are taken out by key.

use crate::spec::experiment::document::Node;
use crate::spec::experiment::locate::Place;
use crate::spec::experiment::nearest::nearest;
use crate::spec::experiment::problem::Problems;
use crate::spec::experiment::values;

/// A value with the place where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Written<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

/// A map of the document.
#[derive(Debug, Clone)]
pub struct Section<'a> {
    /// Where it stands.
    pub place: Place,
    /// How errors call it: "run 3", "`data`", "the experiment".
    pub name: String,
    entries: &'a [(String, Node)],
}

impl<'a> Section<'a> {
    /// The map at `place`; anything else is a problem.
    pub fn open(node: &'a Node, place: Place, name: String, example: &str, problems: &mut Problems) -> Option<Self> {
        if let Node::Map(entries) = node {
            return Some(Self { place, name, entries });
        }
        problems.push(&place, format!("{name} must be a map such as {example}, not {}", values::found(node)), "");
        None
    }

    /// Reports keys that occur twice or are not among `accepted`; `elsewhere` are keys of other sections with their home.
    pub fn check_keys(&self, accepted: &[&str], elsewhere: &[(&[&str], &str)], problems: &mut Problems) {
        // The accepted keys are many, so they are listed once.
        let mut listed = Some(format!("accepted: {}", accepted.join(", ")));
        for (index, (key, _)) in self.entries.iter().enumerate() {
            let place = self.place.child(index).key();
            if self.entries[..index].iter().any(|(earlier, _)| earlier == key) {
                problems.push(&place, format!("key `{}` occurs twice in {}", key.escape_debug(), self.name), "remove one");
                continue;
            }
            if accepted.contains(&key.as_str()) {
                continue;
            }
            let home = elsewhere.iter().find(|(keys, _)| keys.contains(&key.as_str())).map(|(_, home)| *home);
            let hint = match (key.as_str(), home, nearest(key, accepted)) {
                ("<<", ..) => "merge keys are not supported: write the keys out".to_owned(),
                (_, Some(home), _) => format!("it belongs {home}"),
                (_, None, Some(meant)) => format!("did you mean `{meant}`? {}", listed.take().unwrap_or_default()),
                (_, None, None) => listed.take().unwrap_or_default(),
            };
            problems.push(&place, format!("unknown key {} in {}", values::key(key), self.name), hint.trim_end());
        }
    }

    /// The value of a key and its place.
    pub fn entry(&self, key: &str) -> Option<(&'a Node, Place)> {
        let index = self.entries.iter().position(|(name, _)| name == key)?;
        Some((&self.entries[index].1, self.place.child(index)))
    }

    /// The value of a key, read by `read`; a value that it does not take is a problem that tells what is accepted.
    pub fn take<T>(&self, key: &str, accepts: &str, problems: &mut Problems, read: impl FnOnce(&Node) -> Option<T>) -> Option<Written<T>> {
        let (node, place) = self.entry(key)?;
        if let Some(value) = read(node) {
            return Some(Written { value, place });
        }
        let hint = match node {
            Node::Text(text) if text.parse::<f64>().is_ok() => "write the number without quotes",
            _ => "",
        };
        problems.push(&place, format!("`{key}` must be {accepts}, not {}", values::found(node)), hint);
        None
    }

    /// The value of a key that names one of `choices`.
    pub fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)], problems: &mut Problems) -> Option<Written<T>> {
        let (node, place) = self.entry(key)?;
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        if let Node::Text(text) = node
            && let Some((_, value)) = choices.iter().find(|(name, _)| name == text)
        {
            return Some(Written { value: *value, place });
        }
        let meant = if let Node::Text(text) = node { nearest(text, &names) } else { None };
        let hint = meant.map(|meant| format!("did you mean `{meant}`?")).unwrap_or_default();
        problems.push(&place, format!("`{key}` must be {}, not {}", values::one_of(&names), values::found(node)), &hint);
        None
    }

    /// The section under a key.
    pub fn section(&self, key: &str, example: &str, problems: &mut Problems) -> Option<Self> {
        let (node, place) = self.entry(key)?;
        Self::open(node, place, format!("`{key}`"), example, problems)
    }
}
