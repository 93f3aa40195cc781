//! Whether a classifier gives nearly every row the same label: seen in the columns of the confusion matrix.
//!
//! Reasoning: early in training that is normal, since the head begins at chance; so it must last. Fine-tuning that collapses to it is
//! a known failure of rates that are too high (Mosbach et al. 2021, arXiv:2006.04884, §4: vanishing gradients, from which it does not recover).

use crate::run::alert::{Action, Severity};
use crate::verdict::chance::Shares;
use crate::verdict::{Finding, Run};

/// Share of the predictions that is "nearly every row".
const NEARLY_ALL: f64 = 0.98;

/// Evaluations in a row.
const EVALUATIONS: usize = 3;

/// Share of the steps before which nothing is said.
const EARLY: f64 = 0.35;

/// Judges a run.
pub fn judge(run: &Run) -> Option<Finding> {
    let evaluations = &run.state.evaluations;
    if evaluations.len() < EVALUATIONS || run.progress() < EARLY {
        return None;
    }
    let mut last = None;
    for evaluation in &evaluations[evaluations.len() - EVALUATIONS..] {
        let shares = Shares::of(evaluation.confusion.as_ref()?)?;
        if shares.favourite().1 < NEARLY_ALL || shares.majority().1 >= NEARLY_ALL {
            return None;
        }
        last = Some(shares);
    }
    let shares = last?;
    let (label, share) = shares.favourite();
    let name = run.spec.task.labels.get(label).map_or_else(|| format!("label {label}"), |name| format!("`{name}`"));
    let (rate, usual) = (run.spec.optimization.learning_rate, run.spec.method.about().learning_rate);
    let advice = if rate > usual {
        format!("stop it, and start one like it with a learning rate near the method's default {usual:e} instead of {rate:e}")
    } else {
        "give it a few more evaluations; else start one like it with another learning rate, or with more rows of the other labels"
            .to_owned()
    };
    let percent = share * 100.0;
    Some(Finding {
        severity: Severity::Warning,
        what: format!(
            "the last {EVALUATIONS} evaluations give {percent:.0} % of the rows the label {name}, which {:.0} % have",
            shares.truth[label] * 100.0
        ),
        brief: format!("predicts only {name}"),
        advice,
        action: Some(Action::Clone),
    })
}
