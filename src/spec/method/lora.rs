//! LoRA: low-rank updates beside frozen linear layers.
//!
//! `y = x Wᵀ + b + s · dropout(x) Aᵀ Bᵀ`, with `A [R,in]`, `B [out,R]` and `s = alpha / R`; only `A` and `B` train.
//! `rank_stabilized`: `s = alpha / √R`. `dora`: the whole weight is `m · (W + s B A) / ‖W + s B A‖`, with the norm taken per output
//! row and held constant in the gradient, and a trained magnitude `m [out]`. `learning_rate_ratio`: `B` trains at that many times the rate of `A`.
//!
//! Paper: Hu et al. 2021, arXiv:2106.09685, §4.1, equation 3; rsLoRA: Kalajdzievski 2023, arXiv:2312.03732; DoRA: Liu et al. 2024,
//! arXiv:2402.09353, equation 5; LoRA+: Hayou et al. 2024, arXiv:2402.12354. Reference: PEFT's `tuners/lora`.
//! Initialisation: `A` uniform in `±1/√in` (`kaiming`, with `a = √5`) or from `N(0, 1/R²)` (`gaussian`), `B` zero, `m = ‖W‖`: nothing changes
//! before the first step.
//! Parameters: `R · (in + out)` per layer and target, and `out` more with `dora`. At inference `B A` merges into `W`: no latency.
//! Differs: LoRA+ of PEFT also multiplies the rate of every vector, that is of the head's bias and of DoRA's magnitudes, and decays nothing by
//! default; ours multiplies the rate of `B` alone and decays as always.

use serde::{Deserialize, Serialize};

use crate::spec::backbone::Backbone;
use crate::spec::method::about::About;
use crate::spec::method::hyperparameter::{Accepts, Hyperparameter, Misfit};
use crate::spec::method::site::Site;

/// Hyperparameters of LoRA.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lora {
    /// Rank `R` of the update, at least 1.
    pub rank: i64,
    /// Scale numerator.
    pub alpha: f64,
    /// Dropout on the input of `A`, in `[0, 1)`.
    pub dropout: f64,
    /// The linear layers that receive an update.
    pub targets: Vec<Site>,
    /// How `A` begins.
    #[serde(default)]
    pub initialization: Initialization,
    /// Whether the scale is `alpha / √rank`.
    #[serde(default)]
    pub rank_stabilized: bool,
    /// Whether magnitude and direction are trained apart.
    #[serde(default)]
    pub dora: bool,
    /// Learning rate of `B` over that of `A`.
    #[serde(default = "one")]
    pub learning_rate_ratio: f64,
}

const fn one() -> f64 {
    1.0
}

/// How `A` begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Initialization {
    /// Uniform in `±1/√in`.
    #[default]
    Kaiming,
    /// `N(0, 1/R²)`.
    Gaussian,
}

/// What is said of LoRA.
pub const ABOUT: About = About {
    name: "lora",
    short: "LoRA",
    summary: "low-rank updates beside frozen linear layers; merges away at inference",
    paper: "Hu et al. 2021, arXiv:2106.09685",
    source: include_str!("lora.rs"),
    hyperparameters: &[
        Hyperparameter::new("rank", "r", "rank of the update", Accepts::Count(1 << 20), "8"),
        Hyperparameter::new("targets", "", "linear layers that receive an update", Accepts::Sites, "[query, value]"),
        Hyperparameter::new("alpha", "a", "the update is scaled by alpha / rank", Accepts::Positive, "16"),
        Hyperparameter::new("dropout", "d", "dropout on the update's input", Accepts::Share, "0.0"),
        Hyperparameter::new("initialization", "", "how A begins", Accepts::Choice(&["kaiming", "gaussian"]), "kaiming"),
        Hyperparameter::new("rank_stabilized", "rs", "scale by alpha / √rank instead (rsLoRA)", Accepts::Switch, "false"),
        Hyperparameter::new("dora", "dora", "train magnitude and direction apart (DoRA)", Accepts::Switch, "false"),
        Hyperparameter::new("learning_rate_ratio", "lrr", "learning rate of B over that of A (LoRA+)", Accepts::Positive, "1.0"),
    ],
    // Ours: the best of a sweep on 2,000 rows of SST-2, three epochs with AdamW; the paper (appendix D) takes 5e-4 on all 67,349 rows.
    learning_rate: 2e-3,
    head_learning_rate: None,
};

impl Lora {
    /// What the update is multiplied by.
    pub fn scale(&self) -> f64 {
        let rank = self.rank as f64;
        self.alpha / if self.rank_stabilized { rank.sqrt() } else { rank }
    }

    /// `R · (in + out)` per layer and target, and `out` more with DoRA.
    pub fn parameters(&self, backbone: &Backbone) -> i64 {
        let per_target = |site: &Site| {
            let (n_in, n_out) = site.features(backbone);
            self.rank * (n_in + n_out) + if self.dora { n_out } else { 0 }
        };
        backbone.n_layers * self.targets.iter().map(per_target).sum::<i64>()
    }

    /// A rank above the hidden size is no low rank.
    pub fn misfit(&self, backbone: &Backbone) -> Option<Misfit> {
        let most = backbone.hidden_size;
        let message = || format!("`rank` must be a whole number from 1 to the hidden size, {most}, not {}", self.rank);
        (self.rank > most).then(|| Misfit::new("rank", message()))
    }
}
