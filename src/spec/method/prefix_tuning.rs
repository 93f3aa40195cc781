//! Prefix tuning: virtual keys and values in front of every block's own.
//!
//! `attention(Q, [P_k; K], [P_v; V])` in every block, with `P_k, P_v [V,H]` trained. With `projection: E` they are computed from an
//! embedding, `P = tanh(e W₁ᵀ + b₁) W₂ᵀ + b₂` with `e [V,H]`, `W₁ [E,H]`, `W₂ [2LH,E]`, of which only `P` is needed at inference.
//!
//! Paper: Li & Liang 2021, arXiv:2101.00190, §4.2 and §4.3. Reference: PEFT's `PrefixEncoder`.
//! Initialisation: `P` (or `e`) from `N(0, initial_std²)`, the layers uniform in `±1/√in`: the first step starts from another network.
//! Parameters: `2 V L H`, or with a projection `V H + E H + E + 2LH·E + 2LH`. At inference: `V` keys and values more per block.
//! Differs: PEFT draws from `N(0, 1)`; ours begin at a tenth of that. Real tokens take the positions after the virtual ones, as in PEFT
//! (AdapterHub does not shift them).

use serde::{Deserialize, Serialize};

use crate::spec::backbone::Backbone;
use crate::spec::method::about::About;
use crate::spec::method::hyperparameter::{Accepts, Hyperparameter};

/// Hyperparameters of prefix tuning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrefixTuning {
    /// Virtual tokens `V`, at least 1.
    pub length: i64,
    /// Width `E` of the reparameterising layer; `None` trains keys and values themselves.
    pub projection: Option<i64>,
    /// Standard deviation of the first keys and values, or of the embedding that they are computed from.
    pub initial_std: f64,
}

/// What is said of prefix tuning.
pub const ABOUT: About = About {
    name: "prefix_tuning",
    short: "prefix",
    summary: "virtual keys and values in front of every block's own",
    paper: "Li & Liang 2021, arXiv:2101.00190",
    source: include_str!("prefix_tuning.rs"),
    hyperparameters: &[
        Hyperparameter::new("length", "v", "virtual tokens", Accepts::Count(1 << 20), "20"),
        Hyperparameter::new("projection", "mlp", "width of the reparameterising layer", Accepts::CountOrOff(1 << 20), "false"),
        Hyperparameter::new("initial_std", "std", "spread of the first values", Accepts::AtLeastZero, "0.1"),
    ],
    // Ours: the best of a sweep on 2,000 rows of SST-2, three epochs with AdamW; a spread of 0.1 beside it, since prefixes drawn with a spread of 1 learned less.
    learning_rate: 1e-1,
    head_learning_rate: Some(1e-2),
};

impl PrefixTuning {
    /// `2 V L H`, or with a projection `V H + E H + E + 2LH·E + 2LH`.
    pub fn parameters(&self, backbone: &Backbone) -> i64 {
        let (hidden, all) = (backbone.hidden_size, 2 * backbone.n_layers * backbone.hidden_size);
        match self.projection {
            None => self.length * all,
            Some(width) => self.length * hidden + width * hidden + width + all * width + all,
        }
    }
}
