//! Bottleneck adapters of Houlsby, of Pfeiffer, and parallel; equations and sources in `finetop::spec::method::houlsby_adapter` and its
//! neighbours.
//!
//! Makes `method.layer.L.SUBLAYER.{down,up}.{weight,bias}`, SUBLAYER being `attention` or `ffn`: `[W,H]`, `[W]`, `[H,W]`, `[H]`.

use std::collections::BTreeMap;

use tch::{Device, Kind, Tensor};

use crate::hooks::{Hooks, Sublayer};
use crate::native;
use crate::params::{METHOD, Params};
use finetop::spec::backbone::Backbone;
use finetop::spec::method::adapter::{Adapter, AdapterActivation};

/// Where the bottlenecks stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// On the outputs of both sublayers.
    Houlsby,
    /// After the feed-forward network, on the normalised sum.
    Pfeiffer,
    /// Beside the feed-forward network, on its input.
    Parallel,
}

/// The bottlenecks of every block.
#[derive(Debug)]
pub struct Bottlenecks {
    placement: Placement,
    by_sublayer: BTreeMap<(usize, bool), Bottleneck>,
    activation: AdapterActivation,
    scale: f64,
}

#[derive(Debug)]
struct Bottleneck {
    down: (Tensor, Tensor),
    up: (Tensor, Tensor),
}

impl Bottlenecks {
    /// Makes the tensors of every block.
    pub fn new(placement: Placement, adapter: &Adapter, backbone: &Backbone, params: &mut Params) -> Self {
        let (hidden, width, std) = (backbone.hidden_size, adapter.width(backbone.hidden_size), adapter.initial_std);
        let sublayers = [Sublayer::Attention, Sublayer::FeedForward];
        let sublayers = if placement == Placement::Houlsby { &sublayers[..] } else { &sublayers[1..] };
        let mut by_sublayer = BTreeMap::new();
        for layer in 0..backbone.n_layers as usize {
            for &sublayer in sublayers {
                let name = if sublayer == Sublayer::Attention { "attention" } else { "ffn" };
                let name = format!("{METHOD}layer.{layer}.{name}");
                let down = if std > 0.0 { truncated_normal(&[width, hidden], std) } else { kaiming(&[width, hidden]) };
                let up = truncated_normal(&[hidden, width], std);
                let mut pair = |part: &str, weight: &Tensor| {
                    let weight = params.add_delta(&format!("{name}.{part}.weight"), weight);
                    let bias = params.add_zeros(&format!("{name}.{part}.bias"), &weight.size()[..1]);
                    (weight, bias)
                };
                let bottleneck = Bottleneck { down: pair("down", &down), up: pair("up", &up) };
                by_sublayer.insert((layer, sublayer == Sublayer::Attention), bottleneck);
            }
        }
        Self { placement, by_sublayer, activation: adapter.activation, scale: adapter.scale }
    }

    /// `s · (f(z Dᵀ + d) Uᵀ + u)`, `[B,T,H]`.
    fn forward(&self, bottleneck: &Bottleneck, z: &Tensor) -> Tensor {
        let down = z.linear(&bottleneck.down.0, Some(&bottleneck.down.1)); // [B,T,W]
        let active = match self.activation {
            AdapterActivation::Gelu => native::gelu(&down),
            AdapterActivation::Relu => down.relu(),
            AdapterActivation::Swish => down.silu(),
            AdapterActivation::Tanh => down.tanh(),
        };
        let up = active.linear(&bottleneck.up.0, Some(&bottleneck.up.1));
        if (self.scale - 1.0).abs() > f64::EPSILON { up * self.scale } else { up }
    }
}

/// `N(0, std²)` cut at two standard deviations.
fn truncated_normal(shape: &[i64], std: f64) -> Tensor {
    // The error function at √2: the share of a normal variable within two standard deviations.
    const WITHIN_TWO: f64 = 0.954_499_736_103_642;
    let uniform = Tensor::empty(shape, (Kind::Float, Device::Cpu)).uniform_(-WITHIN_TWO, WITHIN_TWO);
    uniform.erfinv() * (2f64.sqrt() * std)
}

/// Uniform in `±1/√in` for a weight `[out,in]`.
fn kaiming(shape: &[i64]) -> Tensor {
    let bound = (shape[1] as f64).powf(-0.5);
    Tensor::empty(shape, (Kind::Float, Device::Cpu)).uniform_(-bound, bound)
}

impl Hooks for Bottlenecks {
    fn acts_on_sum(&self, layer: usize, sublayer: Sublayer) -> bool {
        self.by_sublayer.contains_key(&(layer, sublayer == Sublayer::Attention))
    }

    fn add(&self, layer: usize, sublayer: Sublayer, h: Tensor, x: &Tensor, norm: &dyn Fn(&Tensor) -> Tensor) -> Tensor {
        let Some(bottleneck) = self.by_sublayer.get(&(layer, sublayer == Sublayer::Attention)) else { return h + x };
        match self.placement {
            Placement::Houlsby => self.forward(bottleneck, &h) + h + x,
            Placement::Pfeiffer => {
                let sum = h + x;
                self.forward(bottleneck, &norm(&sum)) + sum
            }
            Placement::Parallel => self.forward(bottleneck, x) + h + x,
        }
    }
}
