//! `queue-wishes.json` beside the runs: what a person wants of the queue's order and of how many run at once. Must not know who obeys.
//!
//! Written whole by the dashboard, by atomic replace, and read by the queue's process at every look.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::run::catalog::RunId;
use crate::run::dir::{self, DirError};

/// Its name in the folder of all runs.
pub const WISHES_FILE: &str = "queue-wishes.json";

/// Most runs at once that can be wished for.
pub const MOST_AT_ONCE: usize = 64;

/// What is wished for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishes {
    /// Runs that start before all others, in this order.
    #[serde(default)]
    pub order: Vec<RunId>,
    /// How many may run at once, of all experiments together, in place of what each experiment says.
    #[serde(default)]
    pub runs_at_once: Option<usize>,
}

/// What is wished for the runs under `root`; nothing where the file is missing or cannot be understood.
pub fn read(root: &Path) -> Wishes {
    let wishes: Wishes = dir::read_json(&root.join(WISHES_FILE)).ok().flatten().unwrap_or_default();
    Wishes { runs_at_once: wishes.runs_at_once.map(|at_once| at_once.clamp(1, MOST_AT_ONCE)), ..wishes }
}

/// Wishes for something else from now on.
///
/// # Errors
/// Where the file cannot be written.
pub fn write(root: &Path, wishes: &Wishes) -> Result<(), DirError> {
    dir::write_json(&root.join(WISHES_FILE), wishes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_read_back_and_rubbish_wishes_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), Wishes::default());
        let wishes = Wishes { order: vec![RunId("a-1/b".to_owned())], runs_at_once: Some(3) };
        write(folder.path(), &wishes).unwrap();
        assert_eq!(read(folder.path()), wishes);
        std::fs::write(folder.path().join(WISHES_FILE), r#"{"runs_at_once": 0}"#).unwrap();
        assert_eq!(read(folder.path()).runs_at_once, Some(1), "none at once would never end");
        std::fs::write(folder.path().join(WISHES_FILE), b"\xff{").unwrap();
        assert_eq!(read(folder.path()), Wishes::default());
    }
}
