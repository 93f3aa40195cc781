//! The encoder of all families (Devlin et al. 2019, arXiv:1810.04805): embeddings, blocks and, where the head reads it, the pooler.

use tch::{Kind, Tensor};

use crate::data::batch::Batch;
use crate::hooks::{Hooks, Mode};
use crate::model::embeddings::Embeddings;
use crate::model::layer::{Dropouts, Layer, Pass};
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
        Self {
            embeddings: Embeddings::load(weights, backbone),
            layers: (0..backbone.n_layers as usize).map(|index| Layer::load(weights, index, backbone)).collect(),
            pooler: pooling.reads_pooler().then(|| Linear::load(weights, "pooler.dense")),
            pooling,
            dropouts: Dropouts::new(backbone),
        }
    }

    /// The word embedding `[vocabulary,H]`.
    pub const fn words(&self) -> &Tensor {
        &self.embeddings.word
    }

    /// Last hidden states `[B,V+T,H]`, virtual tokens first.
    pub fn forward(&self, batch: &Batch, hooks: &dyn Hooks, mode: Mode) -> Tensor {
        let embedded = self.embeddings.forward(batch, self.dropouts.hidden, hooks, mode);
        self.blocks(embedded, batch, None, hooks, mode)
    }

    /// The vector `[B,H]` that the head reads.
    pub fn pooled(&self, batch: &Batch, hooks: &dyn Hooks, mode: Mode) -> Tensor {
        let embedded = self.embeddings.forward(batch, self.dropouts.hidden, hooks, mode);
        let first = n_virtual_tokens(batch, &embedded);
        let position = match self.pooling {
            Pooling::Mean => {
                let mask = batch.mask.unsqueeze(2).to_kind(Kind::Float); // [B,T,1]
                let hidden = self.blocks(embedded, batch, None, hooks, mode).narrow(1, first, batch.mask.size()[1]); // [B,T,H]
                let sum = (hidden * &mask).sum_dim_intlist([1i64].as_slice(), false, Kind::Float); // [B,H]
                return sum / mask.sum_dim_intlist([1i64].as_slice(), false, Kind::Float); // [B,1]
            }
            Pooling::Pooler | Pooling::Cls => first,
            Pooling::Peft => 0,
        };
        let hidden = self.blocks(embedded, batch, Some(position), hooks, mode).select(1, 0);
        self.pooler.as_ref().map_or(hidden.shallow_clone(), |pooler| pooler.forward(&hidden).tanh())
    }

    /// All blocks; of the last one, the output of the position that is `wanted` alone: nobody reads the others'.
    fn blocks(&self, embedded: Tensor, batch: &Batch, wanted: Option<i64>, hooks: &dyn Hooks, mode: Mode) -> Tensor {
        let n_virtual = n_virtual_tokens(batch, &embedded) + hooks.n_virtual_keys();
        let mask = batch.is_padded.then(|| {
            let padding = batch.mask.unsqueeze(1).unsqueeze(2).logical_not(); // [B,1,1,T]
            let mask = padding.to_kind(Kind::Float) * f64::from(f32::MIN);
            if n_virtual == 0 { mask } else { mask.constant_pad_nd([n_virtual, 0]) } // [B,1,1,V+T]
        });
        let pass = Pass { mask: mask.as_ref(), dropouts: self.dropouts, hooks, mode };
        self.layers.iter().enumerate().fold(embedded, |x, (index, layer)| {
            let wanted = wanted.filter(|_| index + 1 == self.layers.len());
            layer.forward(index, &x, wanted, &pass)
        })
    }
}

/// Virtual tokens in front of the real ones in `hidden [B,V+T,H]`.
fn n_virtual_tokens(batch: &Batch, hidden: &Tensor) -> i64 {
    hidden.size()[1] - batch.token_ids.size()[1]
}
