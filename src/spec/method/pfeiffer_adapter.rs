//! Pfeiffer adapters: one bottleneck per block, after the feed-forward network.
//!
//! `x' = LN(A(LN(h + x)) + h + x)` with `A(z) = s · (f(z Dᵀ + d) Uᵀ + u)`, where `h` is the output of the feed-forward network after
//! dropout, `x` its input, and `LN` the pre-trained layer norm, applied twice; `D [W,H]`, `U [H,W]`.
//!
//! Paper: Pfeiffer et al. 2021, arXiv:2005.00247. Reference: AdapterHub's `seq_bn`.
//! Initialisation: `D` and `U` from `N(0, initial_std²)` cut at two standard deviations, biases zero: roughly the pre-trained network.
//! Parameters: `2HW + W + H` per block. At inference: two small layers and a layer norm more per block.
//! Differs: AdapterHub's initial weights are not cut at two standard deviations.

use crate::spec::method::about::About;
use crate::spec::method::adapter::hyperparameters;

/// What is said of Pfeiffer adapters.
pub const ABOUT: About = About {
    name: "pfeiffer_adapter",
    short: "pfeiffer",
    summary: "one bottleneck per block, after the feed-forward network",
    paper: "Pfeiffer et al. 2021, arXiv:2005.00247",
    source: include_str!("pfeiffer_adapter.rs"),
    // AdapterHub's `seq_bn`.
    hyperparameters: &hyperparameters("false", "16", "relu", "0.02", "1.0", "false"),
    // Ours: the best of a sweep on 2,000 rows of SST-2, three epochs with AdamW; AdapterHub's documentation: 1e-4 on more rows.
    learning_rate: 2e-3,
    head_learning_rate: None,
};
