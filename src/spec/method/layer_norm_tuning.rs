//! Layer norm tuning: weight and bias of every layer norm train, and nothing else but the head.
//!
//! `y = (x - mean) / √(var + ε) ∘ g + b`: only `g` and `b` train.
//!
//! Paper: Qi et al. 2022, arXiv:2211.08682; Zhao et al. 2024, arXiv:2312.11420. Reference: PEFT's `tuners/ln_tuning`.
//! Initialisation: the pre-trained weights: nothing changes before the first step.
//! Parameters: `4H` per block and `2H` of the embeddings' layer norm train, none are added. At inference: nothing.
//! Differs: PEFT keeps a copy of each layer norm beside the original; ours train in place.

use crate::spec::method::about::About;

/// What is said of layer norm tuning.
pub const ABOUT: About = About {
    name: "layer_norm_tuning",
    short: "norms",
    summary: "every layer norm of the backbone trains",
    paper: "Qi et al. 2022, arXiv:2211.08682",
    source: include_str!("layer_norm_tuning.rs"),
    hyperparameters: &[],
    // Ours: the best of a sweep on 2,000 rows of SST-2, three epochs with AdamW.
    learning_rate: 5e-3,
    head_learning_rate: None,
};
