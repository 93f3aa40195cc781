//! What a method leaves beside the backbone once it is trained: nothing, or virtual tokens, or further layers.

use serde::Serialize;

use crate::spec::method::Method;

/// What inference needs beyond the backbone and the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Inference {
    /// Nothing: the method changed the backbone's own weights, or none.
    InPlace,
    /// Nothing: what the method added folds into the backbone's own weights.
    Merged,
    /// Bottlenecks, of two linear layers each.
    Bottlenecks {
        /// How many in each block.
        per_block: i64,
    },
    /// Virtual keys and values in every block; a projection that they were computed by is dropped.
    VirtualKeys {
        /// Virtual tokens.
        length: i64,
    },
    /// Virtual tokens in front of the input.
    VirtualTokens {
        /// How many.
        length: i64,
    },
}

impl Inference {
    /// In at most 22 characters, for tables.
    pub fn short(self) -> String {
        match self {
            Self::InPlace => "nothing added".to_owned(),
            Self::Merged => "merges away".to_owned(),
            Self::Bottlenecks { per_block: 1 } => "1 bottleneck a block".to_owned(),
            Self::Bottlenecks { per_block } => format!("{per_block} bottlenecks a block"),
            Self::VirtualKeys { length } => format!("{length} virtual a block"),
            Self::VirtualTokens { length } => format!("{length} virtual tokens"),
        }
    }

    /// As a sentence without its end.
    pub fn sentence(self) -> String {
        match self {
            Self::InPlace => "nothing is added: as large and as fast as before".to_owned(),
            Self::Merged => "all that was added merges into the backbone's weights".to_owned(),
            Self::Bottlenecks { per_block: 1 } => "one bottleneck of two small linear layers stays in every block".to_owned(),
            Self::Bottlenecks { per_block } => format!("{per_block} bottlenecks of two small linear layers stay in every block"),
            Self::VirtualKeys { length } => format!("{length} virtual keys and values stay in every block"),
            Self::VirtualTokens { length } => format!("{length} virtual tokens stay in front of every input"),
        }
    }
}

impl Method {
    /// What inference needs beyond the backbone and the head.
    pub const fn inference(&self) -> Inference {
        match self {
            Self::Full | Self::TopLayers(_) | Self::FeatureExtraction | Self::BitFit | Self::LayerNormTuning => Inference::InPlace,
            Self::Lora(_) | Self::Ia3(_) => Inference::Merged,
            Self::HoulsbyAdapter(_) => Inference::Bottlenecks { per_block: 2 },
            Self::PfeifferAdapter(_) | Self::ParallelAdapter(_) => Inference::Bottlenecks { per_block: 1 },
            Self::PrefixTuning(prefix) => Inference::VirtualKeys { length: prefix.length },
            Self::PTuningV2(prefix) => Inference::VirtualKeys { length: prefix.length },
            Self::PromptTuning(prompt) => Inference::VirtualTokens { length: prompt.length },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::backbone::Backbone;

    #[test]
    fn what_merges_and_what_adds_nothing_leaves_nothing() {
        for method in Method::examples() {
            let added = method.added_parameters(&Backbone::bert(2, 24, 3));
            assert_eq!(method.inference() == Inference::Merged, method.merges(), "{method:?}");
            assert_eq!(method.inference() == Inference::InPlace, added == 0, "{method:?}");
            assert!(method.inference().short().len() <= 22);
        }
    }
}
