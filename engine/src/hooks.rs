//! Where a fine-tuning method may act inside the encoder's forward pass. The model never names a method.

use tch::Tensor;

use crate::native;
use finetop::spec::method::site::Site;

/// Whether dropout acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Dropout acts.
    Train,
    /// Nothing random happens.
    Evaluate,
}

impl Mode {
    /// Dropout with probability `p` in training, nothing in evaluation.
    pub fn dropout(self, x: Tensor, p: f64) -> Tensor {
        if self.probability(p) > 0.0 { native::dropout(&x, p) } else { x }
    }

    /// The probability of dropout: `p` in training, 0 in evaluation.
    pub fn probability(self, p: f64) -> f64 {
        if self == Self::Train { p } else { 0.0 }
    }
}

/// The pre-trained weights of a linear layer.
#[derive(Debug, Clone, Copy)]
pub struct Projection<'a> {
    /// `W [out,in]`.
    pub weight: &'a Tensor,
    /// `b [out]`.
    pub bias: &'a Tensor,
    /// How they are multiplied.
    pub product: &'a Product,
}

/// How a linear layer is multiplied.
#[derive(Debug)]
pub enum Product {
    /// In fp32.
    Exact,
    /// In bf16: with the weight rounded once where it is frozen, in every pass where it trains.
    Rounded(Option<Tensor>),
}

impl Projection<'_> {
    /// `x Wᵀ + b`, `x [..,in]` → `[..,out]` in fp32.
    pub fn apply(&self, x: &Tensor) -> Tensor {
        self.multiply(x, false)
    }

    /// The same in bf16, where that is what it is rounded to: for a linear layer that rounds it next.
    pub fn apply_rounded(&self, x: &Tensor) -> Tensor {
        self.multiply(x, true)
    }

    fn multiply(&self, x: &Tensor, stays_rounded: bool) -> Tensor {
        match self.product {
            Product::Exact => x.linear(self.weight, Some(self.bias)),
            Product::Rounded(kept) => native::linear_in_bf16(x, self.weight, self.bias, kept.as_ref(), stays_rounded),
        }
    }
}

/// The two parts of a block whose output is added to their input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sublayer {
    /// Self-attention with its output projection.
    Attention,
    /// The feed-forward network.
    FeedForward,
}

/// Keys and values that precede a block's own.
#[derive(Debug)]
pub struct KeyValue {
    /// `[B,V,H]`, or `[1,V,H]` for all rows.
    pub keys: Tensor,
    /// The same.
    pub values: Tensor,
}

/// What a method does inside `Encoder::forward`. Every default leaves the pre-trained network as it is.
pub trait Hooks {
    /// Virtual tokens `[V,H]` in front of the word embeddings; they take the first `V` positions.
    fn virtual_tokens(&self) -> Option<Tensor> {
        None
    }

    /// How many virtual keys precede those of every block; the real tokens' positions begin after them.
    fn n_virtual_keys(&self) -> i64 {
        0
    }

    /// The virtual keys and values of block `layer`, [`n_virtual_keys`](Self::n_virtual_keys) of them, for a batch of `rows`.
    fn virtual_keys(&self, _layer: usize, _rows: i64, _mode: Mode) -> Option<KeyValue> {
        None
    }

    /// Whether the method acts at linear layer `site` of block `layer`, by [`project`](Self::project).
    fn acts_at(&self, _layer: usize, _site: Site) -> bool {
        false
    }

    /// Linear layer `site` of block `layer`: `x [B,T,in]` → `[B,T,out]`, both in fp32. Asked where the method [acts](Self::acts_at).
    fn project(&self, _layer: usize, _site: Site, x: &Tensor, projection: Projection, _mode: Mode) -> Tensor {
        projection.apply(x)
    }

    /// Whether the method acts where the output of `sublayer` of block `layer` is added to its input, by [`add`](Self::add).
    fn acts_on_sum(&self, _layer: usize, _sublayer: Sublayer) -> bool {
        false
    }

    /// What the layer norm `norm` after a sublayer is applied to: its output `h [B,T,H]`, after dropout, plus its input `x [B,T,H]`. Asked where
    /// the method [acts](Self::acts_on_sum).
    fn add(&self, _layer: usize, _sublayer: Sublayer, h: Tensor, x: &Tensor, _norm: &dyn Fn(&Tensor) -> Tensor) -> Tensor {
        h + x
    }

    /// Weight `[out,in]` and bias `[out]` that do without the method what [`project`](Self::project) does in evaluation; `None` where it
    /// leaves the layer as it is.
    fn merged(&self, _layer: usize, _site: Site, _projection: Projection) -> Option<(Tensor, Tensor)> {
        None
    }
}

/// No method inside the encoder: the backbone's own weights do all.
#[derive(Debug, Clone, Copy)]
pub struct NoHooks;

impl Hooks for NoHooks {}
