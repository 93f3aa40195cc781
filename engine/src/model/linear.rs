//! A linear layer with a site where a method may act.

use tch::Tensor;

use crate::hooks::{Hooks, Mode, Product, Projection};
use crate::model::load::Weights;
use finetop::spec::method::site::Site;
use finetop::spec::run::Precision;

/// `y = x Wᵀ + b`.
#[derive(Debug)]
pub struct Linear {
    /// `[out,in]`.
    pub weight: Tensor,
    /// `[out]`.
    pub bias: Tensor,
    product: Product,
}

impl Linear {
    /// Takes `NAME.weight [out,in]` and `NAME.bias [out]`.
    pub fn load(weights: &mut Weights, name: &str) -> Self {
        let weight_name = format!("{name}.weight");
        let (weight, bias) = (weights.take(&weight_name), weights.take(&format!("{name}.bias")));
        let product = match weights.precision() {
            Precision::Fp32 => Product::Exact,
            Precision::Bf16 => {
                Product::Rounded((weight.defined() && !weight.requires_grad()).then(|| weights.rounded(&weight_name, &weight)))
            }
        };
        Self { weight, bias, product }
    }

    /// `x [..,in]` → `[..,out]`, no method acting.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        self.projection().apply(x)
    }

    /// The same for a linear layer that comes next: in bf16 where both multiply in it.
    pub fn forward_rounded(&self, x: &Tensor) -> Tensor {
        self.projection().apply_rounded(x)
    }

    /// `x [B,T,in]` → `[B,T,out]`, the method acting at `site` of block `layer`.
    pub fn forward_at(&self, layer: usize, site: Site, x: &Tensor, hooks: &dyn Hooks, mode: Mode) -> Tensor {
        if hooks.acts_at(layer, site) { hooks.project(layer, site, x, self.projection(), mode) } else { self.forward(x) }
    }

    const fn projection(&self) -> Projection<'_> {
        Projection { weight: &self.weight, bias: &self.bias, product: &self.product }
    }
}
