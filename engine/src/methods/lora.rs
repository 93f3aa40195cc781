//! LoRA, rsLoRA, DoRA, LoRA+: low-rank updates beside frozen linear layers; equations and sources in `finetop::spec::method::lora`.
//!
//! Makes `method.layer.L.SITE.lora_a [R,in]`, `…lora_b [out,R]` and with DoRA `…magnitude [out]`.

use std::collections::BTreeMap;

use tch::{Device, Kind, Tensor};

use crate::hooks::{Hooks, Mode, Projection};
use crate::native;
use crate::params::{METHOD, Params};
use finetop::spec::backbone::Backbone;
use finetop::spec::method::lora::{Initialization, Lora};
use finetop::spec::method::site::Site;

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
    /// DoRA's `m [out]`.
    magnitude: Option<Tensor>,
}

impl LowRank {
    /// Makes the tensors of every block and target.
    pub fn new(lora: &Lora, backbone: &Backbone, params: &mut Params) -> Self {
        let mut updates = BTreeMap::new();
        for layer in 0..backbone.n_layers as usize {
            for &site in &lora.targets {
                let (n_in, n_out) = site.features(backbone);
                let empty = Tensor::empty([lora.rank, n_in], (Kind::Float, Device::Cpu));
                let mut initial = empty;
                let bound = (n_in as f64).powf(-0.5);
                let initial = match lora.initialization {
                    Initialization::Kaiming => initial.uniform_(-bound, bound),
                    Initialization::Gaussian => initial.normal_(0.0, 1.0 / lora.rank as f64),
                };
                let name = format!("{METHOD}layer.{layer}.{}", site.name());
                let a = params.add_delta(&format!("{name}.lora_a"), &initial);
                let b = params.add_zeros(&format!("{name}.lora_b"), &[n_out, lora.rank]);
                params.scale_learning_rate(&format!("{name}.lora_b"), lora.learning_rate_ratio);
                let magnitude = lora.dora.then(|| {
                    let norm = row_norm(&params.backbone_weight(layer, site));
                    params.add_delta(&format!("{name}.magnitude"), &norm)
                });
                updates.insert((layer, site), Update { a, b, magnitude });
            }
        }
        Self { updates, scale: lora.scale(), dropout: lora.dropout }
    }

    /// `s B A`, `[out,in]`.
    fn delta(&self, update: &Update) -> Tensor {
        update.b.matmul(&update.a) * self.scale
    }
}

/// The norm of every output row of `[out,in]`, `[out]`.
fn row_norm(weight: &Tensor) -> Tensor {
    weight.detach().norm_scalaropt_dim(2.0, [1i64].as_slice(), false)
}

impl Hooks for LowRank {
    fn acts_at(&self, layer: usize, site: Site) -> bool {
        self.updates.contains_key(&(layer, site))
    }

    fn project(&self, layer: usize, site: Site, x: &Tensor, projection: Projection, mode: Mode) -> Tensor {
        let y = projection.apply(x);
        let Some(update) = self.updates.get(&(layer, site)) else { return y };
        if update.magnitude.is_none() && native::takes(x) {
            return native::low_rank(&y, x, (&update.a, &update.b), self.scale, mode.probability(self.dropout));
        }
        let dropped = mode.dropout(x.shallow_clone(), self.dropout);
        let low = dropped.linear::<Tensor>(&update.a, None).linear::<Tensor>(&update.b, None) * self.scale; // [B,T,out]
        let Some(magnitude) = &update.magnitude else { return y + low };
        // The norm is a constant of the gradient (Liu et al. 2024, §4.3).
        let norm = tch::no_grad(|| row_norm(&(projection.weight + self.delta(update))));
        let ratio = magnitude / norm; // [out]
        // Where dropout acts, it acts on all that the magnitude rescales, as in PEFT.
        let base = if mode == Mode::Train && self.dropout > 0.0 {
            dropped.linear::<Tensor>(projection.weight, None)
        } else {
            &y - projection.bias
        };
        y + (&ratio - 1.0) * base + ratio * low
    }

    fn merged(&self, layer: usize, site: Site, projection: Projection) -> Option<(Tensor, Tensor)> {
        let update = self.updates.get(&(layer, site))?;
        let weight = projection.weight + self.delta(update);
        let weight = match &update.magnitude {
            Some(magnitude) => (magnitude / row_norm(&weight)).unsqueeze(1) * weight,
            None => weight,
        };
        Some((weight, projection.bias.shallow_clone()))
    }
}
