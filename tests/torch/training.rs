//! What a method keeps while it trains: the bits of a run that goes on, the gradient of a batch in parts, rates by block, dropout of its own.

use std::ops::RangeInclusive;
use std::path::Path;

use finetop::run::position::Position;
use finetop::spec::backbone::Backbone;
use finetop::spec::head::Pooling;
use finetop::spec::method::Method;
use finetop::spec::method::lora::Lora;
use finetop::spec::method::p_tuning_v2::PTuningV2;
use finetop::spec::optimization::Optimization;
use finetop_engine::checkpoint;
use finetop_engine::hooks::Mode;
use finetop_engine::native;
use finetop_engine::native::gpu::{self, Verdict};
use finetop_engine::network::Network;
use finetop_engine::optimizer::AdamW;
use finetop_engine::params::Params;
use serde_json::json;
use tch::{Device, Kind, Tensor};

use crate::methods::{backbone, inputs, logits, train};
use crate::tiny;

/// Takes the steps of these numbers.
fn steps(network: &Network, optimizer: &mut AdamW, numbers: RangeInclusive<u64>) {
    for step in numbers {
        optimizer.drop_gradients();
        loss(network, &[0, 1, 2, 3]).backward();
        optimizer.step(step, 1e-2, 1.0);
    }
}

fn loss(network: &Network, indices: &[usize]) -> Tensor {
    let outputs = network.forward(&inputs(), indices, Device::Cpu, Mode::Train);
    outputs.logits.cross_entropy_for_logits(&outputs.targets)
}

fn copy(from: &Params, into: &Params, name: &str) {
    let _guard = tch::no_grad_guard();
    into.delta.tensor(name).unwrap().shallow_clone().copy_(from.delta.tensor(name).unwrap());
}

/// The backbone without dropout.
fn quiet(folder: &Path) -> Backbone {
    Backbone { hidden_dropout: 0.0, attention_dropout: 0.0, ..backbone(folder) }
}

pub fn without_dropout(method: Method) -> Method {
    match method {
        Method::Lora(lora) => Method::Lora(Lora { dropout: 0.0, ..lora }),
        Method::PTuningV2(deep) => Method::PTuningV2(PTuningV2 { dropout: 0.0, ..deep }),
        other => other,
    }
}

/// The gradients, all of them given back dense, as they are on a GPU.
fn dense_gradients(optimizer: &AdamW) -> Vec<Tensor> {
    let with = optimizer.trained().into_iter().map(|tensor| (tensor, tiny::gradient(tensor)));
    let (trained, gradients): (Vec<_>, Vec<_>) = with.filter(|(_, gradient)| gradient.defined()).unzip();
    native::set_gradients(&trained, &gradients.iter().collect::<Vec<_>>());
    gradients
}

/// Runs `check` for every example of the registry on a fresh tiny model, without any dropout: tests draw from one generator.
fn for_every_method(check: impl Fn(&Method, &dyn Fn() -> (Network, Params))) {
    let folder = tempfile::tempdir().unwrap();
    tiny::write_model(folder.path(), &tiny::shapes());
    for method in Method::examples().into_iter().map(without_dropout) {
        check(&method, &|| tiny::network(folder.path(), &quiet(folder.path()), &method, Pooling::Pooler));
    }
}

#[test]
fn an_update_by_numbers_that_stay_on_the_device_is_the_same_and_stops_at_what_is_not_finite() {
    for_every_method(|method, made| {
        let ((known, known_params), (unseen, unseen_params)) = (made(), made());
        // Tests beside this one draw from the same generator: two fresh networks need not be equal.
        for ((_, known), (_, unseen)) in known_params.trainable().into_iter().zip(unseen_params.trainable()) {
            tch::no_grad(|| unseen.shallow_clone().copy_(known));
        }
        let mut by_known = AdamW::new(&tiny::optimization(), 2, &known_params);
        for step in 1..=2 {
            by_known.drop_gradients();
            loss(&known, &[0, 1, 2, 3]).backward();
            dense_gradients(&by_known);
            by_known.step(step, 1e-2, 1.0);
        }
        let by_unseen = AdamW::new(&tiny::optimization(), 2, &unseen_params);
        let zeros = |shape: &[i64]| Tensor::zeros(shape, (Kind::Float, Device::Cpu));
        let verdict = Verdict { figures: zeros(&[2]), divisor: zeros(&[]), is_bad: zeros(&[]) };
        for (step, loss_of_step) in (1..).zip([0.5, 0.5, f32::NAN, 0.5]) {
            by_unseen.drop_gradients();
            loss(&unseen, &[0, 1, 2, 3]).backward();
            let gradients = dense_gradients(&by_unseen);
            gpu::judge(&gradients.iter().collect::<Vec<_>>(), &Tensor::from(loss_of_step), f64::INFINITY, &verdict);
            by_unseen.update_unseen(&Tensor::from_slice(&by_unseen.numbers(step, 1e-2)), &verdict);
        }
        for ((name, known), (_, unseen)) in known_params.trainable().into_iter().zip(unseen_params.trainable()) {
            let difference = tiny::difference(known, unseen);
            assert!(difference < 1e-6, "{}: {name} differs by {difference}", method.about().name);
        }
    });
}

#[test]
fn a_method_that_goes_on_from_its_last_checkpoint_ends_with_the_bits_of_one_that_was_never_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("last.safetensors");
    for_every_method(|method, made| {
        let (network, params) = made();
        let mut optimizer = AdamW::new(&tiny::optimization(), 2, &params);
        steps(&network, &mut optimizer, 1..=3);
        checkpoint::save_last(
            &path,
            &folder.path().join("previous.safetensors"),
            &params,
            &optimizer,
            &Position { step: 3, ..Position::default() },
        )
        .unwrap();
        steps(&network, &mut optimizer, 4..=6);
        let (fresh, fresh_params) = made();
        let mut fresh_optimizer = AdamW::new(&tiny::optimization(), 2, &fresh_params);
        assert_eq!(checkpoint::load_last(&path, &fresh_params, &fresh_optimizer).unwrap().step, 3);
        steps(&fresh, &mut fresh_optimizer, 4..=6);
        for ((name, tensor), (_, other)) in params.trainable().into_iter().zip(fresh_params.trainable()) {
            assert!(*tensor == *other, "{method:?}: {name}");
        }
    });
}

#[test]
fn gradients_of_parts_of_a_batch_add_up_to_that_of_the_whole() {
    for_every_method(|method, made| {
        let (network, params) = made();
        train(&network, &params);
        let optimizer = AdamW::new(&tiny::optimization(), 2, &params);
        let gradients = |parts: &[&[usize]]| {
            optimizer.drop_gradients();
            for part in parts {
                (loss(&network, part) * (part.len() as f64 / 4.0)).backward();
            }
            params.trainable().into_iter().map(|(name, tensor)| (name.to_owned(), tiny::gradient(tensor).copy())).collect::<Vec<_>>()
        };
        let (whole, parts) = (gradients(&[&[0, 1, 2, 3]]), gradients(&[&[0], &[1, 2, 3]]));
        for ((name, whole), (_, parts)) in whole.iter().zip(&parts) {
            let difference = tiny::difference(whole, parts);
            assert!(difference < 1e-5 * (1.0 + whole.abs().max().double_value(&[])), "{method:?}: {name} differs by {difference}");
        }
    });
}

#[test]
fn layer_decay_lowers_the_rate_of_what_stands_in_a_block_and_of_nothing_above_the_blocks() {
    const RATE: f64 = 1e-3;
    let optimization = Optimization { layer_decay: 0.5, weight_decay: 0.0, epsilon: 1e-20, ..tiny::optimization() };
    for_every_method(|method, made| {
        let (network, params) = made();
        // A few steps first: while `B` of LoRA is zero, `A` has no gradient.
        train(&network, &params);
        let before: Vec<_> = params.trainable().into_iter().map(|(name, tensor)| (name.to_owned(), tensor.detach().copy())).collect();
        let mut optimizer = AdamW::new(&optimization, 2, &params);
        optimizer.drop_gradients();
        loss(&network, &[0, 1, 2, 3]).backward();
        optimizer.step(1, RATE, 1.0);
        let ratio = if let Method::Lora(lora) = method { lora.learning_rate_ratio } else { 1.0 };
        for ((name, before), (_, after)) in before.iter().zip(params.trainable()) {
            let decay = match name {
                _ if name.starts_with("embeddings.") => 0.125,
                _ if name.contains("layer.0.") => 0.25,
                _ if name.contains("layer.1.") => 0.5,
                _ => 1.0,
            };
            // The first step of Adam moves every element by the rate, whatever its gradient.
            let expected = RATE * decay * if name.ends_with("lora_b") { ratio } else { 1.0 };
            let moved = tiny::difference(before, after);
            assert!((moved / expected - 1.0).abs() < 0.02, "{method:?}: {name} moved by {moved}, not {expected}");
        }
    });
}

#[test]
fn a_projected_prefix_is_the_flat_prefix_that_it_computes() {
    let folder = tempfile::tempdir().unwrap();
    tiny::write_model(folder.path(), &tiny::shapes());
    let made = |given: &serde_json::Value| {
        let method = Method::example("prefix_tuning", given);
        tiny::network(folder.path(), &quiet(folder.path()), &method, Pooling::Pooler)
    };
    let (projected, params) = made(&json!({"length": 3, "projection": 7}));
    train(&projected, &params);
    let (flat, flat_params) = made(&json!({"length": 3}));
    for name in ["head.output.weight", "head.output.bias"] {
        copy(&params, &flat_params, name);
    }
    let part = |name: &str| params.delta.tensor(&format!("method.{name}")).unwrap();
    let inner = part("embedding").linear(part("hidden.weight"), Some(part("hidden.bias"))).tanh(); // [V,E]
    let prefix = inner.linear(part("output.weight"), Some(part("output.bias"))); // [V,2LH]
    tch::no_grad(|| flat_params.delta.tensor("method.prefix").unwrap().shallow_clone().copy_(&prefix));
    let difference = tiny::difference(&logits(&projected, &[0, 1, 2, 3]), &logits(&flat, &[0, 1, 2, 3]));
    assert!(difference < 1e-5, "{difference}");
}

#[test]
fn dropout_of_p_tuning_v2_acts_in_training_alone_and_on_every_row_for_itself() {
    let folder = tempfile::tempdir().unwrap();
    tiny::write_model(folder.path(), &tiny::shapes());
    let made = |dropout: f64| {
        let method = Method::example("p_tuning_v2", &json!({"length": 4, "dropout": dropout, "initial_std": 0.5}));
        tiny::network(folder.path(), &quiet(folder.path()), &method, Pooling::Pooler)
    };
    let ((dropping, _), (plain, _)) = (made(0.5), made(0.0));
    let train = |network: &Network| network.forward(&inputs(), &[0, 0], Device::Cpu, Mode::Train).logits.detach();
    assert!(logits(&dropping, &[0, 0]) == logits(&plain, &[0, 0]));
    assert!(train(&plain) == logits(&plain, &[0, 0]));
    let rows = train(&dropping);
    assert!(tiny::difference(&rows.get(0), &rows.get(1)) > 1e-3, "both rows dropped the same");
    assert!(tiny::difference(&rows, &train(&dropping)) > 1e-3, "both passes dropped the same");
}
