//! What is said of a method without running it.

use serde_json::{Map, Value};

use crate::spec::method::hyperparameter::Hyperparameter;

/// What is said of a method without running it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct About {
    /// The name used in experiment files.
    pub name: &'static str,
    /// A short name for narrow tables, at most eight characters.
    pub short: &'static str,
    /// One line: what it does.
    pub summary: &'static str,
    /// Author, year, arXiv number.
    pub paper: &'static str,
    /// The source of the method's file in this folder; its head is the explanation.
    pub source: &'static str,
    /// The method's own keys.
    pub hyperparameters: &'static [Hyperparameter],
    /// Default peak learning rate.
    pub learning_rate: f64,
    /// Default peak learning rate of the head, where it is another.
    pub head_learning_rate: Option<f64>,
}

impl About {
    /// Equation, paper, initialisation, cost, and how we differ: the head of the method's file.
    pub fn explanation(&self) -> String {
        let head = self.source.lines().map_while(|line| line.strip_prefix("//!"));
        head.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
    }

    /// Every hyperparameter with its value: given, else off where a given one replaces it, else its default; and the method's name.
    pub fn resolved(&self, given: &Map<String, Value>) -> Map<String, Value> {
        let mut values = Map::from_iter([("name".to_owned(), Value::from(self.name))]);
        for own in self.hyperparameters {
            let is_replaced = own.replaced_by.is_some_and(|other| given.get(other).is_some_and(|value| !value.is_null()));
            let value = match given.get(own.key) {
                Some(value) => value.clone(),
                None if is_replaced => Value::Null,
                None => own.default_value(),
            };
            values.insert(own.key.to_owned(), value);
        }
        values
    }
}
