//! The registry of methods: names, papers, hyperparameters with defaults, closed-form parameter counts.
//!
//! Must not know how a method computes; that is one file per method in `engine/methods/`.

use serde::{Deserialize, Serialize};

use crate::spec::backbone::Backbone;

/// How the backbone is adapted to the task, with the method's own hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
pub enum Method {
    /// Every weight of the backbone trains.
    Full,
    /// The backbone is frozen; only the head trains, on its features.
    FeatureExtraction,
    /// Low-rank updates beside frozen linear layers.
    Lora(Lora),
}

/// Hyperparameters of LoRA.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lora {
    /// Rank `R` of the update, at least 1.
    pub rank: i64,
    /// Scale numerator: the update is multiplied by `alpha / rank`.
    pub alpha: f64,
    /// Dropout on the input of `A`, in `[0, 1)`.
    pub dropout: f64,
    /// The linear layers that receive an update.
    pub targets: Vec<Site>,
}

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

    /// `(in, out)` features of the layer.
    pub const fn features(self, backbone: &Backbone) -> (i64, i64) {
        let (hidden, ffn) = (backbone.hidden_size, backbone.intermediate_size);
        match self {
            Self::Query | Self::Key | Self::Value | Self::AttentionOutput => (hidden, hidden),
            Self::FfnUp => (hidden, ffn),
            Self::FfnDown => (ffn, hidden),
        }
    }
}

/// Whether the backbone's own weights train.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackboneTraining {
    /// Gradients reach and change every backbone tensor.
    Trained,
    /// No backbone tensor ever changes.
    Frozen,
}

/// A hyperparameter of a method, as help, forms and errors show it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hyperparameter {
    /// Key in the experiment file.
    pub key: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// Accepted values, in words.
    pub accepts: &'static str,
    /// The default, as written in an experiment file.
    pub default: &'static str,
}

/// What is said of a method without running it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct About {
    /// The name used in experiment files.
    pub name: &'static str,
    /// A short name for narrow tables, at most eight characters.
    pub short: &'static str,
    /// One line: what it does.
    pub summary: &'static str,
    /// Author, year, arXiv number.
    pub paper: &'static str,
    /// The method's own keys.
    pub hyperparameters: &'static [Hyperparameter],
    /// Default peak learning rate.
    pub learning_rate: f64,
}

const FULL: About = About {
    name: "full",
    short: "full",
    summary: "full fine-tuning: every weight trains",
    paper: "Devlin et al. 2019, arXiv:1810.04805",
    hyperparameters: &[],
    // Devlin et al. 2019, appendix A.3: 5e-5, 3e-5 or 2e-5.
    learning_rate: 5e-5,
};

const FEATURE_EXTRACTION: About = About {
    name: "feature_extraction",
    short: "feature",
    summary: "frozen backbone, trained head: the cheapest",
    paper: "Peters et al. 2019, arXiv:1903.05987",
    hyperparameters: &[],
    // Ours: a classifier alone, on fixed features, levels off within five epochs of the shipped data at this rate.
    learning_rate: 1e-2,
};

const LORA: About = About {
    name: "lora",
    short: "LoRA",
    summary: "low-rank updates beside frozen linear layers; merges away at inference",
    paper: "Hu et al. 2021, arXiv:2106.09685",
    hyperparameters: &[
        Hyperparameter { key: "rank", about: "rank of the update", accepts: "a whole number from 1 to the hidden size", default: "8" },
        Hyperparameter { key: "alpha", about: "the update is scaled by alpha / rank", accepts: "a number above 0", default: "16" },
        Hyperparameter {
            key: "dropout",
            about: "dropout on the update's input",
            accepts: "a number from 0 up to, not including, 1",
            default: "0.0",
        },
        Hyperparameter {
            key: "targets",
            about: "linear layers that receive an update",
            accepts: "a list of query, key, value, attention_output, ffn_up, ffn_down; or all",
            default: "[query, value]",
        },
    ],
    // Hu et al. 2021, appendix D: 5e-4 for RoBERTa-base on SST-2.
    learning_rate: 5e-4,
};

impl Default for Lora {
    fn default() -> Self {
        Self { rank: 8, alpha: 16.0, dropout: 0.0, targets: vec![Site::Query, Site::Value] }
    }
}

impl Method {
    /// One of each, with default hyperparameters, in the order of lists and help.
    pub fn defaults() -> Vec<Self> {
        vec![Self::Full, Self::FeatureExtraction, Self::Lora(Lora::default())]
    }

    /// One or more of each with hyperparameters that differ from every default; contract tests iterate this.
    pub fn examples() -> Vec<Self> {
        vec![
            Self::Full,
            Self::FeatureExtraction,
            Self::Lora(Lora { rank: 3, alpha: 7.0, dropout: 0.0, targets: vec![Site::Key, Site::Value, Site::FfnDown] }),
            Self::Lora(Lora { rank: 2, alpha: 5.0, dropout: 0.3, targets: Site::ALL.to_vec() }),
        ]
    }

    /// What can be said of the method without running it.
    pub const fn about(&self) -> &'static About {
        match self {
            Self::Full => &FULL,
            Self::FeatureExtraction => &FEATURE_EXTRACTION,
            Self::Lora(_) => &LORA,
        }
    }

    /// Whether the backbone's own weights train.
    pub const fn backbone_training(&self) -> BackboneTraining {
        match self {
            Self::Full => BackboneTraining::Trained,
            Self::FeatureExtraction | Self::Lora(_) => BackboneTraining::Frozen,
        }
    }

    /// Parameters that the method adds (the head not counted).
    ///
    /// LoRA: for each layer and target, `R · (in + out)`.
    pub fn added_parameters(&self, backbone: &Backbone) -> i64 {
        match self {
            Self::Full | Self::FeatureExtraction => 0,
            Self::Lora(lora) => {
                let per_layer: i64 = lora.targets.iter().map(|site| site.features(backbone)).map(|(i, o)| lora.rank * (i + o)).sum();
                backbone.n_layers * per_layer
            }
        }
    }

    /// The method's hyperparameters in one short line, empty where it has none.
    pub fn hyperparameters_line(&self) -> String {
        match self {
            Self::Full | Self::FeatureExtraction => String::new(),
            Self::Lora(lora) => {
                let targets: Vec<_> = lora.targets.iter().map(|site| site.name()).collect();
                format!("rank {} alpha {} dropout {} targets {}", lora.rank, lora.alpha, lora.dropout, targets.join(","))
            }
        }
    }
}
