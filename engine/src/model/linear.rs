//! A linear layer with a site where a method may act.

use tch::Tensor;

use crate::hooks::{Hooks, Mode, Projection};
use crate::model::load::Weights;
use finetop::spec::method::site::Site;

/// `y = x Wᵀ + b`.
#[derive(Debug)]
pub struct Linear {
    /// `[out,in]`.
    pub weight: Tensor,
    /// `[out]`.
    pub bias: Tensor,
}

impl Linear {
    /// Takes `NAME.weight [out,in]` and `NAME.bias [out]`.
    pub fn load(weights: &mut Weights, name: &str) -> Self {
        Self { weight: weights.take(&format!("{name}.weight")), bias: weights.take(&format!("{name}.bias")) }
    }

    /// `x [..,in]` → `[..,out]`, no method acting.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        Projection { weight: &self.weight, bias: &self.bias }.apply(x)
    }

    /// `x [B,T,in]` → `[B,T,out]`, the method acting at `site` of block `layer`.
    pub fn forward_at(&self, layer: usize, site: Site, x: &Tensor, hooks: &dyn Hooks, mode: Mode) -> Tensor {
        hooks.project(layer, site, x, Projection { weight: &self.weight, bias: &self.bias }, mode)
    }
}
