//! Whether single steps are far out of line: a loss or gradient norm many times that of the steps before, at a level not seen since the start.
//!
//! Reasoning: a batch of few rows is noisy, and late in training one hard row makes a loss many times the median, which is harmless. A step
//! that also lies above where the run began has gone wrong. The median and its absolute deviation are robust against the spikes themselves
//! (Hampel 1974, doi:10.1080/01621459.1974.10482962).

use std::ops::Range;

use crate::run::alert::{Action, Severity};
use crate::run::steps::Steps;
use crate::verdict::series::{mean, median};
use crate::verdict::{Finding, Run};

/// Steps before a step that it is compared with.
const BEFORE: usize = 10;

/// Steps that say where the run began.
const FIRST_STEPS: usize = 5;

/// A spike of the loss is this many times the median before it,
const LOSS_TIMES: f64 = 2.5;

/// this many absolute deviations above it,
const DEVIATIONS: f64 = 6.0;

/// and this many times the loss of the beginning.
const LOSS_OF_BEGINNING: f64 = 1.3;

/// A spike of the gradient norm is this many times the median before it, and as the loss above the beginning's by this factor.
const NORM_TIMES: f64 = 20.0;

/// See [`NORM_TIMES`].
const NORM_OF_BEGINNING: f64 = 5.0;

/// With clipping, a norm is harmless below this many times the limit.
const NORM_OF_LIMIT: f64 = 10.0;

/// Steps after which a spike is forgotten, unless the evaluation before lies farther back.
const FORGOTTEN_AFTER: u64 = 50;

/// Judges a run.
pub fn judge(run: &Run) -> Option<Finding> {
    let steps = &run.state.steps;
    let recent = run.state.step().saturating_sub(FORGOTTEN_AFTER);
    let before_now = run.state.evaluations.iter().rev().find(|evaluation| evaluation.step < run.state.step());
    let judged = before_now.map_or(0, |evaluation| evaluation.step);
    let from = steps.n_until(recent.min(judged)).max(BEFORE);
    let of = |range: Range<usize>, value: fn(&Steps, usize) -> f64| range.map(|idx| value(steps, idx)).collect::<Vec<_>>();
    let begins = |value| mean(&of(0..FIRST_STEPS.min(steps.len()), value));
    let (first_loss, first_norm) = (begins(Steps::loss), begins(Steps::gradient_norm));
    let least_norm = (NORM_OF_BEGINNING * first_norm).max(run.spec.optimization.max_grad_norm.map_or(0.0, |limit| NORM_OF_LIMIT * limit));
    let mut spikes = Vec::new();
    for at in from..steps.len() {
        let before = at - BEFORE..at;
        if is_loss_spike(steps.loss(at), &of(before.clone(), Steps::loss), first_loss) {
            spikes.push(format!("loss {:.2} at step {}", steps.loss(at), steps.step(at)));
        } else if is_norm_spike(steps.gradient_norm(at), &of(before, Steps::gradient_norm), least_norm) {
            spikes.push(format!("gradient norm {:.1} at step {}", steps.gradient_norm(at), steps.step(at)));
        }
    }
    let last = spikes.last()?;
    let others = if spikes.len() > 1 { format!(", {} in all of late", spikes.len()) } else { String::new() };
    let clipping = if run.spec.optimization.max_grad_norm.is_none() { "switch clipping on (max_grad_norm: 1), or " } else { "" };
    Some(Finding {
        severity: Severity::Watch,
        what: format!("a spike far above the steps before: {last}{others}"),
        brief: last.clone(),
        advice: format!("watch it; if more come, {clipping}lower the learning rate or look at the rows of that step"),
        action: Some(Action::ChangeLearningRate),
    })
}

fn is_loss_spike(loss: f64, before: &[f64], first: f64) -> bool {
    let middle = median(before);
    let deviation = median(&before.iter().map(|loss| (loss - middle).abs()).collect::<Vec<_>>());
    loss > LOSS_OF_BEGINNING * first && loss > LOSS_TIMES * middle && loss > middle + DEVIATIONS * deviation
}

fn is_norm_spike(norm: f64, before: &[f64], least: f64) -> bool {
    norm > least && norm > NORM_TIMES * median(before)
}
