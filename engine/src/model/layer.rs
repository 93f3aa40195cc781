//! One transformer block: attention and feed-forward network, each with residual and layer norm after it.

use tch::Tensor;

use crate::hooks::{Hooks, Mode};
use crate::model::attention::Attention;
use crate::model::layer_norm::LayerNorm;
use crate::model::linear::Linear;
use crate::model::load::Weights;
use finetop::spec::backbone::{Activation, Backbone};
use finetop::spec::method::Site;

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
    /// Takes the tensors under `encoder.layer.INDEX.`.
    pub fn load(weights: &mut Weights, index: i64, backbone: &Backbone) -> Self {
        let prefix = format!("encoder.layer.{index}");
        let (hidden, epsilon) = (backbone.hidden_size, backbone.layer_norm_epsilon);
        Self {
            attention: Attention::load(weights, &prefix, backbone),
            attention_norm: LayerNorm::load(weights, &format!("{prefix}.attention.output.LayerNorm"), hidden, epsilon),
            ffn_up: Linear::load(weights, &format!("{prefix}.intermediate.dense"), Site::FfnUp.features(backbone)),
            ffn_down: Linear::load(weights, &format!("{prefix}.output.dense"), Site::FfnDown.features(backbone)),
            ffn_norm: LayerNorm::load(weights, &format!("{prefix}.output.LayerNorm"), hidden, epsilon),
            activation: backbone.activation,
        }
    }

    /// `x [B,T,H]` → `[B,T,H]`.
    pub fn forward(&self, layer: usize, x: &Tensor, mask: Option<&Tensor>, dropouts: Dropouts, hooks: &dyn Hooks, mode: Mode) -> Tensor {
        let attended = self.attention.forward(layer, x, mask, dropouts.attention, hooks, mode);
        let x = self.attention_norm.forward(&(mode.dropout(attended, dropouts.hidden) + x));
        let up = self.ffn_up.forward_at(layer, Site::FfnUp, &x, hooks, mode); // [B,T,I]
        let active = match self.activation {
            Activation::Gelu => up.gelu("none"),
            Activation::GeluTanh => up.gelu("tanh"),
            Activation::Relu => up.relu(),
        };
        let down = self.ffn_down.forward_at(layer, Site::FfnDown, &active, hooks, mode); // [B,T,H]
        self.ffn_norm.forward(&(mode.dropout(down, dropouts.hidden) + x))
    }
}

/// Dropout probabilities of the encoder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropouts {
    /// On embeddings and on the outputs of attention and feed-forward network.
    pub hidden: f64,
    /// On attention probabilities.
    pub attention: f64,
}
