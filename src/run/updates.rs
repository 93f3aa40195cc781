//! How far a run's weights have moved: the payload of the event `updates`, by place in the network and by part of the ledger.
//!
//! Must not know who measures or judges it.

use serde::{Deserialize, Serialize};

use crate::run::number::Number;

/// What trains where, and how far it has moved since the first step; taken at the start and at every evaluation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Updates {
    /// Steps taken.
    pub step: u64,
    /// In the order of the forward pass; what trains and what is frozen apart.
    pub groups: Vec<Group>,
}

/// The tensors of one place and part that train, or those that do not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Where they stand.
    pub place: Place,
    /// What they belong to.
    pub part: Part,
    /// Parameters in them.
    pub parameters: u64,
    /// How far they have moved; `None` where they are frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub movement: Option<Movement>,
}

/// Where tensors stand, in the order of the forward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Below the first layer; prompts too.
    Embeddings,
    /// In layer `l`, counted from 0, the lowest.
    Layer(u64),
    /// In every layer at once: prefixes and what makes them.
    EveryLayer,
    /// Above the last layer.
    Pooler,
    /// The task head.
    Head,
}

/// What tensors belong to: the roles of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The pre-trained weights, layer norms aside.
    Backbone,
    /// The backbone's layer norms.
    Norms,
    /// What the method added.
    Method,
    /// The task head.
    Head,
}

/// Euclidean norms over all elements of a group, estimated from an even sample of the elements of large tensors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Movement {
    /// Of the weights before the first step.
    pub start_norm: Number,
    /// Of the difference of the weights now from those.
    pub update_norm: Number,
    /// Of the gradient of the last step, before clipping; 0 before the first.
    pub gradient_norm: Number,
}

impl Movement {
    /// `‖Δw‖ / ‖w‖`; infinite where the weights were zero and have moved, 0 where they have not.
    pub fn relative(&self) -> f64 {
        if self.update_norm.0 == 0.0 { 0.0 } else { self.update_norm.0 / self.start_norm.0 }
    }

    /// Of two groups together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let join = |a: Number, b: Number| Number(a.0.hypot(b.0));
        Self {
            start_norm: join(self.start_norm, other.start_norm),
            update_norm: join(self.update_norm, other.update_norm),
            gradient_norm: join(self.gradient_norm, other.gradient_norm),
        }
    }
}

impl Updates {
    /// How far a part has moved, all places together; `None` where nothing of it trains.
    pub fn of(&self, part: Part) -> Option<Movement> {
        self.groups.iter().filter(|group| group.part == part).filter_map(|group| group.movement).reduce(Movement::and)
    }

    /// How far all that trains has moved.
    pub fn all(&self) -> Option<Movement> {
        self.groups.iter().filter_map(|group| group.movement).reduce(Movement::and)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(part: Part, norms: Option<(f64, f64, f64)>) -> Group {
        let movement = norms.map(|(start, update, gradient)| Movement {
            start_norm: start.into(),
            update_norm: update.into(),
            gradient_norm: gradient.into(),
        });
        Group { place: Place::Layer(0), part, parameters: 1, movement }
    }

    #[test]
    fn norms_of_groups_join_as_those_of_one_long_vector() {
        let updates = Updates {
            step: 1,
            groups: vec![
                group(Part::Method, Some((3.0, 0.3, 1.0))),
                group(Part::Method, Some((4.0, 0.4, 0.0))),
                group(Part::Backbone, None),
                group(Part::Head, Some((0.0, 2.0, 0.0))),
            ],
        };
        let method = updates.of(Part::Method).unwrap();
        assert!((method.relative() - 0.1).abs() < 1e-12);
        assert_eq!((method.start_norm, method.gradient_norm), (Number(5.0), Number(1.0)));
        assert_eq!(updates.of(Part::Backbone), None, "a frozen part does not move");
        assert!(updates.of(Part::Head).unwrap().relative().is_infinite());
    }
}
