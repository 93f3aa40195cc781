//! Whether a classifier knows no more than the shares of its labels.
//!
//! Two things are had without learning: the accuracy of the commonest label, and a cross-entropy as high as the entropy of the shares
//! `H = −Σ p ln p`. A run that after a good part of its steps is not above the one by more than chance, nor below the other, does not
//! learn. Of a regression nothing is said: its metrics know no such level.

use crate::metric::MetricName;
use crate::run::alert::{Action, Severity};
use crate::verdict::chance::Shares;
use crate::verdict::series::{mean, train_loss, value};
use crate::verdict::{Finding, Run};

/// Standard errors above the commonest label's share that chance explains.
const ERRORS: f64 = 2.0;

/// A loss this near to the entropy is no better.
const NO_BETTER: f64 = 0.98;

/// Evaluations whose mean accuracy counts.
const EVALUATIONS: usize = 3;

/// Share of the steps before which nothing is said: virtual tokens begin slowly.
const EARLY: f64 = 0.4;

/// Training loss that has fallen by this share says that rows are learnt by heart.
const FALLS: f64 = 0.85;

/// How far from the default a rate is worth naming.
const FAR: f64 = 5.0;

/// Judges a run.
pub fn judge(run: &Run) -> Option<Finding> {
    let evaluations = &run.state.evaluations;
    if evaluations.len() < EVALUATIONS || run.progress() < EARLY {
        return None;
    }
    let shares = Shares::of(evaluations.last()?.confusion.as_ref()?)?;
    let majority = shares.majority().1;
    let recent = &evaluations[evaluations.len() - EVALUATIONS..];
    let accuracy = mean(&recent.iter().map(|evaluation| value(evaluation, MetricName::Accuracy)).collect::<Vec<_>>());
    let lowest = evaluations.iter().map(|evaluation| value(evaluation, MetricName::Loss)).fold(f64::INFINITY, f64::min);
    let (known, entropy) = (majority + ERRORS * shares.standard_error(majority), shares.entropy());
    if accuracy > known || lowest <= NO_BETTER * entropy {
        return None;
    }
    let (cause, advice) = cause(run);
    Some(Finding {
        severity: Severity::Warning,
        what: format!(
            "accuracy {accuracy:.2}, where the commonest label alone gives {majority:.2}, and loss {lowest:.2} at best, where the labels' \
             shares give {entropy:.2}{cause}"
        ),
        brief: format!("accuracy {accuracy:.2}, chance {majority:.2}"),
        advice,
        action: Some(Action::Clone),
    })
}

/// The likeliest cause, and what to do about it.
fn cause(run: &Run) -> (String, String) {
    let (rate, usual) = (run.spec.optimization.learning_rate, run.spec.method.about().learning_rate);
    let step = run.state.step();
    let (first, last) = (train_loss(run.state, 0, (step / 4).max(1)), train_loss(run.state, step - step / 4, step));
    if rate < usual / FAR || rate > usual * FAR {
        let kind = if rate < usual { "low" } else { "high" };
        return (
            format!("; the learning rate {rate:e} is {kind} for this method"),
            format!("stop it, and start one like it with a learning rate near the method's default {usual:e}"),
        );
    }
    if last < FALLS * first {
        return (
            format!("; its training loss falls ({first:.2} → {last:.2}), so it learns its rows by heart"),
            "stop it, and look at the rows: are the labels right, are validation and training rows alike, are there enough".to_owned(),
        );
    }
    (
        "; its training loss does not fall either".to_owned(),
        "let it go on for more epochs, or start one like it with a higher rate or a method that trains more weights".to_owned(),
    )
}
