//! `finetop compare RUN…`: runs side by side, at equal cost.

use std::io::Write;
use std::path::Path;

use clap::Args;

use crate::cli::{exit_code, find};
use crate::launch::start;
use crate::metric::MetricName;
use crate::report::compare::budget::Budget;
use crate::report::compare::{document, words};
use crate::run::catalog::{Catalog, RunView};
use crate::run::clock;
use crate::run::store;

/// Shown below the arguments.
pub const EXAMPLES: &str = "\
Examples:
  finetop compare quickstart-1              all its runs, at equal steps
  finetop compare lora full --at seconds    two, at equal training time
  finetop compare quickstart-1 --metric f1 --json

A RUN is EXPERIMENT-NUMBER/NAME as `finetop list` shows it, or its NAME, or the beginning of either, where only one run fits; the \
folder name of an experiment means all of its runs. Differences are weighed against the 95 % interval that the validation rows leave.";

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub struct CompareArguments {
    /// The runs, or experiments.
    #[arg(required = true, value_name = "RUN")]
    pub names: Vec<String>,
    /// What is held equal: steps, examples, seconds or flops.
    #[arg(long, default_value = "steps", value_parser = budget)]
    pub at: Budget,
    /// The metric that is weighed; without it, what the first run is judged by.
    #[arg(long, value_parser = metric)]
    pub metric: Option<MetricName>,
    /// Print one JSON document.
    #[arg(long)]
    pub json: bool,
}

fn budget(name: &str) -> Result<Budget, &'static str> {
    Budget::ALL.into_iter().find(|budget| budget.name() == name).ok_or("steps, examples, seconds or flops")
}

fn metric(name: &str) -> Result<MetricName, &'static str> {
    MetricName::ALL.into_iter().find(|metric| metric.name() == name).ok_or("loss, accuracy, f1, macro_f1, matthews, pearson or spearman")
}

/// Prints the comparison.
pub fn run(root: &Path, arguments: &CompareArguments, out: &mut dyn Write) -> anyhow::Result<u8> {
    let catalog = store::read_all(root, clock::now_seconds());
    start::ensure_queue(root, &catalog)?;
    let runs = meant(&catalog, &arguments.names)?;
    let usual = runs.iter().find_map(|run| run.spec.as_ref().ok()).map_or(MetricName::Loss, |spec| spec.best_metric);
    let metric = arguments.metric.unwrap_or(usual);
    let text = if arguments.json { document::document(&runs, arguments.at, metric) } else { words::text(&runs, arguments.at, metric) };
    write!(out, "{text}")?;
    Ok(exit_code::OK)
}

/// The runs that are meant, each once, in the order of the words.
fn meant<'a>(catalog: &'a Catalog, names: &[String]) -> Result<Vec<&'a RunView>, find::FindError> {
    let mut runs: Vec<&RunView> = Vec::new();
    for name in names {
        let of_experiment: Vec<&RunView> = catalog.runs.iter().filter(|run| run.id.experiment() == name.trim_end_matches('/')).collect();
        let found = if of_experiment.is_empty() { vec![find::run(catalog, name)?] } else { of_experiment };
        for run in found {
            if !runs.iter().any(|earlier| earlier.id == run.id) {
                runs.push(run);
            }
        }
    }
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::catalog::{Change, RunId, RunUpdate};

    #[test]
    fn an_experiment_means_all_of_its_runs_and_none_twice() {
        let mut catalog = Catalog::default();
        for id in ["q-1/full", "q-1/lora", "q-2/full"] {
            catalog.apply(RunUpdate { id: RunId(id.to_owned()), change: Change::Added(Box::new(Err(String::new()))) });
        }
        let ids = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            meant(&catalog, &names).map(|runs| runs.iter().map(|run| run.id.0.clone()).collect::<Vec<_>>())
        };
        assert_eq!(ids(&["lora", "q-1/"]).unwrap(), ["q-1/lora", "q-1/full"]);
        assert_eq!(ids(&["q-2", "q-2/full"]).unwrap(), ["q-2/full"]);
        assert!(ids(&["full"]).is_err() && ids(&["other"]).is_err());
    }
}
