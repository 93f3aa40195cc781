//! Which run is meant by a word on the command line. Pure.

use crate::run::catalog::{Catalog, RunView};

/// Most candidates that an error names.
const N_CANDIDATES: usize = 10;

/// No run, or more than one, is meant.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FindError {
    /// There are no runs at all.
    #[error("there is no run \"{0}\": there are no runs here (start some with `finetop run FILE`, or say where they are with --runs DIR)")]
    NoRuns(String),
    /// None fits.
    #[error("there is no run \"{wanted}\"; there are: {candidates}")]
    Unknown {
        /// What was written.
        wanted: String,
        /// What there is.
        candidates: String,
    },
    /// Several fit.
    #[error("\"{wanted}\" may mean any of: {candidates}")]
    Ambiguous {
        /// What was written.
        wanted: String,
        /// What fits.
        candidates: String,
    },
}

/// The run that `wanted` means: its id, its name, or the beginning of either, where only one run fits.
pub fn run<'a>(catalog: &'a Catalog, wanted: &str) -> Result<&'a RunView, FindError> {
    if catalog.runs.is_empty() {
        return Err(FindError::NoRuns(wanted.to_owned()));
    }
    let fits: [&dyn Fn(&RunView) -> bool; 4] =
        [&|run| run.id.0 == wanted, &|run| run.id.run() == wanted, &|run| run.id.0.starts_with(wanted), &|run| {
            run.id.run().starts_with(wanted)
        }];
    for fits in fits {
        let fitting: Vec<_> = catalog.runs.iter().filter(|run| fits(run)).collect();
        match fitting[..] {
            [] => {}
            [run] => return Ok(run),
            _ => return Err(FindError::Ambiguous { wanted: wanted.to_owned(), candidates: names(&fitting) }),
        }
    }
    Err(FindError::Unknown { wanted: wanted.to_owned(), candidates: names(&catalog.runs.iter().collect::<Vec<_>>()) })
}

/// The latest ones, since they are meant most often.
fn names(runs: &[&RunView]) -> String {
    let latest = runs.iter().rev().take(N_CANDIDATES).map(|run| run.id.to_string()).collect::<Vec<_>>().join(", ");
    match runs.len().saturating_sub(N_CANDIDATES) {
        0 => latest,
        n_more => format!("{latest} and {n_more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::catalog::{Change, RunId, RunUpdate};

    fn catalog(ids: &[&str]) -> Catalog {
        let mut catalog = Catalog::default();
        for id in ids {
            catalog.apply(RunUpdate { id: RunId((*id).to_owned()), change: Change::Added(Box::new(Err(String::new()))) });
        }
        catalog
    }

    #[test]
    fn a_run_is_found_by_id_name_or_beginning() {
        let catalog = catalog(&["q-1/lora", "q-1/lora-2", "q-2/full", "r-1/full"]);
        let find = |wanted: &str| run(&catalog, wanted).map(|run| run.id.0.as_str()).map_err(|error| error.to_string());
        assert_eq!(find("q-1/lora"), Ok("q-1/lora"));
        assert_eq!(find("lora"), Ok("q-1/lora"));
        assert_eq!(find("lora-"), Ok("q-1/lora-2"));
        assert_eq!(find("r"), Ok("r-1/full"));
        assert_eq!(find("full"), Err("\"full\" may mean any of: r-1/full, q-2/full".to_owned()));
        assert_eq!(find("x"), Err("there is no run \"x\"; there are: r-1/full, q-2/full, q-1/lora-2, q-1/lora".to_owned()));
        assert!(matches!(run(&Catalog::default(), "x"), Err(FindError::NoRuns(_))));
    }
}
