//! The task head: which vector it reads and how it maps that to logits.

use serde::{Deserialize, Serialize};

use crate::spec::backbone::Backbone;
use crate::spec::family::Family;

/// The task head: pooling, dropout, and a classifier to `[B,C]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The vector `[B,H]` that the classifier reads.
    pub pooling: Pooling,
    /// The classifier.
    pub classifier: Classifier,
    /// Dropout on the pooled vector and the classifier's hidden layer, in `[0, 1)`.
    pub dropout: f64,
}

/// How hidden states `[B,T,H]` become one vector `[B,H]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The last hidden state of `[CLS]`.
    Cls,
    /// `tanh(W h_CLS + b)`, the backbone's pre-trained pooler.
    Pooler,
    /// The mean of the last hidden states of the real tokens.
    Mean,
    /// The pooler at position 0, which with prompt tuning is the first virtual token: what PEFT's models read.
    Peft,
}

/// How the pooled vector becomes logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Classifier {
    /// One linear layer, `H → C`.
    Linear,
    /// One hidden layer of width `H` with tanh and dropout, then `H → C`: RoBERTa's.
    Mlp,
    /// One hidden layer of width `H` with a rectified linear unit, then dropout (only here) and `H → C`: DistilBERT's.
    MlpRelu,
}

impl Head {
    /// The head of the family's own classifier (Transformers' `…ForSequenceClassification`); BERT's reads `[CLS]` where the checkpoint
    /// has no pooler.
    pub const fn of_family(backbone: &Backbone, has_pooler: bool) -> Self {
        let (pooling, classifier) = match backbone.family {
            Family::Bert if has_pooler => (Pooling::Pooler, Classifier::Linear),
            Family::Bert => (Pooling::Cls, Classifier::Linear),
            Family::Roberta => (Pooling::Cls, Classifier::Mlp),
            Family::DistilBert => (Pooling::Cls, Classifier::MlpRelu),
        };
        Self { pooling, classifier, dropout: backbone.head_dropout }
    }

    /// Trainable parameters of the head for hidden size `h` and `n_classes` labels; the pooler is the backbone's.
    pub const fn parameters(&self, h: i64, n_classes: i64) -> i64 {
        let output = h * n_classes + n_classes;
        match self.classifier {
            Classifier::Linear => output,
            Classifier::Mlp | Classifier::MlpRelu => h * h + h + output,
        }
    }
}

impl Pooling {
    /// Every pooling with its name in experiment files.
    pub const NAMES: [(&'static str, Self); 4] = [("cls", Self::Cls), ("pooler", Self::Pooler), ("mean", Self::Mean), ("peft", Self::Peft)];

    /// Whether the backbone's pooler is part of the forward pass.
    pub const fn reads_pooler(self) -> bool {
        matches!(self, Self::Pooler | Self::Peft)
    }
}

impl Classifier {
    /// Every classifier with its name in experiment files.
    pub const NAMES: [(&'static str, Self); 3] = [("linear", Self::Linear), ("mlp", Self::Mlp), ("mlp_relu", Self::MlpRelu)];
}
