//! Whether a run that crashed is started again by itself: a pure function of what it left. Must not start anything.
//!
//! A crash is an end by a signal that nobody sent on request, a bug in the worker, or a worker that is gone without a word. Bad
//! input, divergence, too little memory and requests are none: starting again would end the same way, or against someone's will.

use nix::sys::signal::Signal;

use crate::run::event::Outcome;
use crate::run::exit::{Exit, Job, Restart};
use crate::run::state::RunState;

/// Signals by which a person or the system asks a process to end.
const ASKING: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];

/// The restart that is due for a run whose worker is gone, where it crashed, may be restarted `limit` times, and made at least a step
/// since the last restart.
pub fn after_crash(state: &RunState, job: &Job, exit: Option<&Exit>, limit: u32) -> Option<Restart> {
    let reason = crash(state, job, exit)?;
    let n_before = job.restart.as_ref().map_or(0, |restart| restart.number);
    let is_stuck = n_before > 0 && (!has_begun(state, job) || state.attempt_steps == 0);
    (n_before < limit && !is_stuck).then_some(Restart { number: n_before + 1, reason })
}

fn has_begun(state: &RunState, job: &Job) -> bool {
    state.attempt.as_ref().is_some_and(|started| started.attempt >= job.attempt)
}

/// What the crash was, if it was one.
fn crash(state: &RunState, job: &Job, exit: Option<&Exit>) -> Option<String> {
    if let Some(finished) = state.finished.as_ref().filter(|_| has_begun(state, job)) {
        return (finished.outcome == Outcome::Crashed).then(|| finished.reason.clone());
    }
    match exit.filter(|exit| exit.attempt >= job.attempt) {
        None => Some("its worker is gone and left no word".to_owned()),
        Some(exit) => {
            let is_asking = |signal: i32| ASKING.iter().any(|asking| *asking as i32 == signal);
            let is_crash = exit.cause.is_none() && exit.signal.is_some_and(|signal| !is_asking(signal));
            is_crash.then(|| exit.in_words())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::event::{AttemptStarted, Finished};
    use crate::run::exit::{Cause, ProcessIdentity};

    fn job(n_restarts: u32) -> Job {
        let restart = (n_restarts > 0).then(|| Restart { number: n_restarts, reason: "before".to_owned() });
        Job { attempt: 3, host: "here".to_owned(), supervisor: ProcessIdentity { id: 1, start: 1 }, started: 0.0, restart }
    }

    fn exit(signal: Option<i32>, cause: Option<Cause>) -> Exit {
        let code = if signal.is_none() { Some(1) } else { None };
        Exit { attempt: 3, code, signal, cause, stderr_tail: Vec::new(), time: 0.0 }
    }

    fn state(attempt_steps: u64, outcome: Option<Outcome>) -> RunState {
        let finished = outcome.map(|outcome| Finished {
            outcome,
            reason: "bug in the worker: index out of range".to_owned(),
            step: 1,
            best_step: None,
            seconds: 1.0,
            peak_rss_bytes: 0,
            checkpoint_bytes: 0,
        });
        let attempt = Some(AttemptStarted { format: 1, attempt: 3, host: "here".to_owned(), process_id: 2 });
        RunState { attempt, attempt_steps, finished, ..RunState::default() }
    }

    #[test]
    fn a_signal_a_bug_and_a_worker_that_is_gone_are_crashes_with_their_reason() {
        let due = |state: &RunState, exit: Option<&Exit>| after_crash(state, &job(0), exit, 2);
        let restart = |reason: &str| Some(Restart { number: 1, reason: reason.to_owned() });
        assert_eq!(due(&state(4, None), Some(&exit(Some(9), None))), restart("killed (signal 9)"));
        assert_eq!(due(&state(4, None), Some(&exit(Some(11), None))), restart("ended by signal 11"));
        assert_eq!(due(&state(4, None), None), restart("its worker is gone and left no word"));
        let bug = state(4, Some(Outcome::Crashed));
        assert_eq!(due(&bug, Some(&exit(None, None))), restart("bug in the worker: index out of range"));
        // The exit of an earlier attempt says nothing.
        let earlier = Exit { attempt: 2, ..exit(None, None) };
        assert_eq!(due(&state(4, None), Some(&earlier)), restart("its worker is gone and left no word"));
    }

    #[test]
    fn bad_input_divergence_requests_and_too_little_memory_are_none() {
        for outcome in [Outcome::Failed, Outcome::Diverged, Outcome::Stopped, Outcome::Interrupted, Outcome::Finished, Outcome::Released] {
            assert_eq!(after_crash(&state(4, Some(outcome)), &job(0), Some(&exit(None, None)), 2), None, "{outcome:?}");
        }
        for exit in [exit(None, None), exit(Some(9), Some(Cause::Asked)), exit(Some(9), Some(Cause::OutOfMemory)), exit(Some(15), None)] {
            assert_eq!(after_crash(&state(4, None), &job(0), Some(&exit), 2), None, "{exit:?}");
        }
    }

    #[test]
    fn restarts_are_counted_and_none_follows_one_that_made_no_step() {
        let killed = exit(Some(9), None);
        let number =
            |n_restarts, steps, limit| after_crash(&state(steps, None), &job(n_restarts), Some(&killed), limit).map(|due| due.number);
        assert_eq!([number(0, 0, 2), number(1, 3, 2), number(2, 3, 2)], [Some(1), Some(2), None]);
        assert_eq!([number(1, 0, 2), number(0, 3, 0)], [None, None]);
    }
}
