//! The shape of a pre-trained encoder, as `config.json` states it. Must not know how weights are loaded.

use serde::{Deserialize, Serialize};

use crate::spec::family::Family;

/// The shape of an encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Backbone {
    /// How its checkpoints name their tensors, where positions begin and what its own classifier is.
    #[serde(default)]
    pub family: Family,
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
    /// Rows of the position embedding.
    pub max_positions: i64,
    /// Rows of the token type embedding; 0 where there is none.
    pub type_vocab_size: i64,
    /// Activation of the feed-forward network.
    pub activation: Activation,
    /// Dropout on hidden states, in `[0, 1)`.
    pub hidden_dropout: f64,
    /// Dropout on attention probabilities, in `[0, 1)`.
    pub attention_dropout: f64,
    /// Dropout of the family's own classifier, in `[0, 1)`.
    pub head_dropout: f64,
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

/// A tensor of the encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackboneTensor {
    /// Its canonical name: that in BERT's own checkpoints, without `bert.`.
    pub name: String,
    /// Its shape.
    pub shape: Vec<i64>,
    /// Where it stands and what it is.
    pub part: Part,
}

/// Where a tensor of the encoder stands and what it is; what trains is chosen by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub role: Role,
}

/// Where a tensor of the encoder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Below the first block.
    Embeddings,
    /// In block `l`, counted from 0, the lowest.
    Block(i64),
    /// Above the last block.
    Pooler,
}

/// What a tensor of the encoder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Rows of an embedding.
    Embedding,
    /// Weight of a linear layer.
    Weight,
    /// Bias of a linear layer.
    Bias,
    /// Weight of a layer norm.
    NormWeight,
    /// Bias of a layer norm.
    NormBias,
}

impl Role {
    /// Whether it belongs to a layer norm.
    pub const fn is_norm(self) -> bool {
        matches!(self, Self::NormWeight | Self::NormBias)
    }
}

/// Which of the backbone's own weights train.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackboneTraining {
    /// All of them.
    All,
    /// None.
    None,
    /// The blocks from `lowest` up, and the pooler.
    TopBlocks {
        /// The lowest block that trains, counted from 0.
        lowest: i64,
    },
    /// Every bias.
    Biases,
    /// Weight and bias of every layer norm.
    LayerNorms,
}

impl BackboneTraining {
    /// Whether a tensor of this part trains.
    pub fn trains(self, part: Part) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::TopBlocks { lowest } => match part.place {
                Place::Embeddings => false,
                Place::Block(layer) => layer >= lowest,
                Place::Pooler => true,
            },
            Self::Biases => matches!(part.role, Role::Bias | Role::NormBias),
            Self::LayerNorms => part.role.is_norm(),
        }
    }
}

impl Backbone {
    /// The uncased BERT family: all but depth, width and heads as in Devlin et al. 2019.
    pub const fn bert(n_layers: i64, hidden_size: i64, n_heads: i64) -> Self {
        Self {
            family: Family::Bert,
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
            head_dropout: 0.1,
            layer_norm_epsilon: 1e-12,
            initializer_range: 0.02,
            pad_token_id: 0,
        }
    }

    /// Row of the position embedding that the first token takes: RoBERTa's come after that of the padding token.
    pub const fn first_position(&self) -> i64 {
        match self.family {
            Family::Bert | Family::DistilBert => 0,
            Family::Roberta => self.pad_token_id + 1,
        }
    }

    /// Longest input in tokens, special and virtual ones counted.
    pub const fn longest_input(&self) -> i64 {
        self.max_positions - self.first_position()
    }

    /// Every tensor of the encoder and, where `with_pooler`, of the pooler, by canonical name.
    pub fn tensors(&self, with_pooler: bool) -> Vec<BackboneTensor> {
        let (h, i) = (self.hidden_size, self.intermediate_size);
        let mut tensors = Vec::new();
        let mut add = |name: String, shape: Vec<i64>, place: Place, role: Role| {
            tensors.push(BackboneTensor { name, shape, part: Part { place, role } });
        };
        let embeddings = [("word", self.vocab_size), ("position", self.max_positions), ("token_type", self.type_vocab_size)];
        for (name, rows) in embeddings.into_iter().filter(|&(_, rows)| rows > 0) {
            add(format!("embeddings.{name}_embeddings.weight"), vec![rows, h], Place::Embeddings, Role::Embedding);
        }
        let mut pair = |name: String, shape: Vec<i64>, place: Place| {
            let (weight, bias) = if shape.len() == 1 { (Role::NormWeight, Role::NormBias) } else { (Role::Weight, Role::Bias) };
            let n_out = shape[0];
            add(format!("{name}.weight"), shape, place, weight);
            add(format!("{name}.bias"), vec![n_out], place, bias);
        };
        pair("embeddings.LayerNorm".to_owned(), vec![h], Place::Embeddings);
        for layer in 0..self.n_layers {
            let (block, place) = (format!("encoder.layer.{layer}"), Place::Block(layer));
            for name in ["self.query", "self.key", "self.value", "output.dense"] {
                pair(format!("{block}.attention.{name}"), vec![h, h], place);
            }
            pair(format!("{block}.attention.output.LayerNorm"), vec![h], place);
            pair(format!("{block}.intermediate.dense"), vec![i, h], place);
            pair(format!("{block}.output.dense"), vec![h, i], place);
            pair(format!("{block}.output.LayerNorm"), vec![h], place);
        }
        if with_pooler {
            pair("pooler.dense".to_owned(), vec![h, h], Place::Pooler);
        }
        tensors
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tensors_have_as_many_elements_as_the_closed_form_counts() {
        let backbone = Backbone {
            family: Family::Bert,
            vocab_size: 31,
            hidden_size: 12,
            n_layers: 3,
            n_heads: 4,
            intermediate_size: 20,
            max_positions: 17,
            type_vocab_size: 2,
            activation: Activation::Gelu,
            hidden_dropout: 0.1,
            attention_dropout: 0.1,
            head_dropout: 0.1,
            layer_norm_epsilon: 1e-12,
            initializer_range: 0.02,
            pad_token_id: 0,
        };
        for with_pooler in [false, true] {
            let count: i64 = backbone.tensors(with_pooler).iter().map(|tensor| tensor.shape.iter().product::<i64>()).sum();
            assert_eq!(count, backbone.parameters(with_pooler));
        }
    }
}
