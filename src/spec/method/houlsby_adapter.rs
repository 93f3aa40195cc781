//! Houlsby adapters: a bottleneck after attention and one after the feed-forward network of every block.
//!
//! `x' = LN(A(h) + h + x)` with `A(h) = s · (f(h Dᵀ + d) Uᵀ + u)`, where `h` is the sublayer's output after dropout, `x` its input,
//! `D [W,H]`, `U [H,W]`.
//!
//! Paper: Houlsby et al. 2019, arXiv:1902.00751, §2.1 and figure 2. Reference: its code, `google-research/adapter-bert`; without the
//! layer norms also AdapterHub's `double_seq_bn`.
//! Initialisation: `D` and `U` from `N(0, initial_std²)` cut at two standard deviations, biases zero: nearly the pre-trained network.
//! Parameters: `2 · (2HW + W + H)` per block, and the backbone's layer norms train. At inference: two small layers more per sublayer.
//! Differs: its code approximates GELU with a tanh, and its Adam has no bias correction and an epsilon of 1e-6. `train_layer_norms: false`
//! gives AdapterHub's variant, whose initial weights are not cut. The pooler stays frozen in all three.

use crate::spec::method::about::About;
use crate::spec::method::adapter::hyperparameters;

/// What is said of Houlsby adapters.
pub const ABOUT: About = About {
    name: "houlsby_adapter",
    short: "houlsby",
    summary: "bottlenecks after attention and feed-forward network; layer norms train",
    paper: "Houlsby et al. 2019, arXiv:1902.00751",
    source: include_str!("houlsby_adapter.rs"),
    // Houlsby et al. 2019: size 64 fixed, GELU and 1e-3 as in its code.
    hyperparameters: &hyperparameters("64", "false", "gelu", "1e-3", "1.0", "true"),
    // Ours: the best of a sweep on 2,000 rows of SST-2, three epochs with AdamW; the example in the README of its code: 3e-4 on more rows.
    learning_rate: 2e-3,
    head_learning_rate: None,
};
