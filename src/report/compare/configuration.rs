//! Where the settings of runs differ, by dotted key. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// What differs by itself and says nothing.
const NAMES: [&str; 2] = ["name", "experiment"];

/// A setting that is not the same in all runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The dotted key.
    pub key: String,
    /// Its value in each run, in their order; `None` where a run has no such setting.
    pub values: Vec<Option<String>>,
}

/// The settings that differ, and how many are the same.
pub fn differences(runs: &[Option<&BTreeMap<String, String>>]) -> (Vec<Difference>, usize) {
    let keys: BTreeSet<&String> = runs.iter().flatten().flat_map(|run| run.keys()).collect();
    let keys: Vec<&String> = keys.into_iter().filter(|key| !NAMES.contains(&key.as_str())).collect();
    let differences: Vec<Difference> = keys
        .iter()
        .filter_map(|&key| {
            let values: Vec<Option<String>> = runs.iter().map(|run| run.and_then(|run| run.get(key)).cloned()).collect();
            // A run whose settings cannot be read says nothing about a key.
            let mut known = values.iter().zip(runs).filter(|(_, run)| run.is_some()).map(|(value, _)| value);
            let first = known.next()?;
            known.any(|value| value != first).then(|| Difference { key: key.clone(), values })
        })
        .collect();
    let n_same = keys.len() - differences.len();
    (differences, n_same)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_what_differs_is_told_and_a_missing_key_differs() {
        let lora = settings(&[("name", "a"), ("experiment", "e"), ("seed", "0"), ("method.rank", "8"), ("epochs", "3")]);
        let full = settings(&[("name", "b"), ("experiment", "e"), ("seed", "1"), ("epochs", "3")]);
        let (found, n_same) = differences(&[Some(&lora), Some(&full), None]);
        let expected = [("method.rank", [Some("8"), None, None]), ("seed", [Some("0"), Some("1"), None])];
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(key, values)| Difference { key: key.to_owned(), values: values.map(|v| v.map(str::to_owned)).to_vec() })
            .collect();
        assert_eq!((found, n_same), (expected, 1));
    }

    #[test]
    fn one_run_differs_in_nothing() {
        let run = settings(&[("seed", "0")]);
        assert_eq!(differences(&[Some(&run)]), (Vec::new(), 1));
    }
}
