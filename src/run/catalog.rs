//! All runs under one folder, as the fold of what a store reports. Pure: no files, no clock.

use serde::{Deserialize, Serialize};

use crate::run::event::Event;
use crate::run::exit::{Cause, Exit, Job, Restart};
use crate::run::out_of_memory;
use crate::run::state::RunState;
use crate::run::status::RunStatus;
use crate::spec::run::RunSpec;

/// `EXPERIMENT/RUN`: the run's folder relative to the folder of all runs, for example `quickstart-1/lora`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunId(pub String);

impl RunId {
    /// The experiment's folder name.
    pub fn experiment(&self) -> &str {
        self.0.split_once('/').map_or(self.0.as_str(), |(experiment, _)| experiment)
    }

    /// The run's folder name.
    pub fn run(&self) -> &str {
        self.0.split_once('/').map_or(self.0.as_str(), |(_, run)| run)
    }
}

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a store found new about one run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunUpdate {
    /// Which run.
    pub id: RunId,
    /// What is new.
    pub change: Change,
}

/// What is new about a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The run appeared. A folder that cannot be read is a run too, with the reason in place of its specification.
    Added(Box<Result<RunSpec, String>>),
    /// New events, in order.
    Events(Vec<Event>),
    /// What the launcher wrote.
    Job(Option<Job>),
    /// How its worker's process ended; `None` when a new attempt began.
    Exit(Option<Exit>),
    /// What the run is doing now, judged with the store's clock, and since when its events are silent.
    Status(RunStatus),
    /// Events of unknown kinds or unreadable lines that were passed over so far.
    Skipped(u64),
    /// The folder is gone.
    Removed,
}

/// One run as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub struct RunView {
    /// Its id.
    pub id: RunId,
    /// Its specification, or why it cannot be read.
    pub spec: Result<RunSpec, String>,
    /// The fold of its events.
    pub state: RunState,
    /// What it is doing.
    pub status: RunStatus,
    /// What the launcher wrote.
    pub job: Option<Job>,
    /// How its worker's process ended.
    pub exit: Option<Exit>,
    /// Lines of its event log that could not be understood.
    pub skipped: u64,
}

impl RunView {
    /// Why it ended or is as it is, in words; empty while there is nothing to say.
    pub fn reason(&self) -> String {
        if let Err(problem) = &self.spec {
            return problem.clone();
        }
        match self.job.as_ref().and_then(|job| job.restart.as_ref()) {
            Some(restart) if !self.status.is_over() => format!("{}: {}", restart.in_words(self.restarts()), restart.reason),
            Some(restart) if !self.status.is_well() => format!("{} ({})", self.own_reason(), restart.in_words(self.restarts())),
            _ => self.own_reason(),
        }
    }

    /// How often it may be restarted by itself.
    fn restarts(&self) -> u32 {
        self.spec.as_ref().map_or(0, |spec| spec.restarts)
    }

    /// Why it ended or is as it is, earlier attempts left aside.
    fn own_reason(&self) -> String {
        if let Some(finished) = &self.state.finished {
            return finished.reason.clone();
        }
        match (&self.exit, self.status) {
            (Some(exit), RunStatus::Failed | RunStatus::Queued) => match (&self.spec, exit.cause) {
                (Ok(spec), Some(Cause::OutOfMemory)) => format!("out of memory: {} ({})", out_of_memory::advice(spec), exit.in_words()),
                _ => exit.in_words(),
            },
            (_, RunStatus::Lost) => "its worker is gone and left no word".to_owned(),
            (_, RunStatus::Stopped) => "stopped before it began".to_owned(),
            (_, RunStatus::Stalled) => "its worker lives but is silent".to_owned(),
            _ => String::new(),
        }
    }
}

impl Restart {
    /// Which of how many it is.
    pub fn in_words(&self, limit: u32) -> String {
        format!("restarted by itself, {} of at most {limit}", self.number)
    }
}

impl Exit {
    /// How the process ended, with the last line of its stderr.
    pub fn in_words(&self) -> String {
        let how = match (self.code, self.signal) {
            (_, Some(9)) if self.cause == Some(Cause::OutOfMemory) => "killed by the kernel for lack of memory (signal 9)".to_owned(),
            (_, Some(9)) => "killed (signal 9)".to_owned(),
            (_, Some(signal)) => format!("ended by signal {signal}"),
            (Some(code), None) => format!("exited with code {code}"),
            (None, None) => "ended".to_owned(),
        };
        match self.stderr_tail.last() {
            Some(line) => format!("{how}: {line}"),
            None => how,
        }
    }
}

/// All runs, in the order in which they appeared, which is the order in which they were queued.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalog {
    /// The runs.
    pub runs: Vec<RunView>,
}

impl Catalog {
    /// Takes in an update.
    pub fn apply(&mut self, update: RunUpdate) {
        let RunUpdate { id, change } = update;
        if let Change::Added(spec) = change {
            let run = RunView { id, spec: *spec, state: RunState::default(), status: RunStatus::Queued, job: None, exit: None, skipped: 0 };
            // A run read anew keeps its place.
            match self.runs.iter_mut().find(|earlier| earlier.id == run.id) {
                Some(earlier) => *earlier = run,
                None => self.runs.push(run),
            }
            return;
        }
        let Some(position) = self.runs.iter().position(|run| run.id == id) else { return };
        let run = &mut self.runs[position];
        match change {
            Change::Added(_) => {}
            Change::Events(events) => events.iter().for_each(|event| run.state.apply(event)),
            Change::Job(job) => run.job = job,
            Change::Exit(exit) => run.exit = exit,
            Change::Status(status) => run.status = status,
            Change::Skipped(skipped) => run.skipped = skipped,
            Change::Removed => {
                self.runs.remove(position);
            }
        }
    }

    /// The run with this id.
    pub fn run(&self, id: &RunId) -> Option<&RunView> {
        self.runs.iter().find(|run| &run.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn killed(cause: Option<Cause>) -> RunView {
        let spec = serde_yaml::from_str(include_str!("../../tests/fixtures/golden/run.yaml")).unwrap();
        let exit = Exit { attempt: 1, code: None, signal: Some(9), cause, stderr_tail: Vec::new(), time: 0.0 };
        RunView {
            id: RunId("a-1/b".to_owned()),
            spec: Ok(spec),
            state: RunState::default(),
            status: RunStatus::Failed,
            job: None,
            exit: Some(exit),
            skipped: 0,
        }
    }

    #[test]
    fn a_run_killed_for_lack_of_memory_says_what_takes_it_and_what_to_try() {
        assert_eq!(killed(None).reason(), "killed (signal 9)");
        let reason = killed(Some(Cause::OutOfMemory)).reason();
        for expected in ["out of memory: batches of ", " with max_length ", "try batch_size: ", "gradient_accumulation: 2", "by the kernel"]
        {
            assert!(reason.contains(expected), "{reason}");
        }
    }
}
