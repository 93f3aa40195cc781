//! A whole epoch of full fine-tuning against a loop written plainly with libtorch's own functions: nothing fused, no batch cut short, no
//! layer left out, gradients and AdamW by their equations.

use std::collections::BTreeMap;

use finetop::data::example::Target;
use finetop::pretrained;
use finetop::spec::backbone::Backbone;
use finetop::spec::head::Pooling;
use finetop::spec::method::Method;
use finetop::spec::optimization::{LrSchedule, Optimization};
use finetop::spec::task::TaskKind;
use finetop_engine::crew::{Crew, Read};
use finetop_engine::data::batch::Batch;
use finetop_engine::data::order::training_batches;
use finetop_engine::data::tokenizer::Encoded;
use finetop_engine::network::Inputs;
use finetop_engine::optimizer::AdamW;
use finetop_engine::train::step::Surroundings;
use tch::{Device, Kind, Reduction, Tensor};

use crate::tiny;

const ROWS: usize = 480;
const SEED: u64 = 3;
const ALLOWED: f64 = 1e-4;

/// Rows of 2 to 15 tokens; the label is told by two of them.
fn rows() -> Vec<Encoded> {
    let row = |index: usize| {
        let length = 2 + index * 7 % 14;
        let token_ids: Vec<i64> = (0..length).map(|position| 1 + ((index * 31 + position * position * 17) % 49) as i64).collect();
        let label = (token_ids[0] + token_ids[1]) as usize % tiny::LABELS;
        Encoded { token_types: vec![0; length], token_ids, target: Target::Label(label) }
    };
    (0..ROWS).map(row).collect()
}

/// A classifier of BERT's own kind, on weights by name.
struct Plain<'a> {
    weights: BTreeMap<String, Tensor>,
    backbone: &'a Backbone,
}

impl Plain<'_> {
    fn linear(&self, name: &str, x: &Tensor) -> Tensor {
        x.matmul(&self.weights[&format!("{name}.weight")].transpose(0, 1)) + &self.weights[&format!("{name}.bias")]
    }

    fn norm(&self, name: &str, x: &Tensor) -> Tensor {
        let centred = x - x.mean_dim([-1i64].as_slice(), true, Kind::Float);
        let variance = (&centred * &centred).mean_dim([-1i64].as_slice(), true, Kind::Float);
        let normal = centred / (variance + self.backbone.layer_norm_epsilon).sqrt();
        normal * &self.weights[&format!("{name}.weight")] + &self.weights[&format!("{name}.bias")]
    }

    fn logits(&self, batch: &Batch) -> Tensor {
        let (rows, length) = batch.token_ids.size2().unwrap();
        let (heads, size) = (self.backbone.n_heads, self.backbone.hidden_size / self.backbone.n_heads);
        let table = |name: &str| &self.weights[&format!("embeddings.{name}_embeddings.weight")];
        let look_up = |name: &str, ids: &Tensor| table(name).index_select(0, &ids.flatten(0, -1)).view([rows, length, -1]);
        let embedded =
            look_up("word", &batch.token_ids) + look_up("token_type", &batch.token_types) + table("position").narrow(0, 0, length);
        let mut x = self.norm("embeddings.LayerNorm", &embedded);
        let mask = batch.mask.view([rows, 1, 1, length]).logical_not().to_kind(Kind::Float) * -1e9;
        for layer in 0..self.backbone.n_layers {
            let name = |part: &str| format!("encoder.layer.{layer}.{part}");
            let of_heads = |part: &str| self.linear(&name(part), &x).view([rows, length, heads, size]).transpose(1, 2);
            let [query, key, value] = ["attention.self.query", "attention.self.key", "attention.self.value"].map(of_heads);
            let scores = query.matmul(&key.transpose(2, 3)) / (size as f64).sqrt() + &mask;
            let context = scores.softmax(-1, Kind::Float).matmul(&value).transpose(1, 2).reshape([rows, length, heads * size]);
            x = self.norm(&name("attention.output.LayerNorm"), &(self.linear(&name("attention.output.dense"), &context) + &x));
            let active = self.linear(&name("intermediate.dense"), &x).gelu("none");
            x = self.norm(&name("output.LayerNorm"), &(self.linear(&name("output.dense"), &active) + &x));
        }
        self.linear("head.output", &self.linear("pooler.dense", &x.select(1, 0)).tanh())
    }
}

/// Algorithm 2 of Loshchilov & Hutter 2019, arXiv:1711.05101, on gradients clipped by their common norm.
fn update(plain: &Plain, moments: &mut BTreeMap<String, (Tensor, Tensor)>, optimization: &Optimization, step: i32, rate: f64) {
    let _guard = tch::no_grad_guard();
    let squares: f64 =
        plain.weights.values().map(|weight| weight.grad().to_kind(Kind::Double).square().sum(Kind::Double).double_value(&[])).sum();
    let scale = (optimization.max_grad_norm.unwrap() / (squares.sqrt() + 1e-6)).min(1.0);
    let Optimization { beta1, beta2, epsilon, weight_decay, .. } = *optimization;
    for (name, weight) in &plain.weights {
        let gradient = weight.grad() * scale;
        let (first, second) = moments.entry(name.clone()).or_insert_with(|| (weight.zeros_like(), weight.zeros_like()));
        *first = &*first * beta1 + &gradient * (1.0 - beta1);
        *second = &*second * beta2 + gradient.square() * (1.0 - beta2);
        let (first, second) = (&*first / (1.0 - beta1.powi(step)), &*second / (1.0 - beta2.powi(step)));
        let decay = if name.ends_with("bias") || name.contains("LayerNorm") { 0.0 } else { weight_decay };
        let changed = weight * (1.0 - rate * decay) - first / (second.sqrt() + epsilon) * rate;
        weight.shallow_clone().copy_(&changed);
    }
}

#[test]
fn the_losses_of_an_epoch_equal_a_plain_loops() {
    for threads in [1, 2] {
        compare(threads);
    }
}

/// An epoch by a crew of so many threads beside the plain loop.
fn compare(threads: usize) {
    let folder = tiny::fixture("parity/tiny");
    let mut backbone = pretrained::config::read(&folder).unwrap();
    (backbone.hidden_dropout, backbone.attention_dropout) = (0.0, 0.0);
    let (network, params) = tiny::network(&folder, &backbone, &Method::Full, Pooling::Pooler);
    let weights = params.trainable().into_iter().map(|(name, tensor)| (name.to_owned(), tensor.detach().copy().set_requires_grad(true)));
    let plain = Plain { weights: weights.collect(), backbone: &backbone };
    let optimization = Optimization { learning_rate: 1e-3, label_smoothing: 0.0, batch_size: 8 * threads, ..tiny::optimization() };
    let crew = Crew::new(threads, Device::Cpu).unwrap();
    let mut optimizer = AdamW::new(&optimization, backbone.n_layers, &params);
    let inputs = Inputs { rows: rows(), pooled: None };
    let batches = training_batches(&inputs.rows, optimization.batch_size, SEED, 0);
    let schedule = LrSchedule::new(&optimization, batches.len() as u64);
    let (mut moments, mut losses) = (BTreeMap::new(), Vec::new());
    for (step, indices) in (1..).zip(&batches) {
        let rate = schedule.at(step);
        optimizer.drop_gradients();
        let read = Read { network: &network, inputs: &inputs, trained: &optimizer.trained() };
        let surroundings = Surroundings {
            seed: SEED,
            kind: TaskKind::Classification,
            optimization: &optimization,
            read,
            crew: &crew,
            device: Device::Cpu,
        };
        let ours = surroundings.gradient(indices, step).loss;
        let norm = optimizer.gradient_norm();
        optimizer.step(step, rate, optimization.max_grad_norm.unwrap() / (norm + 1e-6));

        let batch = Batch::new(&inputs.rows, indices, backbone.pad_token_id, Device::Cpu);
        plain.weights.values().for_each(|weight| weight.shallow_clone().zero_grad());
        let theirs = plain.logits(&batch).cross_entropy_loss::<Tensor>(&batch.targets, None, Reduction::Mean, -100, 0.0);
        theirs.backward();
        update(&plain, &mut moments, &optimization, step as i32, rate);
        let theirs = theirs.double_value(&[]);
        assert!((ours - theirs).abs() < ALLOWED, "step {step}: {ours} against {theirs}");
        losses.push(ours);
    }
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    assert_eq!(losses.len(), ROWS / optimization.batch_size);
    let sixth = losses.len() / 6;
    assert!(mean(&losses[5 * sixth..]) < mean(&losses[..sixth]), "nothing was learned: {losses:?}");
}
