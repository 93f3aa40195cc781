//! What a chart shows.

use crate::curve::pyramid::BLOCK;
use crate::metric::MetricName;
use crate::run::steps::Steps;

/// What a chart shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// Training and validation loss.
    Loss,
    /// The chosen metric on the validation split.
    Metric,
    /// Validation loss minus training loss.
    Gap,
    /// Learning rate.
    LearningRate,
    /// Norm of the gradient before clipping.
    GradientNorm,
    /// Examples per second.
    Speed,
    /// Real (unpadded) tokens per second.
    TokenSpeed,
    /// Seconds that a step takes.
    StepSeconds,
    /// Resident memory of the worker, GiB.
    Memory,
    /// A certain metric on the validation split.
    Named(MetricName),
}

impl Quantity {
    /// What charts show unless others are chosen.
    pub const USUAL: [Self; 6] = [Self::Loss, Self::Metric, Self::Gap, Self::LearningRate, Self::GradientNorm, Self::Speed];

    /// All that there is for runs with these metrics, in the order of the charts.
    pub fn all(metrics: &[MetricName]) -> Vec<Self> {
        let own = [Self::TokenSpeed, Self::StepSeconds, Self::Memory];
        let named = metrics.iter().copied().filter(|metric| *metric != MetricName::Loss).map(Self::Named);
        Self::USUAL.into_iter().chain(own).chain(named).collect()
    }

    /// The title of its chart.
    pub fn title(self, chosen: MetricName) -> String {
        match self {
            Self::Loss => "loss".to_owned(),
            Self::Metric => format!("validation {}", chosen.name()),
            Self::Named(metric) => format!("validation {}", metric.name()),
            Self::Gap => "gap: validation − training loss".to_owned(),
            Self::LearningRate => "learning rate".to_owned(),
            Self::GradientNorm => "gradient norm".to_owned(),
            Self::Speed => "examples per second".to_owned(),
            Self::TokenSpeed => "tokens per second".to_owned(),
            Self::StepSeconds => "seconds per step".to_owned(),
            Self::Memory => "memory (GiB)".to_owned(),
        }
    }

    /// Whether every step has it; else evaluations do.
    pub const fn is_of_steps(self) -> bool {
        !matches!(self, Self::Metric | Self::Named(_) | Self::Gap)
    }

    /// Whether evaluations have it.
    pub const fn is_of_evaluations(self) -> bool {
        matches!(self, Self::Loss | Self::Metric | Self::Named(_) | Self::Gap)
    }

    /// Smoothing hides what a schedule is, and adds nothing to what hardly varies.
    pub const fn is_smoothed(self) -> bool {
        !matches!(self, Self::LearningRate | Self::Memory) && self.is_of_steps()
    }

    /// Whether a logarithmic y axis tells more of it.
    pub const fn may_be_log(self) -> bool {
        matches!(self, Self::Loss | Self::GradientNorm | Self::LearningRate | Self::StepSeconds)
    }

    /// The metric of the validation split that it is; `None` of what is no metric.
    pub const fn metric(self, chosen: MetricName) -> Option<MetricName> {
        match self {
            Self::Loss => Some(MetricName::Loss),
            Self::Metric => Some(chosen),
            Self::Named(metric) => Some(metric),
            _ => None,
        }
    }

    /// Its value at step number `idx`; the loss where only evaluations have it.
    pub fn of_step(self, steps: &Steps, idx: usize) -> f64 {
        let per_second = |count: fn(&Steps, usize) -> u64| {
            let before = if idx == 0 { 0 } else { count(steps, idx - 1) };
            count(steps, idx).saturating_sub(before) as f64 / steps.seconds(idx).max(1e-9)
        };
        match self {
            Self::LearningRate => steps.learning_rate(idx),
            Self::GradientNorm => steps.gradient_norm(idx),
            Self::Speed => per_second(Steps::examples),
            Self::TokenSpeed => per_second(Steps::tokens),
            Self::StepSeconds => steps.seconds(idx),
            Self::Memory => steps.rss_bytes(idx) as f64 / 1024.0_f64.powi(3),
            Self::Loss | Self::Metric | Self::Named(_) | Self::Gap => steps.loss(idx),
        }
    }

    /// Its values at the steps from number `from` on, column by column, which is several times as fast as one by one.
    pub fn of_steps(self, steps: &Steps, from: usize, values: &mut [f64; BLOCK]) {
        match self {
            Self::LearningRate => steps.learning_rates(from, values),
            Self::GradientNorm => steps.gradient_norms(from, values),
            Self::Speed | Self::TokenSpeed => {
                let mut gains = [0.0; BLOCK];
                if self == Self::Speed {
                    steps.gains_of_examples(from, &mut gains);
                } else {
                    steps.gains_of_tokens(from, &mut gains);
                }
                steps.seconds_from(from, values);
                values.iter_mut().zip(gains).for_each(|(seconds, gain)| *seconds = gain / seconds.max(1e-9));
            }
            Self::StepSeconds => steps.seconds_from(from, values),
            Self::Loss | Self::Metric | Self::Named(_) | Self::Gap => steps.losses(from, values),
            Self::Memory => values.iter_mut().enumerate().for_each(|(idx, value)| *value = self.of_step(steps, from + idx)),
        }
    }
}
