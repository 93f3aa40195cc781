//! The BERT encoder (Devlin et al. 2019, arXiv:1810.04805): embeddings, blocks and, where the head reads it, the pooler.

use tch::{Kind, Tensor};

use crate::data::batch::Batch;
use crate::hooks::{Hooks, Mode};
use crate::model::embeddings::Embeddings;
use crate::model::layer::{Dropouts, Layer};
use crate::model::linear::Linear;
use crate::model::load::Weights;
use finetop::spec::backbone::Backbone;
use finetop::spec::head::Pooling;

/// Embeddings, blocks, pooling.
#[derive(Debug)]
pub struct Encoder {
    embeddings: Embeddings,
    layers: Vec<Layer>,
    pooler: Option<Linear>,
    pooling: Pooling,
    /// Dropout probabilities in training.
    pub dropouts: Dropouts,
}

impl Encoder {
    /// Takes every tensor that the forward pass with this pooling uses.
    pub fn load(weights: &mut Weights, backbone: &Backbone, pooling: Pooling) -> Self {
        let hidden = backbone.hidden_size;
        Self {
            embeddings: Embeddings::load(weights, backbone),
            layers: (0..backbone.n_layers).map(|index| Layer::load(weights, index, backbone)).collect(),
            pooler: (pooling == Pooling::Pooler).then(|| Linear::load(weights, "pooler.dense", (hidden, hidden))),
            pooling,
            dropouts: Dropouts { hidden: backbone.hidden_dropout, attention: backbone.attention_dropout },
        }
    }

    /// Last hidden states `[B,T,H]`.
    pub fn forward(&self, batch: &Batch, hooks: &dyn Hooks, mode: Mode) -> Tensor {
        let mask = batch.is_padded.then(|| {
            let padding = batch.mask.unsqueeze(1).unsqueeze(2).logical_not(); // [B,1,1,T]
            padding.to_kind(Kind::Float) * f64::from(f32::MIN)
        });
        let embedded = self.embeddings.forward(batch, self.dropouts.hidden, mode);
        self.layers
            .iter()
            .enumerate()
            .fold(embedded, |x, (index, layer)| layer.forward(index, &x, mask.as_ref(), self.dropouts, hooks, mode))
    }

    /// The vector `[B,H]` that the head reads.
    pub fn pooled(&self, batch: &Batch, hooks: &dyn Hooks, mode: Mode) -> Tensor {
        let hidden = self.forward(batch, hooks, mode);
        match (self.pooling, &self.pooler) {
            (Pooling::Mean, _) => {
                let mask = batch.mask.unsqueeze(2).to_kind(Kind::Float); // [B,T,1]
                let sum = (hidden * &mask).sum_dim_intlist([1i64].as_slice(), false, Kind::Float); // [B,H]
                sum / mask.sum_dim_intlist([1i64].as_slice(), false, Kind::Float) // [B,1]
            }
            (Pooling::Pooler, Some(pooler)) => pooler.forward(&hidden.select(1, 0)).tanh(),
            (Pooling::Cls | Pooling::Pooler, _) => hidden.select(1, 0),
        }
    }
}
