//! The shape of a pre-trained encoder, as `config.json` states it. Must not know how weights are loaded.

use serde::{Deserialize, Serialize};

/// The shape of a BERT encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Backbone {
    /// Rows of the word embedding.
    pub vocab_size: i64,
    /// `H`.
    pub hidden_size: i64,
    /// Transformer blocks.
    pub n_layers: i64,
    /// `N`; divides `H`.
    pub n_heads: i64,
    /// Width of the feed-forward network.
    pub intermediate_size: i64,
    /// Longest input, in tokens.
    pub max_positions: i64,
    /// Rows of the token type embedding.
    pub type_vocab_size: i64,
    /// Activation of the feed-forward network.
    pub activation: Activation,
    /// Dropout on hidden states, in `[0, 1)`.
    pub hidden_dropout: f64,
    /// Dropout on attention probabilities, in `[0, 1)`.
    pub attention_dropout: f64,
    /// Epsilon of every layer norm.
    pub layer_norm_epsilon: f64,
    /// Standard deviation of newly made weights (the head).
    pub initializer_range: f64,
    /// Id of the padding token.
    pub pad_token_id: i64,
}

/// Activation of the feed-forward network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// The exact (erf) Gaussian error linear unit.
    Gelu,
    /// The tanh approximation of it.
    GeluTanh,
    /// Rectified linear unit.
    Relu,
}

impl Backbone {
    /// The uncased BERT family: all but depth, width and heads as in Devlin et al. 2019.
    pub const fn bert(n_layers: i64, hidden_size: i64, n_heads: i64) -> Self {
        Self {
            vocab_size: 30_522,
            hidden_size,
            n_layers,
            n_heads,
            intermediate_size: 4 * hidden_size,
            max_positions: 512,
            type_vocab_size: 2,
            activation: Activation::Gelu,
            hidden_dropout: 0.1,
            attention_dropout: 0.1,
            layer_norm_epsilon: 1e-12,
            initializer_range: 0.02,
            pad_token_id: 0,
        }
    }

    /// Parameters of the encoder: embeddings, blocks and, where `with_pooler`, the pooler.
    pub const fn parameters(&self, with_pooler: bool) -> i64 {
        let (h, i) = (self.hidden_size, self.intermediate_size);
        let embeddings = (self.vocab_size + self.max_positions + self.type_vocab_size) * h + 2 * h;
        let attention = 4 * (h * h + h) + 2 * h;
        let ffn = h * i + i + i * h + h + 2 * h;
        let pooler = if with_pooler { h * h + h } else { 0 };
        embeddings + self.n_layers * (attention + ffn) + pooler
    }
}
