//! Multi-head self-attention (Vaswani et al. 2017, arXiv:1706.03762, §3.2) with its output projection.

use tch::{Kind, Tensor};

use crate::hooks::{Hooks, Mode};
use crate::model::linear::Linear;
use crate::model::load::Weights;
use finetop::spec::backbone::Backbone;
use finetop::spec::method::Site;

/// Self-attention of one block.
#[derive(Debug)]
pub struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    n_heads: i64,
}

impl Attention {
    /// Takes the tensors under `PREFIX.attention.`.
    pub fn load(weights: &mut Weights, prefix: &str, backbone: &Backbone) -> Self {
        let mut linear = |name: &str, site: Site| Linear::load(weights, &format!("{prefix}.attention.{name}"), site.features(backbone));
        Self {
            query: linear("self.query", Site::Query),
            key: linear("self.key", Site::Key),
            value: linear("self.value", Site::Value),
            output: linear("output.dense", Site::AttentionOutput),
            n_heads: backbone.n_heads,
        }
    }

    /// `x [B,T,H]` → `[B,T,H]`, before dropout, residual and layer norm.
    ///
    /// `mask [B,1,1,T]` is added to the scores: 0 at tokens, the lowest number at padding; `None` without padding.
    pub fn forward(&self, layer: usize, x: &Tensor, mask: Option<&Tensor>, dropout: f64, hooks: &dyn Hooks, mode: Mode) -> Tensor {
        let (rows, length, hidden) = x.size3().expect("hidden states have three dimensions");
        let head_size = hidden / self.n_heads;
        let heads = |x: &Tensor| x.view([rows, length, self.n_heads, head_size]).transpose(1, 2); // [B,N,T,D]
        let query = heads(&self.query.forward_at(layer, Site::Query, x, hooks, mode)) * (head_size as f64).powf(-0.5);
        let key = heads(&self.key.forward_at(layer, Site::Key, x, hooks, mode));
        let value = heads(&self.value.forward_at(layer, Site::Value, x, hooks, mode));
        let scores = query.matmul(&key.transpose(2, 3)); // [B,N,T,T]
        let scores = match mask {
            Some(mask) => scores + mask,
            None => scores,
        };
        let probabilities = mode.dropout(scores.softmax(-1, Kind::Float), dropout);
        let context = probabilities.matmul(&value).transpose(1, 2).reshape([rows, length, hidden]); // [B,T,H]
        self.output.forward_at(layer, Site::AttentionOutput, &context, hooks, mode)
    }
}
