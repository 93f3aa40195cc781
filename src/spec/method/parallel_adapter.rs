//! Parallel adapters: one bottleneck per block, beside the feed-forward network.
//!
//! `x' = LN(s · (f(x Dᵀ + d) Uᵀ + u) + h + x)`, where `x` is the input of the feed-forward network and `h` its output after dropout;
//! `D [W,H]`, `U [H,W]`.
//!
//! Paper: He et al. 2022, arXiv:2110.04366, §3.3 (scaled parallel adapter). Reference: AdapterHub's `par_bn`.
//! Initialisation: `D` uniform in `±1/√H` (Kaiming with `a = √5`), `U` and the biases zero: nothing changes before the first step.
//! Parameters: `2HW + W + H` per block. At inference: two small layers more per block, beside the others.
//! Differs: the equation is `par_bn`'s; its default reduction factor is 2, ours 16.

use crate::spec::method::about::About;
use crate::spec::method::adapter::hyperparameters;

/// What is said of parallel adapters.
pub const ABOUT: About = About {
    name: "parallel_adapter",
    short: "parallel",
    summary: "one bottleneck per block, beside the feed-forward network",
    paper: "He et al. 2022, arXiv:2110.04366",
    source: include_str!("parallel_adapter.rs"),
    // AdapterHub's `par_bn`, but its reduction factor of 2 spends eight times the parameters of the other adapters.
    hyperparameters: &hyperparameters("false", "16", "relu", "0.0", "4.0", "false"),
    // Ours: the best of a sweep on 2,000 rows of SST-2, three epochs with AdamW; AdapterHub's documentation: 1e-4 on more rows.
    learning_rate: 1e-3,
    head_learning_rate: None,
};
