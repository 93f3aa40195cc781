//! A foreign configuration while it is read: keys are taken out by name, and what is left must be off.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::interop::error::InteropError;
use crate::spec::experiment::values::quoted;

/// Larger files are not configurations.
const LARGEST: u64 = 1 << 20;

/// The keys of a JSON object that are not taken yet.
#[derive(Debug)]
pub struct Keys {
    path: PathBuf,
    object: Map<String, Value>,
}

impl Keys {
    /// Reads the JSON object at `path`.
    pub fn read(path: &Path) -> Result<Self, InteropError> {
        let fail = |problem: String| InteropError::of(path, problem);
        let size = std::fs::metadata(path).map_err(|error| fail(format!("cannot be read: {error}")))?.len();
        if size > LARGEST {
            return Err(fail("is larger than 1 MiB; it is not a configuration".to_owned()));
        }
        let bytes = std::fs::read(path).map_err(|error| fail(format!("cannot be read: {error}")))?;
        let object = serde_json::from_slice(&bytes).map_err(|error| fail(format!("is not a JSON object: {error}")))?;
        Ok(Self { path: path.to_owned(), object })
    }

    /// The object under a key.
    pub fn object(&mut self, key: &str) -> Result<Self, InteropError> {
        match self.object.remove(key) {
            Some(Value::Object(object)) => Ok(Self { path: self.path.clone(), object }),
            other => Err(self.error(key, other.as_ref(), "an object")),
        }
    }

    /// A problem of the file.
    pub fn problem(&self, problem: impl Into<String>) -> InteropError {
        InteropError::of(&self.path, problem)
    }

    /// What is wrong with the value of a key.
    pub fn error(&self, key: &str, found: Option<&Value>, accepts: &str) -> InteropError {
        let found = found.map_or("missing".to_owned(), shown);
        self.problem(format!("`{key}` must be {accepts}, not {found}"))
    }

    /// Takes the value of a key; null counts as missing.
    pub fn take(&mut self, key: &str) -> Option<Value> {
        self.object.remove(key).filter(|value| !value.is_null())
    }

    /// The value of a key, which stays.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.object.get(key).filter(|value| !value.is_null())
    }

    /// Drops keys that change nothing in what the adapter computes.
    pub fn ignore(&mut self, keys: &[&str]) {
        for key in keys {
            self.object.remove(*key);
        }
    }

    /// Takes a value that `read` accepts.
    pub fn need<T>(&mut self, key: &str, accepts: &str, read: impl FnOnce(&Value) -> Option<T>) -> Result<T, InteropError> {
        let value = self.take(key);
        value.as_ref().and_then(read).ok_or_else(|| self.error(key, value.as_ref(), accepts))
    }

    /// Takes a value that `read` accepts, or `default` where the key is missing.
    pub fn or<T>(&mut self, key: &str, default: T, accepts: &str, read: impl FnOnce(&Value) -> Option<T>) -> Result<T, InteropError> {
        match self.take(key) {
            None => Ok(default),
            Some(value) => read(&value).ok_or_else(|| self.error(key, Some(&value), accepts)),
        }
    }

    /// Takes a truth value, false where the key is missing.
    pub fn flag(&mut self, key: &str) -> Result<bool, InteropError> {
        self.or(key, false, "true or false", Value::as_bool)
    }

    /// Every key that is left must be off: no option is dropped in silence.
    pub fn finish(self, what: &str) -> Result<(), InteropError> {
        let is_off = |value: &Value| match value {
            Value::Null | Value::Bool(false) => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(entries) => entries.is_empty(),
            Value::String(text) => text.is_empty(),
            Value::Number(number) => number.as_f64() == Some(0.0),
            Value::Bool(true) => false,
        };
        match self.object.iter().find(|(_, value)| !is_off(value)) {
            None => Ok(()),
            Some((key, value)) => {
                let (key, value) = (quoted(key), shown(value));
                Err(self.problem(format!("option {key} is {value}, which finetop's {what} does not have; train without it, or merge the adapter into its base with its own library")))
            }
        }
    }
}

/// A value as an error quotes it; JSON escapes control characters.
pub fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Names: a list of texts.
pub fn names(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

/// The labels of `label2id`, in the order of their ids, which must be 0, 1, …
pub fn labels(value: &Value) -> Option<Vec<String>> {
    let mut pairs: Vec<(u64, &String)> = value.as_object()?.iter().map(|(label, id)| Some((id.as_u64()?, label))).collect::<Option<_>>()?;
    pairs.sort_unstable();
    let is_whole = pairs.iter().enumerate().all(|(index, (id, _))| index as u64 == *id);
    (is_whole && !pairs.is_empty()).then(|| pairs.into_iter().map(|(_, label)| label.clone()).collect())
}
