//! Training, top to bottom: prepare, go on from the last checkpoint, step, evaluate, keep the best, end. Its only output
//! is events and checkpoints.

mod ahead;
pub mod ending;
mod mistakes;
pub mod split;
pub mod step;

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Instant;

use tch::Device;

use crate::cache::Cache;
use crate::checkpoint;
use crate::control::{Control, Order};
use crate::crew::{Crew, Read};
use crate::data::order::training_batches;
use crate::error::EngineError;
use crate::evaluate::evaluate;
use crate::gpu::Stepper;
use crate::journal::Journal;
use crate::movement::Beginning;
use crate::network::{Inputs, Network};
use crate::optimizer::AdamW;
use crate::pace::Pace;
use crate::prepare::{Prepared, prepare};
use crate::train::ending::Ending;
use crate::train::split::Splits;
use crate::train::step::{Figures, Surroundings};
use crate::{device, memory, recovery};
use finetop::run::dir::RunDir;
use finetop::run::event::{Checkpoint, CheckpointKind, Evaluation, EventKind, Extended, Level, Outcome, StepTaken, TrainingStarted};
use finetop::run::number::Number;
use finetop::run::position::Position;
use finetop::spec::continuation::Extension;
use finetop::spec::early_stopping::Progress;
use finetop::spec::optimization::{EvaluateEvery, LrSchedule};
use finetop::spec::run::RunSpec;
use finetop::spec::task::Split;

/// Weight and two moments, fp32 each.
const LAST_BYTES_PER_PARAMETER: u64 = 12;

/// Trains the run of `dir` as `spec` says, from its last checkpoint if there is one.
pub fn train(
    spec: &RunSpec,
    dir: &RunDir,
    cache: Option<&Rc<Cache>>,
    control: &Control,
    journal: &mut Journal,
) -> Result<Ending, EngineError> {
    tch::set_num_threads(spec.threads as i32);
    let device = device::open(spec.device)?;
    let crew = Crew::new(spec.threads, device)?;
    let Prepared { network, params, inputs, fingerprint } = match prepare(spec, device, &crew, cache, control, journal)? {
        Ok(prepared) => prepared,
        Err(order) => return Ok(Ending::before_training(order)),
    };
    let optimizer = AdamW::new(&spec.optimization, network.backbone.n_layers, &params);
    let beginning = Beginning::new(&params);
    let steps_per_epoch = inputs[&Split::Train].rows.len().div_ceil(spec.optimization.batch_size) as u64;
    let total_steps = steps_per_epoch * u64::from(spec.optimization.epochs);

    let recovered = recovery::restore(dir, &params, &optimizer)?;
    if let Some(note) = recovered.note {
        journal.note(Level::Warning, note)?;
    }
    let mut position = recovered.position;
    let extension = spec.extensions.last().filter(|extension| extension.step == position.step);
    if let Some(&Extension { step, from_epochs, to_epochs }) = extension {
        journal.record(EventKind::Extended(Extended { step, from_epochs, to_epochs }))?;
        // Where early stopping had ended the run, it would end it again at once.
        let patience = journal.state().standing.patience(position.step);
        let is_exhausted =
            spec.early_stopping.as_ref().is_some_and(|rule| position.early_stopping.waited >= patience.unwrap_or(rule.patience));
        position.early_stopping.waited = if is_exhausted { 0 } else { position.early_stopping.waited };
    }
    journal.record(EventKind::TrainingStarted(TrainingStarted {
        ledger: params.ledger(),
        epochs: spec.optimization.epochs,
        steps_per_epoch,
        total_steps,
        rows: inputs.iter().map(|(&split, inputs)| (split, inputs.rows.len() as u64)).collect(),
        labels: spec.task.labels.clone(),
        device: device::name(device),
        threads: spec.threads as u64,
        resumed_step: position.step,
    }))?;
    journal.record(EventKind::Updates(beginning.updates(position.step)))?;
    journal.judge(spec)?;

    let checkpoint_bytes = std::fs::metadata(dir.best_file()).map_or(0, |metadata| metadata.len());
    let n_trainable: i64 = optimizer.slots().iter().map(|slot| slot.tensor.size().iter().product::<i64>()).sum();
    let last_bytes = (n_trainable as u64) * LAST_BYTES_PER_PARAMETER;
    let pace = Pace::new(spec.checkpoint, position.training_seconds, last_bytes);
    let saved = position.clone();
    // A block that is computed again for its gradient is seeded anew, which cannot be recorded.
    let gpu = (device != Device::Cpu && !spec.optimization.activation_recomputation).then(|| Stepper::new(&optimizer, device));
    let mut run = Training {
        spec,
        dir,
        network,
        params,
        beginning,
        optimizer,
        inputs,
        crew,
        fingerprint,
        device,
        steps_per_epoch,
        position,
        saved,
        pace,
        checkpoint_bytes,
        gpu,
        given: VecDeque::new(),
        splits: Splits::begin(),
    };
    let (outcome, reason) = run.steps(total_steps, control, journal)?;
    journal.judge(spec)?;
    run.end(outcome, journal)?;
    ahead::note_memory(device, journal)?;
    Ok(Ending { outcome, reason, position: run.position, checkpoint_bytes: run.checkpoint_bytes })
}

struct Training<'a> {
    spec: &'a RunSpec,
    dir: &'a RunDir,
    network: Network,
    params: crate::params::Params,
    beginning: Beginning,
    optimizer: AdamW,
    inputs: BTreeMap<Split, Inputs>,
    /// Who computes.
    crew: Crew,
    /// Of the validation split's texts.
    fingerprint: u64,
    device: Device,
    steps_per_epoch: u64,
    position: Position,
    /// Where `last` is.
    saved: Position,
    pace: Pace,
    checkpoint_bytes: u64,
    /// Takes the steps where a GPU is used.
    gpu: Option<Stepper>,
    /// Steps that the GPU was given and that are not in the log yet, oldest first: without loss, norm and time.
    given: VecDeque<StepTaken>,
    /// Where the time of steps went; of a GPU, which computes apart from the processor, nothing.
    splits: Splits,
}

impl Training<'_> {
    /// Steps and evaluations until there is a reason to end.
    fn steps(&mut self, total_steps: u64, control: &Control, journal: &mut Journal) -> Result<(Outcome, String), EngineError> {
        if total_steps == 0 && self.position.best.best.is_none() {
            self.validate(journal)?;
            return Ok((Outcome::Finished, "evaluated as it started; no epoch was asked for".to_owned()));
        }
        if let Some(reason) = self.patience_exhausted(journal) {
            return Ok((Outcome::Finished, reason)); // It was interrupted while it ended.
        }
        let schedule = LrSchedule::new(&self.spec.optimization, total_steps);
        let (mut epoch, mut batches) = (u64::MAX, Vec::new());
        while self.position.step < total_steps {
            let done = self.position.step;
            if let Some(order) = control.obey(done, journal)? {
                let taken = self.arrived(true);
                return match Self::record(taken, journal)? {
                    Some((step, reason)) => Ok(self.diverged(step, &reason)),
                    None => self.obey(order, journal),
                };
            }
            if done / self.steps_per_epoch != epoch {
                epoch = done / self.steps_per_epoch;
                batches = training_batches(&self.inputs[&Split::Train].rows, self.spec.optimization.batch_size, self.spec.seed, epoch);
            }
            let changed = journal.state().standing.learning_rate(done + 1);
            let learning_rate = LrSchedule { peak: changed.unwrap_or(schedule.peak), ..schedule }.at(done + 1);
            let batch = &batches[(done % self.steps_per_epoch) as usize];
            let mut taken = if self.gpu.is_some() {
                self.launch(batch, learning_rate, journal)?;
                self.arrived(false)
            } else {
                vec![self.step(batch, learning_rate)]
            };
            // Whether a later stop is due is seen in the log alone.
            let is_stop_asked = journal.state().standing.stop_at.is_some();
            let is_saved = self.pace.is_due(self.position.step, self.position.training_seconds);
            if is_stop_asked || is_saved || self.is_evaluation_due(total_steps) {
                taken.extend(self.arrived(true));
            }
            if let Some((step, reason)) = Self::record(taken, journal)? {
                return Ok(self.diverged(step, &reason));
            }
            if let Some(split) = self.splits.told(self.position.step, self.is_evaluation_due(total_steps)) {
                journal.record(EventKind::StepSplit(split))?;
            }
            if self.is_evaluation_due(total_steps)
                && let Some(reason) = self.validate(journal)?
            {
                return Ok((Outcome::Finished, reason));
            }
            if let Some(why) = journal.state().standing.reason_to_stop(journal.state()).filter(|_| self.position.step < total_steps) {
                return self.stop(&why, journal);
            }
            // At the end it is written anyway.
            if self.position.step < total_steps && self.pace.is_due(self.position.step, self.position.training_seconds) {
                self.save(CheckpointKind::Last, journal)?;
            }
        }
        Ok((Outcome::Finished, format!("all {} epochs done", self.spec.optimization.epochs)))
    }

    /// One optimizer step on the rows `indices` of the training split.
    fn step(&mut self, indices: &[usize], learning_rate: f64) -> StepTaken {
        let start = Instant::now();
        let step = self.position.step + 1;
        self.optimizer.drop_gradients();
        let read = Read { network: &self.network, inputs: &self.inputs[&Split::Train], trained: &self.optimizer.trained() };
        let RunSpec { seed, ref optimization, ref task, .. } = *self.spec;
        let surroundings = Surroundings { seed, kind: task.kind, optimization, read, crew: &self.crew, device: self.device };
        let Figures { loss, n_tokens, spent } = surroundings.gradient(indices, step);
        self.position.tokens += n_tokens;
        let updating = Instant::now();
        let gradient_norm = self.optimizer.gradient_norm();
        if loss.is_finite() && gradient_norm.is_finite() {
            let scale = optimization.max_grad_norm.map_or(1.0, |limit| limit / (gradient_norm + 1e-6));
            self.optimizer.step(step, learning_rate, scale);
        }
        let (update, whole) = (updating.elapsed(), start.elapsed());
        self.splits.add(spent, update, whole);
        let seconds = whole.as_secs_f64();
        self.position.step = step;
        self.position.examples += indices.len() as u64;
        self.position.training_seconds += seconds;
        StepTaken {
            step,
            epoch: self.epoch(),
            loss: Number(loss),
            learning_rate,
            gradient_norm: Number(gradient_norm),
            examples: self.position.examples,
            tokens: self.position.tokens,
            seconds,
            training_seconds: self.position.training_seconds,
            rss_bytes: memory::resident_bytes(),
        }
    }

    fn epoch(&self) -> f64 {
        self.position.step as f64 / self.steps_per_epoch as f64
    }

    fn is_evaluation_due(&self, total_steps: u64) -> bool {
        let step = self.position.step;
        let every = match self.spec.optimization.evaluate {
            EvaluateEvery::Epoch => self.steps_per_epoch,
            EvaluateEvery::Steps(steps) => steps,
        };
        step == total_steps || step.is_multiple_of(every)
    }

    /// Evaluates the validation split and keeps the best; the reason to end, where patience is exhausted.
    fn validate(&mut self, journal: &mut Journal) -> Result<Option<String>, EngineError> {
        let step = self.position.step;
        let start = Instant::now();
        let scores = evaluate(&self.network, &self.inputs[&Split::Validation], &self.spec.task, self.device, &self.crew);
        let metric = self.spec.best_metric;
        let is_best = self.position.best.observe(metric, 0.0, step, scores.metrics[&metric].0) == Progress::Improved;
        if let Some(rule) = &self.spec.early_stopping {
            self.position.early_stopping.observe(rule.metric, rule.min_delta, step, scores.metrics[&rule.metric].0);
        }
        journal.record(EventKind::Evaluation(Evaluation {
            step,
            epoch: self.epoch(),
            split: Split::Validation,
            metrics: scores.metrics,
            confusion: scores.confusion,
            seconds: start.elapsed().as_secs_f64(),
            is_best,
        }))?;
        if let Some(gpu) = &self.gpu {
            gpu.show_gradients(&self.optimizer);
        }
        journal.record(EventKind::Updates(self.beginning.updates(step)))?;
        journal.judge(self.spec)?;
        if is_best {
            // Before the event of the checkpoint, at which they are looked for.
            self.keep_mistakes(scores.wrong, journal)?;
            self.save(CheckpointKind::Best, journal)?;
        }
        Ok(self.patience_exhausted(journal))
    }

    /// The reason to end, where early stopping has one.
    fn patience_exhausted(&self, journal: &Journal) -> Option<String> {
        let rule = self.spec.early_stopping.as_ref()?;
        let patience = journal.state().standing.patience(self.position.step).unwrap_or(rule.patience);
        if self.position.early_stopping.waited < patience {
            return None;
        }
        let best = self.position.early_stopping.best.map(|(step, value)| format!("{value:.4} at step {step}"));
        let best = best.as_deref().unwrap_or("never a number");
        Some(format!("early stopping: {} has not improved for {} evaluations (best {best})", rule.metric.name(), patience))
    }

    fn obey(&mut self, order: Order, journal: &mut Journal) -> Result<(Outcome, String), EngineError> {
        let step = self.position.step;
        match order {
            Order::Leave => Ok((Outcome::Interrupted, format!("told to leave at step {step}; goes on from there when started again"))),
            Order::Release => Ok((Outcome::Released, format!("paused at step {step}, its memory freed; goes on from there when resumed"))),
            Order::Stop => self.stop("by hand", journal),
        }
    }

    /// Evaluates what was not evaluated yet, and ends with the best.
    fn stop(&mut self, why: &str, journal: &mut Journal) -> Result<(Outcome, String), EngineError> {
        let step = self.position.step;
        if journal.state().evaluations.last().is_none_or(|evaluation| evaluation.step < step) {
            self.validate(journal)?;
        }
        let metric = self.spec.best_metric.name();
        let best = self.position.best.best.map(|(best, value)| format!("; its best is kept: step {best}, {metric} {value:.4}"));
        Ok((Outcome::Stopped, format!("stopped {why} at step {step}{}", best.unwrap_or_default())))
    }

    /// The last checkpoint, and the test split with the best one.
    fn end(&mut self, outcome: Outcome, journal: &mut Journal) -> Result<(), EngineError> {
        if outcome != Outcome::Diverged && self.saved != self.position {
            self.save(CheckpointKind::Last, journal)?;
        }
        let Some(best_step) = self.position.best_step() else { return Ok(()) };
        if matches!(outcome, Outcome::Interrupted | Outcome::Released) {
            return Ok(());
        }
        let Some(inputs) = self.inputs.get(&Split::Test) else {
            return if outcome == Outcome::Stopped { self.restore_best(best_step, journal) } else { Ok(()) };
        };
        self.load_best()?;
        let start = Instant::now();
        let scores = evaluate(&self.network, inputs, &self.spec.task, self.device, &self.crew);
        journal.record(EventKind::Evaluation(Evaluation {
            step: best_step,
            epoch: best_step as f64 / self.steps_per_epoch as f64,
            split: Split::Test,
            metrics: scores.metrics,
            confusion: scores.confusion,
            seconds: start.elapsed().as_secs_f64(),
            is_best: true,
        }))
    }

    /// After the last step: the gradients, as large as what trains, make room for the file.
    fn load_best(&self) -> Result<(), EngineError> {
        self.optimizer.drop_gradients();
        checkpoint::load_weights(&self.dir.best_file(), &self.params).map(drop)
    }

    /// Where there is no test split, whoever stops a run is told that its best is what it was taken for.
    fn restore_best(&self, best_step: u64, journal: &mut Journal) -> Result<(), EngineError> {
        self.load_best()?;
        let scores = evaluate(&self.network, &self.inputs[&Split::Validation], &self.spec.task, self.device, &self.crew);
        let metric = self.spec.best_metric;
        let (value, was) = (scores.metrics[&metric].0, self.position.best.best.map_or(f64::NAN, |(_, value)| value));
        let (level, verdict) = if value.to_bits() == was.to_bits() { (Level::Info, "the same as") } else { (Level::Warning, "not what") };
        let name = metric.name();
        journal.note(level, format!("best of step {best_step} restored and evaluated: {name} {value:.4}, {verdict} when it was saved"))
    }

    fn save(&mut self, kind: CheckpointKind, journal: &mut Journal) -> Result<(), EngineError> {
        // Steps that `last` is past of are never taken again, so they must be in the log before it.
        journal.flush()?;
        journal.check_fence()?;
        let start = Instant::now();
        let bytes = match kind {
            CheckpointKind::Best => checkpoint::save_best(&self.dir.best_file(), &self.params, &self.position)?,
            CheckpointKind::Last => recovery::save_last(self.dir, &self.params, &self.optimizer, &self.position)?,
        };
        let seconds = start.elapsed().as_secs_f64();
        match kind {
            CheckpointKind::Best => self.checkpoint_bytes = bytes,
            CheckpointKind::Last => {
                self.saved = self.position.clone();
                self.pace.wrote(self.position.training_seconds, seconds);
            }
        }
        journal.record(EventKind::Checkpoint(Checkpoint { kind, step: self.position.step, bytes, seconds }))
    }
}
