//! Word, position and token type embeddings, summed and normalised.

use tch::{Kind, Tensor};

use crate::data::batch::Batch;
use crate::hooks::Mode;
use crate::model::layer_norm::LayerNorm;
use crate::model::load::Weights;
use finetop::spec::backbone::Backbone;

/// The embedding block.
#[derive(Debug)]
pub struct Embeddings {
    word: Tensor,
    position: Tensor,
    token_type: Tensor,
    norm: LayerNorm,
    pad_token_id: i64,
}

impl Embeddings {
    /// Takes the tensors under `embeddings.`.
    pub fn load(weights: &mut Weights, backbone: &Backbone) -> Self {
        let hidden = backbone.hidden_size;
        Self {
            word: weights.take("embeddings.word_embeddings.weight", &[backbone.vocab_size, hidden]),
            position: weights.take("embeddings.position_embeddings.weight", &[backbone.max_positions, hidden]),
            token_type: weights.take("embeddings.token_type_embeddings.weight", &[backbone.type_vocab_size, hidden]),
            norm: LayerNorm::load(weights, "embeddings.LayerNorm", hidden, backbone.layer_norm_epsilon),
            pad_token_id: backbone.pad_token_id,
        }
    }

    /// Token ids `[B,T]` → `[B,T,H]`.
    pub fn forward(&self, batch: &Batch, dropout: f64, mode: Mode) -> Tensor {
        let length = batch.token_ids.size()[1];
        let positions = Tensor::arange(length, (Kind::Int64, batch.token_ids.device())); // [T]
        let word = Tensor::embedding(&self.word, &batch.token_ids, self.pad_token_id, false, false); // [B,T,H]
        let token_type = Tensor::embedding(&self.token_type, &batch.token_types, -1, false, false); // [B,T,H]
        let position = self.position.index_select(0, &positions); // [T,H]
        let x = self.norm.forward(&(word + token_type + position));
        mode.dropout(x, dropout)
    }
}
