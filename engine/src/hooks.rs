//! Where a fine-tuning method may act inside the encoder's forward pass. The model never names a method.

use tch::Tensor;

use finetop::spec::method::Site;

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
        if self == Self::Train && p > 0.0 { x.dropout(p, true) } else { x }
    }
}

/// What a method does inside `Encoder::forward`. Every default returns its input.
pub trait Hooks {
    /// Inside linear layer `site` of block `layer`, after `y = x Wᵀ + b`; `x [B,T,in]`, `y [B,T,out]`.
    fn project(&self, _layer: usize, _site: Site, _x: &Tensor, y: Tensor, _mode: Mode) -> Tensor {
        y
    }
}

/// No method inside the encoder: full fine-tuning and feature extraction.
#[derive(Debug, Clone, Copy)]
pub struct NoHooks;

impl Hooks for NoHooks {}
