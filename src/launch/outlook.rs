//! The queue as a viewer sees it: who runs, who waits and who is held back, in the order in which the queue's process asks them.

use std::path::Path;

use crate::launch::daemon::{self, QueueRecord};
use crate::launch::queue::{self, Entry, Place};
use crate::launch::start::QUEUE_FILE;
use crate::launch::wishes::{self, Wishes};
use crate::run::catalog::{Catalog, RunView};
use crate::run::dir::{self, RunDir};
use crate::run::experiment;
use crate::run::inbox;
use crate::run::process;
use crate::run::request::RequestKind;

/// The queue, looked at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlook {
    /// The runs that are not over, in the order of the queue.
    pub entries: Vec<Entry>,
    /// What is wished for.
    pub wishes: Wishes,
    /// The queue's process, where it lives on this host.
    pub process: Option<u32>,
    /// Processors that runs on this host share; 0 where that cannot be told.
    pub n_cores: usize,
}

/// Looks at the queue of the runs under `root`; reads a few small files.
pub fn outlook(root: &Path, catalog: &Catalog) -> Outlook {
    let mut entries: Vec<Entry> = Vec::new();
    for runs in catalog.runs.chunk_by(|one, other| one.id.experiment() == other.id.experiment()) {
        if runs.iter().all(|run| daemon::place_of(run) == Place::Over) {
            continue;
        }
        let record = experiment::read_record(&root.join(runs[0].id.experiment())).ok().flatten();
        let (runs_at_once, order) = record.map_or((1, Vec::new()), |record| (record.runs_at_once, record.start_order));
        let mut of_experiment: Vec<Entry> =
            runs.iter().map(|run| Entry { id: run.id.clone(), place: place(root, run), runs_at_once }).collect();
        queue::in_start_order(&mut of_experiment, &order);
        entries.extend(of_experiment.into_iter().filter(|entry| entry.place != Place::Over));
    }
    let wishes = wishes::read(root);
    queue::arrange(&mut entries, &wishes);
    let record: Option<QueueRecord> = dir::read_json(&root.join(QUEUE_FILE)).ok().flatten();
    let alive = record.filter(|record| record.host == process::host_name() && record.process.is_alive());
    let n_cores = std::thread::available_parallelism().map_or(0, usize::from);
    Outlook { entries, wishes, process: alive.map(|record| record.process.id), n_cores }
}

fn place(root: &Path, run: &RunView) -> Place {
    let standing = || inbox::standing(&inbox::pending(&RunDir::new(root.join(&run.id.0))));
    match daemon::place_of(run) {
        Place::Waiting if matches!(standing(), Some(RequestKind::Pause | RequestKind::Release)) => Place::Held,
        place => place,
    }
}
