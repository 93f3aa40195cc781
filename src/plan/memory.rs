//! Predicts the peak memory of a run on the processor. A documented formula, no measurement.
//!
//! `process + frozen and trained weights + gradients + moments + activations of the largest batch`.

use crate::spec::backbone::Backbone;
use crate::spec::method::{BackboneTraining, Method};
use crate::spec::run::RunSpec;

/// A worker before it loads anything: libtorch's libraries, allocator, tokenizer.
const PROCESS_BYTES: u64 = 230_000_000;
/// fp32.
const ELEMENT_BYTES: u64 = 4;
/// A trained element: weight, gradient and the two moments of AdamW.
const COPIES_TRAINED: u64 = 4;
/// Word pieces per word between white space, generous for English prose, and the special tokens of a row.
const TOKENS_PER_WORD: f64 = 1.4;
/// `[CLS]` and one or two `[SEP]`.
const SPECIAL_TOKENS: f64 = 3.0;
/// Rows of a batch of frozen features (a forward pass that keeps nothing).
const FEATURE_BATCH: usize = 64;

/// Peak memory in bytes, for rows of at most `longest_words` words.
pub fn predict(spec: &RunSpec, backbone: &Backbone, trained: u64, frozen: u64, longest_words: usize) -> u64 {
    let tokens = (longest_words as f64 * TOKENS_PER_WORD + SPECIAL_TOKENS).min(spec.task.max_length as f64);
    let weights = ELEMENT_BYTES * (frozen + COPIES_TRAINED * trained);
    let micro_batch = spec.optimization.batch_size.div_ceil(spec.optimization.gradient_accumulation);
    let activations = match (&spec.method, spec.method.backbone_training()) {
        (Method::FeatureExtraction, _) => forward_only(backbone, FEATURE_BATCH, tokens),
        (_, BackboneTraining::Trained) => kept(backbone, micro_batch, tokens, 66.0),
        (_, BackboneTraining::Frozen) => kept(backbone, micro_batch, tokens, 50.0),
    };
    PROCESS_BYTES + weights + activations
}

/// Activations kept for the backward pass: per layer `B·T·H·(bytes + 9·N·T/H)`, and the same once more for gradients of one layer.
///
/// Paper: Korthikanti et al. 2022, arXiv:2205.05198, equation 1, `34 + 5·a·s/h` for two-byte elements and one-byte masks; with
/// four-byte elements it is `66 + 9·a·s/h`, and 50 in place of 66 where no weight gradient needs a linear layer's input.
fn kept(backbone: &Backbone, rows: usize, tokens: f64, bytes: f64) -> u64 {
    let (h, n) = (backbone.hidden_size as f64, backbone.n_heads as f64);
    let per_layer = rows as f64 * tokens * h * (bytes + 9.0 * n * tokens / h);
    (per_layer * (backbone.n_layers + 1) as f64) as u64
}

/// The widest moment of one layer's forward pass: hidden states, the feed-forward network's, and the attention's scores twice.
fn forward_only(backbone: &Backbone, rows: usize, tokens: f64) -> u64 {
    let (h, n, i) = (backbone.hidden_size as f64, backbone.n_heads as f64, backbone.intermediate_size as f64);
    (rows as f64 * tokens * 4.0 * (4.0 * h + 2.0 * i + 2.0 * n * tokens)) as u64
}
