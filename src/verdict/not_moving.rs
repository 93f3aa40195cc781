//! Whether what should train stays where it is: measured on the weights (the event `updates`), not guessed from the rate.
//!
//! Reasoning: fp32 keeps seven digits and a healthy fine-tuning moves weights by a hundredth to a tenth of their norm; a ten-thousandth
//! changes no prediction. A gradient of exactly 0 in the method alone means that it is cut off from the loss.

use crate::run::alert::{Action, Severity};
use crate::run::updates::{Part, Updates};
use crate::verdict::{Finding, Run};

/// Less than this share of their norm is not moving.
const STILL: f64 = 1e-4;

/// Steps, and share of all, before which nothing is said: warm-up begins slowly.
const FIRST_STEPS: u64 = 10;

/// See [`FIRST_STEPS`].
const EARLY: f64 = 0.1;

/// Judges a run.
pub fn judge(run: &Run) -> Option<Finding> {
    let updates = run.state.updates.last().filter(|updates| updates.step >= FIRST_STEPS && run.progress() >= EARLY)?;
    let (what, brief) = still(updates)?;
    let (rate, usual) = (run.spec.optimization.learning_rate, run.spec.method.about().learning_rate);
    let advice = if rate < usual / 3.0 {
        format!("stop it, and start one like it with a learning rate near the method's default {usual:e} instead of {rate:e}")
    } else {
        "stop it, and look at what cuts these weights off from the loss: a rate of 0, targets without effect".to_owned()
    };
    Some(Finding { severity: Severity::Warning, what, brief, advice, action: Some(Action::Clone) })
}

/// The first part that stays where it is, in words and in few.
fn still(updates: &Updates) -> Option<(String, String)> {
    let parts = [(Part::Method, "method's"), (Part::Backbone, "backbone's"), (Part::Norms, "layer norms'"), (Part::Head, "head's")];
    let all = updates.all()?;
    if all.gradient_norm.0 > 0.0
        && let Some((_, name)) = parts.iter().find(|(part, _)| updates.of(*part).is_some_and(|moved| moved.gradient_norm.0 == 0.0))
    {
        return Some((format!("no gradient reaches the {name} weights at step {}", updates.step), format!("no gradient: {name} weights")));
    }
    let relative = all.relative();
    if relative < STILL {
        let what = format!("the weights have moved by {relative:.0e} of their norm in {} steps", updates.step);
        return Some((what, format!("weights moved {relative:.0e}")));
    }
    let (part, name) = parts.iter().find(|(part, _)| updates.of(*part).is_some_and(|moved| moved.relative() < STILL))?;
    let relative = updates.of(*part)?.relative();
    let what = format!("the {name} weights have moved by {relative:.0e} of their norm in {} steps, others by more", updates.step);
    Some((what, format!("{name} weights still")))
}
