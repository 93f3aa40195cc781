//! A hyperparameter of a method: what it accepts, as help, forms and errors show it. Reading and checking go by this alone.

use serde_json::{Number, Value};

use crate::spec::method::site::Site;

/// A hyperparameter of a method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hyperparameter {
    /// Key in the experiment file.
    pub key: &'static str,
    /// Abbreviation in names of runs, before the value; empty where the value says enough.
    pub short: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// Accepted values.
    pub accepts: Accepts,
    /// The default, as written in an experiment file.
    pub default: &'static str,
    /// Another key that, when given, turns this one off; both given is an error.
    pub replaced_by: Option<&'static str>,
}

impl Hyperparameter {
    /// A hyperparameter that stands for itself.
    pub const fn new(key: &'static str, short: &'static str, about: &'static str, accepts: Accepts, default: &'static str) -> Self {
        Self { key, short, about, accepts, default, replaced_by: None }
    }

    /// The same, turned off when `other` is given.
    #[must_use]
    pub const fn replaced_by(self, other: &'static str) -> Self {
        Self { replaced_by: Some(other), ..self }
    }

    /// The default as a value.
    ///
    /// # Panics
    /// When the registry's own default cannot be read; a test reads them all.
    pub fn default_value(&self) -> Value {
        let written: Value = serde_yaml::from_str(self.default).expect("a default of the registry is YAML");
        self.accepts.read(&written).unwrap_or_else(|| panic!("default {} of {} is not accepted", self.default, self.key))
    }
}

/// Accepted values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Accepts {
    /// A whole number from 1 to this.
    Count(i64),
    /// A whole number from 1 to this, or `false` for none.
    CountOrOff(i64),
    /// A number above 0.
    Positive,
    /// A number of at least 0.
    AtLeastZero,
    /// A number from 0 up to, not including, 1.
    Share,
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of linear layers, or `all`.
    Sites,
    /// A text, or `false` for none.
    TextOrOff,
}

impl Accepts {
    /// Accepted values, in words.
    pub fn words(self) -> String {
        match self {
            Self::Count(most) => format!("a whole number from 1 to {most}"),
            Self::CountOrOff(most) => format!("a whole number from 1 to {most}, or false"),
            Self::Positive => "a number above 0".to_owned(),
            Self::AtLeastZero => "a number of at least 0".to_owned(),
            Self::Share => "a number from 0 up to, not including, 1".to_owned(),
            Self::Switch => "true or false".to_owned(),
            Self::Choice(names) => match names {
                [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
                _ => names.join(""),
            },
            Self::Sites => format!("a list of {}; or all", Site::ALL.map(Site::name).join(", ")),
            Self::TextOrOff => "a text, or false".to_owned(),
        }
    }

    /// The value as the method's struct holds it, if it is accepted; "off" is null, sites are a list of names.
    pub fn read(self, written: &Value) -> Option<Value> {
        let number = |is_good: fn(f64) -> bool| {
            let number = written.as_f64().filter(|&number| number.is_finite() && is_good(number))?;
            Number::from_f64(number).map(Value::Number)
        };
        let count = |most: i64| written.as_i64().filter(|count| (1..=most).contains(count)).map(Value::from);
        let text = || written.as_str().filter(|text| !text.trim().is_empty() && !text.chars().any(char::is_control)).map(Value::from);
        let is_off = *written == Value::Bool(false);
        match self {
            Self::CountOrOff(_) | Self::TextOrOff if is_off => Some(Value::Null),
            Self::Count(most) | Self::CountOrOff(most) => count(most),
            Self::Positive => number(|number| number > 0.0),
            Self::AtLeastZero => number(|number| number >= 0.0),
            Self::Share => number(|number| (0.0..1.0).contains(&number)),
            Self::Switch => written.as_bool().map(Value::Bool),
            Self::Choice(names) => written.as_str().filter(|name| names.contains(name)).map(Value::from),
            Self::Sites => sites(written),
            Self::TextOrOff => text(),
        }
    }
}

fn sites(written: &Value) -> Option<Value> {
    if written.as_str() == Some("all") {
        return Some(Site::ALL.map(Site::name).to_vec().into());
    }
    let names: Vec<&str> = written.as_array()?.iter().map(Value::as_str).collect::<Option<_>>()?;
    let is_distinct = names.iter().enumerate().all(|(index, name)| !names[..index].contains(name));
    let is_known = names.iter().all(|name| Site::named(name).is_some());
    (!names.is_empty() && is_distinct && is_known).then(|| names.into())
}

/// A hyperparameter that does not fit the backbone or another hyperparameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Its key.
    pub key: &'static str,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Misfit {
    /// A misfit of `key`.
    pub const fn new(key: &'static str, message: String) -> Self {
        Self { key, message }
    }
}

/// A value as people write it: `5e-5`, `query,value`, `off`.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => "off".to_owned(),
        Value::Number(number) if number.is_f64() => crate::spec::experiment::values::short_number(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
