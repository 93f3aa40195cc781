//! What the three bottleneck adapters share: hyperparameters, width and count of one bottleneck per block.

use serde::{Deserialize, Serialize};

use crate::spec::backbone::Backbone;
use crate::spec::method::hyperparameter::{Accepts, Hyperparameter};

/// Hyperparameters of a bottleneck adapter. `size` or `reduction_factor` gives its width, the other is `None`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adapter {
    /// Width `D` of the bottleneck, at least 1.
    pub size: Option<i64>,
    /// The hidden size over the width, at least 1.
    pub reduction_factor: Option<i64>,
    /// Between the two linear layers.
    pub activation: AdapterActivation,
    /// Standard deviation of the initial weights; 0 begins as the pre-trained network (the down projection is then Kaiming uniform).
    pub initial_std: f64,
    /// Factor on the bottleneck's output.
    pub scale: f64,
    /// Whether the backbone's layer norms train as well.
    pub train_layer_norms: bool,
}

/// Between the two linear layers of a bottleneck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdapterActivation {
    /// The exact Gaussian error linear unit.
    Gelu,
    /// Rectified linear unit.
    Relu,
    /// `x · sigmoid(x)`.
    Swish,
    /// Hyperbolic tangent.
    Tanh,
}

impl AdapterActivation {
    /// The name in experiment files, and AdapterHub's.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gelu => "gelu",
            Self::Relu => "relu",
            Self::Swish => "swish",
            Self::Tanh => "tanh",
        }
    }

    /// Every activation.
    pub const ALL: [Self; 4] = [Self::Gelu, Self::Relu, Self::Swish, Self::Tanh];
}

impl Adapter {
    /// Width `D` of the bottleneck: `size`, else `⌊H / reduction_factor⌋`, at least 1.
    pub fn width(&self, hidden_size: i64) -> i64 {
        self.size.unwrap_or_else(|| hidden_size / self.reduction_factor.unwrap_or(1).max(1)).max(1)
    }

    /// `2 H D + D + H` per block, one bottleneck in each.
    pub fn parameters(&self, backbone: &Backbone) -> i64 {
        let (hidden, width) = (backbone.hidden_size, self.width(backbone.hidden_size));
        backbone.n_layers * (2 * hidden * width + width + hidden)
    }
}

/// The keys of a bottleneck adapter, with the defaults of its paper or reference.
pub const fn hyperparameters(
    size: &'static str,
    reduction_factor: &'static str,
    activation: &'static str,
    initial_std: &'static str,
    scale: &'static str,
    train_layer_norms: &'static str,
) -> [Hyperparameter; 6] {
    [
        Hyperparameter::new("size", "size", "width of the bottleneck", Accepts::CountOrOff(1 << 20), size).replaced_by("reduction_factor"),
        Hyperparameter::new("reduction_factor", "rf", "hidden size over the width", Accepts::CountOrOff(1 << 20), reduction_factor)
            .replaced_by("size"),
        Hyperparameter::new("activation", "", "between the two layers", Accepts::Choice(&["gelu", "relu", "swish", "tanh"]), activation),
        Hyperparameter::new("initial_std", "std", "spread of the first weights; 0 begins as identity", Accepts::AtLeastZero, initial_std),
        Hyperparameter::new("scale", "scale", "factor on the bottleneck's output", Accepts::Positive, scale),
        Hyperparameter::new("train_layer_norms", "ln", "train the layer norms as well", Accepts::Switch, train_layer_norms),
    ]
}
