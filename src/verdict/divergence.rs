//! Whether a run diverges: a loss or gradient that is no number, or a training loss far above where it began.
//!
//! Reasoning: AdamW at a rate that is too high overshoots; the loss then rises above that of the untrained network and stays there.
//! A median over some steps keeps one bad batch from counting.

use std::ops::Range;

use crate::run::alert::{Action, Severity};
use crate::run::event::Outcome;
use crate::verdict::series::{mean, median};
use crate::verdict::{Finding, Run};

/// Steps that say where the loss began.
const FIRST_STEPS: usize = 5;

/// Steps whose median is the loss of now.
const RECENT_STEPS: usize = 10;

/// The loss explodes when it is this many times that of the beginning.
const EXPLODED: f64 = 1.5;

/// Judges a run.
pub fn judge(run: &Run) -> Option<Finding> {
    let steps = &run.state.steps;
    let finding = |what: String, brief: String| {
        let rate = run.spec.optimization.learning_rate;
        let advice = format!("stop it, and start one like it with a learning rate well below {rate:e} or with longer warm-up");
        Some(Finding { severity: Severity::Problem, what, brief, advice, action: Some(Action::Clone) })
    };
    if let Some(step) = steps.iter().rev().find(|step| !step.loss.0.is_finite() || !step.gradient_norm.0.is_finite()) {
        let (name, number) = if step.loss.0.is_finite() { ("gradient norm", step.gradient_norm.0) } else { ("training loss", step.loss.0) };
        return finding(format!("the {name} became {number} at step {}", step.step), format!("{name} {number}"));
    }
    if let Some(finished) = run.state.finished.as_ref().filter(|finished| finished.outcome == Outcome::Diverged) {
        return finding(finished.reason.clone(), "diverged".to_owned());
    }
    if steps.len() < FIRST_STEPS + RECENT_STEPS {
        return None;
    }
    let losses = |range: Range<usize>| range.map(|idx| steps.loss(idx)).collect::<Vec<_>>();
    let first = mean(&losses(0..FIRST_STEPS));
    let now = median(&losses(steps.len() - RECENT_STEPS..steps.len()));
    if now <= EXPLODED * first {
        return None;
    }
    let times = now / first;
    finding(format!("the training loss explodes: {first:.2} at first, {now:.2} now, {times:.1} times as much"), format!("loss x{times:.1}"))
}
