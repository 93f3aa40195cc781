//! LoRA: low-rank updates beside frozen linear layers.
//!
//! `y = x Wᵀ + b + (alpha / R) · dropout(x) Aᵀ Bᵀ`, with `A [R,in]` and `B [out,R]`; only `A` and `B` train.
//!
//! Paper: Hu et al. 2021, arXiv:2106.09685, §4.1, equation 3. Reference: PEFT's `tuners/lora/layer.py`.
//! Initialisation: `A` uniform in `±1/√in` (Kaiming with `a = √5`), `B` zero: nothing changes before the first step.
//! Parameters: `R · (in + out)` per layer and target. At inference `B A` merges into `W`: no latency.
//! Differs: nothing known; the paper draws `A` from a Gaussian, its reference code and PEFT as above.

use std::collections::BTreeMap;

use tch::{Device, Kind, Tensor};

use crate::hooks::{Hooks, Mode};
use crate::params::{METHOD, Params};
use finetop::spec::backbone::Backbone;
use finetop::spec::method::{Lora, Site};

/// The updates of every block and target.
#[derive(Debug)]
pub struct LowRank {
    updates: BTreeMap<(usize, Site), Update>,
    scale: f64,
    dropout: f64,
}

#[derive(Debug)]
struct Update {
    /// `[R,in]`.
    a: Tensor,
    /// `[out,R]`.
    b: Tensor,
}

impl LowRank {
    /// Makes `method.layer.L.SITE.lora_a` and `…lora_b` for every block and target.
    pub fn new(lora: &Lora, backbone: &Backbone, params: &mut Params) -> Self {
        let mut updates = BTreeMap::new();
        for layer in 0..backbone.n_layers as usize {
            for &site in &lora.targets {
                let (n_in, n_out) = site.features(backbone);
                let bound = (n_in as f64).powf(-0.5);
                let initial = Tensor::empty([lora.rank, n_in], (Kind::Float, Device::Cpu)).uniform_(-bound, bound);
                let name = format!("{METHOD}layer.{layer}.{}", site.name());
                let a = params.add_delta(&format!("{name}.lora_a"), &initial);
                let b = params.add_zeros(&format!("{name}.lora_b"), &[n_out, lora.rank]);
                updates.insert((layer, site), Update { a, b });
            }
        }
        Self { updates, scale: lora.alpha / lora.rank as f64, dropout: lora.dropout }
    }
}

impl Hooks for LowRank {
    fn project(&self, layer: usize, site: Site, x: &Tensor, y: Tensor, mode: Mode) -> Tensor {
        let Some(Update { a, b }) = self.updates.get(&(layer, site)) else { return y };
        let dropped = mode.dropout(x.shallow_clone(), self.dropout);
        let low = dropped.linear::<Tensor>(a, None); // [B,T,R]
        y + low.linear::<Tensor>(b, None) * self.scale // [B,T,out]
    }
}
