//! How far trained tensors have moved since the start, by place and part. Must not know what is made of it.
//!
//! A copy of every weight would cost as much memory as the weights. So of each tensor an even sample of at most `SAMPLE` elements
//! is kept, and norms are scaled up by it: exact for vectors, a few per cent off for matrices. A read from far apart misses the caches, so the
//! sample is small.

use std::collections::BTreeMap;

use tch::{Kind, Tensor};

use crate::params::{HEAD, METHOD, Params};
use finetop::run::number::Number;
use finetop::run::updates::{Group, Movement, Part, Place, Updates};

/// Elements of a tensor that are compared at most.
const SAMPLE: u64 = 1024;

/// Where a tensor stands, what it belongs to, and whether it trains.
type Key = (Place, Part, bool);

/// The trained tensors with a sample of what they were.
#[derive(Debug)]
pub struct Beginning {
    traced: BTreeMap<Key, Traced>,
    /// Parameters of every group.
    sizes: BTreeMap<Key, u64>,
}

/// The trained tensors of a group, their samples one after another.
#[derive(Debug)]
struct Traced {
    /// With every how many elements one is compared.
    tensors: Vec<(Tensor, i64)>,
    start: Tensor,
    /// Elements that each of the sample stands for.
    weight: Tensor,
    start_norm: f64,
}

impl Beginning {
    /// Keeps what the trained tensors of `params` are now.
    pub fn new(params: &Params) -> Self {
        let _guard = tch::no_grad_guard();
        let mut sizes = BTreeMap::new();
        let trainable: BTreeMap<&str, &Tensor> = params.trainable().into_iter().collect();
        for (name, tensor) in params.backbone.iter().chain(params.delta.iter()) {
            *sizes.entry(key(name, trainable.contains_key(name))).or_default() += tensor.numel() as u64;
        }
        let mut tensors: BTreeMap<Key, Vec<(Tensor, i64)>> = BTreeMap::new();
        for (name, tensor) in trainable {
            tensors.entry(key(name, true)).or_default().push((tensor.shallow_clone(), stride(&tensor.size())));
        }
        Self { traced: tensors.into_iter().map(|(key, tensors)| (key, Traced::new(tensors))).collect(), sizes }
    }

    /// How far they have moved, with the gradients of the last step.
    pub fn updates(&self, step: u64) -> Updates {
        let _guard = tch::no_grad_guard();
        // Read at once: a device is waited for only here.
        let squares: Vec<Tensor> = self.traced.values().flat_map(Traced::squares).collect();
        let squares: Vec<f32> = if squares.is_empty() { Vec::new() } else { Vec::try_from(Tensor::stack(&squares, 0)).unwrap_or_default() };
        let norms: BTreeMap<Key, &[f32]> = self.traced.keys().copied().zip(squares.chunks(2)).collect();
        let groups = self.sizes.iter().map(|(key, &parameters)| {
            let movement = self.traced.get(key).zip(norms.get(key)).map(|(traced, norms)| Movement {
                start_norm: Number(traced.start_norm),
                update_norm: Number(f64::from(norms[0]).sqrt()),
                gradient_norm: Number(f64::from(norms[1]).sqrt()),
            });
            Group { place: key.0, part: key.1, parameters, movement }
        });
        Updates { step, groups: groups.collect() }
    }
}

impl Traced {
    fn new(tensors: Vec<(Tensor, i64)>) -> Self {
        let weights = tensors.iter().map(|(tensor, stride)| {
            let sample = sample(tensor, *stride);
            sample.full_like(tensor.numel() as f64 / sample.numel().max(1) as f64)
        });
        let weight = Tensor::cat(&weights.collect::<Vec<_>>(), 0);
        let start = Tensor::cat(&tensors.iter().map(|(tensor, stride)| sample(tensor, *stride)).collect::<Vec<_>>(), 0);
        let start_norm = (start.square() * &weight).sum(Kind::Float).double_value(&[]).sqrt();
        Self { tensors, start, weight, start_norm }
    }

    /// Squared norms of the difference and of the gradient.
    fn squares(&self) -> [Tensor; 2] {
        let now: Vec<Tensor> = self.tensors.iter().map(|(tensor, stride)| sample(tensor, *stride)).collect();
        let is_sparse = |gradient: &Tensor| gradient.defined() && gradient.is_sparse();
        let gradients = self.tensors.iter().map(|(tensor, stride)| {
            let gradient = tensor.grad();
            if gradient.defined() && !is_sparse(&gradient) { sample(&gradient, *stride) } else { sample(tensor, *stride).zeros_like() }
        });
        let square = |vector: Tensor| (vector.square() * &self.weight).sum(Kind::Float);
        let dense = square(Tensor::cat(&gradients.collect::<Vec<_>>(), 0));
        // What is sparse is small, and read whole.
        let sparse = self.tensors.iter().map(|(tensor, _)| tensor.grad()).filter(is_sparse);
        let of_gradients = sparse.fold(dense, |sum, gradient| sum + gradient.coalesce().values().square().sum(Kind::Float));
        [square(Tensor::cat(&now, 0) - &self.start), of_gradients]
    }
}

/// Every `stride`-th element.
fn sample(tensor: &Tensor, stride: i64) -> Tensor {
    tensor.reshape(-1).slice(0, None, None, stride)
}

/// Every how many elements one is compared; shares no factor with a row's length, so that no column is left out.
fn stride(shape: &[i64]) -> i64 {
    let (elements, row) = (shape.iter().product::<i64>(), shape.last().copied().unwrap_or(1));
    let mut stride = (elements as u64).div_ceil(SAMPLE).max(1) as i64;
    while stride > 1 && common_divisor(stride, row) > 1 {
        stride += 1;
    }
    stride
}

/// The greatest (Euclid).
const fn common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// Where a tensor of this name stands.
fn key(name: &str, trains: bool) -> Key {
    let layer = name.split_once("layer.").and_then(|(_, rest)| rest.split('.').next()).and_then(|layer| layer.parse().ok());
    let spans_layers = name.starts_with(METHOD) && name != "method.prompt";
    let place = match layer {
        _ if name.starts_with(HEAD) => Place::Head,
        Some(layer) => Place::Layer(layer),
        None if spans_layers => Place::EveryLayer,
        None if name.starts_with("pooler.") => Place::Pooler,
        None => Place::Embeddings,
    };
    let part = match name {
        _ if name.starts_with(HEAD) => Part::Head,
        _ if name.starts_with(METHOD) => Part::Method,
        _ if name.contains("LayerNorm") => Part::Norms,
        _ => Part::Backbone,
    };
    (place, part, trains)
}

#[cfg(test)]
mod tests {
    use super::*;
    use finetop::spec::backbone::{BackboneTraining, Part as Of, Place as At, Role};
    use tch::Device;

    #[test]
    fn names_tell_place_and_part() {
        let keys = [
            ("embeddings.LayerNorm.weight", Place::Embeddings, Part::Norms),
            ("encoder.layer.11.output.dense.weight", Place::Layer(11), Part::Backbone),
            ("method.layer.3.query.lora_a", Place::Layer(3), Part::Method),
            ("method.prefix", Place::EveryLayer, Part::Method),
            ("method.prompt", Place::Embeddings, Part::Method),
            ("pooler.dense.bias", Place::Pooler, Part::Backbone),
            ("head.output.weight", Place::Head, Part::Head),
        ];
        for (name, place, part) in keys {
            assert_eq!(key(name, true), (place, part, true), "{name}");
        }
    }

    #[test]
    fn norms_of_a_sample_are_close_to_those_of_the_whole_and_frozen_groups_have_none() {
        tch::manual_seed(3);
        let mut params = Params::new(BackboneTraining::Biases, Device::Cpu);
        let frozen = Of { place: At::Block(0), role: Role::Weight };
        let _ = params.add_backbone("encoder.layer.0.output.dense.weight", frozen, &Tensor::randn([8, 8], (Kind::Float, Device::Cpu)));
        let large = params.add_normal("method.layer.0.query.lora_a", &[384, 512], 1.0);
        let _ = params.add_zeros("method.layer.0.query.lora_b", &[512, 8]);
        let beginning = Beginning::new(&params);
        assert_eq!(beginning.updates(0).of(Part::Method).unwrap().relative().to_bits(), 0);

        let (mut changed, change) = (large.detach(), Tensor::randn([384, 512], (Kind::Float, Device::Cpu)) * 0.1);
        let _ = changed.g_add_(&change);
        let updates = beginning.updates(7);
        let method = updates.of(Part::Method).unwrap();
        let expected = change.norm().double_value(&[]);
        assert!((method.update_norm.0 / expected - 1.0).abs() < 0.1, "{} is not {expected}", method.update_norm.0);
        assert!((method.relative() - 0.1).abs() < 0.01);
        let frozen = updates.groups.iter().find(|group| group.part == Part::Backbone).unwrap();
        assert_eq!((frozen.parameters, frozen.movement), (64, None));
    }

    #[test]
    fn a_sample_meets_every_column() {
        for shape in [[384_i64, 512], [30_522, 384], [3, 1 << 20]] {
            let stride = stride(&shape);
            assert_eq!(common_divisor(stride, shape[1]), 1);
            assert!(shape.iter().product::<i64>() as u64 / stride as u64 <= SAMPLE);
        }
    }
}
