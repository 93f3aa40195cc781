//! Layer normalisation over the hidden dimension (Ba et al. 2016, arXiv:1607.06450).

use tch::Tensor;

use crate::model::load::Weights;
use crate::native;

/// `(x - mean) / sqrt(var + epsilon) * weight + bias` over the last dimension.
#[derive(Debug)]
pub struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f64,
}

impl LayerNorm {
    /// Takes `NAME.weight [H]` and `NAME.bias [H]`.
    pub fn load(weights: &mut Weights, name: &str, epsilon: f64) -> Self {
        Self { weight: weights.take(&format!("{name}.weight")), bias: weights.take(&format!("{name}.bias")), epsilon }
    }

    /// `x [B,T,H]` → `[B,T,H]`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.layer_norm([self.weight.size()[0]], Some(&self.weight), Some(&self.bias), self.epsilon, false)
    }

    /// The same of `x` plus `h` with dropout of `probability`, both `[B,T,H]`, in one pass.
    pub fn forward_sum(&self, h: &Tensor, x: &Tensor, probability: f64) -> Tensor {
        native::add_norm(h, x, (&self.weight, &self.bias), self.epsilon, probability)
    }
}
