//! One transformer block: attention and feed-forward network, each with residual and layer norm after it.

use tch::Tensor;

use crate::hooks::{Hooks, Mode, Sublayer};
use crate::model::attention::Attention;
use crate::model::layer_norm::LayerNorm;
use crate::model::linear::Linear;
use crate::model::load::Weights;
use crate::native;
use finetop::spec::backbone::{Activation, Backbone};
use finetop::spec::family::Family;
use finetop::spec::method::site::Site;

/// One transformer block.
#[derive(Debug)]
pub struct Layer {
    attention: Attention,
    attention_norm: LayerNorm,
    ffn_up: Linear,
    ffn_down: Linear,
    ffn_norm: LayerNorm,
    activation: Activation,
}

impl Layer {
    /// Takes the tensors of block `layer`.
    pub fn load(weights: &mut Weights, layer: usize, backbone: &Backbone) -> Self {
        let epsilon = backbone.layer_norm_epsilon;
        let prefix = format!("encoder.layer.{layer}");
        Self {
            attention: Attention::load(weights, layer, backbone),
            attention_norm: LayerNorm::load(weights, &format!("{prefix}.attention.output.LayerNorm"), epsilon),
            ffn_up: Linear::load(weights, &Site::FfnUp.tensor_name(layer)),
            ffn_down: Linear::load(weights, &Site::FfnDown.tensor_name(layer)),
            ffn_norm: LayerNorm::load(weights, &format!("{prefix}.output.LayerNorm"), epsilon),
            activation: backbone.activation,
        }
    }

    /// `x [B,T,H]` → `[B,T,H]`, or `[B,1,H]` where the output of one position is all that is `wanted`.
    pub fn forward(&self, layer: usize, x: &Tensor, wanted: Option<i64>, pass: &Pass) -> Tensor {
        let Pass { dropouts, hooks, mode, .. } = *pass;
        let readers = wanted.map_or_else(|| x.shallow_clone(), |position| x.narrow(1, position, 1));
        let attended = self.attention.forward(layer, x, &readers, pass);
        let add = |sublayer, h: Tensor, dropout: f64, x: &Tensor, norm: &LayerNorm| {
            if hooks.acts_on_sum(layer, sublayer) {
                norm.forward(&hooks.add(layer, sublayer, mode.dropout(h, dropout), x, &|sum| norm.forward(sum)))
            } else {
                norm.forward_sum(&h, x, mode.probability(dropout))
            }
        };
        let x = add(Sublayer::Attention, attended, dropouts.attention_output, &readers, &self.attention_norm);
        let is_left_alone = ![Site::FfnUp, Site::FfnDown].into_iter().any(|site| hooks.acts_at(layer, site));
        let up = if is_left_alone { self.ffn_up.forward_rounded(&x) } else { self.ffn_up.forward_at(layer, Site::FfnUp, &x, hooks, mode) }; // [B,T,I]
        let active = match self.activation {
            Activation::Gelu => native::gelu(&up),
            Activation::GeluTanh => up.gelu("tanh"),
            Activation::Relu => up.relu(),
        };
        let down = self.ffn_down.forward_at(layer, Site::FfnDown, &active, hooks, mode); // [B,T,H]
        add(Sublayer::FeedForward, down, dropouts.hidden, &x, &self.ffn_norm)
    }
}

/// What all blocks of one forward pass share.
#[derive(Clone, Copy)]
pub struct Pass<'a> {
    /// `[B,1,1,K]`, over the keys with the virtual ones first, added to the scores: 0 at tokens, the lowest number at padding; `None`
    /// without padding.
    pub mask: Option<&'a Tensor>,
    /// Dropout probabilities in training.
    pub dropouts: Dropouts,
    /// What the method does.
    pub hooks: &'a dyn Hooks,
    /// Whether dropout acts.
    pub mode: Mode,
}

/// Dropout probabilities of the encoder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropouts {
    /// On embeddings and on the output of the feed-forward network.
    pub hidden: f64,
    /// On attention probabilities.
    pub attention: f64,
    /// On the output of attention; DistilBERT's code has none here.
    pub attention_output: f64,
}

impl Dropouts {
    /// As the configuration has them.
    pub fn new(backbone: &Backbone) -> Self {
        let attention_output = if backbone.family == Family::DistilBert { 0.0 } else { backbone.hidden_dropout };
        Self { hidden: backbone.hidden_dropout, attention: backbone.attention_dropout, attention_output }
    }
}
