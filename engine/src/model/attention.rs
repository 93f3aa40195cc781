//! Multi-head self-attention (Vaswani et al. 2017, arXiv:1706.03762, §3.2) with its output projection.

use tch::Tensor;

use crate::hooks::KeyValue;
use crate::model::layer::Pass;
use crate::model::linear::Linear;
use crate::model::load::Weights;
use crate::native;
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
        let rows = readers.size()[0];
        let query = self.query.forward_at(layer, Site::Query, readers, hooks, mode);
        let key = self.key.forward_at(layer, Site::Key, x, hooks, mode);
        let value = self.value.forward_at(layer, Site::Value, x, hooks, mode);
        let (key, value) = match hooks.virtual_keys(layer, rows, mode) {
            None => (key, value),
            Some(KeyValue { keys, values }) => {
                let in_front = |virtual_ones: &Tensor, own: Tensor| {
                    Tensor::cat(&[virtual_ones.expand([rows, -1, -1], false), own], 1) // [B,K,H]
                };
                (in_front(&keys, key), in_front(&values, value))
            }
        };
        let probability = mode.probability(dropouts.attention);
        let attend = if native::takes(&query) { native::attention } else { by_heads };
        let context = attend(&query, [&key, &value], mask, self.n_heads, probability); // [B,R,H]
        self.output.forward_at(layer, Site::AttentionOutput, &context, hooks, mode)
    }
}

/// What [`native::attention`] computes, with libtorch's own functions, on any device.
pub fn by_heads(query: &Tensor, [key, value]: [&Tensor; 2], mask: Option<&Tensor>, n_heads: i64, probability: f64) -> Tensor {
    let (rows, n_readers, hidden) = query.size3().expect("hidden states have three dimensions");
    let head_size = hidden / n_heads;
    let heads = |x: &Tensor| x.view([rows, -1, n_heads, head_size]).transpose(1, 2); // [B,N,T,D]
    let scores = (heads(query) * (head_size as f64).powf(-0.5)).matmul(&heads(key).transpose(2, 3)); // [B,N,R,K]
    let scores = match mask {
        Some(mask) => scores + mask,
        None => scores,
    };
    let probabilities = scores.softmax(-1, scores.kind());
    let probabilities = if probability > 0.0 { native::dropout(&probabilities, probability) } else { probabilities };
    probabilities.matmul(&heads(value)).transpose(1, 2).reshape([rows, n_readers, hidden]) // [B,R,H]
}
