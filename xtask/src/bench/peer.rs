//! The peers' side: `benches/peers/fine_tune.py` with the Python that has the method's library.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::bench::child::{self, Interruption};
use crate::bench::figures::Figures;
use crate::bench::methods::{Device, Library, METHODS};
use crate::peers::Pythons;

/// What every run of a peer has in common.
#[derive(Debug)]
pub struct Peer {
    /// The script.
    pub script: PathBuf,
    /// Who runs it.
    pub pythons: Pythons,
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
}

impl Peer {
    /// Trains a method, by its place in [`METHODS`], in `folder`, which is new.
    pub fn measure(&self, method: usize, epochs: u32, is_tuned: bool, folder: &Path, interruption: &Interruption) -> Result<Figures> {
        let method = &METHODS[method];
        let python = match method.library {
            Library::Peft => &self.pythons.peft,
            Library::Adapters => &self.pythons.adapters,
        };
        let mut command = Command::new(python);
        command.arg(&self.script).arg("--model").arg(&self.model).arg("--data").arg(&self.data).args(["--method", method.name]);
        command.args(["--lr", method.learning_rate, "--epochs", &epochs.to_string()]);
        command.args(["--batch", &self.batch_size.to_string(), "--threads", &self.threads.to_string(), "--device", self.device.name()]);
        if is_tuned {
            command.arg("--tuned");
        }
        // The model is a folder; nothing is fetched.
        command.env("HF_HUB_OFFLINE", "1");
        let ended = child::run(&mut command, folder, interruption, |_| {})?;
        Figures::of_peer(&ended.stdout, ended.wall_seconds)
    }
}
