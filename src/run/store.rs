//! Follows all runs under one folder: what is new since the last look. Must not know who looks.
//!
//! Every run is a fault domain of its own: a broken folder is a run with a reason in place of its specification.
//! Polling is cheap, since only what has changed is read; file watching is not dependable on cluster file systems.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::run::catalog::{Catalog, Change, RunId, RunUpdate};
use crate::run::clock;
use crate::run::dir::RunDir;
use crate::run::experiment;
use crate::run::follower::{self, Follower};
use crate::run::process;

/// Events told at one look, about: taking them in must not hold up a frame.
const PART_EVENTS: usize = 4096;

/// From so many runs on, those that are over are looked at every so many looks only, by turns.
const MANY_RUNS: usize = 32;

/// See [`MANY_RUNS`].
const SELDOM: usize = 8;

/// A change of a folder within this time of its time stamp might not move the stamp (coarse clocks of file systems).
const COARSEST_STAMP_SECONDS: f64 = 2.0;

/// All runs under one folder.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    only: Option<String>,
    host: String,
    listed: Option<SystemTime>,
    known: HashSet<String>,
    followers: Vec<Follower>,
    /// The run that the next part begins with.
    next: usize,
    n_looks: usize,
}

impl Store {
    /// Follows the runs under `root`, which need not exist yet.
    pub fn open(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            only: None,
            host: process::host_name(),
            listed: None,
            known: HashSet::new(),
            followers: Vec::new(),
            next: 0,
            n_looks: 0,
        }
    }

    /// Follows the runs of one experiment under `root`.
    pub fn open_experiment(root: impl Into<PathBuf>, experiment: &str) -> Self {
        Self { only: Some(experiment.to_owned()), ..Self::open(root) }
    }

    /// The folder of all runs.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of one run.
    pub fn dir(&self, id: &RunId) -> RunDir {
        RunDir::new(self.root.join(&id.0))
    }

    /// What is new; `now_seconds` is the reader's clock and decides how long a log has been silent.
    pub fn poll(&mut self, now_seconds: f64) -> Vec<RunUpdate> {
        let mut updates = Vec::new();
        while !self.part(now_seconds, false, &mut updates) {}
        updates
    }

    /// Appends what is new, at most some thousand events of it; whether that was all. Runs that are over are looked at less often where
    /// there are many.
    pub fn poll_part(&mut self, now_seconds: f64, updates: &mut Vec<RunUpdate>) -> bool {
        let may_rest = self.followers.len() >= MANY_RUNS;
        self.part(now_seconds, may_rest, updates)
    }

    fn part(&mut self, now_seconds: f64, may_rest: bool, updates: &mut Vec<RunUpdate>) -> bool {
        if self.next == 0 {
            self.discover(now_seconds);
            self.n_looks += 1;
        }
        let mut n_events = 0;
        let mut has_removed = false;
        while let Some(follower) = self.followers.get_mut(self.next) {
            let rests = may_rest && follower.is_over() && !(self.next + self.n_looks).is_multiple_of(SELDOM);
            let n_updates = updates.len();
            if !rests && !follower.poll(&self.host, now_seconds, updates) {
                self.followers.remove(self.next);
                has_removed = true;
                continue;
            }
            n_events += updates[n_updates..].iter().map(n_events_of).sum::<usize>();
            let is_behind = follower.is_behind();
            self.next += usize::from(!is_behind);
            if (is_behind || n_events >= PART_EVENTS) && self.next < self.followers.len() {
                break;
            }
        }
        if has_removed {
            self.forget_removed();
        }
        let is_whole = self.next >= self.followers.len();
        if is_whole {
            self.next = 0;
        }
        is_whole
    }

    /// Finds experiments that are new. Those found together are ordered by the time of their creation.
    fn discover(&mut self, now_seconds: f64) {
        let Ok(modified) = fs::metadata(&self.root).and_then(|metadata| metadata.modified()) else { return };
        if self.listed == Some(modified) {
            return;
        }
        let is_settled = now_seconds - clock::seconds_of(modified) > COARSEST_STAMP_SECONDS;
        self.listed = is_settled.then_some(modified);
        let Ok(entries) = fs::read_dir(&self.root) else { return };
        let mut found = Vec::new();
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let is_other = self.only.as_ref().is_some_and(|only| only != &name);
            if is_other || name.starts_with('.') || self.known.contains(&name) || !entry.path().is_dir() {
                continue;
            }
            match experiment::read_record(&entry.path()) {
                Ok(None) => {}
                Ok(Some(record)) => found.push((record.created, name, Ok(record.runs))),
                Err(problem) => found.push((follower::modified_seconds(&entry.path()).unwrap_or(0.0), name, Err(problem))),
            }
        }
        found.sort_by(|(a_created, a_name, _), (b_created, b_name, _)| a_created.total_cmp(b_created).then_with(|| a_name.cmp(b_name)));
        for (_, name, runs) in found {
            let folder = self.root.join(&name);
            match runs {
                Ok(runs) => {
                    let followers = runs.iter().map(|run| Follower::of_run(RunId(format!("{name}/{run}")), RunDir::new(folder.join(run))));
                    self.followers.extend(followers);
                }
                Err(problem) => self.followers.push(Follower::of_broken_experiment(RunId(name.clone()), RunDir::new(folder), problem)),
            }
            self.known.insert(name);
        }
    }

    /// A folder whose runs are all gone may come back under the same name.
    fn forget_removed(&mut self) {
        let present: HashSet<_> = self.followers.iter().map(|follower| follower.id().experiment().to_owned()).collect();
        self.known.retain(|name| present.contains(name));
        self.listed = None;
    }
}

fn n_events_of(update: &RunUpdate) -> usize {
    if let Change::Events(events) = &update.change { events.len() } else { 0 }
}

/// Applies everything that is under `root` now to a new catalog.
pub fn read_all(root: &Path, now_seconds: f64) -> Catalog {
    let mut catalog = Catalog::default();
    Store::open(root).poll(now_seconds).into_iter().for_each(|update| catalog.apply(update));
    catalog
}
