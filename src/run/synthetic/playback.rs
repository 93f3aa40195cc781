//! One synthetic run being played: the events of its script, one after another, at their times.

use std::collections::BTreeMap;

use crate::metric::{ConfusionMatrix, MetricName};
use crate::run::catalog::RunId;
use crate::run::event::{
    AttemptStarted, Checkpoint, CheckpointKind, Evaluation, Event, EventKind, Finished, Outcome, Preparing, RequestSeen, StepTaken,
    TrainingStarted,
};
use crate::run::exit::{Exit, code};
use crate::run::number::Number;
use crate::run::request::RequestKind;
use crate::run::split::StepSplit;
use crate::run::status::RunStatus;
use crate::run::synthetic::EPOCH;
use crate::run::synthetic::script::{self, BATCH, Fate, LABELS, Script, TEST_ROWS, TRAIN_ROWS, VALIDATION_ROWS};
use crate::spec::early_stopping::{Patience, Progress};
use crate::spec::optimization::LrSchedule;
use crate::spec::task::Split;

/// Optimizer steps in an epoch.
const STEPS_PER_EPOCH: u64 = TRAIN_ROWS / BATCH;

/// Seconds that an evaluation takes, in steps.
const EVALUATION_STEPS: f64 = 2.5;

/// Where a playback is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Start,
    Loading,
    Tokenizing,
    Begin,
    Step,
    Evaluate,
    End,
}

/// One run being played.
#[derive(Debug, Clone)]
pub struct Playback {
    pub script: Script,
    pub id: RunId,
    pub status: RunStatus,
    /// The status last told.
    pub reported: Option<RunStatus>,
    /// When its next event is due; `None` while it waits, holds or has ended.
    pub next_time: Option<f64>,
    /// When it ended.
    pub ended: Option<f64>,
    /// Whether it is held back in the queue.
    pub is_held: bool,
    /// It was held back in the queue until then.
    pub held_until: f64,
    pub unreported_exit: Option<Exit>,
    /// Events of requests, not yet told.
    pub pending: Vec<Event>,
    stage: Stage,
    started: f64,
    step: u64,
    training_seconds: f64,
    patience: Patience,
    outcome: (Outcome, String),
}

impl Playback {
    pub fn new(script: Script) -> Self {
        Self {
            id: RunId(format!("{}-1/{}", script.spec.experiment, script.spec.name)),
            script,
            status: RunStatus::Queued,
            reported: None,
            next_time: None,
            ended: None,
            is_held: false,
            held_until: 0.0,
            unreported_exit: None,
            pending: Vec::new(),
            stage: Stage::Start,
            started: 0.0,
            step: 0,
            training_seconds: 0.0,
            patience: Patience::default(),
            outcome: (Outcome::Finished, String::new()),
        }
    }

    /// Plays what is due at `next_time`.
    pub fn advance(&mut self, events: &mut Vec<Event>) {
        let Some(time) = self.next_time else { return };
        let emit = |kind: EventKind| Event { time: EPOCH + time, kind };
        let step_seconds = self.script.step_seconds;
        let (stage, delay) = match self.stage {
            Stage::Start => {
                self.started = time;
                self.status = RunStatus::Starting;
                events.push(emit(EventKind::AttemptStarted(AttemptStarted {
                    format: crate::run::event::FORMAT_VERSION,
                    attempt: 1,
                    host: "demo".to_owned(),
                    process_id: 4242,
                })));
                (Stage::Loading, 0.3)
            }
            Stage::Loading => {
                events.push(emit(preparing("loading model", 0, 0)));
                (Stage::Tokenizing, 0.5)
            }
            Stage::Tokenizing => {
                events.push(emit(preparing("tokenizing", TRAIN_ROWS, TRAIN_ROWS)));
                (Stage::Begin, 0.3)
            }
            Stage::Begin => {
                self.status = RunStatus::Running;
                events.push(emit(EventKind::TrainingStarted(self.training_started())));
                (Stage::Step, step_seconds)
            }
            Stage::Step => match self.take_step() {
                Ok(taken) => {
                    let is_end_of_epoch = self.step.is_multiple_of(STEPS_PER_EPOCH);
                    let is_diverged = taken.loss.0.is_nan();
                    events.push(emit(EventKind::Step(taken)));
                    if is_diverged {
                        self.outcome = (Outcome::Diverged, format!("training loss is NaN at step {}", self.step));
                        (Stage::End, 0.0)
                    } else if is_end_of_epoch {
                        (Stage::Evaluate, step_seconds * EVALUATION_STEPS)
                    } else {
                        (Stage::Step, step_seconds)
                    }
                }
                Err(stderr_tail) => {
                    self.die(time, stderr_tail);
                    return;
                }
            },
            Stage::Evaluate => {
                let evaluation = self.evaluate(Split::Validation);
                let (step, is_best) = (evaluation.step, evaluation.is_best);
                events.push(emit(EventKind::StepSplit(self.split())));
                events.push(emit(EventKind::Evaluation(evaluation)));
                if is_best {
                    let bytes = 4 * script::ledger(&self.script.spec).trainable;
                    events.push(emit(EventKind::Checkpoint(Checkpoint { kind: CheckpointKind::Best, step, bytes, seconds: 0.02 })));
                }
                let stopping = self.script.spec.early_stopping.as_ref().map_or(u32::MAX, |stopping| stopping.patience);
                if self.outcome.0 == Outcome::Stopped {
                    (Stage::End, step_seconds)
                } else if self.patience.waited >= stopping {
                    let reason = format!("early stopping: accuracy has not improved for {stopping} evaluations");
                    self.outcome = (Outcome::Finished, reason);
                    (Stage::End, step_seconds)
                } else if self.step >= self.total_steps() {
                    self.outcome = (Outcome::Finished, format!("all {} epochs done", self.script.spec.optimization.epochs));
                    (Stage::End, step_seconds)
                } else {
                    (Stage::Step, step_seconds)
                }
            }
            Stage::End => {
                if self.outcome.0 != Outcome::Diverged && self.patience.best.is_some() {
                    events.push(emit(EventKind::Evaluation(self.evaluate(Split::Test))));
                }
                events.push(emit(EventKind::Finished(self.finished(time))));
                self.status = match self.outcome.0 {
                    Outcome::Diverged => RunStatus::Diverged,
                    Outcome::Stopped => RunStatus::Stopped,
                    _ => RunStatus::Finished,
                };
                let code = if self.outcome.0 == Outcome::Diverged { code::DIVERGED } else { code::OK };
                self.exit(time, Some(code), None, Vec::new());
                return;
            }
        };
        self.stage = stage;
        self.next_time = Some(time + delay);
    }

    /// Does what is asked, at second `elapsed`.
    pub fn obey(&mut self, request: RequestKind, elapsed: f64) {
        let is_waiting = self.stage == Stage::Start;
        if !is_waiting {
            let kind = EventKind::Request(RequestSeen { request, step: self.step });
            self.pending.push(Event { time: EPOCH + elapsed, kind });
        }
        match request {
            RequestKind::Stop if is_waiting => {
                self.status = RunStatus::Stopped;
                self.next_time = None;
            }
            RequestKind::Stop => {
                self.outcome = (Outcome::Stopped, format!("stopped by hand at step {}", self.step));
                self.stage = if self.step > 0 { Stage::Evaluate } else { Stage::End };
                self.status = RunStatus::Running;
                self.next_time = Some(elapsed + self.script.step_seconds);
            }
            RequestKind::Pause | RequestKind::Release if is_waiting => {
                self.is_held = true;
                self.status = RunStatus::Queued;
                self.next_time = None;
            }
            RequestKind::Pause | RequestKind::Release => {
                self.status = RunStatus::Paused;
                self.next_time = None;
            }
            RequestKind::Resume if self.status == RunStatus::Paused => {
                self.status = RunStatus::Running;
                self.next_time = Some(elapsed + self.script.step_seconds);
            }
            RequestKind::Resume | RequestKind::Extend => {
                self.is_held = false;
                self.held_until = elapsed;
            }
            RequestKind::Kill if is_waiting => self.obey(RequestKind::Stop, elapsed),
            RequestKind::Kill => {
                self.status = RunStatus::Failed;
                self.exit(elapsed, None, Some(15), vec!["terminated by request".to_owned()]);
            }
            // Refused before.
            RequestKind::StopAt(_) | RequestKind::KeepGoing | RequestKind::Set(_) | RequestKind::Mute(_) | RequestKind::Unmute(_) => {}
        }
    }

    fn die(&mut self, time: f64, stderr_tail: Vec<String>) {
        self.status = RunStatus::Failed;
        self.exit(time, Some(code::FAILED), None, stderr_tail);
    }

    fn exit(&mut self, time: f64, code: Option<i32>, signal: Option<i32>, stderr_tail: Vec<String>) {
        self.next_time = None;
        self.ended = Some(time);
        self.unreported_exit = Some(Exit { attempt: 1, code, signal, cause: None, stderr_tail, time: EPOCH + time });
    }

    fn total_steps(&self) -> u64 {
        STEPS_PER_EPOCH * u64::from(self.script.spec.optimization.epochs)
    }

    fn epoch(&self) -> f64 {
        self.step as f64 / STEPS_PER_EPOCH as f64
    }

    fn training_started(&self) -> TrainingStarted {
        TrainingStarted {
            ledger: script::ledger(&self.script.spec),
            epochs: self.script.spec.optimization.epochs,
            steps_per_epoch: STEPS_PER_EPOCH,
            total_steps: self.total_steps(),
            rows: BTreeMap::from([(Split::Train, TRAIN_ROWS), (Split::Validation, VALIDATION_ROWS), (Split::Test, TEST_ROWS)]),
            labels: LABELS.map(str::to_owned).to_vec(),
            device: "cpu".to_owned(),
            threads: 1,
            resumed_step: 0,
        }
    }

    /// The next step, or the last words of a process that dies at it.
    fn take_step(&mut self) -> Result<StepTaken, Vec<String>> {
        self.step += 1;
        let step = self.step as f64;
        let noise = self.noise(1);
        let mut loss = self.script.train.at(step) * (1.0 + 0.16 * noise);
        let mut gradient_norm = (0.35 + 2.2 * loss.min(1.4)) * (1.0 + 0.25 * self.noise(2));
        match &self.script.fate {
            Fate::Fails(at, stderr) if self.step >= *at => return Err(stderr.clone()),
            Fate::Diverges(at) if self.step >= *at => (loss, gradient_norm) = (f64::NAN, f64::NAN),
            Fate::Diverges(at) => {
                let blow = (0.16 * (step - *at as f64 * 0.55).max(0.0)).exp();
                loss *= blow;
                gradient_norm *= blow * blow;
            }
            _ => {}
        }
        let seconds = self.script.step_seconds * (1.0 + 0.12 * self.noise(3));
        self.training_seconds += seconds;
        Ok(StepTaken {
            step: self.step,
            epoch: self.epoch(),
            loss: Number(loss),
            learning_rate: LrSchedule::new(&self.script.spec.optimization, self.total_steps()).at(self.step),
            gradient_norm: Number(gradient_norm),
            examples: self.step * BATCH,
            tokens: self.step * BATCH * 14,
            seconds,
            training_seconds: self.training_seconds,
            rss_bytes: self.script.memory_bytes + ((1.0 + self.noise(4)) * 8e6) as u64,
        })
    }

    /// Where the time of its steps goes.
    fn split(&self) -> StepSplit {
        let seconds = self.script.step_seconds;
        let [data, forward, backward, update] = [0.01, 0.33, 0.52, 0.12].map(|share| Some(seconds * share));
        StepSplit { step: self.step, steps: STEPS_PER_EPOCH, seconds, data, forward, backward, update }
    }

    fn evaluate(&mut self, split: Split) -> Evaluation {
        let step = if split == Split::Test { self.patience.best.map_or(self.step, |best| best.0) } else { self.step };
        let t = step as f64;
        let wobble = if split == Split::Test { 0.01 } else { self.noise(5) * 0.012 };
        let loss = self.script.validation.at(t) + self.script.rise * (t - 100.0).max(0.0) / 100.0 + wobble;
        let share = self.script.accuracy - (self.script.accuracy - 0.25) * (-t / (self.script.validation.steps * 0.62)).exp()
            + if split == Split::Test { -0.005 } else { self.noise(6) * 0.008 };
        let confusion = confusion(share, VALIDATION_ROWS);
        let mut metrics: BTreeMap<MetricName, Number> =
            confusion.metrics().into_iter().map(|(name, value)| (name, Number(value))).collect();
        metrics.insert(MetricName::Loss, Number(loss));
        let is_best = split == Split::Validation
            && self.patience.observe(MetricName::Accuracy, 0.0, step, confusion.accuracy()) == Progress::Improved;
        let epoch = step as f64 / STEPS_PER_EPOCH as f64;
        Evaluation {
            step,
            epoch,
            split,
            metrics,
            confusion: Some(confusion),
            seconds: self.script.step_seconds * EVALUATION_STEPS,
            is_best,
        }
    }

    fn finished(&self, time: f64) -> Finished {
        Finished {
            outcome: self.outcome.0,
            reason: self.outcome.1.clone(),
            step: self.step,
            best_step: self.patience.best.map(|best| best.0),
            seconds: time - self.started,
            peak_rss_bytes: self.script.memory_bytes + (24 << 20),
            checkpoint_bytes: 4 * script::ledger(&self.script.spec).trainable,
        }
    }

    /// A number in `[-1, 1]`, always the same for a run, a step and a purpose (`SplitMix64`).
    fn noise(&self, purpose: u64) -> f64 {
        let name = self.id.0.bytes().fold(0_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let mut z = (name ^ self.step.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (purpose << 56)).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

fn preparing(what: &str, done: u64, total: u64) -> EventKind {
    EventKind::Preparing(Preparing { what: what.to_owned(), done, total })
}

/// A confusion matrix of `rows` rows of which about `share` are right, the others spread evenly.
fn confusion(share: f64, rows: u64) -> ConfusionMatrix {
    let n = LABELS.len();
    let mut confusion = ConfusionMatrix::new(n);
    let right = (share.clamp(0.0, 1.0) * rows as f64).round() as u64;
    for row in 0..rows {
        let truth = row as usize % n;
        let offset = if row < right { 0 } else { 1 + row as usize % (n - 1) };
        confusion.add(truth, (truth + offset) % n);
    }
    confusion
}
