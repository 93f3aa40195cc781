//! Whether a run overfits: validation loss rises while training loss falls. Pure; knows no file and no screen.
//!
//! The rule joins two criteria of Prechelt 1998, "Early stopping – but when?" (doi:10.1007/3-540-49430-8_3, §2):
//! generalisation loss `GL(t) = E_va(t) / min E_va − 1` above a threshold, and `UP_s`, sustained for `s`
//! evaluations in a row. Differs: the rise must also exceed what the curve's own noise makes by chance, and the
//! training loss must have fallen since the best evaluation, so that a plateau or a noisy curve raises no alarm.

use crate::metric::MetricName;
use crate::run::alert::{Action, Severity};
use crate::run::state::RunState;
use crate::verdict::series::median;
use crate::verdict::{Finding, Run, patience};

/// Generalisation loss from which a run deserves a look: 2 %.
const WATCH_RISE: f64 = 0.02;

/// Generalisation loss from which a run overfits: 5 %, Prechelt's `GL_5`.
const OVERFITTING_RISE: f64 = 0.05;

/// Evaluations in a row above the threshold that make a verdict: Prechelt's `UP_2` and `UP_3`.
const WATCH_EVALUATIONS: usize = 2;

/// See [`WATCH_EVALUATIONS`].
const OVERFITTING_EVALUATIONS: usize = 3;

/// The mean of the last evaluations must lie this many standard deviations of the noise above the best: the least
/// of some dozen evaluations of a flat curve lies about two below its mean, and three more are seldom chance.
const NOISE_FACTOR: f64 = 5.0;

/// Medians of the wrong steps that one of them counts as at most.
const OUTLIER: f64 = 3.0;

/// Training loss must have fallen by this share since the best evaluation: less is the end of an ordinary descent.
const TRAIN_FALL: f64 = 0.1;

/// An evaluation with the training loss that belongs to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Steps taken.
    pub step: u64,
    /// Loss on the validation split.
    pub validation_loss: f64,
    /// Mean training loss of the steps since the evaluation before; `None` where there are none.
    pub train_loss: Option<f64>,
    /// The metric that people look at besides the loss.
    pub metric: Option<f64>,
}

impl Point {
    /// Validation loss minus training loss at the matched step.
    pub fn gap(&self) -> Option<f64> {
        self.train_loss.map(|train| self.validation_loss - train)
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Level {
    /// Nothing to see, or too early to say.
    #[default]
    None,
    /// The validation loss has begun to rise.
    Watch,
    /// It rises for long and by much.
    Overfitting,
}

/// What is seen, with its evidence.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Verdict {
    /// How far it is.
    pub level: Level,
    /// Step of the lowest validation loss.
    pub best_step: u64,
    /// The lowest validation loss.
    pub best_loss: f64,
    /// The validation loss now.
    pub loss: f64,
    /// Evaluations since the lowest.
    pub n_since_best: usize,
    /// Validation loss minus training loss now.
    pub gap: Option<f64>,
    /// Whether the metric's best came after the lowest loss: the model grows overconfident, not yet worse.
    pub metric_improves: bool,
}

impl Verdict {
    /// How much the validation loss lies above its lowest, as a share of it.
    pub fn rise(&self) -> f64 {
        if self.best_loss > 0.0 { self.loss / self.best_loss - 1.0 } else { 0.0 }
    }

    /// The evidence in a few words; empty where there is nothing to say.
    pub fn in_brief(&self) -> String {
        if self.level == Level::None {
            return String::new();
        }
        format!("val. loss up {} evals since step {} ({:.2} → {:.2})", self.n_since_best, self.best_step, self.best_loss, self.loss)
    }

    /// The evidence in words; empty where there is nothing to say.
    pub fn in_words(&self, metric: MetricName) -> String {
        if self.level == Level::None {
            return String::new();
        }
        let gap = self.gap.map_or_else(String::new, |gap| format!(", gap {gap:+.2}"));
        let metric = if self.metric_improves { format!(", {} still improving", metric.name()) } else { String::new() };
        format!(
            "validation loss up {} evaluations since step {} ({:.2} → {:.2}) while training loss falls{gap}{metric}",
            self.n_since_best, self.best_step, self.best_loss, self.loss
        )
    }
}

/// The evaluations of a run with their matched training losses; `metric` is the one that people look at.
pub fn points(state: &RunState, metric: MetricName) -> Vec<Point> {
    points_since(state, metric, &[])
}

/// The same, where `known` are the points of before and no step was forgotten since: the steps before the last of them are not read again.
pub fn points_since(state: &RunState, metric: MetricName, known: &[Point]) -> Vec<Point> {
    let n_same = known.iter().zip(&state.evaluations).take_while(|(point, evaluation)| point.step == evaluation.step).count();
    let mut next = n_same.checked_sub(1).map_or(0, |idx| state.steps.n_until(known[idx].step));
    let mut points = Vec::with_capacity(state.evaluations.len());
    for (idx, evaluation) in state.evaluations.iter().enumerate() {
        let train_loss = if idx < n_same {
            known[idx].train_loss
        } else {
            let since = next..state.steps.n_until(evaluation.step).max(next);
            next = since.end;
            let count = since.len();
            let sum: f64 = since.map(|idx| state.steps.loss(idx)).sum();
            (count > 0).then(|| sum / count as f64)
        };
        let value = |metric: MetricName| evaluation.metrics.get(&metric).map(|value| value.0);
        let validation_loss = value(MetricName::Loss).unwrap_or(f64::NAN);
        points.push(Point { step: evaluation.step, validation_loss, train_loss, metric: value(metric) });
    }
    points
}

/// Judges a run by its evaluations, ascending by step; `higher_is_better` is the metric's direction.
pub fn judge(points: &[Point], higher_is_better: bool) -> Verdict {
    let finite = |loss: f64| if loss.is_finite() { loss } else { f64::INFINITY };
    let Some((best_idx, best)) =
        points.iter().enumerate().min_by(|(_, a), (_, b)| finite(a.validation_loss).total_cmp(&finite(b.validation_loss)))
    else {
        return Verdict::default();
    };
    let last = points[points.len() - 1];
    let since = &points[best_idx + 1..];
    let mut verdict = Verdict {
        level: Level::None,
        best_step: best.step,
        best_loss: best.validation_loss,
        loss: last.validation_loss,
        n_since_best: since.len(),
        gap: last.gap(),
        metric_improves: best_metric_idx(points, higher_is_better).is_some_and(|idx| idx > best_idx),
    };
    let train_falls = match (strip_loss(points, best_idx), last.train_loss) {
        (Some(then), Some(now)) => now < then * (1.0 - TRAIN_FALL),
        _ => false,
    };
    if train_falls && best.validation_loss > 0.0 {
        let noise = NOISE_FACTOR * noise(points, best_idx);
        let sustained = |n: usize, rise: f64| {
            since.len() >= n && {
                let tail = &since[since.len() - n..];
                let mean = tail.iter().map(|point| point.validation_loss).sum::<f64>() / n as f64;
                tail.iter().all(|point| point.validation_loss > best.validation_loss * (1.0 + rise)) && mean - best.validation_loss > noise
            }
        };
        verdict.level = if sustained(OVERFITTING_EVALUATIONS, OVERFITTING_RISE) {
            Level::Overfitting
        } else if sustained(WATCH_EVALUATIONS, WATCH_RISE) {
            Level::Watch
        } else {
            Level::None
        };
    }
    verdict
}

/// What there is to say of a run: the verdict by its best metric, and what early stopping would have saved.
pub fn finding(run: &Run) -> Option<Finding> {
    let metric = run.spec.best_metric;
    let verdict = judge(&points(run.state, metric), metric.definition().higher_is_better);
    let severity = match verdict.level {
        Level::None => return None,
        Level::Watch => Severity::Watch,
        Level::Overfitting => Severity::Warning,
    };
    let stop = patience::would_have_stopped(run).filter(|stop| stop.seconds.is_finite());
    let saved = stop.map_or_else(String::new, |stop| {
        let minutes = stop.seconds / 60.0;
        format!("; patience {} would have stopped it at step {}, saving {minutes:.1} min", stop.patience, stop.step)
    });
    let advice = match verdict.level {
        Level::Overfitting if verdict.metric_improves => "stop it, unless the metric alone counts: the best checkpoint is kept",
        Level::Overfitting => "stop it: the best checkpoint is kept; next time set early_stopping, fewer epochs or more rows",
        _ => "look again after the next evaluation",
    };
    let action = (verdict.level == Level::Overfitting).then_some(Action::Stop);
    Some(Finding { severity, what: verdict.in_words(metric) + &saved, brief: verdict.in_brief(), advice: advice.to_owned(), action })
}

/// Training loss at an evaluation; that of the next where it has none of its own (an evaluation before the first step).
fn strip_loss(points: &[Point], idx: usize) -> Option<f64> {
    points[idx..].iter().find_map(|point| point.train_loss)
}

fn best_metric_idx(points: &[Point], higher_is_better: bool) -> Option<usize> {
    let signed = |value: f64| if higher_is_better { value } else { -value };
    let mut best: Option<(usize, f64)> = None;
    for (idx, point) in points.iter().enumerate() {
        let Some(value) = point.metric.map(signed) else { continue };
        if best.is_none_or(|(_, so_far)| value > so_far) {
            best = Some((idx, value));
        }
    }
    best.map(|(idx, _)| idx)
}

/// Standard deviation of the noise in the validation loss, from the steps that go the wrong way: up before the best,
/// down after it. A curve that falls and then rises has none, however bent. Of a flat curve half go the wrong way, each
/// with variance 2σ², so that their squares over all steps have the mean σ². One step far out of line must not hide
/// all that follows, so each counts as [`OUTLIER`] medians at most.
fn noise(points: &[Point], best_idx: usize) -> f64 {
    let steps = points.windows(2).map(|pair| pair[1].validation_loss - pair[0].validation_loss).enumerate();
    let wrong = steps.filter(|(idx, step)| step.is_finite() && (*step > 0.0) == (*idx < best_idx));
    let sizes: Vec<f64> = wrong.map(|(_, step)| step.abs()).collect();
    let most = OUTLIER * median(&sizes);
    let squares: f64 = sizes.iter().map(|size| size.min(most).powi(2)).sum();
    (squares / (points.len() - 1).max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(train: &[f64], validation: &[f64]) -> Vec<Point> {
        let pairs = train.iter().zip(validation).enumerate();
        pairs.map(|(i, (&t, &v))| Point { step: 25 * (i as u64 + 1), validation_loss: v, train_loss: Some(t), metric: None }).collect()
    }

    /// Deterministic noise in `[-1, 1]` with the spread of a sum of three uniform numbers.
    fn noise_source(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        move || {
            let mut sum = 0.0;
            for _ in 0..3 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                sum += (state >> 40) as f64 / f64::from(1 << 24) * 2.0 - 1.0;
            }
            sum / 3.0
        }
    }

    #[test]
    fn validation_loss_that_rises_while_training_loss_falls_is_overfitting() {
        let verdict = judge(&curve(&[0.6, 0.4, 0.25, 0.17, 0.1], &[0.5, 0.31, 0.33, 0.36, 0.38]), true);
        assert_eq!(verdict.level, Level::Overfitting);
        assert_eq!((verdict.best_step, verdict.n_since_best), (50, 3));
        assert_eq!(
            verdict.in_words(MetricName::Accuracy),
            "validation loss up 3 evaluations since step 50 (0.31 → 0.38) while training loss falls, gap +0.28"
        );
    }

    #[test]
    fn two_evaluations_above_the_best_are_a_reason_to_watch() {
        assert_eq!(judge(&curve(&[0.6, 0.4, 0.25, 0.17], &[0.5, 0.31, 0.325, 0.35]), true).level, Level::Watch);
    }

    #[test]
    fn a_rise_without_falling_training_loss_is_not_overfitting() {
        assert_eq!(judge(&curve(&[0.6, 0.4, 0.4, 0.41, 0.42], &[0.5, 0.31, 0.35, 0.4, 0.45]), true).level, Level::None);
    }

    #[test]
    fn healthy_noisy_curves_raise_no_alarm() {
        let mut alarms = 0;
        for seed in 0..200 {
            let mut noise = noise_source(seed);
            let (mut train, mut validation) = (Vec::new(), Vec::new());
            for i in 0..30 {
                let fall = (-f64::from(i) / 6.0).exp();
                train.push(0.15 + 0.5 * fall + 0.01 * noise());
                validation.push(0.3 + 0.35 * fall + 0.03 * noise());
                let verdict = judge(&curve(&train, &validation), true);
                alarms += usize::from(verdict.level == Level::Overfitting);
            }
        }
        assert!(alarms <= 6, "{alarms} alarms in 6,000 looks at 200 healthy curves");
    }

    #[test]
    fn overfitting_under_the_same_noise_is_found_on_every_seed() {
        for seed in 0..200 {
            let mut noise = noise_source(seed);
            let (train, validation): (Vec<_>, Vec<_>) = (0..30)
                .map(|i| {
                    let x = f64::from(i);
                    (0.6 * (-x / 6.0).exp() + 0.005 * noise(), 0.3 + 0.35 * (-x / 2.0).exp() + 0.012 * x + 0.03 * noise())
                })
                .unzip();
            assert_eq!(judge(&curve(&train, &validation), true).level, Level::Overfitting, "seed {seed}");
        }
    }

    #[test]
    fn an_improving_metric_is_told() {
        let mut points = curve(&[0.6, 0.4, 0.25, 0.17, 0.1], &[0.5, 0.31, 0.33, 0.36, 0.38]);
        for (point, accuracy) in points.iter_mut().zip([0.7, 0.8, 0.81, 0.82, 0.83]) {
            point.metric = Some(accuracy);
        }
        let verdict = judge(&points, true);
        assert!(verdict.metric_improves);
        assert!(verdict.in_words(MetricName::Accuracy).ends_with("accuracy still improving"));
    }

    #[test]
    fn nothing_and_not_a_number_are_borne() {
        assert_eq!(judge(&[], true), Verdict::default());
        let nan = f64::NAN;
        assert_eq!(judge(&curve(&[nan, nan, nan], &[nan, nan, nan]), true).level, Level::None);
        assert_eq!(judge(&curve(&[0.5, 0.4, nan, nan], &[0.5, 0.4, nan, f64::INFINITY]), true).level, Level::None);
    }
}
