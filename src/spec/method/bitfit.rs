//! BitFit: every bias of the backbone trains, and nothing else but the head.
//!
//! `y = x Wᵀ + b`: only `b` trains; likewise the biases of the layer norms and of a pooler that is read.
//!
//! Paper: Ben Zaken et al. 2022, arXiv:2106.10199, §3. Reference: its code, and Transformers with only `bias` requiring gradients.
//! Initialisation: the pre-trained biases: nothing changes before the first step.
//! Parameters: `7H + I` per block, `H` of the embeddings' layer norm and `H` of a pooler train; none are added. At inference: nothing.
//! Differs: nothing known.

use crate::spec::method::about::About;

/// What is said of `BitFit`.
pub const ABOUT: About = About {
    name: "bitfit",
    short: "BitFit",
    summary: "every bias of the backbone trains",
    paper: "Ben Zaken et al. 2022, arXiv:2106.10199",
    source: include_str!("bitfit.rs"),
    hyperparameters: &[],
    // Ours: the best of a sweep on 2,000 rows of SST-2, three epochs with AdamW; the default of its code, `run_glue.py`: 1e-3.
    learning_rate: 5e-3,
    head_learning_rate: None,
};
