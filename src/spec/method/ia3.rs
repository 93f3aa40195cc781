//! (IA)³: learned factors on keys, values and inner activations.
//!
//! `y = (x Wᵀ + b) ∘ l` with `l [out]` for the query, key, value and up projections; `y = (x ∘ l) Wᵀ + b` with `l [in]` for the attention output
//! and down projections, whose inputs are the activations that the paper scales. Only the `l` train.
//!
//! Paper: Liu et al. 2022, arXiv:2205.05638, §3.3. Reference: PEFT's `tuners/ia3`.
//! Initialisation: ones: nothing changes before the first step.
//! Parameters: `out` (or `in`) per layer and target. At inference `l` merges into `W` and `b`: no latency.
//! Differs: PEFT's default targets for BERT take in the attention output too, since its name ends alike. The paper's code decays nothing;
//! here `weight_decay` draws the factors towards zero, as with PEFT in Transformers' `Trainer`: 0 switches it off.

use serde::{Deserialize, Serialize};

use crate::spec::backbone::Backbone;
use crate::spec::method::about::About;
use crate::spec::method::hyperparameter::{Accepts, Hyperparameter};
use crate::spec::method::site::Site;

/// Hyperparameters of (IA)³.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ia3 {
    /// The linear layers that receive factors.
    pub targets: Vec<Site>,
}

/// What is said of (IA)³.
pub const ABOUT: About = About {
    name: "ia3",
    short: "IA3",
    summary: "learned factors on keys, values and inner activations; merges away at inference",
    paper: "Liu et al. 2022, arXiv:2205.05638",
    source: include_str!("ia3.rs"),
    hyperparameters: &[Hyperparameter::new("targets", "", "linear layers that receive factors", Accepts::Sites, "[key, value, ffn_down]")],
    // Ours: the best of a sweep on 2,000 rows of SST-2, three epochs with AdamW. The paper's code: 3e-3 with Adafactor, `configs/ia3.json`.
    learning_rate: 1e-2,
    head_learning_rate: None,
};

impl Ia3 {
    /// Whether the factors act on the layer's input rather than its output.
    pub const fn scales_input(site: Site) -> bool {
        matches!(site, Site::AttentionOutput | Site::FfnDown)
    }

    /// Length of the factors at a site.
    pub const fn factors(site: Site, backbone: &Backbone) -> i64 {
        let (n_in, n_out) = site.features(backbone);
        if Self::scales_input(site) { n_in } else { n_out }
    }

    /// One factor per output, or input, of each layer and target.
    pub fn parameters(&self, backbone: &Backbone) -> i64 {
        backbone.n_layers * self.targets.iter().map(|&site| Self::factors(site, backbone)).sum::<i64>()
    }
}
