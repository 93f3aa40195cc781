//! What was asked of a run and still holds: a later stop, other settings, muted alerts. A pure fold over its log, so that a resumed run and
//! every viewer know the same.

use std::collections::BTreeSet;

use crate::metric::MetricName;
use crate::run::alert::Rule;
use crate::run::condition::{Quantity, StopAt};
use crate::run::event::{EventKind, Outcome};
use crate::run::request::{RequestKind, Setting};
use crate::run::state::RunState;

/// What was asked and still holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// When it is to stop.
    pub stop_at: Option<StopAt>,
    /// The step after which that was asked: steps that are taken again after a crash do not fulfil it.
    pub stop_asked: u64,
    /// Settings with the step after which each holds, in the order in which they were asked.
    pub settings: Vec<(u64, Setting)>,
    /// Rules whose alerts are not shown.
    pub muted: BTreeSet<Rule>,
}

impl Standing {
    /// Takes in an event.
    pub fn apply(&mut self, kind: &EventKind) {
        match kind {
            EventKind::Request(seen) => self.ask(seen.request, seen.step),
            // A run that is taken up again after its end must not end at once.
            EventKind::Finished(finished) if !matches!(finished.outcome, Outcome::Interrupted | Outcome::Released | Outcome::Crashed) => {
                self.stop_at = None;
            }
            _ => {}
        }
    }

    /// Takes in a request read after `step`.
    pub fn ask(&mut self, request: RequestKind, step: u64) {
        match request {
            RequestKind::StopAt(stop_at) => (self.stop_at, self.stop_asked) = (Some(stop_at), step),
            RequestKind::KeepGoing => self.stop_at = None,
            RequestKind::Set(setting) => self.settings.push((step, setting)),
            RequestKind::Mute(rule) => {
                self.muted.insert(rule);
            }
            RequestKind::Unmute(rule) => {
                self.muted.remove(&rule);
            }
            _ => {}
        }
    }

    /// Whether it stands already, so that asking for it again would change nothing.
    pub fn holds(&self, request: RequestKind) -> bool {
        match request {
            RequestKind::StopAt(stop_at) => self.stop_at == Some(stop_at),
            RequestKind::KeepGoing => self.stop_at.is_none(),
            RequestKind::Set(Setting { learning_rate, patience }) => {
                let last = u64::MAX;
                learning_rate.is_none_or(|rate| self.learning_rate(last) == Some(rate))
                    && patience.is_none_or(|patience| self.patience(last) == Some(patience))
            }
            RequestKind::Mute(rule) => self.muted.contains(&rule),
            RequestKind::Unmute(rule) => !self.muted.contains(&rule),
            _ => false,
        }
    }

    /// What stands, in words, for people; empty where nothing does.
    pub fn in_words(&self) -> Vec<String> {
        let stop = self.stop_at.map(|stop_at| format!("stops {}", stop_at.in_words()));
        let settings = self.settings.iter().map(|(step, setting)| format!("{} since step {}", setting.in_words(), step + 1));
        let muted: Vec<&str> = self.muted.iter().map(|rule| rule.name()).collect();
        let muted = (!muted.is_empty()).then(|| format!("muted: {}", muted.join(", ")));
        stop.into_iter().chain(settings).chain(muted).collect()
    }

    /// Why the run that this is asked of stops now, in words; `None` where it does not. To be asked after every step and its evaluation.
    pub fn reason_to_stop(&self, state: &RunState) -> Option<String> {
        let stop_at = self.stop_at.filter(|_| state.step() > self.stop_asked)?;
        match stop_at {
            StopAt::EpochEnd => {
                let steps_per_epoch = state.training.as_ref()?.steps_per_epoch;
                let step = state.step();
                step.is_multiple_of(steps_per_epoch.max(1)).then(|| "as asked, at the end of an epoch".to_owned())
            }
            StopAt::When(condition) => {
                let value = value(condition.quantity, state).filter(|value| condition.holds(*value))?;
                // At which step is said anyway.
                if condition.quantity == Quantity::Step {
                    return Some("as asked".to_owned());
                }
                Some(format!("as asked, {}: {} is {value:.6}", StopAt::When(condition).in_words(), condition.quantity.name()))
            }
        }
    }

    /// The highest learning rate that holds for update `step`, counted from 1, where it was changed.
    pub fn learning_rate(&self, step: u64) -> Option<f64> {
        self.latest(step, |setting| setting.learning_rate)
    }

    /// The patience that holds at the evaluation after update `step`, where it was changed.
    pub fn patience(&self, step: u64) -> Option<u32> {
        self.latest(step, |setting| setting.patience)
    }

    fn latest<T>(&self, step: u64, of: impl Fn(&Setting) -> Option<T>) -> Option<T> {
        self.settings.iter().rev().filter(|(after, _)| *after < step).find_map(|(_, setting)| of(setting))
    }
}

/// A number of the run after its last step; `None` before it has one.
fn value(quantity: Quantity, state: &RunState) -> Option<f64> {
    let last = state.steps.last();
    match quantity {
        Quantity::Step => Some(state.step() as f64),
        Quantity::Epoch => last.map(|step| step.epoch),
        Quantity::Seconds => last.map(|step| step.training_seconds),
        Quantity::Loss => last.map(|step| step.loss.0),
        Quantity::Gap => gap(state),
        Quantity::ValidationLoss => state.latest_validation(MetricName::Loss),
        Quantity::Metric(metric) => state.latest_validation(metric),
    }
}

/// The latest validation loss minus the mean training loss of the steps since the evaluation before.
fn gap(state: &RunState) -> Option<f64> {
    let evaluation = state.evaluations.last()?;
    let before = state.evaluations.iter().rev().nth(1).map_or(0, |before| before.step);
    let (mut sum, mut count) = (0.0, 0_u32);
    for idx in (0..state.steps.len()).rev().take_while(|idx| state.steps.step(*idx) > before) {
        if state.steps.step(idx) <= evaluation.step {
            sum += state.steps.loss(idx);
            count += 1;
        }
    }
    let loss = evaluation.metrics.get(&MetricName::Loss)?.0;
    (count > 0).then(|| loss - sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::event::{Evaluation, Event, Finished, RequestSeen, StepTaken};
    use crate::run::number::Number;
    use crate::spec::task::Split;

    fn ask(standing: &mut Standing, request: RequestKind, step: u64) {
        standing.apply(&EventKind::Request(RequestSeen { request, step }));
    }

    #[test]
    fn a_setting_holds_from_the_next_step_on_also_when_steps_are_taken_again() {
        let mut standing = Standing::default();
        ask(&mut standing, RequestKind::Set(Setting { learning_rate: Some(1e-4), patience: None }), 10);
        ask(&mut standing, RequestKind::Set(Setting { learning_rate: None, patience: Some(7) }), 20);
        assert_eq!([10, 11, 21].map(|step| standing.learning_rate(step)), [None, Some(1e-4), Some(1e-4)]);
        assert_eq!([20, 21].map(|step| standing.patience(step)), [None, Some(7)]);
    }

    #[test]
    fn a_later_stop_outlives_a_crash_but_not_the_end() {
        let mut standing = Standing::default();
        let finished = |outcome| {
            let reason = String::new();
            EventKind::Finished(Finished {
                outcome,
                reason,
                step: 1,
                best_step: None,
                seconds: 0.0,
                peak_rss_bytes: 0,
                checkpoint_bytes: 0,
            })
        };
        ask(&mut standing, RequestKind::StopAt(StopAt::EpochEnd), 1);
        standing.apply(&finished(Outcome::Crashed));
        assert_eq!(standing.stop_at, Some(StopAt::EpochEnd));
        standing.apply(&finished(Outcome::Stopped));
        assert_eq!(standing.stop_at, None);
        ask(&mut standing, RequestKind::StopAt(StopAt::EpochEnd), 1);
        ask(&mut standing, RequestKind::KeepGoing, 2);
        assert_eq!(standing.stop_at, None);
    }

    #[test]
    fn what_stands_already_is_no_news_and_is_told_in_words() {
        let mut standing = Standing::default();
        let requests = [
            RequestKind::StopAt(StopAt::parse("gap > 0.1").unwrap()),
            RequestKind::Set(Setting { learning_rate: Some(1e-4), patience: Some(3) }),
            RequestKind::Mute(Rule::Spike),
        ];
        for request in requests {
            assert!(!standing.holds(request));
            ask(&mut standing, request, 7);
            assert!(standing.holds(request));
        }
        assert!(standing.holds(RequestKind::Set(Setting { learning_rate: None, patience: Some(3) })));
        assert!(!standing.holds(RequestKind::Unmute(Rule::Spike)) && standing.holds(RequestKind::Unmute(Rule::Plateau)));
        assert_eq!(standing.in_words(), ["stops when gap > 0.1", "lr=1e-4 patience=3 since step 8", "muted: spike"]);
        assert!(Standing::default().in_words().is_empty());
    }

    #[test]
    fn steps_taken_again_after_a_crash_do_not_fulfil_a_stop_that_was_asked_for_later() {
        let mut state = state(&[0.9, 0.7, 0.5, 0.3], 0.6);
        state.standing = Standing { stop_at: Some(StopAt::parse("loss < 1").unwrap()), stop_asked: 4, ..Standing::default() };
        assert_eq!(state.standing.reason_to_stop(&state), None);
        state.standing.stop_asked = 3;
        assert!(state.standing.reason_to_stop(&state).is_some());
    }

    /// The fold of steps with these losses, and an evaluation with this loss after each second one.
    fn state(losses: &[f64], validation: f64) -> RunState {
        let mut state = RunState::default();
        for (idx, loss) in losses.iter().enumerate() {
            let step = idx as u64 + 1;
            let taken = StepTaken {
                step,
                epoch: step as f64 / 2.0,
                loss: Number(*loss),
                learning_rate: 0.0,
                gradient_norm: Number(0.0),
                examples: step,
                tokens: step,
                seconds: 1.0,
                training_seconds: step as f64,
                rss_bytes: 0,
            };
            state.apply(&Event { time: 0.0, kind: EventKind::Step(taken) });
            if step.is_multiple_of(2) {
                let metrics = [(MetricName::Loss, Number(validation)), (MetricName::Accuracy, Number(0.8))].into();
                let evaluation =
                    Evaluation { step, epoch: 0.0, split: Split::Validation, metrics, confusion: None, seconds: 0.0, is_best: false };
                state.apply(&Event { time: 0.0, kind: EventKind::Evaluation(evaluation) });
            }
        }
        state
    }

    #[test]
    fn a_run_stops_when_what_was_asked_for_holds() {
        let reason = |text: &str, losses: &[f64]| {
            let standing = Standing { stop_at: Some(StopAt::parse(text).unwrap()), ..Standing::default() };
            standing.reason_to_stop(&state(losses, 0.6))
        };
        assert_eq!(reason("gap > 0.1", &[0.9]), None, "nothing was evaluated yet");
        assert_eq!(reason("gap > 0.1", &[0.9, 0.7]), None);
        let gap = reason("gap > 0.1", &[0.9, 0.7, 0.4, 0.4, 9.0]).unwrap();
        assert_eq!(gap, "as asked, when gap > 0.1: gap is 0.200000", "steps after the evaluation do not count");
        assert_eq!(reason("3", &[0.9, 0.7]), None);
        assert_eq!(reason("2", &[0.9, 0.7]).unwrap(), "as asked");
        for text in ["2", "accuracy >= 0.8", "loss < 0.8", "seconds >= 2", "epoch >= 1", "validation_loss < 1"] {
            assert!(reason(text, &[0.9, 0.7]).is_some(), "{text}");
        }
    }
}
