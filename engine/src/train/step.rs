//! The gradient of a batch, by one thread or by several side by side, each with some of its rows.

use std::time::Instant;

use tch::{Device, Tensor};

use crate::crew::{Crew, Read};
use crate::data::order;
use crate::hooks::Mode;
use crate::network::Outputs;
use crate::random::{self, Stream};
use crate::train::split::Spent;
use crate::{loss, native, recompute};
use finetop::spec::crew;
use finetop::spec::optimization::Optimization;
use finetop::spec::task::TaskKind;

const GRADIENT_BYTES: u64 = 4; // of an element

/// What a gradient is computed by.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The run's seed.
    pub seed: u64,
    /// What is learned.
    pub kind: TaskKind,
    /// How its loss is computed.
    pub optimization: &'a Optimization,
    /// What is trained, and the rows of the training split.
    pub read: Read<'a>,
    /// Who computes.
    pub crew: &'a Crew,
    /// Where the tensors are.
    pub device: Device,
}

/// What is known of a batch beside its gradient.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// Mean loss of the rows.
    pub loss: f64,
    /// Real tokens read.
    pub n_tokens: u64,
    /// Where the time went; of shares side by side that of the longest.
    pub spent: Spent,
}

impl Surroundings<'_> {
    /// Gives the trained tensors the gradient of the mean loss of the rows `indices`, in step number `step`. None has one before.
    pub fn gradient(&self, indices: &[usize], step: u64) -> Figures {
        let Self { seed, optimization, read, crew, device, .. } = *self;
        // Of the word embedding only rows that occur have one.
        let words = read.network.encoder.words().data_ptr();
        let whole = read.trained.iter().filter(|tensor| tensor.data_ptr() != words);
        let gradient_bytes = whole.map(|tensor| GRADIENT_BYTES * tensor.numel() as u64).sum();
        let mut all = Figures { loss: 0.0, n_tokens: 0, spent: Spent::default() };
        for (number, part) in indices.chunks(indices.len().div_ceil(optimization.gradient_accumulation)).enumerate() {
            let number = number as u64;
            let stream = if number == 0 { Stream::Step(step) } else { Stream::Part(step, number) };
            let n_shares = if read.inputs.pooled.is_some() || optimization.activation_recomputation {
                1
            } else {
                crew::shares(crew.size(), part.len(), gradient_bytes)
            };
            let figures = if n_shares == 1 {
                recompute::seed(random::seed(seed, stream), device);
                vec![self.of_part(part, indices.len())]
            } else {
                let shares = order::shares(&read.inputs.rows, part, n_shares);
                let results = crew.each(n_shares, read, |read, share| {
                    let stream = if share == 0 { stream } else { Stream::Share(step, number, share as u64) };
                    recompute::seed(random::seed(seed, stream), device);
                    let start = Instant::now();
                    let outputs = read.network.forward(read.inputs, shares[share], device, Mode::Train);
                    let (loss, figures) = self.judge(&outputs, indices.len(), start);
                    let start = Instant::now();
                    let gradients = native::gradients(&loss, read.trained);
                    (figures.after_backward(start), gradients)
                });
                let (figures, gradients): (Vec<_>, Vec<_>) = results.into_iter().unzip();
                native::add_gradients(read.trained, gradients);
                figures
            };
            all.spent = all.spent.and(Spent::longest(figures.iter().map(|figures| figures.spent)));
            for Figures { loss, n_tokens, .. } in figures {
                all.loss += loss; // the shares of the mean add up to it
                all.n_tokens += n_tokens;
            }
        }
        native::join_rows(read.trained);
        all
    }

    /// Adds the gradient of a part of a batch of `n_rows`.
    fn of_part(&self, part: &[usize], n_rows: usize) -> Figures {
        let Self { optimization, read: Read { network, inputs, .. }, device, .. } = *self;
        let start = Instant::now();
        let (outputs, unfinished) = if optimization.activation_recomputation {
            network.forward_to_recompute(inputs, part, device)
        } else {
            (network.forward(inputs, part, device, Mode::Train), None)
        };
        let (loss, figures) = self.judge(&outputs, n_rows, start);
        let start = Instant::now();
        loss.backward();
        if let Some(unfinished) = unfinished {
            unfinished.backward();
        }
        figures.after_backward(start)
    }

    /// What the rows of `outputs`, whose forward pass began at `start`, add to the mean loss of `n_rows`.
    fn judge(&self, outputs: &Outputs, n_rows: usize, start: Instant) -> (Tensor, Figures) {
        let loss = loss::sum(self.kind, outputs, self.optimization.label_smoothing) / n_rows as f64;
        // Reading the loss waits for it, so that what follows is the backward pass alone.
        let value = loss.double_value(&[]);
        let spent = Spent::forward(start.elapsed(), outputs.gathering);
        let figures = Figures { loss: value, n_tokens: outputs.n_tokens, spent };
        (loss, figures)
    }
}

impl Figures {
    /// The same, with a backward pass that began at `start`.
    fn after_backward(mut self, start: Instant) -> Self {
        self.spent.backward = start.elapsed();
        self
    }
}
