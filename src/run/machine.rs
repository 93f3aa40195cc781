//! A machine and the workers on it, as looked at once. Must not know who looks.

use crate::run::catalog::RunId;

/// The machine, looked at once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Machine {
    /// Share of its time that each processor worked since the look before, in `[0, 1]`; empty at the first look.
    pub cores: Vec<f64>,
    /// Mean number of tasks that ran or wanted to, over 1, 5 and 15 minutes.
    pub load: Option<[f64; 3]>,
    /// Bytes of memory in all, and those that programs can still have.
    pub memory: Option<(u64, u64)>,
    /// Bytes that the control group may use, where it has a limit below the machine's memory, and bytes that it uses.
    pub memory_limit: Option<(u64, u64)>,
    /// Processors' worth of time that the control group may use, where it has a limit.
    pub processor_limit: Option<f64>,
    /// Bytes of the disk with the folder of runs, and those that are free.
    pub disk: Option<(u64, u64)>,
    /// The graphics cards that `nvidia-smi` tells of.
    pub cards: Vec<Card>,
    /// The workers that live on this host.
    pub workers: Vec<Worker>,
}

/// A graphics card.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// Its name.
    pub name: String,
    /// Share of its time that it worked, in `[0, 1]`.
    pub used: f64,
    /// Bytes of its memory in use, and in all.
    pub memory: (u64, u64),
    /// Degrees Celsius.
    pub temperature: Option<f64>,
}

/// A worker's process.
#[derive(Debug, Clone, PartialEq)]
pub struct Worker {
    /// Its run.
    pub id: RunId,
    /// Its process.
    pub process_id: u32,
    /// Processors' worth of time that it used since the look before; `None` at the first look.
    pub processors: Option<f64>,
    /// Resident memory, bytes.
    pub rss_bytes: u64,
    /// Threads.
    pub threads: u64,
}
