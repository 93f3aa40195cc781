//! What a run is doing, as a person would say it: a pure function of its events and of what is known from outside.

use serde::{Deserialize, Serialize};

use crate::run::event::Outcome;
use crate::run::exit::{Exit, Job};
use crate::run::request::RequestKind;
use crate::run::restart;
use crate::run::state::RunState;

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Waits for its turn.
    Queued,
    /// Its worker was started and has not taken a step yet.
    Starting,
    /// Trains.
    Running,
    /// Holds at a step boundary, by request; its process may have left and so freed its memory.
    Paused,
    /// Its worker lives but has been silent for long.
    Stalled,
    /// All epochs done, or early stopping decided.
    Finished,
    /// Stopped by hand; the best checkpoint kept.
    Stopped,
    /// Ended with an error, or was killed.
    Failed,
    /// Its loss became NaN or infinite.
    Diverged,
    /// Its worker is gone and left no word.
    Lost,
}

impl RunStatus {
    /// The name in JSON and on screens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stalled => "stalled",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Diverged => "diverged",
            Self::Lost => "lost",
        }
    }

    /// Whether nothing more will happen by itself.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Finished | Self::Stopped | Self::Failed | Self::Diverged | Self::Lost)
    }

    /// Whether it ended as it was meant to.
    pub const fn is_well(self) -> bool {
        matches!(self, Self::Finished | Self::Stopped)
    }
}

/// What is known of a run beside its events.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts<'a> {
    /// `job.json`.
    pub job: Option<&'a Job>,
    /// `exit.json`.
    pub exit: Option<&'a Exit>,
    /// Whether its supervisor or worker lives; `None` where it runs on another host.
    pub is_alive: Option<bool>,
    /// Since when its log has not grown, on our clock.
    pub silent_seconds: f64,
    /// The last request that nobody has taken yet.
    pub standing: Option<RequestKind>,
    /// How often it may be restarted by itself.
    pub restarts: u32,
}

/// A training worker that is silent for longer is stalled.
const STALLED_TRAINING_SECONDS: f64 = 60.0;
/// Loading and tokenizing may take longer between two events.
const STALLED_PREPARING_SECONDS: f64 = 300.0;
/// A worker on another host that is silent for longer is taken for gone; heartbeats of cluster file systems are slow.
const LOST_ELSEWHERE_SECONDS: f64 = 120.0;

/// What a run is doing, from its events and from what is known outside of them.
pub fn judge(state: &RunState, facts: &Facts) -> RunStatus {
    use RequestKind::{Extend, Kill, Resume, Stop};
    let Some(job) = facts.job else {
        // Nobody has taken it up: what is asked of it now is all that there is to say.
        return match facts.standing {
            Some(Resume) => RunStatus::Queued,
            // Its job file is gone: the folder is being removed, and must not be started anew meanwhile.
            _ if state.attempt.is_some() => RunStatus::Lost,
            Some(Stop | Kill) => RunStatus::Stopped,
            _ => RunStatus::Queued,
        };
    };
    // Events and an exit of an earlier attempt say nothing about this one.
    let has_begun = state.attempt.as_ref().is_some_and(|started| started.attempt >= job.attempt);
    if let Some(finished) = state.finished.as_ref().filter(|_| has_begun) {
        return match (finished.outcome, facts.standing) {
            (Outcome::Finished, Some(Extend)) | (Outcome::Stopped, Some(Extend | Resume)) | (Outcome::Released, Some(Resume)) => {
                RunStatus::Queued
            }
            (Outcome::Released, Some(Stop | Kill)) | (Outcome::Stopped, _) => RunStatus::Stopped,
            (Outcome::Released, _) => RunStatus::Paused,
            (Outcome::Finished, _) => RunStatus::Finished,
            (Outcome::Diverged, _) => RunStatus::Diverged,
            (Outcome::Failed | Outcome::Crashed | Outcome::Interrupted, _) => queued_again_or(RunStatus::Failed, state, job, facts),
        };
    }
    if facts.exit.is_some_and(|exit| exit.attempt >= job.attempt) {
        return queued_again_or(RunStatus::Failed, state, job, facts);
    }
    match facts.is_alive {
        Some(false) => return queued_again_or(RunStatus::Lost, state, job, facts),
        None if facts.silent_seconds > LOST_ELSEWHERE_SECONDS && !state.is_paused => {
            return queued_again_or(RunStatus::Lost, state, job, facts);
        }
        _ => {}
    }
    let is_training = has_begun && state.training.is_some() && state.preparing.is_none();
    if is_training && state.is_paused {
        RunStatus::Paused
    } else if is_training && facts.silent_seconds > STALLED_TRAINING_SECONDS || facts.silent_seconds > STALLED_PREPARING_SECONDS {
        RunStatus::Stalled
    } else if is_training && !state.steps.is_empty() {
        RunStatus::Running
    } else {
        RunStatus::Starting
    }
}

/// A run that ended before its end is queued again when someone asks it to go on, and by itself where it crashed on this host.
fn queued_again_or(ended: RunStatus, state: &RunState, job: &Job, facts: &Facts) -> RunStatus {
    let is_restarted = || facts.is_alive.is_some() && restart::after_crash(state, job, facts.exit, facts.restarts).is_some();
    match facts.standing {
        Some(RequestKind::Resume) => RunStatus::Queued,
        None if is_restarted() => RunStatus::Queued,
        _ => ended,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::event::{AttemptStarted, Event, EventKind, Finished, RequestSeen, StepTaken, TrainingStarted};
    use crate::run::exit::ProcessIdentity;
    use crate::run::number::Number;

    const NO_FACTS: Facts = Facts { job: None, exit: None, is_alive: None, silent_seconds: 0.0, standing: None, restarts: 0 };

    fn job(attempt: u32) -> Job {
        Job { attempt, host: "here".to_owned(), supervisor: ProcessIdentity { id: 1, start: 1 }, started: 0.0, restart: None }
    }

    fn exit(attempt: u32) -> Exit {
        Exit { attempt, code: None, signal: Some(9), cause: None, stderr_tail: Vec::new(), time: 0.0 }
    }

    fn fold(kinds: Vec<EventKind>) -> RunState {
        let mut state = RunState::default();
        for kind in kinds {
            state.apply(&Event { time: 0.0, kind });
        }
        state
    }

    fn started(attempt: u32) -> EventKind {
        EventKind::AttemptStarted(AttemptStarted { format: 1, attempt, host: "here".to_owned(), process_id: 2 })
    }

    fn training() -> EventKind {
        EventKind::TrainingStarted(TrainingStarted {
            ledger: crate::run::event::Ledger::default(),
            epochs: 1,
            steps_per_epoch: 10,
            total_steps: 10,
            rows: std::collections::BTreeMap::new(),
            labels: Vec::new(),
            device: "cpu".to_owned(),
            threads: 1,
            resumed_step: 0,
        })
    }

    fn step() -> EventKind {
        EventKind::Step(StepTaken {
            step: 1,
            epoch: 0.1,
            loss: Number(1.0),
            learning_rate: 1e-3,
            gradient_norm: Number(1.0),
            examples: 1,
            tokens: 1,
            seconds: 0.1,
            training_seconds: 0.1,
            rss_bytes: 0,
        })
    }

    fn finished(outcome: Outcome) -> EventKind {
        EventKind::Finished(Finished {
            outcome,
            reason: String::new(),
            step: 1,
            best_step: None,
            seconds: 1.0,
            peak_rss_bytes: 0,
            checkpoint_bytes: 0,
        })
    }

    #[test]
    fn a_run_without_a_job_is_queued_unless_it_was_stopped_before_it_began() {
        let state = RunState::default();
        assert_eq!(judge(&state, &NO_FACTS), RunStatus::Queued);
        assert_eq!(judge(&state, &Facts { standing: Some(RequestKind::Pause), ..NO_FACTS }), RunStatus::Queued);
        assert_eq!(judge(&state, &Facts { standing: Some(RequestKind::Stop), ..NO_FACTS }), RunStatus::Stopped);
        assert_eq!(judge(&state, &Facts { standing: Some(RequestKind::Resume), ..NO_FACTS }), RunStatus::Queued);
    }

    #[test]
    fn a_run_that_began_and_has_no_job_any_more_is_not_queued() {
        assert_eq!(judge(&fold(vec![started(1), training(), step()]), &NO_FACTS), RunStatus::Lost);
    }

    #[test]
    fn a_living_worker_starts_runs_pauses_and_stalls() {
        let job = job(1);
        let alive = Facts { job: Some(&job), is_alive: Some(true), ..NO_FACTS };
        assert_eq!(judge(&fold(vec![]), &alive), RunStatus::Starting);
        assert_eq!(judge(&fold(vec![started(1), training()]), &alive), RunStatus::Starting);
        let running = fold(vec![started(1), training(), step()]);
        assert_eq!(judge(&running, &alive), RunStatus::Running);
        assert_eq!(judge(&running, &Facts { silent_seconds: 61.0, ..alive }), RunStatus::Stalled);
        assert_eq!(judge(&fold(vec![started(1)]), &Facts { silent_seconds: 61.0, ..alive }), RunStatus::Starting);
        assert_eq!(judge(&fold(vec![started(1)]), &Facts { silent_seconds: 301.0, ..alive }), RunStatus::Stalled);
        let pause = EventKind::Request(RequestSeen { request: RequestKind::Pause, step: 1 });
        let paused = fold(vec![started(1), training(), step(), pause]);
        assert_eq!(judge(&paused, &Facts { silent_seconds: 9e9, ..alive }), RunStatus::Paused);
        assert_eq!(judge(&paused, &Facts { is_alive: None, silent_seconds: 9e9, ..alive }), RunStatus::Paused);
    }

    #[test]
    fn a_worker_that_is_gone_without_a_word_is_lost() {
        let job = job(1);
        let running = fold(vec![started(1), training(), step()]);
        assert_eq!(judge(&running, &Facts { job: Some(&job), is_alive: Some(false), ..NO_FACTS }), RunStatus::Lost);
        let elsewhere = Facts { job: Some(&job), silent_seconds: 100.0, ..NO_FACTS };
        assert_eq!(judge(&running, &elsewhere), RunStatus::Stalled);
        assert_eq!(judge(&running, &Facts { silent_seconds: 121.0, ..elsewhere }), RunStatus::Lost);
    }

    #[test]
    fn a_killed_worker_failed_but_its_outcome_counts_where_it_left_one() {
        let (job, exit) = (job(1), exit(1));
        let facts = Facts { job: Some(&job), exit: Some(&exit), is_alive: Some(false), ..NO_FACTS };
        assert_eq!(judge(&fold(vec![started(1), training(), step()]), &facts), RunStatus::Failed);
        for (outcome, status) in [
            (Outcome::Finished, RunStatus::Finished),
            (Outcome::Stopped, RunStatus::Stopped),
            (Outcome::Diverged, RunStatus::Diverged),
            (Outcome::Failed, RunStatus::Failed),
            (Outcome::Interrupted, RunStatus::Failed),
        ] {
            assert_eq!(judge(&fold(vec![started(1), training(), step(), finished(outcome)]), &facts), status);
        }
    }

    #[test]
    fn an_interrupted_run_that_is_asked_to_go_on_is_queued_again() {
        let (job, exit) = (job(1), exit(1));
        let facts = Facts { job: Some(&job), exit: Some(&exit), is_alive: Some(false), standing: Some(RequestKind::Resume), ..NO_FACTS };
        assert_eq!(judge(&fold(vec![started(1), finished(Outcome::Interrupted)]), &facts), RunStatus::Queued);
        assert_eq!(judge(&fold(vec![started(1)]), &facts), RunStatus::Queued);
        assert_eq!(judge(&fold(vec![started(1), finished(Outcome::Finished)]), &facts), RunStatus::Finished);
    }

    #[test]
    fn a_crashed_run_is_queued_again_by_itself_unless_someone_holds_it_or_it_ran_elsewhere() {
        let (job, exit) = (job(1), exit(1));
        let facts = Facts { job: Some(&job), exit: Some(&exit), is_alive: Some(false), restarts: 2, ..NO_FACTS };
        let killed = fold(vec![started(1), training(), step()]);
        assert_eq!(judge(&killed, &facts), RunStatus::Queued);
        assert_eq!(judge(&killed, &Facts { exit: None, ..facts }), RunStatus::Queued);
        for standing in [RequestKind::Kill, RequestKind::Stop, RequestKind::Pause] {
            assert_eq!(judge(&killed, &Facts { standing: Some(standing), ..facts }), RunStatus::Failed);
        }
        assert_eq!(judge(&killed, &Facts { is_alive: None, ..facts }), RunStatus::Failed);
        assert_eq!(judge(&fold(vec![started(1), finished(Outcome::Failed)]), &facts), RunStatus::Failed);
        assert_eq!(judge(&fold(vec![started(1), finished(Outcome::Crashed)]), &facts), RunStatus::Queued);
    }

    #[test]
    fn a_released_run_is_paused_until_it_is_resumed_or_given_up() {
        let (job, exit) = (job(1), exit(1));
        let facts = Facts { job: Some(&job), exit: Some(&exit), is_alive: Some(false), restarts: 2, ..NO_FACTS };
        let released = fold(vec![started(1), training(), step(), finished(Outcome::Released)]);
        let judged = |standing| judge(&released, &Facts { standing, ..facts });
        assert_eq!(judged(None), RunStatus::Paused);
        assert_eq!(judged(Some(RequestKind::Resume)), RunStatus::Queued);
        assert_eq!(judged(Some(RequestKind::Stop)), RunStatus::Stopped);
    }

    #[test]
    fn a_run_that_ended_goes_on_when_it_is_extended_and_a_stopped_one_also_when_it_is_resumed() {
        let (job, exit) = (job(1), exit(1));
        let facts = Facts { job: Some(&job), exit: Some(&exit), is_alive: Some(false), restarts: 2, ..NO_FACTS };
        let judged = |outcome, request| judge(&fold(vec![started(1), finished(outcome)]), &Facts { standing: Some(request), ..facts });
        assert_eq!(judged(Outcome::Finished, RequestKind::Extend), RunStatus::Queued);
        assert_eq!(judged(Outcome::Stopped, RequestKind::Extend), RunStatus::Queued);
        assert_eq!(judged(Outcome::Stopped, RequestKind::Resume), RunStatus::Queued);
        assert_eq!(judged(Outcome::Diverged, RequestKind::Resume), RunStatus::Diverged);
    }

    #[test]
    fn what_an_earlier_attempt_left_says_nothing_about_this_one() {
        let (job, exit) = (job(2), exit(1));
        let facts = Facts { job: Some(&job), exit: Some(&exit), is_alive: Some(true), ..NO_FACTS };
        let state = fold(vec![started(1), training(), step(), finished(Outcome::Interrupted)]);
        assert_eq!(judge(&state, &facts), RunStatus::Starting);
    }
}
