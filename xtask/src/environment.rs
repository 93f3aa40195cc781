//! The environment variables of the process, read once, so that all that depends on them is a pure function.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The variables that are set and not empty; names and values that are not UTF-8 are left out.
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables this process was started with.
    pub fn of_process() -> Self {
        let utf8 = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::from_pairs(utf8)
    }

    /// Variables given as pairs; empty values count as unset.
    pub fn from_pairs<Name, Value>(pairs: impl IntoIterator<Item = (Name, Value)>) -> Self
    where
        Name: Into<String>,
        Value: Into<String>,
    {
        let pairs = pairs.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(pairs.filter(|(_, value): &(String, String)| !value.is_empty()).collect())
    }

    /// A variable as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A variable as a path.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    /// A switch, by the rule of Hugging Face's tools.
    pub fn is_on(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| matches!(value.to_uppercase().as_str(), "1" | "ON" | "YES" | "TRUE"))
    }
}
