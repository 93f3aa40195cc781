//! How long a run will take: from its recent steps, so that pauses, restarts and a slow start do not count.

use crate::run::state::RunState;

/// Steps whose mean duration is taken for the speed of now.
const RECENT_STEPS: usize = 20;

/// Evaluations whose mean duration is taken for the next ones.
const RECENT_EVALUATIONS: usize = 3;

/// Seconds until the last step, evaluations on the way included; `None` before the first step or after the end.
pub fn seconds_left(state: &RunState) -> Option<f64> {
    let training = state.training.as_ref()?;
    if state.finished.is_some() {
        return None;
    }
    Some(training.total_steps.saturating_sub(state.step()) as f64 * seconds_per_step(state)?)
}

/// Seconds that a step takes of late, with its share of the evaluations; `None` before the first.
pub fn seconds_per_step(state: &RunState) -> Option<f64> {
    let n_steps = state.steps.len();
    let recent = n_steps.saturating_sub(RECENT_STEPS)..n_steps;
    if recent.is_empty() {
        return None;
    }
    let n_recent = recent.len() as f64;
    let per_step = recent.map(|idx| state.steps.seconds(idx)).sum::<f64>() / n_recent;
    let per_epoch = state.training.as_ref().map_or(0, |training| training.steps_per_epoch);
    Some(per_step + evaluation_seconds_per_step(state, per_epoch))
}

/// What evaluations add to a step, on average.
fn evaluation_seconds_per_step(state: &RunState, steps_per_epoch: u64) -> f64 {
    let evaluations = &state.evaluations[state.evaluations.len().saturating_sub(RECENT_EVALUATIONS)..];
    let interval = match evaluations {
        [.., earlier, later] => later.step.saturating_sub(earlier.step),
        _ => steps_per_epoch,
    };
    if evaluations.is_empty() || interval == 0 {
        return 0.0;
    }
    evaluations.iter().map(|evaluation| evaluation.seconds).sum::<f64>() / evaluations.len() as f64 / interval as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::catalog::{Catalog, Change};
    use crate::run::synthetic::Synthetic;

    #[test]
    fn the_time_left_shrinks_as_steps_are_taken_and_is_unknown_at_both_ends() {
        let mut synthetic = Synthetic::new();
        let mut catalog = Catalog::default();
        let mut left = Vec::new();
        for second in [0.0, 10.0, 20.0, 30.0, 40.0, 200.0] {
            synthetic.poll(second).into_iter().for_each(|update| catalog.apply(update));
            left.push(seconds_left(&catalog.runs[0].state));
        }
        assert_eq!(left[0], None, "nothing is known before the first step");
        assert!(left[1] > left[2] && left[2] > left[3] && left[3] > left[4], "{left:?}");
        assert_eq!(left[5], None, "a run that ended has no time left");
    }

    #[test]
    fn a_night_between_two_attempts_does_not_count() {
        let mut synthetic = Synthetic::new();
        let mut events = Vec::new();
        for update in synthetic.poll(20.0) {
            if let (0, Change::Events(new)) = (usize::from(update.id.run() != "full"), update.change) {
                events.extend(new);
            }
        }
        let mut state = RunState::default();
        for event in &events {
            state.apply(event);
        }
        let before = seconds_left(&state).expect("the run trains");
        let mut last = events.last().expect("there are events").clone();
        last.time += 40_000.0;
        state.apply(&last);
        let after = seconds_left(&state).expect("the run trains");
        assert!((before - after).abs() < 1.0, "{before} and {after}");
    }
}
