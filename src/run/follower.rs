//! Follows the files of one run. Must not know of other runs.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::run::catalog::{Change, RunId, RunUpdate};
use crate::run::clock;
use crate::run::dir::{self, RunDir};
use crate::run::exit::{Attempt, Exit, Job};
use crate::run::experiment;
use crate::run::inbox;
use crate::run::reader::EventReader;
use crate::run::request::RequestKind;
use crate::run::state::RunState;
use crate::run::status::{self, Facts, RunStatus};

/// Bytes of a log that are read at one look: some thousand steps, so that whoever is told never has to wait long.
const PART: u64 = 512 << 10;

/// What is known of one run's folder.
#[derive(Debug)]
pub struct Follower {
    id: RunId,
    dir: RunDir,
    source: Source,
    is_announced: bool,
    state: RunState,
    reader: EventReader,
    log_stamp: Option<Stamp>,
    is_behind: bool,
    is_job_untold: bool,
    job: Watched<Job>,
    exit: Watched<Exit>,
    attempt: Watched<Attempt>,
    requests_stamp: Option<Stamp>,
    standing: Option<RequestKind>,
    last_growth: Option<f64>,
    is_alive: Option<bool>,
    status: Option<RunStatus>,
    skipped: u64,
    spec_stamp: Option<Stamp>,
    restarts: u32,
}

/// Whether the run can be read.
#[derive(Debug)]
enum Source {
    /// `run.yaml` is to be read, or was.
    Run,
    /// It cannot be; looked at again when the file's stamp differs.
    Broken { reason: String, file: PathBuf, stamp: Option<Stamp> },
}

/// What changes when a file is written.
type Stamp = (u64, u64, i64, i64);

/// A small file that is read again when it changes.
#[derive(Debug)]
struct Watched<T> {
    path: PathBuf,
    stamp: Option<Stamp>,
    value: Option<T>,
}

impl<T: DeserializeOwned + PartialEq> Watched<T> {
    fn new(path: PathBuf) -> Self {
        Self { path, stamp: None, value: None }
    }

    /// Reads the file if it changed; whether the value did. A file that cannot be understood counts as absent.
    fn poll(&mut self) -> bool {
        let stamp = stamp_of(&self.path);
        if stamp == self.stamp {
            return false;
        }
        self.stamp = stamp;
        let value = dir::read_json(&self.path).ok().flatten();
        let is_changed = value != self.value;
        self.value = value;
        is_changed
    }
}

impl Follower {
    /// Follows a run.
    pub fn of_run(id: RunId, dir: RunDir) -> Self {
        Self {
            reader: EventReader::new(dir.events_file()),
            job: Watched::new(dir.job_file()),
            exit: Watched::new(dir.exit_file()),
            attempt: Watched::new(dir.attempt_file()),
            id,
            dir,
            source: Source::Run,
            is_announced: false,
            state: RunState::default(),
            log_stamp: None,
            is_behind: false,
            is_job_untold: false,
            requests_stamp: None,
            standing: None,
            last_growth: None,
            is_alive: None,
            status: None,
            skipped: 0,
            spec_stamp: None,
            restarts: 0,
        }
    }

    /// Stands for an experiment whose record cannot be read.
    pub fn of_broken_experiment(id: RunId, dir: RunDir, reason: String) -> Self {
        let file = dir.path().join(experiment::RECORD_FILE);
        let stamp = stamp_of(&file);
        Self { source: Source::Broken { reason, file, stamp }, ..Self::of_run(id, dir) }
    }

    /// The run's id.
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// Whether more of its log is there already than the last look has told; its status waits for the end.
    pub const fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Whether nothing more will happen to it by itself.
    pub fn is_over(&self) -> bool {
        !self.is_behind && (matches!(self.source, Source::Broken { .. }) || self.status.is_some_and(RunStatus::is_over))
    }

    /// Appends what is new, at most a part of a long log at a time; false when the run is gone and need not be followed any more.
    pub fn poll(&mut self, host: &str, now_seconds: f64, updates: &mut Vec<RunUpdate>) -> bool {
        if !self.is_announced {
            self.announce(updates);
        }
        if let Source::Broken { file, stamp, .. } = &self.source {
            let is_same = stamp_of(file) == *stamp;
            if is_same && self.dir.path().exists() {
                return true;
            }
            if !self.dir.spec_file().exists() {
                self.push(updates, Change::Removed);
                return false;
            }
            self.start_over(updates);
            if matches!(self.source, Source::Broken { .. }) {
                return true;
            }
        }
        // An extension replaces it.
        if stamp_of(&self.dir.spec_file()).is_some_and(|stamp| self.spec_stamp != Some(stamp)) {
            self.start_over(updates);
            if matches!(self.source, Source::Broken { .. }) {
                return true;
            }
        }
        self.follow(host, now_seconds, updates)
    }

    fn announce(&mut self, updates: &mut Vec<RunUpdate>) {
        self.is_announced = true;
        self.spec_stamp = stamp_of(&self.dir.spec_file());
        let spec = match &self.source {
            Source::Broken { reason, .. } => Err(reason.clone()),
            Source::Run => self.dir.read_spec().map_err(|error| error.to_string()),
        };
        if let (Err(reason), Source::Run) = (&spec, &self.source) {
            self.break_down(reason.clone(), self.dir.spec_file());
        }
        self.restarts = spec.as_ref().map_or(0, |spec| spec.restarts);
        self.push(updates, Change::Added(Box::new(spec)));
        if matches!(self.source, Source::Broken { .. }) {
            self.push(updates, Change::Status(RunStatus::Failed));
        }
    }

    fn break_down(&mut self, reason: String, file: PathBuf) {
        let stamp = stamp_of(&file);
        self.source = Source::Broken { reason, file, stamp };
    }

    fn follow(&mut self, host: &str, now_seconds: f64, updates: &mut Vec<RunUpdate>) -> bool {
        // Life is looked at before the files that a process leaves when it ends, so that no end is missed.
        let job_changed = self.job.poll();
        self.is_job_untold |= job_changed;
        let is_over = self.status.is_some_and(RunStatus::is_over);
        if !is_over || job_changed {
            self.is_alive = self.judge_life(host);
        }

        let log_stamp = stamp_of(&self.dir.events_file());
        if log_stamp.is_none() && self.job.stamp.is_none() && !self.dir.path().exists() {
            self.push(updates, Change::Removed);
            return false;
        }
        if log_stamp != self.log_stamp || self.is_behind {
            self.log_stamp = log_stamp;
            match self.reader.poll_up_to(PART) {
                Ok(news) => {
                    self.is_behind = news.is_behind;
                    if news.is_restarted {
                        self.start_over(updates);
                        return self.follow(host, now_seconds, updates);
                    }
                    self.last_growth = Some(self.last_growth.map_or_else(|| self.first_growth(host, now_seconds), |_| now_seconds));
                    if !news.events.is_empty() {
                        news.events.iter().for_each(|event| self.state.apply(event));
                        // Whoever is told keeps the steps; the status asks only whether there are any.
                        self.state.steps.keep_ends();
                        self.push(updates, Change::Events(news.events));
                    }
                    if self.reader.skipped() != self.skipped {
                        self.skipped = self.reader.skipped();
                        self.push(updates, Change::Skipped(self.skipped));
                    }
                }
                Err(error) => {
                    self.is_behind = false;
                    self.break_down(error.to_string(), self.dir.events_file());
                    self.push(updates, Change::Added(Box::new(Err(error.to_string()))));
                    self.push(updates, Change::Status(RunStatus::Failed));
                    return true;
                }
            }
        }
        if self.is_behind {
            // What it is doing can be told at the end of its log only.
            return true;
        }
        if std::mem::take(&mut self.is_job_untold) {
            self.last_growth = Some(now_seconds);
            self.push(updates, Change::Job(self.job.value.clone()));
        }
        if self.exit.poll() {
            self.push(updates, Change::Exit(self.exit.value.clone()));
        }
        self.poll_requests(now_seconds);
        let facts = Facts {
            job: self.job.value.as_ref(),
            exit: self.exit.value.as_ref(),
            is_alive: self.is_alive,
            silent_seconds: self.last_growth.map_or(0.0, |last| now_seconds - last),
            standing: self.standing,
            restarts: self.restarts,
        };
        let status = status::judge(&self.state, &facts);
        if self.status != Some(status) {
            self.status = Some(status);
            self.push(updates, Change::Status(status));
        }
        true
    }

    /// The log was cut or replaced: all of it is told anew.
    fn start_over(&mut self, updates: &mut Vec<RunUpdate>) {
        *self = Self::of_run(self.id.clone(), self.dir.clone());
        self.announce(updates);
    }

    /// When a log that is seen for the first time grew last: its time stamp where it is of this host's clock.
    fn first_growth(&self, host: &str, now_seconds: f64) -> f64 {
        let is_here = self.job.value.as_ref().is_some_and(|job| job.host == host);
        let stamp = is_here.then(|| modified_seconds(&self.dir.events_file())).flatten();
        stamp.map_or(now_seconds, |modified| modified.min(now_seconds))
    }

    /// Whether the supervisor or the worker lives; `None` where that cannot be seen from here.
    fn judge_life(&mut self, host: &str) -> Option<bool> {
        let job = self.job.value.as_ref()?;
        if job.host != host {
            return None;
        }
        if job.supervisor.is_alive() {
            return Some(true);
        }
        self.attempt.poll();
        let worker = self.attempt.value.as_ref().filter(|attempt| attempt.host == host && attempt.attempt >= job.attempt);
        Some(worker.is_some_and(|attempt| attempt.worker.is_alive()))
    }

    fn poll_requests(&mut self, now_seconds: f64) {
        let stamp = stamp_of(&self.dir.requests_dir());
        if stamp == self.requests_stamp {
            return;
        }
        // A folder changed within the grain of its time stamp may change again without moving it.
        let is_settled = stamp.is_none_or(|(.., seconds, _)| now_seconds - seconds as f64 > 2.0);
        self.requests_stamp = if is_settled { stamp } else { None };
        self.standing = if stamp.is_some() { inbox::standing(&inbox::pending(&self.dir)) } else { None };
    }

    fn push(&self, updates: &mut Vec<RunUpdate>, change: Change) {
        updates.push(RunUpdate { id: self.id.clone(), change });
    }
}

/// When a file was last written, seconds since the Unix epoch.
pub fn modified_seconds(path: &Path) -> Option<f64> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok().map(clock::seconds_of)
}

fn stamp_of(path: &Path) -> Option<Stamp> {
    fs::metadata(path).ok().map(|metadata| (metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
}
