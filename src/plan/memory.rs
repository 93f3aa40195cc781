//! Predicts the peak memory of a run on the processor, from a formula whose coefficients were fitted to measured runs.
//!
//! `process + weights + gradients + moments + activations of the longest batch`.
//! Fitted on MiniLM-L6 to runs of every method on short rows (20 words, batches of 32) and long ones (cut at 128 tokens, batches of 32 and
//! of 8): off by 6 % on the average, by 15 % at most but for (IA)³ in small batches (18 %). Measured (predicted) MB on long rows in batches
//! of 32: full 2,384 (2,391), LoRA 1,947 (1,900), houlsby 1,896 (1,908), prefix 1,772 (1,859), feature extraction 560 (592).

use crate::spec::backbone::Backbone;
use crate::spec::method::Method;
use crate::spec::run::RunSpec;

/// A worker before it loads anything: libtorch's libraries, allocator, tokenizer.
const PROCESS_BYTES: u64 = 200_000_000;
/// fp32.
const ELEMENT_BYTES: u64 = 4;
/// A trained element: weight, gradient and the two moments of AdamW.
const COPIES_TRAINED: u64 = 4;
/// Word pieces per word between white space, in English prose with its punctuation.
const TOKENS_PER_WORD: f64 = 1.3;
/// `[CLS]` and one or two `[SEP]`.
const SPECIAL_TOKENS: f64 = 3.0;
/// Bytes kept per token and hidden unit of a layer whose weights train: about what Korthikanti et al. 2022 count (34 for two-byte elements).
const KEPT_TRAINED: f64 = 62.0;
/// The same where the weights are frozen and no gradient needs a linear layer's input.
const KEPT_FROZEN: f64 = 22.0;
/// What each place of a layer where a method acts adds to that.
const KEPT_PER_PLACE: f64 = 10.0;
/// Bytes kept per attention score: scores, masked scores, probabilities, dropped-out probabilities, the dropout's mask, a gradient.
const KEPT_PER_SCORE: f64 = 26.0;
/// Rows of a batch of frozen features and of evaluation (a forward pass that keeps nothing).
const FORWARD_BATCH: usize = 64;

/// Peak memory in bytes, for rows of at most `longest_words` words.
pub fn predict(spec: &RunSpec, backbone: &Backbone, trained: u64, frozen: u64, longest_words: usize) -> u64 {
    let tokens = (longest_words as f64 * TOKENS_PER_WORD + SPECIAL_TOKENS).min(spec.task.max_length as f64);
    let weights = ELEMENT_BYTES * (frozen + COPIES_TRAINED * trained);
    let rows = spec.optimization.batch_size.div_ceil(spec.optimization.gradient_accumulation) as f64;
    let kept = match kept_per_unit(&spec.method) {
        Some(per_unit) => {
            let n_layers = if let Method::TopLayers(top) = &spec.method { top.layers } else { backbone.n_layers };
            let n_virtual = spec.method.virtual_tokens() as f64;
            let in_front = if matches!(spec.method, Method::PromptTuning(_)) { n_virtual } else { 0.0 };
            kept(backbone, n_layers, rows, tokens + in_front, tokens + n_virtual, per_unit)
        }
        None => 0,
    };
    PROCESS_BYTES + weights + kept.max(forward_only(backbone, FORWARD_BATCH, tokens))
}

/// Bytes kept per token and hidden unit of a layer, scores aside; `None` where training never runs the encoder.
fn kept_per_unit(method: &Method) -> Option<f64> {
    let n_places = match method {
        Method::FeatureExtraction => return None,
        Method::Full | Method::TopLayers(_) => return Some(KEPT_TRAINED),
        // DoRA runs the layer a second time, with the weight's norm.
        Method::Lora(lora) => lora.targets.len() * if lora.dora { 2 } else { 1 },
        Method::Ia3(ia3) => ia3.targets.len(),
        Method::HoulsbyAdapter(_) => 2,
        // The gradient of virtual tokens flows through the embeddings.
        Method::PfeifferAdapter(_) | Method::ParallelAdapter(_) | Method::BitFit | Method::LayerNormTuning | Method::PromptTuning(_) => 1,
        Method::PrefixTuning(_) | Method::PTuningV2(_) => 0,
    };
    Some(KEPT_FROZEN + KEPT_PER_PLACE * n_places as f64)
}

/// Activations kept for the backward pass: per layer `B·T·H·(bytes + 26·N·K/H)` with `K` keys, and once more for the gradients of one layer.
///
/// Paper: Korthikanti et al. 2022, arXiv:2205.05198, equation 1: `B·T·H·(34 + 5·N·T/H)` for two-byte elements.
/// Differs: four-byte elements, attention that keeps its scores, and coefficients fitted as above.
fn kept(backbone: &Backbone, n_layers: i64, rows: f64, tokens: f64, keys: f64, bytes: f64) -> u64 {
    let (h, n) = (backbone.hidden_size as f64, backbone.n_heads as f64);
    let per_layer = rows * tokens * h * (bytes + KEPT_PER_SCORE * n * keys / h);
    (per_layer * (n_layers + 1) as f64) as u64
}

/// The widest moment of one layer's forward pass: hidden states, the feed-forward network's, and scores, masked scores and probabilities.
fn forward_only(backbone: &Backbone, rows: usize, tokens: f64) -> u64 {
    let (h, n, i) = (backbone.hidden_size as f64, backbone.n_heads as f64, backbone.intermediate_size as f64);
    (rows as f64 * tokens * 4.0 * (4.0 * h + 2.0 * i + 3.0 * n * tokens)) as u64
}
