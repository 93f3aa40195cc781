//! Encoder, method and head as one function from rows to logits.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use tch::{Device, Tensor};

use crate::data::batch::{Batch, targets};
use crate::data::tokenizer::Encoded;
use crate::error::EngineError;
use crate::head::Head;
use crate::hooks::{Hooks, Mode};
use crate::methods::{self, Surroundings};
use crate::model::encoder::Encoder;
use crate::model::{load, mapped};
use crate::params::Params;
use crate::processor;
use crate::random::{self, Stream};
use crate::recompute::{self, Unfinished};
use finetop::spec::backbone::Backbone;
use finetop::spec::head::Head as HeadSpec;
use finetop::spec::method::Method;

/// Encoder, method and head.
pub struct Network {
    /// The pre-trained encoder.
    pub encoder: Encoder,
    /// What the method does inside it.
    pub hooks: Box<dyn Hooks>,
    /// The classifier.
    pub head: Head,
    /// Shape of the encoder.
    pub backbone: Backbone,
}

/// What a network is made by.
#[derive(Clone, Copy)]
pub struct NetworkPlan<'a> {
    /// Shape of the encoder.
    pub backbone: &'a Backbone,
    /// How it is adapted.
    pub method: &'a Method,
    /// What reads it.
    pub head: &'a HeadSpec,
    /// Columns of the logits.
    pub n_outputs: usize,
    /// Of the method's and the head's first weights.
    pub seed: u64,
    /// Token ids of a text, special tokens included.
    pub tokenize: &'a dyn Fn(&str) -> Vec<i64>,
}

/// The rows of a split as the network reads them.
#[derive(Debug)]
pub struct Inputs {
    /// Tokenized rows.
    pub rows: Vec<Encoded>,
    /// The rows' pooled vectors `[rows,H]`, where the encoder cannot change and so need not run again.
    pub pooled: Option<Tensor>,
}

/// What came out for some rows.
#[derive(Debug)]
pub struct Outputs {
    /// Logits `[B,C]`; of a regression the predicted values `[B,1]`.
    pub logits: Tensor,
    /// Labels or values `[B]`.
    pub targets: Tensor,
    /// Real tokens read.
    pub n_tokens: u64,
    /// How long it took until the rows were tensors.
    pub gathering: Duration,
}

impl Network {
    /// Loads the encoder of `folder` and makes the method's and the head's tensors, all in `params`.
    pub fn load(folder: &Path, plan: &NetworkPlan, params: &mut Params) -> Result<Self, EngineError> {
        Self::new(folder, load::read(folder, plan.backbone.family)?, plan, params)
    }

    /// Puts the network together from the `tensors` of the checkpoint in `folder`.
    pub fn new(folder: &Path, tensors: BTreeMap<String, Tensor>, plan: &NetworkPlan, params: &mut Params) -> Result<Self, EngineError> {
        processor::prepare();
        let NetworkPlan { backbone, method, head, n_outputs, seed, tokenize } = plan;
        let encoder = load::encoder(folder, tensors, backbone, head.pooling, params)?;
        tch::manual_seed(random::seed(*seed, Stream::Initialization) as i64);
        let words = encoder.words().shallow_clone();
        let hooks = methods::build(method, &Surroundings { backbone, words, tokenize: *tokenize }, params);
        let head = Head::new(head, backbone, *n_outputs as i64, params);
        mapped::release_pages();
        Ok(Self { encoder, hooks, head, backbone: (*backbone).clone() })
    }

    /// The vectors `[B,H]` that the head reads.
    pub fn pooled(&self, batch: &Batch, mode: Mode) -> Tensor {
        self.encoder.pooled(batch, self.hooks.as_ref(), mode)
    }

    /// Logits of the rows `indices` in training, with only the blocks' inputs kept, and what is left to do after the backward pass of what is
    /// computed from them; nothing where no block runs.
    pub fn forward_to_recompute(&self, inputs: &Inputs, indices: &[usize], device: Device) -> (Outputs, Option<Unfinished<'_>>) {
        if inputs.pooled.is_some() {
            return (self.forward(inputs, indices, device, Mode::Train), None);
        }
        let start = Instant::now();
        let batch = Batch::new(&inputs.rows, indices, self.backbone.pad_token_id, device);
        let gathering = start.elapsed();
        let (pooled, unfinished) = recompute::pooled(&self.encoder, &batch, self.hooks.as_ref());
        let logits = self.head.forward(&pooled, Mode::Train);
        (Outputs { logits, targets: batch.targets, n_tokens: batch.n_tokens, gathering }, Some(unfinished))
    }

    /// Logits of the rows `indices`.
    pub fn forward(&self, inputs: &Inputs, indices: &[usize], device: Device, mode: Mode) -> Outputs {
        let start = Instant::now();
        if let Some(pooled) = &inputs.pooled {
            let positions: Vec<i64> = indices.iter().map(|&index| index as i64).collect();
            let pooled = pooled.index_select(0, &Tensor::from_slice(&positions).to_device(device)); // [B,H]
            let n_tokens = indices.iter().map(|&index| inputs.rows[index].token_ids.len() as u64).sum();
            let targets = targets(&inputs.rows, indices, device);
            let gathering = start.elapsed();
            return Outputs { logits: self.head.forward(&pooled, mode), targets, n_tokens, gathering };
        }
        let batch = Batch::new(&inputs.rows, indices, self.backbone.pad_token_id, device);
        let gathering = start.elapsed();
        let logits = self.head.forward(&self.pooled(&batch, mode), mode);
        Outputs { logits, targets: batch.targets, n_tokens: batch.n_tokens, gathering }
    }
}
