//! Whether one label is so common that accuracy says little: its share among the validation rows is the accuracy of a model that has learnt nothing.
//!
//! Source: rows of the confusion matrix. The remedy, a metric that weighs labels alike, after Chicco & Jurman 2020, doi:10.1186/s12864-019-6413-7.

use crate::metric::MetricName;
use crate::run::alert::{Action, Severity};
use crate::verdict::chance::Shares;
use crate::verdict::series::value;
use crate::verdict::{Finding, Run};

/// Share of the commonest label from which accuracy misleads.
const COMMON: f64 = 0.75;

/// Judges a run.
pub fn judge(run: &Run) -> Option<Finding> {
    let last = run.state.evaluations.last()?;
    let confusion = last.confusion.as_ref()?;
    let shares = Shares::of(confusion)?;
    let (label, share) = shares.majority();
    if share < COMMON {
        return None;
    }
    let name = run.spec.task.labels.get(label).map_or_else(|| format!("label {label}"), |name| format!("`{name}`"));
    let (accuracy, percent) = (value(last, MetricName::Accuracy), 100.0 * share);
    let is_no_better = accuracy <= share + shares.standard_error(share);
    let watched = run.spec.best_metric == MetricName::Accuracy;
    Some(Finding {
        severity: if is_no_better { Severity::Watch } else { Severity::Info },
        what: format!(
            "{percent:.0} % of the validation rows are {name}: accuracy {accuracy:.2} is {}; macro F1 {:.2}, Matthews {:.2}",
            if is_no_better { "no better than that" } else { "to be read against that" },
            confusion.macro_f1(),
            confusion.matthews()
        ),
        brief: format!("{percent:.0} % are {name}"),
        advice: if watched {
            "choose the best by macro_f1 or matthews (best_metric)".to_owned()
        } else {
            "judge it by macro F1 or Matthews".to_owned()
        },
        action: watched.then_some(Action::Clone),
    })
}
