//! The queue's process: starts a supervisor for each run whose turn it is. Must not know what runs do.
//!
//! It keeps nothing in memory that is not in the run folders: killed at any moment and started again, it goes on.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::process::{Child, Command};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::launch::program::{self, ProgramError};
use crate::launch::queue::{self, Entry, Place};
use crate::launch::start::{self, QUEUE_FILE, StartError};
use crate::launch::wishes;
use crate::run::catalog::{Catalog, RunId, RunView};
use crate::run::clock;
use crate::run::dir;
use crate::run::exit::{ProcessIdentity, Restart};
use crate::run::experiment;
use crate::run::inbox;
use crate::run::process;
use crate::run::request::RequestKind;
use crate::run::restart;
use crate::run::status::RunStatus;
use crate::run::store::Store;

/// How often the runs are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often a lock that someone only looks at is tried for.
const LOCK_TRIES: u32 = 5;
/// How long a run is left alone after its supervisor ended without taking it up (a full disk, for example).
const RETRY_SECONDS: f64 = 5.0;
/// How often that is tried before this process leaves the run alone.
const RETRIES: u32 = 5;

/// `queue.json`: who the queue's process is, for people and for tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueueRecord {
    /// Its host.
    pub host: String,
    /// The process.
    pub process: ProcessIdentity,
}

/// Why the queue's process ends before its work is done.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// Its lock cannot be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// This program cannot be found.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// It cannot wait.
    #[error("cannot wait for processes: {0}")]
    Watch(#[from] io::Error),
}

/// Works off the queue of all runs under `root`; `log` takes a line for each thing done.
pub fn run(root: &Path, log: &mut dyn FnMut(&str)) -> Result<(), QueueError> {
    // Fails only where this process leads its group already; then it is apart from any terminal as it is.
    let _ = nix::unistd::setsid();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        loop {
            let Some(lock) = lock(root).await? else { return Ok(()) };
            let mut queue = Queue::new(root)?;
            queue.work(log).await;
            // What is queued between the last look and the release of the lock has found the lock taken; so look once more.
            drop(lock);
            if queue.is_done() {
                return Ok(());
            }
        }
    })
}

async fn lock(root: &Path) -> Result<Option<std::fs::File>, QueueError> {
    for _ in 0..LOCK_TRIES {
        if let Some(lock) = start::try_lock(root)? {
            return Ok(Some(lock));
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(None)
}

/// What the process knows: the fold of the store, and the supervisors that it has just started.
struct Queue {
    root: PathBuf,
    program: PathBuf,
    store: Store,
    catalog: Catalog,
    /// How many runs each experiment allows at once, and the order in which they start; its record never changes.
    records: HashMap<String, (usize, Vec<String>)>,
    /// With the attempt that each was started for.
    supervisors: HashMap<RunId, (u32, Child)>,
    refusals: HashMap<RunId, (u32, f64)>,
    /// Runs seen with a job, with the inode of their folder: one whose files are being removed is not started anew.
    begun: HashMap<RunId, u64>,
}

impl Queue {
    fn new(root: &Path) -> Result<Self, QueueError> {
        Ok(Self {
            root: root.to_owned(),
            program: program::finetop()?,
            store: Store::open(root),
            catalog: Catalog::default(),
            records: HashMap::new(),
            supervisors: HashMap::new(),
            refusals: HashMap::new(),
            begun: HashMap::new(),
        })
    }

    async fn work(&mut self, log: &mut dyn FnMut(&str)) {
        let record = QueueRecord { host: process::host_name(), process: ProcessIdentity::of_self() };
        if let Err(error) = dir::write_json(&self.root.join(QUEUE_FILE), &record) {
            log(&error.to_string());
        }
        log(&format!("the queue begins (process {})", record.process.id));
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            self.reap(log);
            let entries = self.entries();
            for id in queue::next(&entries) {
                self.start(&id, log);
            }
            if self.supervisors.is_empty() && queue::is_done(&self.entries()) {
                log("nothing waits and nothing runs: the queue ends");
                return;
            }
        }
    }

    fn is_done(&mut self) -> bool {
        queue::is_done(&self.entries())
    }

    /// All runs as the queue sees them, now.
    fn entries(&mut self) -> Vec<Entry> {
        for update in self.store.poll(clock::now_seconds()) {
            self.catalog.apply(update);
        }
        let runs = std::mem::take(&mut self.catalog.runs);
        let mut entries: Vec<_> = runs.iter().map(|run| self.entry(run)).collect();
        self.catalog.runs = runs;
        for runs in entries.chunk_by_mut(|one, other| one.id.experiment() == other.id.experiment()) {
            let (_, order) = self.record(runs[0].id.experiment());
            queue::in_start_order(runs, order);
        }
        queue::arrange(&mut entries, &wishes::read(&self.root));
        entries
    }

    fn entry(&mut self, run: &RunView) -> Entry {
        if run.job.is_some() {
            self.begun.extend(self.inode(&run.id).map(|inode| (run.id.clone(), inode)));
        }
        let place = if run.status == RunStatus::Queued { self.waiting(run) } else { place_of(run) };
        let runs_at_once = self.record(run.id.experiment()).0;
        Entry { id: run.id.clone(), place, runs_at_once }
    }

    fn record(&mut self, experiment: &str) -> &(usize, Vec<String>) {
        let root = &self.root;
        self.records.entry(experiment.to_owned()).or_insert_with(|| {
            let record = experiment::read_record(&root.join(experiment)).ok().flatten();
            record.map_or((1, Vec::new()), |record| (record.runs_at_once, record.start_order))
        })
    }

    fn waiting(&self, run: &RunView) -> Place {
        if self.supervisors.contains_key(&run.id) {
            return Place::Active;
        }
        if run.job.is_none() && self.begun.get(&run.id).is_some_and(|&inode| self.inode(&run.id) == Some(inode)) {
            return Place::Over;
        }
        if let Some(&(tries, since)) = self.refusals.get(&run.id) {
            if tries >= RETRIES {
                return Place::Over;
            }
            if clock::now_seconds() - since < RETRY_SECONDS {
                return Place::Active;
            }
        }
        match inbox::standing(&inbox::pending(&self.store.dir(&run.id))) {
            Some(RequestKind::Pause | RequestKind::Release) => Place::Held,
            _ => Place::Waiting,
        }
    }

    /// Tells a folder from a later one of the same name.
    fn inode(&self, id: &RunId) -> Option<u64> {
        fs::metadata(self.store.dir(id).path()).ok().map(|metadata| metadata.ino())
    }

    fn start(&mut self, id: &RunId, log: &mut dyn FnMut(&str)) {
        let Some(run) = self.catalog.run(id) else { return };
        let attempt = run.job.as_ref().map_or(1, |job| job.attempt + 1);
        let restart = self.restart(run);
        let mut command = Command::new(&self.program);
        command.arg("supervise").arg(self.store.dir(id).path()).args(["--attempt", &attempt.to_string()]).stdin(Stdio::null());
        if let Some(restart) = &restart {
            command.args(["--restart", &restart.number.to_string(), "--because", &restart.reason]);
            log(&format!("{id}: {}", restart.reason));
        }
        let spawned = command.spawn();
        match spawned {
            Ok(supervisor) => {
                log(&format!("{id}: attempt {attempt} begins (supervisor {})", supervisor.id().unwrap_or(0)));
                self.supervisors.insert(id.clone(), (attempt, supervisor));
            }
            Err(error) => {
                log(&format!("{id}: cannot start {}: {error}", self.program.display()));
                self.refuse(id);
            }
        }
    }

    /// The restart that the next attempt is, where nobody asked for it.
    fn restart(&self, run: &RunView) -> Option<Restart> {
        let limit = run.spec.as_ref().ok()?.restarts;
        let is_asked_for = inbox::standing(&inbox::pending(&self.store.dir(&run.id))).is_some();
        if is_asked_for { None } else { restart::after_crash(&run.state, run.job.as_ref()?, run.exit.as_ref(), limit) }
    }

    /// Forgets supervisors that have ended. One that left its run waiting could not take it up.
    fn reap(&mut self, log: &mut dyn FnMut(&str)) {
        let mut ended = Vec::new();
        self.supervisors.retain(|id, (attempt, supervisor)| match supervisor.try_wait() {
            Ok(None) => true,
            Ok(Some(status)) => {
                ended.push((id.clone(), *attempt, status.to_string()));
                false
            }
            Err(error) => {
                ended.push((id.clone(), *attempt, error.to_string()));
                false
            }
        });
        if ended.is_empty() {
            return;
        }
        self.entries();
        for (id, attempt, how) in ended {
            log(&format!("{id}: its supervisor ended ({how})"));
            // One that took it up may leave it waiting again, for the next attempt.
            let is_taken_up = |run: &RunView| run.job.as_ref().is_some_and(|job| job.attempt >= attempt);
            if self.catalog.run(&id).is_some_and(|run| run.status == RunStatus::Queued && !is_taken_up(run)) {
                self.refuse(&id);
            } else {
                self.refusals.remove(&id);
            }
        }
    }

    fn refuse(&mut self, id: &RunId) {
        let refusal = self.refusals.entry(id.clone()).or_default();
        *refusal = (refusal.0 + 1, clock::now_seconds());
    }
}

/// Where a run stands by its status alone.
pub(crate) const fn place_of(run: &RunView) -> Place {
    match run.status {
        RunStatus::Queued => Place::Waiting,
        // Released: paused without a process, so without a place in memory.
        RunStatus::Paused if run.state.finished.is_some() => Place::Held,
        RunStatus::Starting | RunStatus::Running | RunStatus::Paused | RunStatus::Stalled => Place::Active,
        RunStatus::Finished | RunStatus::Stopped | RunStatus::Failed | RunStatus::Diverged | RunStatus::Lost => Place::Over,
    }
}
