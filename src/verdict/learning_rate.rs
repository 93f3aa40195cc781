//! Whether the learning rate is of another decade than the method's own.
//!
//! Source: the default of each method in `spec/method/`, which carries its paper or sweep. A factor of 30, one and a half decades, is the
//! bound of the plan's warning too: full fine-tuning's 5e-5 and LoRA's 2e-3 lie 40 apart.

use crate::run::alert::{Action, Severity};
use crate::verdict::{Finding, Run};

/// So many times above or below the default is another decade.
const FAR: f64 = 30.0;

/// Judges a run.
pub fn judge(run: &Run) -> Option<Finding> {
    run.state.training.as_ref()?;
    let about = run.spec.method.about();
    let rate = run.state.standing.learning_rate(u64::MAX).unwrap_or(run.spec.optimization.learning_rate);
    let usual = about.learning_rate;
    // Nor is a rate of 0, or one that is no number, near to anything.
    let times = if rate > usual { rate / usual } else { usual / rate };
    if times <= FAR {
        return None;
    }
    let (kind, fate) = if rate > usual { ("above", "may diverge") } else { ("below", "may barely learn") };
    Some(Finding {
        severity: Severity::Watch,
        what: format!("the learning rate {rate:e} is {times:.0} times {kind} the default of {}, {usual:e}; it {fate}", about.name),
        brief: format!("rate {times:.0}x {kind} default"),
        advice: format!("change it to about {usual:e}, or start one like it with that"),
        action: Some(Action::ChangeLearningRate),
    })
}
