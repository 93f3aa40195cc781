//! What was changed of a run while it waited: the payload of the event `amended`, made of two specifications. Pure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::spec::flat::flat;
use crate::spec::run::RunSpec;

/// Changes that are named in a line.
const NAMED: usize = 4;

/// A run was changed before its first attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amended {
    /// Each setting that is another one since, by key.
    pub changes: Vec<SettingChanged>,
}

/// A setting that is another one since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingChanged {
    /// Its dotted key in `run.yaml`.
    pub key: String,
    /// What it was, as written there; `None` where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it is; `None` where there is none any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl Amended {
    /// Where two specifications differ.
    pub fn between(before: &RunSpec, after: &RunSpec) -> Self {
        let (before, after) = (flat(before), flat(after));
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let changed = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
        let change = |key: &String| SettingChanged { key: key.clone(), from: before.get(key).cloned(), to: after.get(key).cloned() };
        Self { changes: changed.map(change).collect() }
    }

    /// In words: `learning_rate 0.0001 → 0.0003, rank 8 → 4`.
    pub fn in_words(&self) -> String {
        let word = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        let name = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
        let change = |changed: &SettingChanged| format!("{} {} → {}", name(&changed.key), word(&changed.from), word(&changed.to));
        let named = self.changes.iter().take(NAMED).map(change).collect::<Vec<_>>().join(", ");
        match self.changes.len().saturating_sub(NAMED) {
            0 => named,
            more => format!("{named} and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::method::Method;

    #[test]
    fn what_two_specifications_differ_in_is_told_by_key_and_in_words() {
        let before: RunSpec = serde_yaml::from_str(include_str!("../../tests/fixtures/golden/run.yaml")).unwrap();
        assert_eq!(Amended::between(&before, &before), Amended::default());
        let mut after = before.clone();
        (after.seed, after.optimization.epochs) = (7, 9);
        let amended = Amended::between(&before, &after);
        assert_eq!(amended.changes.iter().map(|change| change.key.as_str()).collect::<Vec<_>>(), ["optimization.epochs", "seed"]);
        assert_eq!(amended.in_words(), format!("epochs {} → 9, seed {} → 7", before.optimization.epochs, before.seed));
        let json = serde_json::to_string(&amended).unwrap();
        assert_eq!(serde_json::from_str::<Amended>(&json).unwrap(), amended);
    }

    #[test]
    fn another_method_takes_its_settings_along() {
        let before: RunSpec = serde_yaml::from_str(include_str!("../../tests/fixtures/golden/run.yaml")).unwrap();
        let other = Method::examples().into_iter().find(|method| method.about().name == "houlsby_adapter").unwrap();
        let amended = Amended::between(&before, &RunSpec { method: other, ..before.clone() });
        assert!(amended.changes.iter().any(|change| change.from.is_none()) && amended.changes.iter().any(|change| change.to.is_none()));
        assert!(amended.in_words().contains(" more"), "{}", amended.in_words());
    }
}
