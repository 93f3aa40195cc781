//! A resolved run as dotted keys with their values: `optimization.learning_rate` → `0.0001`. For comparing and searching. Pure.

use std::collections::BTreeMap;

use serde_yaml::Value;

use crate::spec::run::RunSpec;

/// Every key of a resolved run with its value as written in YAML; lists stand on one line.
pub fn flat(spec: &RunSpec) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    // A resolved run is written to `run.yaml` all the time; were it impossible, nothing could be compared, which is what an empty map says.
    if let Ok(value) = serde_yaml::to_value(spec) {
        collect("", &value, &mut keys);
    }
    keys
}

fn collect(path: &str, value: &Value, keys: &mut BTreeMap<String, String>) {
    match value {
        Value::Mapping(mapping) => {
            for (key, value) in mapping {
                let key = in_line(key);
                collect(&if path.is_empty() { key } else { format!("{path}.{key}") }, value, keys);
            }
        }
        Value::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            collect(&format!("{path}.{}", tag.trim_start_matches('!')), &tagged.value, keys);
        }
        _ => {
            keys.insert(path.to_owned(), in_line(value));
        }
    }
}

fn in_line(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Sequence(values) => format!("[{}]", values.iter().map(in_line).collect::<Vec<_>>().join(", ")),
        other => serde_yaml::to_string(other).map(|text| text.trim().replace('\n', ", ")).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_value() {
        let spec: RunSpec = serde_yaml::from_str(include_str!("../../tests/fixtures/golden/run.yaml")).expect("it is ours");
        let keys = flat(&spec);
        assert_eq!(keys["seed"], spec.seed.to_string());
        assert_eq!(keys["optimization.learning_rate"].parse(), Ok(spec.optimization.learning_rate));
        assert!(keys.values().all(|value| !value.contains('\n')));
    }
}
