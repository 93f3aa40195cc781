//! Every pathology raises its rule, health raises none, and nothing makes a rule panic.

use proptest::prelude::*;

use super::*;
use crate::metric::{ConfusionMatrix, MetricName};
use crate::run::alert::{Action, Severity};
use crate::run::event::{Evaluation, Event, Ledger, StepTaken, TrainingStarted};
use crate::run::number::Number;
use crate::run::steps::Steps;
use crate::run::updates::{Group, Movement, Part, Place, Updates};
use crate::spec::task::Split;

const STEPS_PER_EPOCH: u64 = 20;

fn spec() -> RunSpec {
    let mut spec: RunSpec = serde_yaml::from_str(include_str!("../../../tests/fixtures/golden/run.yaml")).unwrap();
    spec.optimization.learning_rate = 2e-3;
    spec
}

/// A run of balanced binary rows, by its losses and accuracies per epoch.
#[derive(Debug, Clone)]
struct Curve {
    train: Vec<f64>,
    validation: Vec<f64>,
    accuracy: Vec<f64>,
    rows: u64,
    /// Share of rows of the first label.
    share: f64,
    /// Whether all rows get the first label.
    is_one_class: bool,
    relative_update: f64,
}

impl Curve {
    /// Both losses fall, the accuracy rises, under this noise per step and per evaluation.
    fn healthy(n_epochs: u32, noise: &mut impl FnMut() -> f64) -> Self {
        let fall = |epoch: u32, rate: f64| (-f64::from(epoch) / rate).exp();
        Self {
            train: (0..n_epochs).map(|epoch| 0.2 + 0.5 * fall(epoch, 4.0) + 0.01 * noise()).collect(),
            validation: (0..n_epochs).map(|epoch| 0.35 + 0.3 * fall(epoch + 1, 4.0) + 0.01 * noise()).collect(),
            accuracy: (0..n_epochs).map(|epoch| 0.88 - 0.3 * fall(epoch + 1, 3.0) + 0.01 * noise()).collect(),
            rows: 400,
            share: 0.5,
            is_one_class: false,
            relative_update: 0.03,
        }
    }

    fn confusion(&self, accuracy: f64) -> ConfusionMatrix {
        let count = |share: f64| (self.rows as f64 * share).round().clamp(0.0, 1e9) as u64;
        let (first, second) = (self.share, 1.0 - self.share);
        if self.is_one_class {
            return ConfusionMatrix { counts: vec![vec![count(first), 0], vec![count(second), 0]] };
        }
        let wrong = |share: f64| count(share * (1.0 - accuracy));
        let right = |share: f64| count(share) - wrong(share).min(count(share));
        ConfusionMatrix { counts: vec![vec![right(first), wrong(first)], vec![wrong(second), right(second)]] }
    }

    fn state(&self, noise: &mut impl FnMut() -> f64) -> RunState {
        let mut state = RunState::default();
        let total = STEPS_PER_EPOCH * self.train.len() as u64;
        take(&mut state, training(total));
        for (index, &train) in self.train.iter().enumerate() {
            for within in 1..=STEPS_PER_EPOCH {
                let step = STEPS_PER_EPOCH * index as u64 + within;
                take(&mut state, taken(step, total, train * (1.0 + 0.2 * noise())));
            }
            let step = STEPS_PER_EPOCH * (index as u64 + 1);
            take(&mut state, self.evaluation(step, index));
            take(&mut state, EventKind::Updates(updates(step, self.relative_update)));
        }
        state
    }

    fn evaluation(&self, step: u64, index: usize) -> EventKind {
        let accuracy = self.accuracy[index];
        EventKind::Evaluation(Evaluation {
            step,
            epoch: (index + 1) as f64,
            split: Split::Validation,
            metrics: [(MetricName::Loss, Number(self.validation[index])), (MetricName::Accuracy, Number(accuracy))].into(),
            confusion: Some(self.confusion(accuracy)),
            seconds: 1.0,
            is_best: false,
        })
    }

    fn rules(&self) -> Vec<Rule> {
        rules(&spec(), &self.state(&mut source(1)))
    }
}

fn take(state: &mut RunState, kind: EventKind) {
    state.apply(&Event { time: 0.0, kind });
}

fn take_all(state: &mut RunState, kinds: Vec<EventKind>) {
    for kind in kinds {
        take(state, kind);
    }
}

fn training(total_steps: u64) -> EventKind {
    EventKind::TrainingStarted(TrainingStarted {
        ledger: Ledger::default(),
        epochs: (total_steps / STEPS_PER_EPOCH) as u32,
        steps_per_epoch: STEPS_PER_EPOCH,
        total_steps,
        rows: [].into(),
        labels: Vec::new(),
        device: "cpu".to_owned(),
        threads: 1,
        resumed_step: 0,
    })
}

fn taken(step: u64, total: u64, loss: f64) -> EventKind {
    EventKind::Step(StepTaken {
        step,
        epoch: step as f64 / STEPS_PER_EPOCH as f64,
        loss: Number(loss),
        learning_rate: 2e-3 * (1.0 - (step - 1) as f64 / total as f64),
        gradient_norm: Number(1.0 + loss),
        examples: 16 * step,
        tokens: 500 * step,
        seconds: 0.5,
        training_seconds: 0.5 * step as f64,
        rss_bytes: 0,
    })
}

fn updates(step: u64, relative: f64) -> Updates {
    let movement =
        |gradient: f64| Some(Movement { start_norm: Number(10.0), update_norm: Number(10.0 * relative), gradient_norm: Number(gradient) });
    Updates {
        step,
        groups: vec![
            Group { place: Place::Layer(0), part: Part::Method, parameters: 100, movement: movement(1.0) },
            Group { place: Place::Head, part: Part::Head, parameters: 10, movement: movement(0.5) },
        ],
    }
}

fn rules(spec: &RunSpec, state: &RunState) -> Vec<Rule> {
    judge(spec, state).into_iter().map(|alert| alert.rule).collect()
}

fn golden() -> RunView {
    let status = crate::run::status::RunStatus::Running;
    let id = crate::run::catalog::RunId("a-1/b".to_owned());
    RunView { id, spec: Ok(spec()), state: RunState::default(), status, job: None, exit: None, skipped: 0 }
}

/// Deterministic noise in `[-1, 1]`.
fn source(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 24) * 2.0 - 1.0
    }
}

#[test]
fn healthy_noisy_descents_raise_nothing() {
    for seed in 0..100 {
        let mut noise = source(seed);
        let curve = Curve::healthy(3 + (seed % 10) as u32, &mut noise);
        let state = curve.state(&mut noise);
        assert_eq!(rules(&spec(), &state), [], "seed {seed}");
    }
}

#[test]
fn a_rising_validation_loss_is_overfitting_and_says_what_patience_would_have_saved() {
    let mut curve = Curve::healthy(12, &mut source(1));
    curve.train = (0..12).map(|epoch| 0.7 * (-f64::from(epoch) / 3.0).exp()).collect();
    curve.validation = (0..12).map(|epoch| 0.4 + 0.02 * f64::from(epoch) * f64::from(epoch)).collect();
    let alerts = judge(&spec(), &curve.state(&mut source(1)));
    let found = alerts.iter().find(|alert| alert.rule == Rule::Overfitting).expect("it overfits");
    assert_eq!((found.severity, found.action), (Severity::Warning, Some(Action::Stop)));
    // Lowest at step 20, two more evaluations; 180 steps of 0.5 s and 9 evaluations of 1 s: 99 s.
    assert!(found.what.ends_with("; patience 2 would have stopped it at step 60, saving 1.7 min"), "{}", found.what);
}

#[test]
fn a_loss_that_explodes_or_is_no_number_is_divergence_and_nothing_of_the_curve_besides() {
    let mut curve = Curve::healthy(8, &mut source(1));
    curve.train = (0..8).map(|epoch| 0.7 + f64::from(epoch)).collect();
    assert_eq!(curve.rules(), [Rule::Divergence]);
    let mut state = Curve::healthy(3, &mut source(1)).state(&mut source(1));
    take(&mut state, taken(61, 80, f64::NAN));
    let alerts = judge(&spec(), &state);
    assert_eq!((alerts[0].rule, alerts[0].severity), (Rule::Divergence, Severity::Problem));
    assert_eq!(alerts[0].what, "the training loss became NaN at step 61");
}

#[test]
fn a_step_far_out_of_line_is_a_spike_until_it_is_forgotten() {
    let mut state = Curve::healthy(6, &mut source(1)).state(&mut source(1));
    take(&mut state, taken(121, 300, 5.0));
    assert_eq!(rules(&spec(), &state), [Rule::Spike]);
    (122..180).for_each(|step| take(&mut state, taken(step, 300, 0.3)));
    take(&mut state, Curve::healthy(6, &mut source(1)).evaluation(179, 5));
    (180..200).for_each(|step| take(&mut state, taken(step, 300, 0.3)));
    assert_eq!(rules(&spec(), &state), []);
}

#[test]
fn weights_that_stay_where_they_are_are_told_and_so_is_a_method_without_gradient() {
    let mut curve = Curve::healthy(5, &mut source(1));
    curve.relative_update = 1e-6;
    assert_eq!(curve.rules(), [Rule::NotMoving]);
    let mut state = Curve::healthy(5, &mut source(1)).state(&mut source(1));
    let mut cut_off = updates(100, 0.01);
    cut_off.groups[0].movement.as_mut().unwrap().gradient_norm = Number(0.0);
    take(&mut state, EventKind::Updates(cut_off));
    let alerts = judge(&spec(), &state);
    assert_eq!(alerts[0].what, "no gradient reaches the method's weights at step 100");
}

#[test]
fn a_model_that_knows_only_the_shares_of_its_labels_does_not_learn() {
    let mut curve = Curve::healthy(6, &mut source(1));
    curve.accuracy = vec![0.5; 6];
    curve.validation = vec![0.694; 6];
    assert_eq!(curve.rules(), [Rule::NotLearning]);
    curve.is_one_class = true;
    assert_eq!(curve.rules(), [Rule::OneClass, Rule::NotLearning]);
}

#[test]
fn a_rate_of_another_method_is_told_before_the_first_step() {
    let mut state = RunState::default();
    take(&mut state, training(100));
    let mut spec = spec();
    for (rate, expected) in [(5e-5, vec![Rule::LearningRate]), (1e-3, vec![]), (1e-2, vec![]), (0.5, vec![Rule::LearningRate])] {
        spec.optimization.learning_rate = rate;
        assert_eq!(rules(&spec, &state), expected, "{rate}");
    }
}

#[test]
fn losses_that_stay_the_same_at_a_high_rate_are_a_plateau() {
    let mut curve = Curve::healthy(30, &mut source(1));
    curve.train[4..].fill(0.3);
    curve.validation[4..].fill(0.4);
    curve.accuracy[4..].fill(0.8);
    let mut state = curve.state(&mut source(1));
    assert_eq!(rules(&spec(), &state), [], "its rate has fallen to nothing");
    let steps: Vec<StepTaken> = state.steps.iter().collect();
    state.steps = Steps::default();
    for step in steps {
        state.steps.push(&StepTaken { learning_rate: 2e-3, ..step }, 0.0);
    }
    assert_eq!(rules(&spec(), &state), [Rule::Plateau]);
}

#[test]
fn few_rows_and_rows_of_one_label_are_told_with_their_figures() {
    let mut few = Curve::healthy(4, &mut source(1));
    few.rows = 20;
    assert_eq!(few.rules(), [Rule::SmallValidation]);
    let mut uneven = Curve::healthy(4, &mut source(1));
    (uneven.share, uneven.accuracy) = (0.9, vec![0.95; 4]);
    uneven.validation = vec![0.2; 4];
    assert_eq!(uneven.rules(), [Rule::Imbalance]);
}

#[test]
fn an_alert_is_news_once_keeps_its_beginning_and_is_cleared() {
    let mut state = Curve::healthy(6, &mut source(1)).state(&mut source(1));
    take(&mut state, taken(121, 300, 5.0));
    let news = changes(&spec(), &state);
    assert!(matches!(&news[..], [EventKind::Alert(alert)] if alert.rule == Rule::Spike && alert.since.step == 121));
    take_all(&mut state, news);
    take(&mut state, taken(122, 300, 0.3));
    assert_eq!(changes(&spec(), &state), [], "nothing is new");
    assert_eq!(judge(&spec(), &state)[0].since.step, 121);
    (123..180).for_each(|step| take(&mut state, taken(step, 300, 0.3)));
    take(&mut state, Curve::healthy(6, &mut source(1)).evaluation(179, 5));
    (180..200).for_each(|step| take(&mut state, taken(step, 300, 0.3)));
    let news = changes(&spec(), &state);
    assert!(matches!(news[..], [EventKind::AlertCleared(AlertCleared { rule: Rule::Spike, .. })]));
    take_all(&mut state, news);
    assert!(state.alerts.is_empty());
}

#[test]
fn a_run_that_goes_on_from_before_an_alert_has_forgotten_it() {
    let mut state = Curve::healthy(6, &mut source(1)).state(&mut source(1));
    take(&mut state, taken(121, 300, 5.0));
    let news = changes(&spec(), &state);
    take_all(&mut state, news);
    take(&mut state, taken(100, 300, 0.3));
    assert!(state.alerts.is_empty());
    assert_eq!(state.updates.last().map(|updates| updates.step), Some(80));
}

#[test]
fn a_log_of_an_older_worker_is_judged_as_it_is_read() {
    let mut curve = Curve::healthy(6, &mut source(1));
    (curve.accuracy, curve.validation) = (vec![0.5; 6], vec![0.694; 6]);
    let mut run = RunView { state: curve.state(&mut source(1)), ..golden() };
    assert_eq!(alerts(&run, &BTreeSet::new()), [], "its worker has judged, and said nothing");
    run.state.updates.clear();
    assert_eq!(alerts(&run, &BTreeSet::new())[0].rule, Rule::NotLearning);
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(0.0), Just(1e308), Just(-1e308), -5.0..5.0_f64]
}

/// Any events at all, in any order.
fn any_kind() -> impl Strategy<Value = EventKind> {
    let step = (any::<u64>(), any_number(), any_number()).prop_map(|(step, loss, norm)| {
        let EventKind::Step(taken) = taken(1, 1, loss) else { unreachable!() };
        EventKind::Step(StepTaken { step, gradient_norm: Number(norm), learning_rate: norm, ..taken })
    });
    let near = (1..60_u64, any_number()).prop_map(|(step, loss)| taken(step, 60, loss));
    let counts = prop::collection::vec(prop::collection::vec(prop_oneof![Just(0), 0..50_u64, any::<u64>()], 0..4), 0..4);
    let evaluation = (0..60_u64, any_number(), any_number(), counts).prop_map(|(step, loss, accuracy, counts)| {
        EventKind::Evaluation(Evaluation {
            step,
            epoch: 0.0,
            split: Split::Validation,
            metrics: [(MetricName::Loss, Number(loss)), (MetricName::Accuracy, Number(accuracy))].into(),
            confusion: Some(ConfusionMatrix { counts }),
            seconds: loss,
            is_best: false,
        })
    });
    let moved = (any::<u64>(), any_number()).prop_map(|(step, relative)| EventKind::Updates(updates(step, relative)));
    let start = any::<u64>().prop_map(|total| training(total.min(1 << 30)));
    prop_oneof![step, near, evaluation, moved, start]
}

proptest! {
    #[test]
    fn nothing_makes_a_rule_panic_and_what_was_told_is_not_news(
        kinds in prop::collection::vec(any_kind(), 0..60), rate in any_number(), patience in 1..4_u32,
    ) {
        let mut spec = spec();
        spec.optimization.learning_rate = rate;
        spec.early_stopping =
            Some(crate::spec::early_stopping::EarlyStopping { metric: MetricName::Loss, patience, min_delta: 0.0 });
        let mut state = RunState::default();
        for kind in kinds {
            take(&mut state, kind);
            let news = changes(&spec, &state);
            take_all(&mut state, news);
            prop_assert_eq!(changes(&spec, &state), []);
        }
    }

    #[test]
    fn muted_rules_are_left_out(rule in 0..Rule::ALL.len()) {
        let mut curve = Curve::healthy(6, &mut source(1));
        (curve.accuracy, curve.validation, curve.relative_update) = (vec![0.5; 6], vec![0.694; 6], 1e-7);
        let mut run = RunView { state: curve.state(&mut source(1)), ..golden() };
        let judged: Vec<Rule> = rules(&spec(), &run.state);
        let news = changes(&spec(), &run.state);
        take_all(&mut run.state, news);
        let muted = BTreeSet::from([Rule::ALL[rule].name().to_owned()]);
        let shown: Vec<Rule> = alerts(&run, &muted).into_iter().map(|alert| alert.rule).collect();
        prop_assert_eq!(shown, judged.into_iter().filter(|judged| *judged != Rule::ALL[rule]).collect::<Vec<_>>());
    }
}
