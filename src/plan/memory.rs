//! Predicts the peak memory of a run on the processor, from a formula whose coefficients were fitted to measured runs.
//!
//! `process + weights + gradients + moments + activations of the longest batch`. On MiniLM-L6, measured (predicted) MB: full
//! 820 (830), 1,207 (1,260), with longer rows 2,341 (2,200); LoRA 469 (540), 2,004 (1,890), on all layers 1,185 (1,190);
//! features 327 (360).

use crate::spec::backbone::Backbone;
use crate::spec::method::Method;
use crate::spec::run::RunSpec;

/// A worker before it loads anything: libtorch's libraries, allocator, tokenizer.
const PROCESS_BYTES: u64 = 230_000_000;
/// fp32.
const ELEMENT_BYTES: u64 = 4;
/// A trained element: weight, gradient and the two moments of AdamW.
const COPIES_TRAINED: u64 = 4;
/// Word pieces per word between white space, in English prose with its punctuation.
const TOKENS_PER_WORD: f64 = 1.3;
/// `[CLS]` and one or two `[SEP]`.
const SPECIAL_TOKENS: f64 = 3.0;
/// Bytes kept per token and hidden unit of a layer whose weights train: Korthikanti et al. 2022 for four-byte elements.
const KEPT_TRAINED: f64 = 66.0;
/// The same where the weights are frozen and no gradient needs a linear layer's input.
const KEPT_FROZEN: f64 = 44.0;
/// What each linear layer with an update of its own adds to that.
const KEPT_PER_TARGET: f64 = 9.0;
/// Bytes kept per attention score: scores, masked scores, probabilities, dropped-out probabilities, and the dropout's mask.
const KEPT_PER_SCORE: f64 = 20.0;
/// Rows of a batch of frozen features (a forward pass that keeps nothing).
const FEATURE_BATCH: usize = 64;

/// Peak memory in bytes, for rows of at most `longest_words` words.
pub fn predict(spec: &RunSpec, backbone: &Backbone, trained: u64, frozen: u64, longest_words: usize) -> u64 {
    let tokens = (longest_words as f64 * TOKENS_PER_WORD + SPECIAL_TOKENS).min(spec.task.max_length as f64);
    let weights = ELEMENT_BYTES * (frozen + COPIES_TRAINED * trained);
    let micro_batch = spec.optimization.batch_size.div_ceil(spec.optimization.gradient_accumulation);
    let activations = match &spec.method {
        Method::FeatureExtraction => forward_only(backbone, FEATURE_BATCH, tokens),
        Method::Full => kept(backbone, micro_batch, tokens, KEPT_TRAINED),
        Method::TopLayers(top) => kept(&Backbone { n_layers: top.layers, ..backbone.clone() }, micro_batch, tokens, KEPT_TRAINED),
        Method::Lora(lora) => kept(backbone, micro_batch, tokens, KEPT_FROZEN + KEPT_PER_TARGET * lora.targets.len() as f64),
        Method::Ia3(ia3) => kept(backbone, micro_batch, tokens, KEPT_FROZEN + KEPT_PER_TARGET * ia3.targets.len() as f64),
        Method::HoulsbyAdapter(_) => kept(backbone, micro_batch, tokens, KEPT_FROZEN + 2.0 * KEPT_PER_TARGET),
        Method::PfeifferAdapter(_) | Method::ParallelAdapter(_) => kept(backbone, micro_batch, tokens, KEPT_FROZEN + KEPT_PER_TARGET),
        Method::PrefixTuning(_) | Method::PTuningV2(_) | Method::PromptTuning(_) => {
            kept(backbone, micro_batch, tokens + spec.method.virtual_tokens() as f64, KEPT_FROZEN)
        }
        Method::BitFit | Method::LayerNormTuning => kept(backbone, micro_batch, tokens, KEPT_FROZEN),
    };
    PROCESS_BYTES + weights + activations
}

/// Activations kept for the backward pass: per layer `B·T·H·(bytes + 20·N·T/H)`, and once more for the gradients of one layer.
///
/// Paper: Korthikanti et al. 2022, arXiv:2205.05198, equation 1: `B·T·H·(34 + 5·N·T/H)` for two-byte elements.
/// Differs: four-byte elements, attention that keeps its scores, and coefficients fitted as above.
fn kept(backbone: &Backbone, rows: usize, tokens: f64, bytes: f64) -> u64 {
    let (h, n) = (backbone.hidden_size as f64, backbone.n_heads as f64);
    let per_layer = rows as f64 * tokens * h * (bytes + KEPT_PER_SCORE * n * tokens / h);
    (per_layer * (backbone.n_layers + 1) as f64) as u64
}

/// The widest moment of one layer's forward pass: hidden states, the feed-forward network's, and the attention's scores twice.
fn forward_only(backbone: &Backbone, rows: usize, tokens: f64) -> u64 {
    let (h, n, i) = (backbone.hidden_size as f64, backbone.n_heads as f64, backbone.intermediate_size as f64);
    (rows as f64 * tokens * 4.0 * (4.0 * h + 2.0 * i + 2.0 * n * tokens)) as u64
}
