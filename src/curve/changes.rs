//! Where the learning rate of a run was changed by hand while it trained. Pure.

use crate::curve::step_curve::StepCurve;
use crate::run::state::RunState;

/// The places on a curve of the run's steps at which another learning rate began to hold.
pub fn places(state: &RunState, curve: &StepCurve) -> Vec<(f64, f64)> {
    let settings = state.standing.settings.iter().filter(|(_, setting)| setting.learning_rate.is_some());
    let first_steps = settings.map(|(after, _)| curve.steps.n_until(*after)).filter(|idx| *idx < curve.steps.len());
    let place = |idx: usize| {
        let x = curve.x(idx);
        Some((x, curve.value_at(Some(x))?))
    };
    first_steps.filter_map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::axis::XAxis;
    use crate::curve::quantity::Quantity;
    use crate::run::catalog::Catalog;
    use crate::run::request::Setting;
    use crate::run::synthetic::Synthetic;

    #[test]
    fn a_changed_rate_is_marked_at_the_first_step_that_it_holds_for_and_a_changed_patience_is_not() {
        let mut catalog = Catalog::default();
        Synthetic::new().poll(20.0).into_iter().for_each(|update| catalog.apply(update));
        let mut state = catalog.runs[0].state.clone();
        let last = state.step();
        let rate = |rate| Setting { learning_rate: Some(rate), patience: None };
        state.standing.settings = vec![(3, rate(1e-4)), (5, Setting { learning_rate: None, patience: Some(2) }), (last, rate(1e-5))];
        let steps = state.steps.clone();
        let curve = StepCurve { steps: &steps, x_axis: XAxis::Step, quantity: Quantity::LearningRate, weight: 0.0, pyramid: None };
        // Of the last change no step was taken yet.
        assert_eq!(places(&state, &curve), [(4.0, steps.learning_rate(3))]);
    }
}
