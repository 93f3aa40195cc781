//! (IA)³: learned factors on the inputs or outputs of linear layers; equations and sources in `finetop::spec::method::ia3`.
//!
//! Makes `method.layer.L.SITE.ia3 [out]`, or `[in]` where the factors act on the input.

use std::collections::BTreeMap;

use tch::{Device, Kind, Tensor};

use crate::hooks::{Hooks, Mode, Projection};
use crate::params::{METHOD, Params};
use finetop::spec::backbone::Backbone;
use finetop::spec::method::ia3::Ia3;
use finetop::spec::method::site::Site;

/// The factors of every block and target.
#[derive(Debug)]
pub struct Factors {
    factors: BTreeMap<(usize, Site), Tensor>,
}

impl Factors {
    /// Makes the tensors of every block and target.
    pub fn new(ia3: &Ia3, backbone: &Backbone, params: &mut Params) -> Self {
        let mut factors = BTreeMap::new();
        for layer in 0..backbone.n_layers as usize {
            for &site in &ia3.targets {
                let ones = Tensor::ones([Ia3::factors(site, backbone)], (Kind::Float, Device::Cpu));
                factors.insert((layer, site), params.add_delta(&format!("{METHOD}layer.{layer}.{}.ia3", site.name()), &ones));
            }
        }
        Self { factors }
    }
}

impl Hooks for Factors {
    fn acts_at(&self, layer: usize, site: Site) -> bool {
        self.factors.contains_key(&(layer, site))
    }

    fn project(&self, layer: usize, site: Site, x: &Tensor, projection: Projection, _mode: Mode) -> Tensor {
        match self.factors.get(&(layer, site)) {
            Some(factors) if Ia3::scales_input(site) => projection.apply(&(x * factors)),
            Some(factors) => projection.apply(x) * factors,
            None => projection.apply(x),
        }
    }

    fn merged(&self, layer: usize, site: Site, projection: Projection) -> Option<(Tensor, Tensor)> {
        let factors = self.factors.get(&(layer, site))?;
        Some(if Ia3::scales_input(site) {
            (projection.weight * factors, projection.bias.shallow_clone())
        } else {
            (projection.weight * factors.unsqueeze(1), projection.bias * factors)
        })
    }
}
