//! Word, position and, where the family has them, token type embeddings, summed and normalised.

use tch::{Device, Kind, Tensor};

use crate::data::batch::Batch;
use crate::hooks::{Hooks, Mode};
use crate::model::layer_norm::LayerNorm;
use crate::model::load::Weights;
use finetop::spec::backbone::Backbone;

/// The embedding block.
#[derive(Debug)]
pub struct Embeddings {
    /// `[vocabulary,H]`.
    pub word: Tensor,
    position: Tensor,
    token_type: Option<Tensor>,
    norm: LayerNorm,
    pad_token_id: i64,
    first_position: i64,
}

impl Embeddings {
    /// Takes the tensors under `embeddings.`.
    pub fn load(weights: &mut Weights, backbone: &Backbone) -> Self {
        Self {
            word: weights.take("embeddings.word_embeddings.weight"),
            position: weights.take("embeddings.position_embeddings.weight"),
            token_type: (backbone.type_vocab_size > 0).then(|| weights.take("embeddings.token_type_embeddings.weight")),
            norm: LayerNorm::load(weights, "embeddings.LayerNorm", backbone.layer_norm_epsilon),
            pad_token_id: backbone.pad_token_id,
            first_position: backbone.first_position(),
        }
    }

    /// Token ids `[B,T]` → `[B,V+T,H]`, the `V` virtual tokens of the method first.
    pub fn forward(&self, batch: &Batch, dropout: f64, hooks: &dyn Hooks, mode: Mode) -> Tensor {
        let (rows, length) = batch.token_ids.size2().expect("token ids have two dimensions");
        let device = batch.token_ids.device();
        // On a processor the gradient is of the rows that occur: a whole table is mostly zeros, written and read for nothing.
        let by_rows = device == Device::Cpu;
        let word = Tensor::embedding(&self.word, &batch.token_ids, self.pad_token_id, false, by_rows); // [B,T,H]
        let (word, token_types, length) = match hooks.virtual_tokens() {
            None => (word, batch.token_types.shallow_clone(), length),
            Some(tokens) => {
                let (n_virtual, hidden) = tokens.size2().expect("virtual tokens have two dimensions");
                let tokens = tokens.unsqueeze(0).expand([rows, n_virtual, hidden], false);
                let types = Tensor::zeros([rows, n_virtual], (Kind::Int64, device));
                (Tensor::cat(&[tokens, word], 1), Tensor::cat(&[types, batch.token_types.shallow_clone()], 1), n_virtual + length)
            }
        };
        let sum = match &self.token_type {
            Some(rows) => word + Tensor::embedding(rows, &token_types, -1, false, false), // [B,V+T,H]
            None => word,
        };
        let position = self.position.narrow(0, self.first_position + hooks.n_virtual_keys(), length); // [V+T,H]
        mode.dropout(self.norm.forward(&(sum + position)), dropout)
    }
}
