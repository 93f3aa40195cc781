//! The floating-point operations of training, estimated from the parameters by place and the tokens seen. Pure.
//!
//! A weight matrix takes 2 operations for each weight and token in the forward pass, 2 for the gradient of its input, 2 for its own
//! (Kaplan et al. 2020, arXiv:2001.08361, §2.1). The gradient of inputs goes down to the lowest place that trains, that of weights to
//! those that train. Embeddings are looked up, not multiplied. Attention between positions, norms and evaluations are not counted.

use crate::run::catalog::RunView;
use crate::run::updates::{Part, Place};
use crate::spec::method::Method;

/// Operations of one multiplication and addition.
const MULTIPLY_ADD: f64 = 2.0;

/// Operations for each token, by what they are done for.
struct PerToken {
    forward: f64,
    backward: f64,
    /// Of the head alone, forward and backward, for each example.
    head: f64,
}

/// Operations up to and with step number `idx` (from 0) of the run; `None` where its log does not say where its parameters stand.
pub fn until(run: &RunView, idx: usize) -> Option<f64> {
    let spec = run.spec.as_ref().ok()?;
    let per_token = per_token(run)?;
    let steps = &run.state.steps;
    let examples = steps.examples(idx) as f64;
    let n_virtual = spec.method.virtual_tokens() as f64;
    let tokens = steps.tokens(idx) as f64 + n_virtual * examples;
    let of_head = per_token.head * examples;
    if spec.method == Method::FeatureExtraction {
        // The frozen encoder reads every row once, before the first step.
        return Some(per_token.forward * tokens_of_an_epoch(run)? + of_head);
    }
    Some((per_token.forward + per_token.backward) * tokens + of_head)
}

/// Real tokens of an epoch: counted where one has passed, else in proportion.
fn tokens_of_an_epoch(run: &RunView) -> Option<f64> {
    let steps_per_epoch = run.state.training.as_ref()?.steps_per_epoch.max(1);
    let steps = &run.state.steps;
    let idx = steps.n_until(steps_per_epoch).checked_sub(1)?;
    let share = steps.step(idx).max(1) as f64 / steps_per_epoch as f64;
    Some(steps.tokens(idx) as f64 / share.min(1.0))
}

fn per_token(run: &RunView) -> Option<PerToken> {
    let groups = &run.state.updates.last()?.groups;
    let multiplies = |place: Place, part: Part| !matches!((place, part), (Place::Embeddings, _) | (_, Part::Norms | Part::Head));
    let lowest = groups.iter().filter(|group| group.movement.is_some()).map(|group| height(group.place)).min()?;
    let mut counts = PerToken { forward: 0.0, backward: 0.0, head: 0.0 };
    for group in groups {
        let operations = MULTIPLY_ADD * group.parameters as f64;
        if group.part == Part::Head {
            counts.head += 3.0 * operations;
        }
        if !multiplies(group.place, group.part) {
            continue;
        }
        counts.forward += operations;
        if height(group.place) >= lowest {
            counts.backward += operations;
        }
        if group.movement.is_some() {
            counts.backward += operations;
        }
    }
    Some(counts)
}

/// Places from below to above; what stands in every layer stands in the lowest too.
const fn height(place: Place) -> u64 {
    match place {
        Place::Embeddings => 0,
        Place::EveryLayer => 1,
        Place::Layer(layer) => layer.saturating_add(1),
        Place::Pooler => u64::MAX - 1,
        Place::Head => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::compare::matched::tests::run_with;
    use crate::run::updates::{Group, Movement, Updates};

    fn group(place: Place, part: Part, parameters: u64, trains: bool) -> Group {
        let still = Movement { start_norm: 1.0.into(), update_norm: 0.0.into(), gradient_norm: 0.0.into() };
        Group { place, part, parameters, movement: trains.then_some(still) }
    }

    fn per_token_of(groups: Vec<Group>) -> (f64, f64, f64) {
        let mut run = run_with(&[(10, 0.5)]);
        run.state.updates = vec![Updates { step: 0, groups }];
        let counts = per_token(&run).unwrap();
        (counts.forward, counts.backward, counts.head)
    }

    #[test]
    fn full_fine_tuning_takes_six_operations_a_weight_and_token() {
        let all = vec![
            group(Place::Embeddings, Part::Backbone, 1000, true),
            group(Place::Layer(0), Part::Backbone, 10, true),
            group(Place::Layer(1), Part::Backbone, 10, true),
            group(Place::Head, Part::Head, 4, true),
        ];
        assert_eq!(per_token_of(all), (40.0, 80.0, 24.0));
    }

    #[test]
    fn frozen_weights_below_the_lowest_that_train_take_two_and_those_above_four() {
        let top = vec![
            group(Place::Layer(0), Part::Backbone, 10, false),
            group(Place::Layer(1), Part::Backbone, 10, false),
            group(Place::Layer(1), Part::Method, 1, true),
        ];
        // Forward 2·21; back through layer 1 2·11; its method's own 2·1.
        assert_eq!(per_token_of(top), (42.0, 24.0, 0.0));
    }

    #[test]
    fn a_log_that_does_not_say_where_parameters_stand_gives_no_number() {
        assert_eq!(until(&run_with(&[(10, 0.5)]), 0), None);
    }
}
