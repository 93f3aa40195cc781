//! `cargo xtask pictures`: trains the quickstart and the experiment that overfits, and makes the pictures of the README from them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{fs, thread};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cargo;
use crate::output::say;
use crate::places::Places;

/// The experiments whose runs are seen, by the names of their files.
const EXPERIMENTS: [&str; 2] = ["quickstart", "overfit"];

/// Pictures of the dashboard after the training: name, experiment, keys that are pressed before.
const SCREENS: [(&str, &str, &str); 4] =
    [("overview", "quickstart", ""), ("compare", "quickstart", "2"), ("run", "quickstart", "jj\n"), ("launch", "quickstart", "nE")];

/// The last picture of an experiment while it trains, in its folder: a warning is seen while there is something to stop.
const LIVE: &str = "live.svg";

/// Columns and rows of each.
const SIZE: &str = "120x40";

/// What is wished of the command.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Where the programs lie, where they need not be built.
    programs: Option<PathBuf>,
    /// Where experiments have been trained by an earlier call, each in a folder of its name; what is missing is trained there.
    runs: Option<PathBuf>,
}

impl Options {
    /// Reads the arguments of the command.
    pub fn read(arguments: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            let option = match name.as_str() {
                "--programs" => &mut options.programs,
                "--runs" => &mut options.runs,
                unknown => bail!("`pictures` knows no `{unknown}`: only --programs FOLDER and --runs FOLDER"),
            };
            *option = Some(rest.next().with_context(|| format!("`{name}` needs a folder"))?.into());
        }
        Ok(options)
    }
}

/// Trains what is not trained yet, and writes the pictures into `assets/`.
pub fn make(places: &Places, options: Options) -> Result<()> {
    let programs = options.programs.map_or_else(|| cargo::build_release_programs(places), Ok)?;
    let finetop = programs.join("finetop").canonicalize().with_context(|| format!("there is no finetop in {}", programs.display()))?;
    let runs = options.runs.unwrap_or_else(|| std::env::temp_dir().join(format!("finetop-pictures-{}", std::process::id())));
    fs::create_dir_all(&runs).with_context(|| format!("cannot make {}", runs.display()))?;
    let stage = Stage { checkout: &places.checkout, finetop, runs: runs.canonicalize().context("cannot find the runs")? };
    stage.train()?;
    let assets = places.checkout.join("assets");
    for (name, experiment, keys) in SCREENS {
        stage.picture(experiment, keys, &assets.join(name).with_extension("svg"))?;
    }
    let (live, overfitting) = (stage.runs.join("overfit").join(LIVE), assets.join("overfitting.svg"));
    fs::copy(&live, &overfitting).with_context(|| format!("cannot copy {} to {}", live.display(), overfitting.display()))?;
    let chart = assets.join("chart.svg");
    let mut command = stage.command("quickstart");
    succeed(command.args(["plot", "quickstart-1", "--metric", "loss", "--metric", "accuracy", "--size", "1100x520", "--out"]).arg(chart))?;
    say(&format!("the pictures are in {}, the runs stay in {}", assets.display(), stage.runs.display()));
    Ok(())
}

/// What pictures are taken of.
struct Stage<'a> {
    checkout: &'a Path,
    finetop: PathBuf,
    runs: PathBuf,
}

impl Stage<'_> {
    /// Trains the experiments that have no folder yet.
    fn train(&self) -> Result<()> {
        for experiment in EXPERIMENTS.into_iter().filter(|experiment| !self.runs.join(experiment).is_dir()) {
            say(&format!("training {experiment}"));
            let file = Path::new("experiments").join(experiment).with_extension("yaml");
            succeed(self.command(experiment).arg("run").arg(file).arg("--detach"))?;
            let (newest, live) = (self.runs.join(LIVE), self.runs.join(experiment).join(LIVE));
            while self.is_going(experiment)? {
                self.picture(experiment, "", &newest)?;
                // What was taken when all had ended already shows no warning.
                if self.is_going(experiment)? {
                    fs::rename(&newest, &live).with_context(|| format!("cannot write {}", live.display()))?;
                }
                thread::sleep(Duration::from_secs(2));
            }
        }
        Ok(())
    }

    /// Whether a run of an experiment has not ended.
    fn is_going(&self, experiment: &str) -> Result<bool> {
        let output = self.command(experiment).args(["list", "--json"]).output().context("cannot run finetop")?;
        Ok(has_going(&serde_json::from_slice(&output.stdout).context("finetop list --json wrote no JSON")?))
    }

    fn picture(&self, experiment: &str, keys: &str, file: &Path) -> Result<()> {
        succeed(self.command(experiment).arg("--screenshot").arg(file).args(["--size", SIZE, "--keys", keys]))
    }

    /// finetop on the runs of an experiment.
    fn command(&self, experiment: &str) -> Command {
        let mut command = Command::new(&self.finetop);
        command.current_dir(self.checkout).arg("--runs").arg(self.runs.join(experiment));
        command
    }
}

/// Whether one of the runs that `finetop list --json` tells of waits or trains.
fn has_going(listed: &Value) -> bool {
    let runs = listed["runs"].as_array().map(Vec::as_slice).unwrap_or_default();
    runs.iter().any(|run| matches!(run["status"].as_str(), Some("queued" | "starting" | "running" | "stalled")))
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if status.success() { Ok(()) } else { bail!("{command:?} failed, see above") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_experiment_goes_on_while_one_of_its_runs_does() {
        let listed = |statuses: [&str; 2]| serde_json::json!({ "runs": statuses.map(|status| serde_json::json!({ "status": status })) });
        assert!(has_going(&listed(["finished", "running"])) && has_going(&listed(["queued", "failed"])));
        assert!(!has_going(&listed(["finished", "stopped"])) && !has_going(&Value::Null));
    }

    #[test]
    fn options_name_folders_and_nothing_else() {
        let read = |words: &[&str]| Options::read(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>());
        let both = read(&["--programs", "/a", "--runs", "/b"]).unwrap();
        assert_eq!(both, Options { programs: Some("/a".into()), runs: Some("/b".into()) });
        assert!(read(&["--runs"]).unwrap_err().to_string().contains("needs a folder"));
        assert!(read(&["fast"]).unwrap_err().to_string().contains("knows no `fast`"));
    }
}
