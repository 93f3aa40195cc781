//! Predicts the peak memory of a run on the processor, from a formula whose coefficients were fitted to measured runs.
//!
//! `process + kernels + weights, gradients, moments + activations`, where the longest batch of training and that of evaluation share most of
//! their room. Fitted on MiniLM-L6 in fp32 on an Intel processor, to every method on short rows (batches of 32, 21 words at most) and on pairs of
//! all lengths cut at 128 tokens (batches of 16): `FINETOP_MEASURE_MEMORY` has a test measure it again. oneDNN, which multiplies in bf16, and in
//! fp32 on processors of AMD with AVX-512, keeps kernels for every length of batch: fitted on AMD Zen 5, to the short rows. Evaluations took 64 rows at once
//! when the rest was fitted.

use crate::run::event::Ledger;
use crate::spec::backbone::Backbone;
use crate::spec::crew;
use crate::spec::method::Method;
use crate::spec::run::{Precision, RunSpec};

/// A worker before it loads anything: libtorch's libraries, allocator, tokenizer.
const PROCESS_BYTES: u64 = 183_000_000;
/// What oneDNN keeps for each length of batch where it multiplies in fp32.
const FP32_KERNEL_BYTES: f64 = 3.6e6;
/// The same in bf16.
const BF16_KERNEL_BYTES: f64 = 2.1e6;
/// The same in both, where there are forward passes alone.
const FORWARD_KERNEL_BYTES: f64 = 0.4e6;
/// It keeps no more than some thousand kernels.
const MOST_KERNEL_BYTES: f64 = 200e6;
/// fp32.
const ELEMENT_BYTES: u64 = 4;
/// A trained element: weight, gradient, the two moments of AdamW, and a rounded weight and gradient; one more gradient for each further thread that
/// shares the rows.
const COPIES_TRAINED: u64 = 5;
/// A trained element of a table whose gradient is of few rows: weight and the two moments.
const COPIES_BY_ROWS: u64 = 3;
/// What each further thread that shares the rows holds beside the first: an allocator's heap and the products' room.
const THREAD_BYTES: u64 = 55_000_000;
/// Word pieces per word between white space, in English prose with its punctuation.
const TOKENS_PER_WORD: f64 = 1.3;
/// `[CLS]` and one or two `[SEP]`.
const SPECIAL_TOKENS: f64 = 3.0;
/// Bytes kept per token and hidden unit of a layer whose weights train (Korthikanti et al. 2022 count 34, dropout's masks among them).
const KEPT_TRAINED: f64 = 34.0;
/// The same where the weights are frozen and no gradient needs a linear layer's input.
const KEPT_FROZEN: f64 = 13.4;
/// What each place of a layer where a method acts adds to that.
const KEPT_PER_PLACE: f64 = 7.6;
/// How much of what the widest moment of a forward pass computes is held at once.
const HELD_FORWARD: f64 = 0.6;
/// How much of the smaller of training's and evaluation's activations finds no room where the larger were.
const GAPS: f64 = 0.25;

/// Peak memory in bytes, for rows of at most `longest_words` words.
pub fn predict(spec: &RunSpec, backbone: &Backbone, ledger: &Ledger, longest_words: usize, multiplies_with_onednn: bool) -> u64 {
    let Ledger { trainable: trained, frozen, .. } = *ledger;
    let tokens = (longest_words as f64 * TOKENS_PER_WORD + SPECIAL_TOKENS).min(spec.task.max_length as f64);
    let rows = spec.optimization.batch_size.div_ceil(spec.optimization.gradient_accumulation);
    let is_shared = kept_per_unit(&spec.method).is_some() && !spec.optimization.activation_recomputation;
    // Of the word embedding only rows that occur have a gradient.
    let words = if matches!(spec.method, Method::Full) { (backbone.vocab_size * backbone.hidden_size) as u64 } else { 0 };
    let whole = trained - words;
    let shares = if is_shared { crew::shares(crew::size(spec.threads), rows, ELEMENT_BYTES * whole) } else { 1 };
    let weights = ELEMENT_BYTES * (frozen + (COPIES_TRAINED + shares as u64 - 1) * whole + COPIES_BY_ROWS * words);
    let rows = rows as f64;
    let kept = match kept_per_unit(&spec.method) {
        Some(per_unit) => {
            let n_layers = if let Method::TopLayers(top) = &spec.method { top.layers } else { backbone.n_layers };
            let n_virtual = spec.method.virtual_tokens() as f64;
            let in_front = if matches!(spec.method, Method::PromptTuning(_)) { n_virtual } else { 0.0 };
            let per_layer = per_layer(backbone, rows, tokens + in_front, per_unit);
            if spec.optimization.activation_recomputation {
                // The input of every layer, one layer whole, and its gradients.
                let input = rows * (tokens + in_front) * backbone.hidden_size as f64 * ELEMENT_BYTES as f64;
                (input * n_layers as f64 + per_layer * 2.0) as u64
            } else {
                // Every layer, and the gradients of one.
                (per_layer * (n_layers + 1) as f64) as u64
            }
        }
        None => 0,
    };
    let of_a_length = match (spec.precision, &spec.method) {
        (Precision::Fp32, _) if !multiplies_with_onednn => 0.0,
        (_, Method::FeatureExtraction) => FORWARD_KERNEL_BYTES,
        (Precision::Fp32, _) => FP32_KERNEL_BYTES,
        (Precision::Bf16, _) => BF16_KERNEL_BYTES,
    };
    let kernels = (of_a_length * tokens).min(MOST_KERNEL_BYTES) as u64;
    let size = crew::size(spec.threads);
    let rows = (crew::FORWARD_TOKENS as f64 / tokens).clamp(1.0, crew::FORWARD_ROWS as f64) * size as f64;
    let forward = forward_only(backbone, rows, tokens);
    let threads = THREAD_BYTES * (size as u64 - 1);
    PROCESS_BYTES + threads + kernels + weights + kept.max(forward) + (GAPS * kept.min(forward) as f64) as u64
}

/// Bytes kept per token and hidden unit of a layer; `None` where training never runs the encoder.
fn kept_per_unit(method: &Method) -> Option<f64> {
    let n_places = match method {
        Method::FeatureExtraction => return None,
        Method::Full | Method::TopLayers(_) => return Some(KEPT_TRAINED),
        // DoRA runs the layer a second time, with the weight's norm.
        Method::Lora(lora) => lora.targets.len() * if lora.dora { 2 } else { 1 },
        // The feed-forward network's activations are wider than the hidden states.
        Method::Ia3(ia3) => ia3.targets.len() + 1,
        // The gradient of virtual tokens flows through the embeddings.
        Method::HoulsbyAdapter(_) | Method::PromptTuning(_) => 2,
        Method::PfeifferAdapter(_)
        | Method::ParallelAdapter(_)
        | Method::BitFit
        | Method::LayerNormTuning
        | Method::PrefixTuning(_)
        | Method::PTuningV2(_) => 1,
    };
    Some(KEPT_FROZEN + KEPT_PER_PLACE * n_places as f64)
}

/// Activations of a layer kept for the backward pass: `B·T·H·bytes`.
///
/// Paper: Korthikanti et al. 2022, arXiv:2205.05198, equation 1: `B·T·H·(34 + 5·N·T/H)` for two-byte elements.
/// Differs: dropout's masks and attention's probabilities are made anew for the backward pass, and coefficients fitted as above.
fn per_layer(backbone: &Backbone, rows: f64, tokens: f64, bytes: f64) -> f64 {
    rows * tokens * backbone.hidden_size as f64 * bytes
}

/// The widest moment of one layer's forward pass: hidden states, the feed-forward network's, and scores, masked scores and probabilities.
fn forward_only(backbone: &Backbone, rows: f64, tokens: f64) -> u64 {
    let (h, n, i) = (backbone.hidden_size as f64, backbone.n_heads as f64, backbone.intermediate_size as f64);
    (HELD_FORWARD * rows * tokens * 4.0 * (4.0 * h + 2.0 * i + 3.0 * n * tokens)) as u64
}
