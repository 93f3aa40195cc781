//! Multi-head self-attention (Vaswani et al. 2017, arXiv:1706.03762, §3.2) with its output projection.

use tch::{Kind, Tensor};

use crate::hooks::KeyValue;
use crate::model::layer::Pass;
use crate::model::linear::Linear;
use crate::model::load::Weights;
use finetop::spec::backbone::Backbone;
use finetop::spec::method::site::Site;

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
    /// Takes the linear layers of block `layer`.
    pub fn load(weights: &mut Weights, layer: usize, backbone: &Backbone) -> Self {
        let mut linear = |site: Site| Linear::load(weights, &site.tensor_name(layer));
        Self {
            query: linear(Site::Query),
            key: linear(Site::Key),
            value: linear(Site::Value),
            output: linear(Site::AttentionOutput),
            n_heads: backbone.n_heads,
        }
    }

    /// `x [B,T,H]`, of which `readers [B,R,H]` attend to it all → `[B,R,H]`, before dropout, residual and layer norm.
    pub fn forward(&self, layer: usize, x: &Tensor, readers: &Tensor, pass: &Pass) -> Tensor {
        let Pass { mask, dropouts, hooks, mode } = *pass;
        let (rows, n_readers, hidden) = readers.size3().expect("hidden states have three dimensions");
        let head_size = hidden / self.n_heads;
        let heads = |x: &Tensor| x.view([rows, -1, self.n_heads, head_size]).transpose(1, 2); // [B,N,T,D]
        let query = heads(&self.query.forward_at(layer, Site::Query, readers, hooks, mode)) * (head_size as f64).powf(-0.5); // [B,N,R,D]
        let key = heads(&self.key.forward_at(layer, Site::Key, x, hooks, mode));
        let value = heads(&self.value.forward_at(layer, Site::Value, x, hooks, mode));
        let (key, value) = match hooks.virtual_keys(layer, rows, mode) {
            None => (key, value),
            Some(KeyValue { keys, values }) => {
                let in_front = |virtual_ones: &Tensor, own: &Tensor| {
                    let virtual_ones = virtual_ones.view([virtual_ones.size()[0], -1, self.n_heads, head_size]).transpose(1, 2); // [B,N,V,D]
                    Tensor::cat(&[virtual_ones.expand([rows, -1, -1, -1], false), own.shallow_clone()], 2) // [B,N,K,D]
                };
                (in_front(&keys, &key), in_front(&values, &value))
            }
        };
        let scores = query.matmul(&key.transpose(2, 3)); // [B,N,R,K]
        let scores = match mask {
            Some(mask) => scores + mask,
            None => scores,
        };
        let probabilities = mode.dropout(scores.softmax(-1, Kind::Float), dropouts.attention);
        let context = probabilities.matmul(&value).transpose(1, 2).reshape([rows, n_readers, hidden]); // [B,R,H]
        self.output.forward_at(layer, Site::AttentionOutput, &context, hooks, mode)
    }
}
