//! `experiment.json`: what binds the runs of one experiment together. Must not know how they are started.

use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use crate::run::dir;
use crate::run::reader;
use crate::spec::experiment::overrides::Overrides;

/// Name of the record in an experiment's folder.
pub const RECORD_FILE: &str = "experiment.json";

/// `experiment.json`, written once, before the folder gets its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExperimentRecord {
    /// [`crate::run::event::FORMAT_VERSION`] of the writer.
    pub format: u32,
    /// The experiment's name, as written.
    pub name: String,
    /// The experiment file, absolute.
    pub source: String,
    /// What the command line said in place of the file.
    #[serde(default, skip_serializing_if = "Overrides::is_empty")]
    pub overrides: Overrides,
    /// Seconds since the Unix epoch.
    pub created: f64,
    /// Folder names of its runs, in order.
    pub runs: Vec<String>,
    /// How many of its runs may run at once, at least 1.
    pub runs_at_once: usize,
    /// The runs in the order in which they start; those not named follow in their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub start_order: Vec<String>,
}

/// Reads the record of the experiment folder; `None` where the folder is no experiment.
///
/// # Errors
///
/// In words: what is wrong with it, and what to do.
pub fn read_record(folder: &Path) -> Result<Option<ExperimentRecord>, String> {
    #[derive(Deserialize)]
    struct FormatProbe {
        format: u32,
    }
    let path = folder.join(RECORD_FILE);
    // Another version's record need not have our shape, so its format is looked at first.
    let Some(probe) = dir::read_json::<FormatProbe>(&path).map_err(|error| error.to_string())? else { return Ok(None) };
    reader::check_format(probe.format).map_err(|error| error.to_string())?;
    let record = dir::read_json::<ExperimentRecord>(&path).map_err(|error| error.to_string())?;
    let Some(mut record) = record else { return Ok(None) };
    if let Some(name) = record.runs.iter().find(|name| !is_plain_name(name)) {
        return Err(format!("cannot understand {}: \"{name}\" is no name of a run's folder", path.display()));
    }
    record.runs_at_once = record.runs_at_once.max(1);
    Ok(Some(record))
}

/// Whether the name is one folder below, and nowhere else.
pub fn is_plain_name(name: &str) -> bool {
    let mut components = Path::new(name).components();
    matches!((components.next(), components.next()), (Some(Component::Normal(only)), None) if only == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        assert!(is_plain_name("lora r=8"));
        for name in ["", ".", "..", "../a", "/a", "a/b", "a/"] {
            assert!(!is_plain_name(name), "{name}");
        }
    }

    #[test]
    fn a_record_of_a_newer_version_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read_record(folder.path()), Ok(None));
        std::fs::write(folder.path().join(RECORD_FILE), r#"{"format": 9, "jobs": 3}"#).unwrap();
        assert!(read_record(folder.path()).unwrap_err().contains("update finetop"));
    }
}
