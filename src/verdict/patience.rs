//! Where early stopping would have ended a run, and what that would have saved: the run's own rule, or patience 2 on the validation loss.
//!
//! Source: Prechelt 1998, §2 (`UP_2`, doi:10.1007/3-540-49430-8_3); the fold is that of the worker, [`Patience`].

use crate::metric::MetricName;
use crate::spec::early_stopping::Patience;
use crate::verdict::series::value;
use crate::verdict::{Run, eta};

/// Evaluations without improvement that are borne where the run says nothing.
const USUAL_PATIENCE: u32 = 2;

/// Where a run would have ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stop {
    /// Its patience.
    pub patience: u32,
    /// The evaluation that exhausts it.
    pub step: u64,
    /// Seconds from there to the end, as planned or as it was.
    pub seconds: f64,
}

/// Where it would have ended; `None` where it would not have before now, or that is its end.
pub fn would_have_stopped(run: &Run) -> Option<Stop> {
    let own = run.spec.early_stopping.as_ref();
    let (metric, patience, delta) =
        own.map_or((MetricName::Loss, USUAL_PATIENCE, 0.0), |rule| (rule.metric, rule.patience, rule.min_delta));
    let patience = own.and(run.state.standing.patience(u64::MAX)).unwrap_or(patience);
    let mut fold = Patience::default();
    let step = run.state.evaluations.iter().find_map(|evaluation| {
        fold.observe(metric, delta, evaluation.step, value(evaluation, metric));
        (fold.waited >= patience).then_some(evaluation.step)
    })?;
    let total = run.state.training.as_ref().map_or(0, |training| training.total_steps);
    let end = if run.state.finished.is_some() { run.state.step() } else { total };
    (end > step).then(|| Stop { patience, step, seconds: (end - step) as f64 * eta::seconds_per_step(run.state).unwrap_or(f64::NAN) })
}
