//! Full fine-tuning: every weight of the backbone trains, together with the head.
//!
//! `W ← W - lr · AdamW(∂L/∂W)` for every `W`.
//!
//! Paper: Devlin et al. 2019, arXiv:1810.04805, §4.1. Reference: Transformers' `Trainer`.
//! Initialisation: the pre-trained weights: nothing changes before the first step.
//! Parameters: all of the backbone train, none are added; one whole model is stored per task. At inference: nothing.
//! Differs: nothing known. Forgetting is a risk: use 1e-5 to 5e-5, and `layer_decay` for lower rates in lower blocks.

use crate::spec::method::about::About;

/// What is said of full fine-tuning.
pub const ABOUT: About = About {
    name: "full",
    short: "full",
    summary: "full fine-tuning: every weight trains",
    paper: "Devlin et al. 2019, arXiv:1810.04805",
    source: include_str!("full.rs"),
    hyperparameters: &[],
    // Devlin et al. 2019, appendix A.3: 5e-5, 3e-5 or 2e-5.
    learning_rate: 5e-5,
    head_learning_rate: None,
};
