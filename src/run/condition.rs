//! When a run is to stop later: at the end of its epoch, at a step, or when a number passes another. Pure.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::metric::MetricName;

/// When a run stops, if not at once. Written `epoch-end`, `120` (a step), or as a condition such as `gap > 0.1`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum StopAt {
    /// After the evaluation that ends an epoch, or at its last step where epochs are not evaluated.
    EpochEnd,
    /// At the first step at which it holds.
    When(Condition),
}

/// A comparison of a number of the run with a fixed one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Condition {
    /// Which number.
    pub quantity: Quantity,
    /// Which comparison.
    pub comparison: Comparison,
    /// With what.
    pub value: f64,
}

/// A number that every run has while it trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Optimizer steps taken.
    Step,
    /// Passes over the training split, with fraction.
    Epoch,
    /// Seconds spent in training steps.
    Seconds,
    /// Training loss of the last step.
    Loss,
    /// The latest validation loss minus the mean training loss since the evaluation before it.
    Gap,
    /// The latest validation loss.
    ValidationLoss,
    /// Another metric of the latest validation.
    Metric(MetricName),
}

/// A comparison. NaN fulfils none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// The signs, the longer ones first.
const SIGNS: [(&str, Comparison); 4] =
    [("<=", Comparison::LessOrEqual), (">=", Comparison::GreaterOrEqual), ("<", Comparison::Less), (">", Comparison::Greater)];

impl Quantity {
    /// The name in conditions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Epoch => "epoch",
            Self::Seconds => "seconds",
            Self::Loss => "loss",
            Self::Gap => "gap",
            Self::ValidationLoss => "validation_loss",
            Self::Metric(metric) => metric.name(),
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        let own = [Self::Step, Self::Epoch, Self::Seconds, Self::Loss, Self::Gap, Self::ValidationLoss];
        own.into_iter().chain(MetricName::ALL.into_iter().filter(|metric| *metric != MetricName::Loss).map(Self::Metric))
    }
}

impl Condition {
    /// Whether it holds for this value of its quantity.
    pub fn holds(&self, have: f64) -> bool {
        match self.comparison {
            Comparison::Less => have < self.value,
            Comparison::LessOrEqual => have <= self.value,
            Comparison::Greater => have > self.value,
            Comparison::GreaterOrEqual => have >= self.value,
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let example = "for example gap > 0.1";
        let found = SIGNS.into_iter().filter_map(|(sign, comparison)| Some((text.find(sign)?, sign, comparison)));
        // At the same place the longer sign comes first.
        let Some((at, sign, comparison)) = found.min_by_key(|(at, ..)| *at) else {
            return Err(format!("{text:?} is neither epoch-end, nor a step, nor a condition, {example}"));
        };
        let (name, number) = (text[..at].trim(), text[at + sign.len()..].trim());
        let Some(quantity) = Quantity::all().find(|quantity| quantity.name() == name) else {
            let names: Vec<_> = Quantity::all().map(Quantity::name).collect();
            return Err(format!("{name:?} is no number of a run; there are {}", names.join(", ")));
        };
        match number.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Self { quantity, comparison, value }),
            _ => Err(format!("{number:?} is no number to compare {name} with, {example}")),
        }
    }
}

impl StopAt {
    /// Understands what a person writes.
    ///
    /// # Errors
    /// What is not understood, and what would be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if matches!(text, "epoch-end" | "epoch_end" | "epoch end") {
            return Ok(Self::EpochEnd);
        }
        if let Ok(step) = text.parse::<u32>() {
            let condition = Condition { quantity: Quantity::Step, comparison: Comparison::GreaterOrEqual, value: f64::from(step) };
            return Ok(Self::When(condition));
        }
        Condition::parse(text).map(Self::When)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = SIGNS.into_iter().find(|(_, comparison)| *comparison == self.comparison).map_or("", |(sign, _)| sign);
        write!(f, "{} {sign} {}", self.quantity.name(), self.value)
    }
}

impl fmt::Display for StopAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EpochEnd => f.write_str("epoch-end"),
            Self::When(condition) => condition.fmt(f),
        }
    }
}

impl StopAt {
    /// When that is, in words: `at the end of the epoch`, `when gap > 0.1`.
    pub fn in_words(&self) -> String {
        match self {
            Self::EpochEnd => "at the end of the epoch".to_owned(),
            Self::When(Condition { quantity: Quantity::Step, comparison: Comparison::GreaterOrEqual, value }) => format!("at step {value}"),
            Self::When(condition) => format!("when {condition}"),
        }
    }
}

impl TryFrom<String> for StopAt {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<StopAt> for String {
    fn from(stop_at: StopAt) -> Self {
        stop_at.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_write_is_understood_and_written_back() {
        for (text, shown, words) in [
            ("epoch end", "epoch-end", "at the end of the epoch"),
            ("120", "step >= 120", "at step 120"),
            ("gap>0.1", "gap > 0.1", "when gap > 0.1"),
            (" accuracy >= .9 ", "accuracy >= 0.9", "when accuracy >= 0.9"),
            ("validation_loss<1e-3", "validation_loss < 0.001", "when validation_loss < 0.001"),
        ] {
            let stop_at = StopAt::parse(text).unwrap();
            assert_eq!((stop_at.to_string().as_str(), stop_at.in_words().as_str()), (shown, words));
            assert_eq!(StopAt::parse(shown), Ok(stop_at));
        }
    }

    #[test]
    fn what_is_not_understood_says_what_would_be() {
        for (text, expected) in [
            ("soon", "for example gap > 0.1"),
            ("size > 3", "there are step, epoch, seconds, loss, gap, validation_loss, accuracy"),
            ("gap > much", "\"much\" is no number to compare gap with"),
            ("gap > nan", "\"nan\" is no number"),
        ] {
            let problem = StopAt::parse(text).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
    }

    #[test]
    fn not_a_number_fulfils_nothing() {
        for (_, comparison) in SIGNS {
            assert!(!Condition { quantity: Quantity::Gap, comparison, value: 0.0 }.holds(f64::NAN));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_understood_is_written_back(text in ".{0,30}") {
            if let Ok(stop_at) = StopAt::parse(&text) {
                prop_assert_eq!(StopAt::parse(&stop_at.to_string()), Ok(stop_at));
            }
        }
    }
}
