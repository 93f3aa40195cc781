//! Activation recomputation: a forward pass that keeps each block's input alone, and a backward pass that computes every block again.
//!
//! Paper: Chen et al. 2016, arXiv:1604.06174, with a segment for each block. What dropout draws in a block is a function of a number drawn at
//! the block's beginning, in every training, so that a block computed again draws the same. Bits do not depend on this setting, except where blocks share a
//! tensor (prefixes), whose gradients are added up in another order, and where several threads would share the rows: then one computes them all.

use tch::{Device, Kind, Tensor};

use crate::data::batch::Batch;
use crate::hooks::{Hooks, Mode};
use crate::model::encoder::{Encoder, Way};
use crate::native;

/// Seeds what dropout draws from on `device`: on the processor a generator of this thread, on a GPU libtorch's.
pub fn seed(seed: u64, device: Device) {
    native::seed(seed);
    if device != Device::Cpu {
        tch::manual_seed(seed as i64);
    }
}

/// Seeds dropout for the block that follows, by its own next number, which is returned; in evaluation nothing is drawn.
pub fn begin_block(mode: Mode, device: Device) -> u64 {
    if mode == Mode::Evaluate {
        return 0;
    }
    let next = native::next_seed();
    seed(next, device);
    next
}

/// The blocks of a forward pass whose gradients are still to come.
pub struct Unfinished<'a> {
    encoder: &'a Encoder,
    way: Way<'a>,
    /// `[B,V+T,H]`, with its graph.
    embedded: Tensor,
    /// Of every block that a gradient reaches, from below: its number, its input `[B,V+T,H]` and its seed.
    blocks: Vec<(usize, Tensor, u64)>,
    /// The last block's output, a leaf.
    last: Tensor,
}

/// What [`Encoder::pooled`] gives in training, `[B,H]`, and what is left to do once its gradient is known.
pub fn pooled<'a>(encoder: &'a Encoder, batch: &Batch, hooks: &'a dyn Hooks) -> (Tensor, Unfinished<'a>) {
    let (embedded, way) = encoder.embed(batch, Some(encoder.pooling()), hooks, Mode::Train);
    let mut is_reached = embedded.requires_grad();
    let (mut x, mut blocks) = (embedded.detach(), Vec::new());
    for index in 0..encoder.n_blocks() {
        let seed = begin_block(Mode::Train, x.device());
        let y = encoder.block(index, &x, &way);
        is_reached |= y.requires_grad();
        if is_reached {
            blocks.push((index, x, seed));
        }
        // The block's graph ends here, and with it what it kept.
        x = y.detach();
    }
    let last = x.set_requires_grad(is_reached);
    (encoder.pool(&last, batch, &way), Unfinished { encoder, way, embedded, blocks, last })
}

impl Unfinished<'_> {
    /// Adds the gradients of blocks and embeddings, after those of what stands above them.
    pub fn backward(self) {
        let mut gradient = self.last.grad();
        for (index, x, seed) in self.blocks.into_iter().rev() {
            if !gradient.defined() {
                return; // Nothing above reads it.
            }
            let x = x.set_requires_grad(true);
            self::seed(seed, x.device());
            let y = self.encoder.block(index, &x, &self.way); // [B,V+T,H]
            // Its gradient by y is `gradient` itself.
            (y * &gradient).sum(Kind::Float).backward();
            gradient = x.grad();
        }
        if self.embedded.requires_grad() && gradient.defined() {
            (self.embedded * gradient).sum(Kind::Float).backward();
        }
    }
}
