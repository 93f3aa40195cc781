//! The registry of methods: one file each with what it is, its hyperparameters and its closed-form counts.
//!
//! Must not know how a method computes; that is one file per method in `engine/src/methods/`. To add a method: a file here, a variant
//! of [`Method`] with its arms below, a file there. Help, errors, names of runs and the contract tests iterate [`Method::ALL`].

pub mod about;
pub mod adapter;
pub mod bitfit;
pub mod default_head;
pub mod examples;
pub mod feature_extraction;
pub mod full;
pub mod houlsby_adapter;
pub mod hyperparameter;
pub mod ia3;
pub mod inference;
pub mod layer_norm_tuning;
pub mod lora;
pub mod p_tuning_v2;
pub mod parallel_adapter;
pub mod pfeiffer_adapter;
pub mod prefix_tuning;
pub mod prompt_tuning;
pub mod site;
pub mod top_layers;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::spec::backbone::{Backbone, BackboneTraining};
use crate::spec::method::about::About;
use crate::spec::method::adapter::Adapter;
use crate::spec::method::hyperparameter::Misfit;
use crate::spec::method::ia3::Ia3;
use crate::spec::method::lora::Lora;
use crate::spec::method::p_tuning_v2::PTuningV2;
use crate::spec::method::prefix_tuning::PrefixTuning;
use crate::spec::method::prompt_tuning::PromptTuning;
use crate::spec::method::top_layers::TopLayers;

/// How the backbone is adapted to the task, with the method's own hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
pub enum Method {
    /// Every weight of the backbone trains.
    Full,
    /// The top blocks and the pooler train.
    TopLayers(TopLayers),
    /// The backbone is frozen; only the head trains, on its features.
    FeatureExtraction,
    /// Low-rank updates beside frozen linear layers.
    Lora(Lora),
    /// Bottlenecks after attention and after the feed-forward network.
    HoulsbyAdapter(Adapter),
    /// Bottlenecks after the feed-forward network.
    PfeifferAdapter(Adapter),
    /// Bottlenecks beside the feed-forward network.
    ParallelAdapter(Adapter),
    /// Virtual keys and values in front of every block's own.
    PrefixTuning(PrefixTuning),
    /// The same without reparameterisation, with dropout.
    #[serde(rename = "p_tuning_v2")]
    PTuningV2(PTuningV2),
    /// Virtual tokens in front of the input.
    PromptTuning(PromptTuning),
    /// Learned factors on keys, values and inner activations.
    Ia3(Ia3),
    /// Every bias of the backbone trains.
    #[serde(rename = "bitfit")]
    BitFit,
    /// Every layer norm of the backbone trains.
    LayerNormTuning,
}

impl Method {
    /// What is said of every method, in the order of lists and help.
    pub const ALL: [&'static About; 13] = [
        &full::ABOUT,
        &top_layers::ABOUT,
        &feature_extraction::ABOUT,
        &lora::ABOUT,
        &houlsby_adapter::ABOUT,
        &pfeiffer_adapter::ABOUT,
        &parallel_adapter::ABOUT,
        &prefix_tuning::ABOUT,
        &p_tuning_v2::ABOUT,
        &prompt_tuning::ABOUT,
        &ia3::ABOUT,
        &bitfit::ABOUT,
        &layer_norm_tuning::ABOUT,
    ];

    /// What can be said of the method without running it.
    pub const fn about(&self) -> &'static About {
        match self {
            Self::Full => &full::ABOUT,
            Self::TopLayers(_) => &top_layers::ABOUT,
            Self::FeatureExtraction => &feature_extraction::ABOUT,
            Self::Lora(_) => &lora::ABOUT,
            Self::HoulsbyAdapter(_) => &houlsby_adapter::ABOUT,
            Self::PfeifferAdapter(_) => &pfeiffer_adapter::ABOUT,
            Self::ParallelAdapter(_) => &parallel_adapter::ABOUT,
            Self::PrefixTuning(_) => &prefix_tuning::ABOUT,
            Self::PTuningV2(_) => &p_tuning_v2::ABOUT,
            Self::PromptTuning(_) => &prompt_tuning::ABOUT,
            Self::Ia3(_) => &ia3::ABOUT,
            Self::BitFit => &bitfit::ABOUT,
            Self::LayerNormTuning => &layer_norm_tuning::ABOUT,
        }
    }

    /// The method `about` tells of, with these hyperparameters over its defaults.
    ///
    /// # Panics
    /// When a value has another type than its hyperparameter accepts: a bug in the caller, who reads values by [`About`].
    pub fn with(about: &About, given: &Map<String, Value>) -> Self {
        let value = Value::Object(about.resolved(given));
        serde_json::from_value(value).unwrap_or_else(|error| panic!("hyperparameters of {}: {error}", about.name))
    }

    /// The method of this name with default hyperparameters.
    pub fn default_of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|about| about.name == name).map(|about| Self::with(about, &Map::new()))
    }

    /// One of each, with default hyperparameters, in the order of lists and help.
    pub fn defaults() -> Vec<Self> {
        Self::ALL.into_iter().map(|about| Self::with(about, &Map::new())).collect()
    }

    /// The hyperparameters by key, in the order of [`About::hyperparameters`]; null is "off".
    pub fn hyperparameters(&self) -> Vec<(&'static hyperparameter::Hyperparameter, Value)> {
        let Ok(Value::Object(mut values)) = serde_json::to_value(self) else { return Vec::new() };
        self.about().hyperparameters.iter().map(|own| (own, values.remove(own.key).unwrap_or_default())).collect()
    }

    /// The method's hyperparameters in one short line, those that are off left out; empty where it has none.
    pub fn hyperparameters_line(&self) -> String {
        let shown = self.hyperparameters().into_iter().filter(|(_, value)| !matches!(value, Value::Null | Value::Bool(false)));
        shown.map(|(own, value)| format!("{} {}", own.key, hyperparameter::shown(&value))).collect::<Vec<_>>().join(" ")
    }

    /// Which of the backbone's own weights train.
    pub fn backbone_training(&self, backbone: &Backbone) -> BackboneTraining {
        match self {
            Self::Full => BackboneTraining::All,
            Self::TopLayers(top) => BackboneTraining::TopBlocks { lowest: (backbone.n_layers - top.layers).max(0) },
            Self::BitFit => BackboneTraining::Biases,
            Self::LayerNormTuning => BackboneTraining::LayerNorms,
            Self::HoulsbyAdapter(adapter) | Self::PfeifferAdapter(adapter) | Self::ParallelAdapter(adapter)
                if adapter.train_layer_norms =>
            {
                BackboneTraining::LayerNorms
            }
            _ => BackboneTraining::None,
        }
    }

    /// Parameters that the method adds (the head not counted); the formula stands in each method's file.
    pub fn added_parameters(&self, backbone: &Backbone) -> i64 {
        match self {
            Self::Full | Self::TopLayers(_) | Self::FeatureExtraction | Self::BitFit | Self::LayerNormTuning => 0,
            Self::Lora(lora) => lora.parameters(backbone),
            Self::HoulsbyAdapter(adapter) => 2 * adapter.parameters(backbone),
            Self::PfeifferAdapter(adapter) | Self::ParallelAdapter(adapter) => adapter.parameters(backbone),
            Self::PrefixTuning(prefix) => prefix.parameters(backbone),
            Self::PTuningV2(prefix) => 2 * backbone.n_layers * prefix.length * backbone.hidden_size,
            Self::PromptTuning(prompt) => prompt.length * backbone.hidden_size,
            Self::Ia3(ia3) => ia3.parameters(backbone),
        }
    }

    /// Tensors that hold them.
    pub fn added_tensors(&self, backbone: &Backbone) -> i64 {
        let n_layers = backbone.n_layers;
        match self {
            Self::Full | Self::TopLayers(_) | Self::FeatureExtraction | Self::BitFit | Self::LayerNormTuning => 0,
            Self::Lora(lora) => n_layers * lora.targets.len() as i64 * if lora.dora { 3 } else { 2 },
            Self::HoulsbyAdapter(_) => 8 * n_layers,
            Self::PfeifferAdapter(_) | Self::ParallelAdapter(_) => 4 * n_layers,
            Self::PrefixTuning(prefix) => prefix.projection.map_or(1, |_| 5),
            Self::PTuningV2(_) | Self::PromptTuning(_) => 1,
            Self::Ia3(ia3) => n_layers * ia3.targets.len() as i64,
        }
    }

    /// Virtual tokens that take positions from the input.
    pub const fn virtual_tokens(&self) -> i64 {
        match self {
            Self::PrefixTuning(prefix) => prefix.length,
            Self::PTuningV2(prefix) => prefix.length,
            Self::PromptTuning(prompt) => prompt.length,
            _ => 0,
        }
    }

    /// Whether the network equals the pre-trained one, bit for bit or nearly so, before the first step.
    pub const fn starts_as_identity(&self) -> bool {
        !matches!(
            self,
            Self::HoulsbyAdapter(_) | Self::PfeifferAdapter(_) | Self::PrefixTuning(_) | Self::PTuningV2(_) | Self::PromptTuning(_)
        )
    }

    /// Whether what it adds folds into the backbone's own weights at inference.
    pub const fn merges(&self) -> bool {
        matches!(self, Self::Lora(_) | Self::Ia3(_))
    }

    /// The first hyperparameter that does not fit this backbone or another hyperparameter.
    pub fn misfit(&self, backbone: &Backbone) -> Option<Misfit> {
        match self {
            Self::TopLayers(top) => top.misfit(backbone),
            Self::Lora(lora) => lora.misfit(backbone),
            Self::PromptTuning(prompt) => prompt.misfit(),
            _ => None,
        }
        .or_else(|| {
            let (most, length) = (backbone.longest_input() - 3, self.virtual_tokens());
            (length > most).then(|| Misfit::new("length", format!("`length` is {length}; the model's {} positions leave {most}", most + 3)))
        })
    }
}

#[cfg(test)]
mod tests;
