//! The one fold: events of a run → what is known of it. No clock, no files.
//!
//! A step seen again replaces all later ones: a worker that goes on from step 80 emits 81–100 again.

use std::collections::{BTreeMap, VecDeque};

use crate::metric::MetricName;
use crate::run::alert::{Alert, AlertCleared, Rule};
use crate::run::event::{
    AttemptStarted, Checkpoint, CheckpointKind, Evaluation, Event, EventKind, Extended, Finished, Note, Preparing, TrainingStarted,
};
use crate::run::request::RequestKind;
use crate::run::split::StepSplit;
use crate::run::standing::Standing;
use crate::run::steps::Steps;
use crate::run::updates::Updates;
use crate::spec::task::Split;

/// Lines of the event log that are kept in words.
const LOG_LINES: usize = 500;

/// All that the events of one run say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunState {
    /// The current attempt.
    pub attempt: Option<AttemptStarted>,
    /// How far the preparation is; `None` once training began.
    pub preparing: Option<Preparing>,
    /// What training started with.
    pub training: Option<TrainingStarted>,
    /// Steps that the current attempt has taken.
    pub attempt_steps: u64,
    /// Every step taken, ascending.
    pub steps: Steps,
    /// Where the time of the last steps went, as far as its worker tells.
    pub split: Option<StepSplit>,
    /// Validation evaluations, ascending by step.
    pub evaluations: Vec<Evaluation>,
    /// How far the weights have moved: at the start and at evaluations, ascending by step; empty in logs of older workers.
    pub updates: Vec<Updates>,
    /// What its worker says deserves attention now; empty in logs of older workers.
    pub alerts: BTreeMap<Rule, Alert>,
    /// The test evaluation with the best checkpoint.
    pub test: Option<Evaluation>,
    /// Latest checkpoint of each kind.
    pub checkpoints: BTreeMap<CheckpointKind, Checkpoint>,
    /// Seconds that writing all of them took.
    pub checkpoint_seconds: f64,
    /// Whether it holds by request.
    pub is_paused: bool,
    /// What was asked and still holds.
    pub standing: Standing,
    /// The last request obeyed.
    pub last_request: Option<RequestKind>,
    /// How the current attempt ended.
    pub finished: Option<Finished>,
    /// Time of the first event and of the last, seconds since the Unix epoch on the worker's clock.
    pub first_time: Option<f64>,
    /// Time of the last event.
    pub last_time: Option<f64>,
    /// The latest events in words, with their time, oldest first.
    pub log: VecDeque<(f64, String)>,
    /// How many lines of it there have been in all.
    pub n_logged: u64,
}

impl RunState {
    /// Takes in the next event.
    pub fn apply(&mut self, event: &Event) {
        // What is written into the log of a run that waits or has ended does not make it longer.
        let is_beside =
            matches!(event.kind, EventKind::Amended(_)) || self.finished.is_some() && matches!(event.kind, EventKind::Request(_));
        let first_time = self.first_time.unwrap_or(event.time);
        if !is_beside {
            (self.first_time, self.last_time) = (Some(first_time), Some(event.time));
        }
        if let Some(line) = in_words(&event.kind) {
            if self.log.len() == LOG_LINES {
                self.log.pop_front();
            }
            self.log.push_back((event.time, line));
            self.n_logged += 1;
        }
        self.standing.apply(&event.kind);
        match &event.kind {
            EventKind::AttemptStarted(started) => {
                self.attempt = Some(started.clone());
                self.attempt_steps = 0;
                self.finished = None;
                self.is_paused = false;
            }
            EventKind::Preparing(preparing) => self.preparing = Some(preparing.clone()),
            EventKind::TrainingStarted(training) => {
                self.forget_after(training.resumed_step);
                self.training = Some(training.clone());
                self.preparing = None;
            }
            EventKind::Step(step) => {
                self.forget_after(step.step.saturating_sub(1));
                self.steps.push(step, event.time - first_time);
                self.attempt_steps += 1;
            }
            EventKind::StepSplit(split) => self.split = Some(*split),
            EventKind::Evaluation(evaluation) if evaluation.split == Split::Test => self.test = Some(evaluation.clone()),
            EventKind::Evaluation(evaluation) => {
                self.evaluations.retain(|earlier| earlier.step < evaluation.step);
                self.evaluations.push(evaluation.clone());
            }
            EventKind::Updates(updates) => {
                self.updates.retain(|earlier| earlier.step < updates.step);
                self.updates.push(updates.clone());
            }
            EventKind::Alert(alert) => {
                self.alerts.insert(alert.rule, alert.clone());
            }
            EventKind::AlertCleared(cleared) => {
                self.alerts.remove(&cleared.rule);
            }
            EventKind::Checkpoint(checkpoint) => {
                self.checkpoint_seconds += checkpoint.seconds;
                self.checkpoints.insert(checkpoint.kind, checkpoint.clone());
            }
            EventKind::Request(seen) => {
                self.last_request = Some(seen.request);
                if seen.request.is_of_life() {
                    self.is_paused = seen.request == RequestKind::Pause;
                }
            }
            EventKind::Amended(_) | EventKind::Note(_) | EventKind::Extended(_) => {}
            EventKind::Finished(finished) => {
                self.finished = Some(finished.clone());
                self.is_paused = false;
            }
        }
    }

    /// Forgets every step and evaluation after `step`, and the alerts since.
    fn forget_after(&mut self, step: u64) {
        self.steps.forget_after(step);
        while self.evaluations.last().is_some_and(|last| last.step > step) {
            self.evaluations.pop();
        }
        while self.updates.last().is_some_and(|last| last.step > step) {
            self.updates.pop();
        }
        self.alerts.retain(|_, alert| alert.since.step <= step);
    }

    /// The last step taken, 0 before the first.
    pub fn step(&self) -> u64 {
        self.steps.len().checked_sub(1).map_or(0, |idx| self.steps.step(idx))
    }

    /// The best validation evaluation, as its worker judged it.
    pub fn best(&self) -> Option<&Evaluation> {
        self.evaluations.iter().rev().find(|evaluation| evaluation.is_best)
    }

    /// A metric's value in the latest validation.
    pub fn latest_validation(&self, metric: MetricName) -> Option<f64> {
        self.evaluations.last().and_then(|evaluation| evaluation.metrics.get(&metric)).map(|value| value.0)
    }

    /// Examples per second over all training steps so far; pauses and evaluations not counted.
    pub fn examples_per_second(&self) -> Option<f64> {
        let last = self.steps.last()?;
        (last.training_seconds > 0.0).then(|| last.examples as f64 / last.training_seconds)
    }
}

/// The event in words for a log pane and for plain output; `None` where a line would be too much.
pub fn in_words(kind: &EventKind) -> Option<String> {
    match kind {
        EventKind::Amended(amended) => Some(format!("changed while it waited: {}", amended.in_words())),
        EventKind::AttemptStarted(started) => {
            Some(format!("attempt {} on {} (process {})", started.attempt, started.host, started.process_id))
        }
        EventKind::Preparing(Preparing { done: 0, what, .. }) => Some(what.clone()),
        EventKind::TrainingStarted(training) => Some(format!(
            "training {} of {} parameters for {} steps on {} ({} threads)",
            training.ledger.trainable, training.ledger.total, training.total_steps, training.device, training.threads
        )),
        EventKind::Evaluation(evaluation) => {
            let metrics: Vec<_> = evaluation.metrics.iter().map(|(name, value)| format!("{} {:.4}", name.name(), value.0)).collect();
            let best = if evaluation.is_best { " (best)" } else { "" };
            Some(format!("{} step {} epoch {:.2}: {}{best}", evaluation.split.name(), evaluation.step, evaluation.epoch, metrics.join(" ")))
        }
        EventKind::Checkpoint(checkpoint) if checkpoint.kind == CheckpointKind::Best => {
            Some(format!("best checkpoint of step {} saved: {} bytes in {:.2} s", checkpoint.step, checkpoint.bytes, checkpoint.seconds))
        }
        // Told when it appears or grows, not when its figures change.
        EventKind::Alert(Alert { rule, what, advice, since, at, .. }) if since.step == at.step => {
            Some(format!("alert: {}: {what} ({advice})", rule.name()))
        }
        EventKind::Preparing(_)
        | EventKind::Step(_)
        | EventKind::StepSplit(_)
        | EventKind::Updates(_)
        | EventKind::Alert(_)
        | EventKind::Checkpoint(_) => None,
        EventKind::Request(seen) => Some(format!("request at step {}: {}", seen.step, seen.request.in_words())),
        EventKind::Extended(Extended { step, from_epochs, to_epochs }) => {
            Some(format!("extended from {from_epochs} to {to_epochs} epochs; goes on at step {step}"))
        }
        EventKind::AlertCleared(AlertCleared { rule, .. }) => Some(format!("alert over: {}", rule.name())),
        EventKind::Note(Note { message, .. }) => Some(message.clone()),
        EventKind::Finished(finished) => {
            let outcome = format!("{:?}", finished.outcome).to_lowercase();
            Some(format!("{outcome} at step {}: {}", finished.step, finished.reason))
        }
    }
}
