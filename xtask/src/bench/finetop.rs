//! finetop's side: an experiment file, the release programs, and the events of the run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::bench::child::{self, Interruption};
use crate::bench::figures::Figures;
use crate::bench::methods::{Device, METHODS, Method, Work, compared};

/// How long killed runs may take: each has ten seconds to save, then it is forced.
const PATIENCE: Duration = Duration::from_secs(15);
/// finetop's own limit of runs at once, where the file sets none.
const RUNS_AT_ONCE: usize = 4;

/// What every run of finetop has in common.
#[derive(Debug)]
pub struct Finetop {
    /// The program.
    pub program: PathBuf,
    /// Folder of the base model.
    pub model: PathBuf,
    /// Folder with train.tsv and validation.tsv.
    pub data: PathBuf,
    /// Processor threads.
    pub threads: usize,
    /// Rows of a training step.
    pub batch_size: usize,
    /// Where the tensors are.
    pub device: Device,
    /// The experiment's `precision`, where it is written.
    pub precision: Option<String>,
}

impl Finetop {
    /// Runs one piece of work in `folder`, which is new.
    pub fn measure(&self, work: Work, folder: &Path, interruption: &Interruption) -> Result<Figures> {
        let (file, runs) = (folder.join("bench.yaml"), folder.join("runs"));
        fs::write(&file, self.experiment(work)).with_context(|| format!("cannot write {}", file.display()))?;
        let mut command = self.command(&runs);
        command.arg("run").arg(&file).args(["--json", "--offline"]);
        let ended = child::run(&mut command, folder, interruption, |child| self.kill_runs(&runs, child))?;
        let Work::Train(index, _) = work else { return Ok(Figures { wall_seconds: ended.wall_seconds, ..Figures::default() }) };
        let events = runs.join("bench-1").join(METHODS[index].name).join("events.jsonl");
        let text = fs::read_to_string(&events).with_context(|| format!("cannot read {}", events.display()))?;
        Figures::of_events(&text, ended.begun_at, ended.wall_seconds)
    }

    /// The experiment file. The peers' Trainer decays no weights by default; its other defaults are finetop's.
    fn experiment(&self, work: Work) -> String {
        let runs: Vec<(&Method, u32)> = match work {
            Work::Train(index, epochs) => vec![(&METHODS[index], epochs)],
            Work::Experiment => compared()
                .filter_map(|work| if let Work::Train(index, epochs) = work { Some((&METHODS[index], epochs)) } else { None })
                .collect(),
        };
        // As many as finetop takes by itself where it may use all cores.
        let at_once = runs.len().min(self.threads).min(RUNS_AT_ONCE);
        // A JSON string is a YAML string.
        let quoted = |path: &Path| Value::from(path.display().to_string());
        let mut text = format!(
            "name: bench\nmodel: {}\ndata: {{train: {}, validation: {}}}\nbatch_size: {}\nweight_decay: 0\ndevice: {}\nruns_at_once: {at_once}\nthreads: {}\n",
            quoted(&self.model),
            quoted(&self.data.join("train.tsv")),
            quoted(&self.data.join("validation.tsv")),
            self.batch_size,
            self.device.name(),
            (self.threads / at_once).max(1),
        );
        if let Some(precision) = &self.precision {
            text.extend(["precision: ", &Value::from(precision.as_str()).to_string(), "\n"]);
        }
        let run = |(method, epochs): (&Method, u32)| {
            let Method { name, learning_rate, settings, .. } = method;
            let settings = if settings.is_empty() { String::new() } else { format!(", {settings}") };
            format!("  - {{name: {name}, method: {name}, lr: {learning_rate}, epochs: {epochs}{settings}}}\n")
        };
        text + "runs:\n" + &runs.into_iter().map(run).collect::<Vec<_>>().concat()
    }

    fn command(&self, runs: &Path) -> Command {
        let mut command = Command::new(&self.program);
        // A cache of its own, empty at first: nothing that an earlier run computed shortens this one.
        command.arg("--runs").arg(runs).env("FINETOP_CACHE", runs.with_extension("cache"));
        command
    }

    /// Runs outlive the command that started them, so they are killed by name; the command ends when they have.
    fn kill_runs(&self, runs: &Path, child: &mut Child) {
        let ids = || -> Option<Vec<String>> {
            let output = self.command(runs).args(["list", "--json"]).output().ok()?;
            let value: Value = serde_json::from_slice(&output.stdout).ok()?;
            Some(value["runs"].as_array()?.iter().filter_map(|run| run["run"].as_str().map(str::to_owned)).collect())
        };
        let ids = ids().unwrap_or_default();
        if ids.is_empty() {
            return;
        }
        let _ = self.command(runs).arg("kill").args(ids).output();
        let start = Instant::now();
        while start.elapsed() < PATIENCE && matches!(child.try_wait(), Ok(None)) {
            sleep(Duration::from_millis(50));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finetop(precision: Option<&str>) -> Finetop {
        let precision = precision.map(str::to_owned);
        Finetop {
            program: "finetop".into(),
            model: "/m \"x\"".into(),
            data: "/d".into(),
            threads: 2,
            batch_size: 32,
            device: Device::Cpu,
            precision,
        }
    }

    #[test]
    fn an_experiment_of_one_method_takes_all_threads() {
        let text = finetop(None).experiment(Work::Train(2, 3));
        let expected = "\
name: bench
model: \"/m \\\"x\\\"\"
data: {train: \"/d/train.tsv\", validation: \"/d/validation.tsv\"}
batch_size: 32
weight_decay: 0
device: cpu
runs_at_once: 1
threads: 2
runs:
  - {name: lora, method: lora, lr: 2e-3, epochs: 3, rank: 8, alpha: 16, targets: [query, value]}
";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_comparison_shares_the_threads_and_a_precision_is_passed_on() {
        let text = finetop(Some("bf16")).experiment(Work::Experiment);
        assert!(text.contains("runs_at_once: 2\nthreads: 1\nprecision: \"bf16\"\nruns:\n"), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with("  - ")).count(), 6);
    }
}
