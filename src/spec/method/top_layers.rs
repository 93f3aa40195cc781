//! Top layers: the highest `k` blocks, the pooler and the head train; everything below is frozen.
//!
//! `W ← W - lr · AdamW(∂L/∂W)` for the `W` of the blocks `L-k … L-1` and of the pooler; no gradient flows below.
//!
//! Paper: Lee et al. 2019, arXiv:1911.03090 (a fourth of the layers, the last ones, reaches nine tenths of the quality).
//! Initialisation: the pre-trained weights: nothing changes before the first step.
//! Parameters: `k · (4H² + 2HI + 9H + I)` of the blocks and `H² + H` of a pooler train, none are added. At inference: nothing.
//! Differs: nothing known.

use serde::{Deserialize, Serialize};

use crate::spec::backbone::Backbone;
use crate::spec::method::about::About;
use crate::spec::method::hyperparameter::{Accepts, Hyperparameter, Misfit};

/// Hyperparameters of training the top layers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopLayers {
    /// Blocks that train, counted from the top, at least 1.
    pub layers: i64,
}

/// What is said of training the top layers.
pub const ABOUT: About = About {
    name: "top_layers",
    short: "top-k",
    summary: "the top blocks, the pooler and the head train",
    paper: "Lee et al. 2019, arXiv:1911.03090",
    source: include_str!("top_layers.rs"),
    hyperparameters: &[Hyperparameter::new("layers", "k", "blocks that train, counted from the top", Accepts::Count(1 << 10), "2")],
    // Ours: twice that of full fine-tuning, which did as well there on 2,000 rows of SST-2.
    learning_rate: 1e-4,
    head_learning_rate: None,
};

impl TopLayers {
    /// The model has fewer blocks.
    pub fn misfit(&self, backbone: &Backbone) -> Option<Misfit> {
        let most = backbone.n_layers;
        (self.layers > most).then(|| Misfit::new("layers", format!("`layers` is {}; the model has {most} blocks", self.layers)))
    }
}
