//! The named linear layers of a transformer block, where methods act.

use serde::{Deserialize, Serialize};

use crate::spec::backbone::Backbone;

/// A named linear layer of every transformer block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Site {
    /// Projection to queries, `H → H`.
    Query,
    /// Projection to keys, `H → H`.
    Key,
    /// Projection to values, `H → H`.
    Value,
    /// Output projection of attention, `H → H`.
    AttentionOutput,
    /// First linear layer of the feed-forward network, `H → I`.
    FfnUp,
    /// Second linear layer of the feed-forward network, `I → H`.
    FfnDown,
}

impl Site {
    /// Every site, in the order of the forward pass.
    pub const ALL: [Self; 6] = [Self::Query, Self::Key, Self::Value, Self::AttentionOutput, Self::FfnUp, Self::FfnDown];

    /// The name used in experiment files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Key => "key",
            Self::Value => "value",
            Self::AttentionOutput => "attention_output",
            Self::FfnUp => "ffn_up",
            Self::FfnDown => "ffn_down",
        }
    }

    /// The site of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|site| site.name() == name)
    }

    /// `(in, out)` features of the layer.
    pub const fn features(self, backbone: &Backbone) -> (i64, i64) {
        let (hidden, ffn) = (backbone.hidden_size, backbone.intermediate_size);
        match self {
            Self::Query | Self::Key | Self::Value | Self::AttentionOutput => (hidden, hidden),
            Self::FfnUp => (hidden, ffn),
            Self::FfnDown => (ffn, hidden),
        }
    }

    /// The layer's name in the backbone's store, to which `.weight` and `.bias` are added: the canonical one.
    pub fn tensor_name(self, layer: usize) -> String {
        let path = match self {
            Self::Query => "attention.self.query",
            Self::Key => "attention.self.key",
            Self::Value => "attention.self.value",
            Self::AttentionOutput => "attention.output.dense",
            Self::FfnUp => "intermediate.dense",
            Self::FfnDown => "output.dense",
        };
        format!("encoder.layer.{layer}.{path}")
    }
}
