//! P-tuning v2: deep prompts, that is virtual keys and values in every block, without reparameterisation and with dropout.
//!
//! `attention(Q, [P_k; K], [P_v; V])` in every block, with `P_k, P_v [V,H]` trained: the same computation as flat prefix tuning.
//! What P-tuning v2 changes is the recipe: no reparameterising layer, dropout on the prompts, a plain classification head on `[CLS]`.
//!
//! Paper: Liu et al. 2022, arXiv:2110.07602, §3. Reference: its code, whose prompts go through `past_key_values` like PEFT's prefix.
//! Initialisation: from `N(0, initial_std²)`: the first step starts from another network.
//! Parameters: `2 V L H`. At inference: `V` keys and values more per block.
//! Dropout takes elements of every row's own copy of the prompts, as in the reference.
//! Differs: the reference's dropout is the model's on hidden states, ours a key of its own; its prompts begin as its version of Transformers
//! makes a new embedding, ours from `N(0, initial_std²)`, mild by default, since with few steps large prompts are never unlearned.

use serde::{Deserialize, Serialize};

use crate::spec::method::about::About;
use crate::spec::method::hyperparameter::{Accepts, Hyperparameter};

/// Hyperparameters of P-tuning v2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PTuningV2 {
    /// Virtual tokens `V`, at least 1.
    pub length: i64,
    /// Dropout on the virtual keys and values, in `[0, 1)`.
    pub dropout: f64,
    /// Standard deviation of the first keys and values.
    pub initial_std: f64,
}

/// What is said of P-tuning v2.
pub const ABOUT: About = About {
    name: "p_tuning_v2",
    short: "p-tun.v2",
    summary: "deep prompts: prefix tuning without reparameterisation, with dropout",
    paper: "Liu et al. 2022, arXiv:2110.07602",
    source: include_str!("p_tuning_v2.rs"),
    hyperparameters: &[
        Hyperparameter::new("length", "v", "virtual tokens", Accepts::Count(1 << 20), "20"),
        Hyperparameter::new("dropout", "d", "dropout on the virtual keys and values", Accepts::Share, "0.1"),
        Hyperparameter::new("initial_std", "std", "spread of the first values", Accepts::AtLeastZero, "0.1"),
    ],
    // Ours: the best of a sweep on 2,000 rows of SST-2, three epochs with AdamW; its code's script for RTE with BERT, `run_rte_bert.sh`: 1e-2 for many more epochs.
    learning_rate: 1e-1,
    head_learning_rate: Some(1e-2),
};
