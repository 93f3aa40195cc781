//! Trained runs by their ids, with one base in memory for all that share a model folder.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::adapted::{Adapted, Base};
use crate::device;
use crate::error::EngineError;
use crate::memory;
use finetop::run::dir::RunDir;
use finetop::spec::run::{Device as Wanted, RunSpec};

/// Bases and the runs on them.
pub struct Trained {
    /// Each model folder once.
    pub bases: Vec<Base>,
    /// The runs, in the order asked for.
    pub runs: Vec<TrainedRun>,
    /// What loading a base took, seconds, by base.
    pub base_seconds: Vec<f64>,
}

/// A run ready for inference.
pub struct TrainedRun {
    /// `EXPERIMENT/RUN`.
    pub id: String,
    /// Its base, an index.
    pub base: usize,
    /// Network, tensors, tokenizer.
    pub adapted: Adapted,
    /// What putting it on its base took, seconds.
    pub seconds: f64,
    /// How much memory the process grew by for it, bytes.
    pub bytes: u64,
}

/// Loads the best checkpoints of the runs `ids` under `root`, on the first GPU unless all were trained with `device: cpu`.
///
/// # Errors
/// When a run or its model cannot be read, or they do not fit.
pub fn load(root: &Path, ids: &[String], threads: usize) -> Result<Trained, EngineError> {
    tch::set_num_threads(threads as i32);
    let folders = ids.iter().map(|id| (id, RunDir::new(root.join(id))));
    let read = |(id, dir): (&String, RunDir)| {
        let spec = dir.read_spec().map_err(|error| EngineError::RunFolder(error.to_string()))?;
        Ok((id.clone(), dir, spec))
    };
    let runs = folders.map(read).collect::<Result<Vec<(String, RunDir, RunSpec)>, EngineError>>()?;
    let wanted = if runs.iter().all(|(_, _, spec)| spec.device == Wanted::Cpu) { Wanted::Cpu } else { Wanted::Auto };
    let device = device::open(wanted)?;
    let mut trained = Trained { bases: Vec::new(), runs: Vec::new(), base_seconds: Vec::new() };
    for (id, dir, spec) in runs {
        let folder = spec.model.folder.canonicalize().unwrap_or_else(|_| spec.model.folder.clone());
        let base = trained.base(&folder, device)?;
        let (start, bytes_before) = (Instant::now(), memory::resident_bytes());
        let adapted = Adapted::load(&trained.bases[base], spec, &dir.best_file())?;
        let bytes = memory::resident_bytes().saturating_sub(bytes_before);
        trained.runs.push(TrainedRun { id, base, adapted, seconds: start.elapsed().as_secs_f64(), bytes });
    }
    Ok(trained)
}

impl Trained {
    /// The base of `folder`, loaded where it is not yet.
    fn base(&mut self, folder: &PathBuf, device: tch::Device) -> Result<usize, EngineError> {
        if let Some(base) = self.bases.iter().position(|base| base.folder == *folder) {
            return Ok(base);
        }
        let start = Instant::now();
        self.bases.push(Base::load(folder, device)?);
        self.base_seconds.push(start.elapsed().as_secs_f64());
        Ok(self.bases.len() - 1)
    }

    /// What was loaded, in words.
    pub fn in_words(&self) -> String {
        let seconds: f64 = self.base_seconds.iter().sum();
        let count = |n: usize, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
        let runs: f64 = self.runs.iter().map(|run| run.seconds).sum();
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        let sizes: Vec<_> = self.runs.iter().map(|run| format!("{} +{:.1} MB", run.id, megabytes(run.bytes))).collect();
        format!(
            "{} loaded once in {seconds:.2} s; {} put on in {runs:.2} s ({}); {:.0} MB of memory in all",
            count(self.bases.len(), "base model"),
            count(self.runs.len(), "run"),
            sizes.join(", "),
            megabytes(memory::resident_bytes())
        )
    }
}
