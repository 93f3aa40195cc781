//! Whether the validation split is too small to tell its evaluations apart: the 95 % interval of the accuracy is wider than the
//! differences between the evaluations of the later half, when the first gains are made.
//!
//! Source of the interval: [`wilson`]. Evaluations share their rows, so differences of two of them vary less than two samples would; the
//! rule therefore asks for an interval that is wide in itself too.

use crate::metric::MetricName;
use crate::run::alert::{Action, Severity};
use crate::verdict::chance::{Shares, wilson};
use crate::verdict::series::value;
use crate::verdict::{Finding, Run};

/// A narrower interval, in accuracy, is good enough: ±10 points.
const WIDE: f64 = 0.2;

/// Evaluations before which nothing can differ.
const FEWEST: usize = 2;

/// Judges a run.
pub fn judge(run: &Run) -> Option<Finding> {
    let evaluations = &run.state.evaluations;
    let last = evaluations.last().filter(|_| evaluations.len() >= FEWEST)?;
    let rows = Shares::of(last.confusion.as_ref()?)?.rows;
    let later = &evaluations[(evaluations.len() / 2).min(evaluations.len() - FEWEST)..];
    let accuracies: Vec<f64> = later.iter().map(|evaluation| value(evaluation, MetricName::Accuracy)).collect();
    let least = accuracies.iter().copied().fold(f64::INFINITY, f64::min);
    let most = accuracies.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let now = *accuracies.last()?;
    let (low, high) = wilson(now, rows);
    let width = high - low;
    if width.is_nan() || width < WIDE || most - least > width {
        return None;
    }
    let others = format!("the last {} evaluations lie between {least:.2} and {most:.2}", later.len());
    Some(Finding {
        severity: Severity::Info,
        what: format!("accuracy {now:.2} on {rows:.0} validation rows means {low:.2} to {high:.2} (95 %), and {others}"),
        brief: format!("{rows:.0} validation rows: {low:.2} to {high:.2}"),
        advice: "validate on a few hundred rows at least, or compare several seeds before you believe a difference".to_owned(),
        action: Some(Action::Clone),
    })
}
