//! The encoder of all families (Devlin et al. 2019, arXiv:1810.04805): embeddings, blocks and, where the head reads it, the pooler.

use tch::{Device, Kind, Tensor};

use crate::data::batch::Batch;
use crate::hooks::{Hooks, Mode};
use crate::model::embeddings::Embeddings;
use crate::model::layer::{Dropouts, Layer, Pass};
use crate::model::linear::Linear;
use crate::model::load::Weights;
use crate::recompute;
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

    /// What the head reads.
    pub const fn pooling(&self) -> Pooling {
        self.pooling
    }

    /// The word embedding `[vocabulary,H]`.
    pub const fn words(&self) -> &Tensor {
        &self.embeddings.word
    }

    /// Last hidden states `[B,V+T,H]`, virtual tokens first.
    pub fn forward(&self, batch: &Batch, hooks: &dyn Hooks, mode: Mode) -> Tensor {
        let (embedded, way) = self.embed(batch, None, hooks, mode);
        self.blocks(embedded, &way)
    }

    /// The vector `[B,H]` that the head reads.
    pub fn pooled(&self, batch: &Batch, hooks: &dyn Hooks, mode: Mode) -> Tensor {
        let (embedded, way) = self.embed(batch, Some(self.pooling), hooks, mode);
        self.pool(&self.blocks(embedded, &way), batch, &way)
    }

    /// The embedded tokens `[B,V+T,H]`, and what every block needs on the way up to what `pooling` reads.
    pub fn embed<'a>(&self, batch: &Batch, pooling: Option<Pooling>, hooks: &'a dyn Hooks, mode: Mode) -> (Tensor, Way<'a>) {
        let embedded = self.embeddings.forward(batch, self.dropouts.hidden, hooks, mode);
        let first = embedded.size()[1] - batch.token_ids.size()[1];
        let n_virtual = first + hooks.n_virtual_keys();
        let mask = batch.is_padded.then(|| {
            let padding = batch.mask.unsqueeze(1).unsqueeze(2).logical_not(); // [B,1,1,T]
            let mask = padding.to_kind(Kind::Float) * f64::from(f32::MIN);
            if n_virtual == 0 { mask } else { mask.constant_pad_nd([n_virtual, 0]) } // [B,1,1,V+T]
        });
        let wanted = pooling.and_then(|pooling| match pooling {
            Pooling::Mean => None,
            Pooling::Pooler | Pooling::Cls => Some(first),
            Pooling::Peft => Some(0),
        });
        (embedded, Way { mask, first, wanted, hooks, mode })
    }

    /// How many blocks there are.
    pub const fn n_blocks(&self) -> usize {
        self.layers.len()
    }

    /// Block `index`: `x [B,V+T,H]` → the same; of the last block, the output of the position that is wanted alone: nobody reads the others'.
    pub fn block(&self, index: usize, x: &Tensor, way: &Way) -> Tensor {
        let wanted = way.wanted.filter(|_| index + 1 == self.layers.len());
        let pass = Pass { mask: way.mask.as_ref(), dropouts: self.dropouts, hooks: way.hooks, mode: way.mode };
        self.layers[index].forward(index, x, wanted, &pass)
    }

    fn blocks(&self, embedded: Tensor, way: &Way) -> Tensor {
        (0..self.layers.len()).fold(embedded, |x, index| {
            // On a GPU the step is recorded, in which nothing can be seeded anew.
            if x.device() == Device::Cpu {
                recompute::begin_block(way.mode, Device::Cpu);
            }
            self.block(index, &x, way)
        })
    }

    /// What the head reads `[B,H]` of the last block's output.
    pub fn pool(&self, hidden: &Tensor, batch: &Batch, way: &Way) -> Tensor {
        if self.pooling == Pooling::Mean {
            let mask = batch.mask.unsqueeze(2).to_kind(Kind::Float); // [B,T,1]
            let hidden = hidden.narrow(1, way.first, batch.mask.size()[1]); // [B,T,H]
            let sum = (hidden * &mask).sum_dim_intlist([1i64].as_slice(), false, Kind::Float); // [B,H]
            return sum / mask.sum_dim_intlist([1i64].as_slice(), false, Kind::Float); // [B,1]
        }
        let hidden = hidden.select(1, 0);
        self.pooler.as_ref().map_or(hidden.shallow_clone(), |pooler| pooler.forward(&hidden).tanh())
    }
}

/// What every block of one forward pass needs.
pub struct Way<'a> {
    /// `[B,1,1,K]`, as in [`Pass`].
    mask: Option<Tensor>,
    /// Virtual tokens in front of the real ones.
    first: i64,
    /// The position that is read of the last block, where it is one.
    wanted: Option<i64>,
    hooks: &'a dyn Hooks,
    mode: Mode,
}
