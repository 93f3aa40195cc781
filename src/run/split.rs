//! Where the time of training steps went: the payload of the event `step_split`. Must not know who measures or shows it.

use serde::{Deserialize, Serialize};

/// Mean seconds of the parts of a step, over the steps since the event before. What no part names (threads that wait for each other, adding up
/// their gradients) is the rest of `seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StepSplit {
    /// The last step counted.
    pub step: u64,
    /// Steps counted, at least 1.
    pub steps: u64,
    /// A step as a whole.
    pub seconds: f64,
    /// Waiting for data: until the batch's rows are tensors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<f64>,
    /// The forward pass and the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward: Option<f64>,
    /// The backward pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backward: Option<f64>,
    /// The norm of all gradients, clipping, and the optimizer's update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<f64>,
}

impl StepSplit {
    /// Names and shares of a step of the parts that are known, in the order in which a step takes them.
    pub fn shares(&self) -> Vec<(Part, f64)> {
        let parts = [(Part::Data, self.data), (Part::Forward, self.forward), (Part::Backward, self.backward), (Part::Update, self.update)];
        let whole = self.seconds.max(f64::MIN_POSITIVE);
        parts.into_iter().filter_map(|(part, seconds)| Some((part, (seconds? / whole).clamp(0.0, 1.0)))).collect()
    }
}

/// A part of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Waiting for data.
    Data,
    /// The forward pass.
    Forward,
    /// The backward pass.
    Backward,
    /// The optimizer.
    Update,
}

impl Part {
    /// Its name, and in short.
    pub const fn names(self) -> [&'static str; 3] {
        match self {
            Self::Data => ["data", "data", "d"],
            Self::Forward => ["forward", "fwd", "f"],
            Self::Backward => ["backward", "bwd", "b"],
            Self::Update => ["update", "upd", "u"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_told_of_what_is_known() {
        let split =
            StepSplit { step: 9, steps: 9, seconds: 0.2, data: Some(0.01), forward: Some(0.05), backward: Some(0.1), update: Some(0.02) };
        assert_eq!(split.shares().iter().map(|(_, share)| (share * 100.0).round()).collect::<Vec<_>>(), [5.0, 25.0, 50.0, 10.0]);
        let unknown = StepSplit { forward: None, backward: None, ..split };
        assert_eq!(unknown.shares().iter().map(|(part, _)| *part).collect::<Vec<_>>(), [Part::Data, Part::Update]);
        let broken = StepSplit { seconds: 0.0, ..split };
        assert!(broken.shares().iter().all(|(_, share)| (0.0..=1.0).contains(share)), "a log may say anything");
        assert!(!serde_json::to_string(&unknown).unwrap().contains("forward"));
    }
}
