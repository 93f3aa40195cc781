//! AdamW with decay groups, layer-wise learning rates and clipping by global norm.
//!
//! Paper: Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2; bias-corrected as in Kingma & Ba 2015. Reference: `torch.optim.AdamW`.

use std::cell::OnceCell;

use tch::{Kind, Tensor};

use crate::native::{self, gpu};
use crate::params::{HEAD, Params};
use finetop::spec::optimization::Optimization;

/// First and second moments of every trainable tensor.
#[derive(Debug)]
pub struct AdamW {
    slots: Vec<Slot>,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
}

/// A trainable tensor with its moments.
#[derive(Debug)]
pub struct Slot {
    /// Its name in the parameter store.
    pub name: String,
    /// The tensor itself.
    pub tensor: Tensor,
    /// Running mean of the gradient, same shape.
    pub first_moment: Tensor,
    /// Running mean of the squared gradient, same shape.
    pub second_moment: Tensor,
    weight_decay: f64,
    learning_rate_scale: f64,
    /// Which rows have moments other than zero, `[rows]`, where gradients are sparse: found at the first update.
    seen: OnceCell<Tensor>,
}

impl AdamW {
    /// Moments of zero for every trainable tensor of `params`.
    pub fn new(optimization: &Optimization, n_layers: i64, params: &Params) -> Self {
        let slots = params.trainable().into_iter().map(|(name, tensor)| Slot {
            name: name.to_owned(),
            tensor: tensor.shallow_clone(),
            first_moment: tensor.detach().zeros_like(),
            second_moment: tensor.detach().zeros_like(),
            weight_decay: if decays(name) { optimization.weight_decay } else { 0.0 },
            learning_rate_scale: match optimization.head_learning_rate {
                Some(rate) if name.starts_with(HEAD) => rate / optimization.learning_rate,
                _ => optimization.layer_decay.powi(depth(name, n_layers)) * params.learning_rate_scale(name),
            },
            seen: OnceCell::new(),
        });
        let mut slots: Vec<_> = slots.collect();
        slots.sort_by_key(Slot::kind);
        Self { slots, beta1: optimization.beta1, beta2: optimization.beta2, epsilon: optimization.epsilon }
    }

    /// The trainable tensors with their moments, by name.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The trainable tensors, in the order of the slots.
    pub fn trained(&self) -> Vec<&Tensor> {
        self.slots.iter().map(|slot| &slot.tensor).collect()
    }

    /// Takes all gradients away.
    pub fn drop_gradients(&self) {
        native::drop_gradients(&self.trained());
    }

    /// The norm of all gradients together.
    pub fn gradient_norm(&self) -> f64 {
        let norms: Vec<Tensor> =
            self.slots.iter().map(|slot| slot.tensor.grad()).filter(Tensor::defined).map(|gradient| gradient.norm()).collect();
        if norms.is_empty() { 0.0 } else { Tensor::stack(&norms, 0).norm().to_kind(Kind::Double).double_value(&[]) }
    }

    /// One update, the `step`-th (from 1), with every gradient multiplied by `gradient_scale` first where that is below 1.
    pub fn step(&mut self, step: u64, learning_rate: f64, gradient_scale: f64) {
        for group in self.groups() {
            let update = native::Update {
                step,
                learning_rate: learning_rate * group[0].learning_rate_scale,
                betas: [self.beta1, self.beta2],
                weight_decay: group[0].weight_decay,
                epsilon: self.epsilon,
                gradient_divisor: gradient_scale.min(1.0).recip(),
            };
            with_gradients(group, |tensors| native::adamw(tensors, update));
            for slot in group {
                slot.update_rows(update);
            }
        }
    }
}

impl AdamW {
    /// The step's number and the learning rate of every group of slots, for [`update_unseen`](Self::update_unseen).
    pub fn numbers(&self, step: u64, learning_rate: f64) -> Vec<f32> {
        let rates = self.groups().map(|group| (learning_rate * group[0].learning_rate_scale) as f32);
        std::iter::once(step as f32).chain(rates).collect()
    }

    /// One update on a GPU by `numbers [1+groups]` and a verdict that are on it too.
    pub fn update_unseen(&self, numbers: &Tensor, verdict: &gpu::Verdict) {
        for (index, group) in (1..).zip(self.groups()) {
            let update = gpu::Unseen {
                step: &numbers.get(0),
                learning_rate: &numbers.get(index),
                betas: (self.beta1, self.beta2),
                weight_decay: group[0].weight_decay,
                epsilon: self.epsilon,
            };
            with_gradients(group, |tensors| gpu::adamw(tensors, update, verdict));
        }
    }

    /// Slots of one kind together, in their order.
    fn groups(&self) -> impl Iterator<Item = &[Slot]> {
        self.slots.chunk_by(|one, other| one.kind() == other.kind())
    }
}

/// Gives `update` the tensors of those slots that have a dense gradient, where there are any.
fn with_gradients(slots: &[Slot], update: impl FnOnce(native::Group<'_>)) {
    let (slots, gradients): (Vec<_>, Vec<_>) =
        slots.iter().map(|slot| (slot, slot.tensor.grad())).filter(|(_, gradient)| gradient.defined() && !gradient.is_sparse()).unzip();
    if slots.is_empty() {
        return;
    }
    let of = |part: fn(&Slot) -> &Tensor| slots.iter().map(|slot| part(slot)).collect::<Vec<_>>();
    update(native::Group {
        parameters: &of(|slot| &slot.tensor),
        gradients: &gradients.iter().collect::<Vec<_>>(),
        first_moments: &of(|slot| &slot.first_moment),
        second_moments: &of(|slot| &slot.second_moment),
    });
}

impl Slot {
    /// One update where the gradient is sparse.
    fn update_rows(&self, update: native::Update) {
        let gradient = self.tensor.grad();
        if gradient.defined() && gradient.is_sparse() {
            let moments = [&self.first_moment, &self.second_moment];
            let seen = self.seen.get_or_init(|| {
                let [first, second] = moments.map(|moment| moment.ne(0.0).any_dim(1, false));
                first.logical_or(&second)
            });
            native::adamw_rows(&self.tensor, &gradient, moments, seen, update);
        }
    }

    /// Slots of one kind are updated together.
    const fn kind(&self) -> (u64, u64) {
        (self.learning_rate_scale.to_bits(), self.weight_decay.to_bits())
    }
}

/// Biases and layer norms are not decayed, as in BERT's own optimizer. All other tensors of methods are, prompts, (IA)³'s factors and DoRA's
/// magnitudes too, as in Transformers' `Trainer`.
fn decays(name: &str) -> bool {
    name.rsplit('.').next() != Some("bias") && !name.contains("LayerNorm")
}

/// How many blocks lie above the tensor, plus one; 0 for what belongs to no block: head, pooler, prompts, and prefixes, which span all.
fn depth(name: &str, n_layers: i64) -> i32 {
    if name.starts_with("embeddings.") {
        return n_layers as i32 + 1;
    }
    let index = name.split_once("layer.").and_then(|(_, rest)| rest.split('.').next()).and_then(|index| index.parse::<i64>().ok());
    index.map_or(0, |index| (n_layers - index) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn biases_and_layer_norms_are_not_decayed() {
        for name in ["encoder.layer.0.attention.self.query.weight", "method.layer.1.query.lora_a", "head.output.weight"] {
            assert!(decays(name), "{name}");
        }
        for name in ["encoder.layer.0.attention.self.query.bias", "embeddings.LayerNorm.weight", "head.output.bias"] {
            assert!(!decays(name), "{name}");
        }
    }

    #[test]
    fn lower_layers_lie_deeper_and_the_head_lies_at_the_surface() {
        let depths = [
            ("embeddings.word_embeddings.weight", 7),
            ("encoder.layer.0.output.dense.weight", 6),
            ("method.layer.0.value.lora_b", 6),
            ("encoder.layer.5.output.dense.weight", 1),
            ("pooler.dense.weight", 0),
            ("head.output.weight", 0),
            ("method.prefix", 0),
            ("method.embedding", 0),
        ];
        for (name, expected) in depths {
            assert_eq!(depth(name, 6), expected, "{name}");
        }
    }
}
