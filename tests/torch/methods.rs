//! The contract that every method keeps, run over the registry with non-default hyperparameters and non-zero inputs.

use finetop::data::example::Target;
use finetop::pretrained;
use finetop::run::ledger::closed_form;
use finetop::run::position::Position;
use finetop::run::storage::Storage;
use finetop::spec::backbone::Backbone;
use finetop::spec::family::Family;
use finetop::spec::head::{Classifier, Head, Pooling};
use finetop::spec::method::Method;
use finetop::spec::run::{Precision, RunSpec};
use finetop_engine::adapted::{Adapted, Base};
use finetop_engine::checkpoint;
use finetop_engine::data::tokenizer::Encoded;
use finetop_engine::hooks::Mode;
use finetop_engine::native;
use finetop_engine::network::{Inputs, Network};
use finetop_engine::optimizer::AdamW;
use finetop_engine::params::{HEAD, Params};
use tch::{Device, Kind, Tensor};

use crate::tiny;

pub fn inputs() -> Inputs {
    let row = |ids: &[i64], label| Encoded { token_ids: ids.to_vec(), token_types: vec![0; ids.len()], target: Target::Label(label) };
    Inputs { rows: vec![row(&[2, 4, 7, 9, 3], 0), row(&[2, 5, 8, 3], 1), row(&[2, 6, 9, 12, 14, 15, 3], 2), row(&[2, 3], 1)], pooled: None }
}

pub fn backbone(folder: &std::path::Path) -> Backbone {
    pretrained::config::read(folder).unwrap()
}

pub fn logits(network: &Network, indices: &[usize]) -> Tensor {
    let _guard = tch::no_grad_guard();
    network.forward(&inputs(), indices, Device::Cpu, Mode::Evaluate).logits
}

/// Takes a few steps, so that nothing is left at its initial value by chance.
pub fn train(network: &Network, params: &Params) {
    let mut optimizer = AdamW::new(&tiny::optimization(), 2, params);
    for step in 1..=3 {
        native::seed(step);
        let outputs = network.forward(&inputs(), &[0, 1, 2, 3], Device::Cpu, Mode::Train);
        optimizer.drop_gradients();
        outputs.logits.cross_entropy_for_logits(&outputs.targets).backward();
        optimizer.step(step, 1e-2, 1.0);
    }
}

fn snapshot<'a>(tensors: impl Iterator<Item = (&'a str, &'a Tensor)>) -> Vec<(String, Tensor)> {
    tensors.map(|(name, tensor)| (name.to_owned(), tensor.detach().copy())).collect()
}

/// The pooling of the classifier of the family in `folder`.
fn pooling(folder: &std::path::Path) -> Pooling {
    Head::of_family(&backbone(folder), true).pooling
}

/// Runs `check` for every example of the registry on a fresh tiny model of every family.
fn for_every_method(check: impl Fn(&Method, &Network, &Params, &std::path::Path)) {
    for family in Family::ALL {
        let folder = tempfile::tempdir().unwrap();
        tiny::write_family(folder.path(), family);
        for method in Method::examples() {
            let (network, params) = tiny::network(folder.path(), &backbone(folder.path()), &method, pooling(folder.path()));
            check(&method, &network, &params, folder.path());
        }
    }
}

#[test]
fn a_method_that_promises_it_changes_nothing_before_its_first_step() {
    for_every_method(|method, network, params, folder| {
        if !method.starts_as_identity() {
            return;
        }
        let (plain, plain_params) = tiny::network(folder, &backbone(folder), &Method::FeatureExtraction, pooling(folder));
        for (name, tensor) in plain_params.delta.iter() {
            let _guard = tch::no_grad_guard();
            params.delta.tensor(name).unwrap().shallow_clone().copy_(tensor);
        }
        let difference = tiny::difference(&logits(network, &[0, 1, 2]), &logits(&plain, &[0, 1, 2]));
        assert!(difference < 1e-6, "{method:?} changes the logits by {difference}");
    });
}

#[test]
fn training_changes_every_trainable_tensor_and_no_frozen_one() {
    for_every_method(|method, network, params, folder| {
        let (backbone_before, delta_before) = (snapshot(params.backbone.iter()), snapshot(params.delta.iter()));
        train(network, params);
        for (name, before) in &backbone_before {
            let after = params.backbone.tensor(name).unwrap();
            let part = backbone(folder).tensors(true).into_iter().find(|tensor| tensor.name == *name).unwrap().part;
            if method.backbone_training(&backbone(folder)).trains(part) {
                assert!(*after != *before, "{method:?} left {name} as it was");
            } else {
                assert!(*after == *before && !after.requires_grad(), "{method:?} changed frozen {name}");
            }
        }
        for (name, before) in &delta_before {
            assert!(*params.delta.tensor(name).unwrap() != *before, "{method:?} left {name} as it was");
        }
    });
}

#[test]
fn counted_parameters_equal_the_closed_form() {
    let folder = tempfile::tempdir().unwrap();
    tiny::write_model(folder.path(), &tiny::shapes());
    let backbone = backbone(folder.path());
    for method in Method::examples() {
        for pooling in [Pooling::Pooler, Pooling::Mean] {
            let (_, params) = tiny::network(folder.path(), &backbone, &method, pooling);
            let head = Head { pooling, classifier: Classifier::Linear, dropout: 0.0 };
            assert_eq!(params.ledger(), closed_form(&method, &head, tiny::LABELS as i64, &backbone), "{method:?} {pooling:?}");
            let delta = params.delta.iter().filter(|(name, _)| name.starts_with("method.")).count();
            assert_eq!(delta as i64, method.added_tensors(&backbone), "{method:?}");
        }
    }
}

#[test]
fn what_a_task_and_the_optimizer_store_is_what_was_predicted() {
    for_every_method(|method, _, params, folder| {
        let backbone = backbone(folder);
        let head = Head::of_family(&backbone, pooling(folder).reads_pooler());
        assert_eq!(params.ledger(), closed_form(method, &head, tiny::LABELS as i64, &backbone), "{method:?}");
        let storage = Storage::new(&params.ledger(), method);
        let path = folder.join("best.safetensors");
        let bytes = checkpoint::save_best(&path, params, &Position::default()).unwrap();
        // A safetensors file begins with the length of its header.
        let file = std::fs::read(&path).unwrap();
        let header = 8 + u64::from_le_bytes(file[..8].try_into().unwrap());
        assert_eq!(bytes - header, storage.task_bytes, "{method:?}");
        let optimizer = AdamW::new(&tiny::optimization(), 2, params);
        let moments = optimizer.slots().iter().map(|slot| 4 * (slot.first_moment.numel() + slot.second_moment.numel()) as u64);
        assert_eq!(moments.sum::<u64>(), storage.optimizer_bytes, "{method:?}");
    });
}

#[test]
fn a_saved_run_gives_the_same_bits_when_loaded_afresh() {
    for_every_method(|method, network, params, folder| {
        train(network, params);
        let path = folder.join("best.safetensors");
        checkpoint::save_best(&path, params, &Position { step: 3, ..Position::default() }).unwrap();
        let (fresh, fresh_params) = tiny::network(folder, &backbone(folder), method, pooling(folder));
        let position = checkpoint::load_weights(&path, &fresh_params).unwrap();
        assert_eq!(position.step, 3);
        assert!(logits(network, &[0, 1, 2, 3]) == logits(&fresh, &[0, 1, 2, 3]), "{method:?}");
    });
}

#[test]
fn padding_changes_no_logit() {
    for_every_method(|method, network, params, _| {
        train(network, params);
        let together = logits(network, &[0, 1, 2, 3]);
        for row in 0..4 {
            let difference = tiny::difference(&logits(network, &[row]), &together.narrow(0, row as i64, 1));
            assert!(difference < 1e-5, "{method:?}: row {row} differs by {difference}");
        }
    });
}

#[test]
fn evaluation_is_deterministic_and_training_has_dropout() {
    for_every_method(|method, network, params, _| {
        train(network, params);
        assert!(logits(network, &[0, 1]) == logits(network, &[0, 1]), "{method:?}");
        let noisy = || network.forward(&inputs(), &[0, 1, 2], Device::Cpu, Mode::Train).logits.detach();
        assert!(noisy() != logits(network, &[0, 1, 2]), "{method:?}");
        // Other tests seed the same generator meanwhile, which can repeat a mask once.
        assert!((0..5).any(|_| noisy() != noisy()), "{method:?}");
    });
}

#[test]
fn logits_have_a_row_per_example_and_a_column_per_label() {
    for_every_method(|_, network, _, _| {
        let logits = logits(network, &[0, 2]);
        assert_eq!((logits.size(), logits.kind()), (vec![2, tiny::LABELS as i64], Kind::Float));
    });
}

#[test]
fn every_method_names_its_tensors_by_role() {
    for_every_method(|_, _, params, _| {
        for (name, _) in params.delta.iter() {
            assert!(name.starts_with("method.") || name.starts_with(HEAD), "{name}");
        }
    });
}

#[test]
fn a_merged_network_gives_the_logits_of_the_unmerged_one_and_other_methods_refuse() {
    let of_family = |family| Method::examples().into_iter().map(move |method| (family, method));
    for (family, method) in Family::ALL.into_iter().flat_map(of_family) {
        let folder = tempfile::tempdir().unwrap();
        let spec = tiny::spec_of(folder.path(), family, method.clone());
        let checkpoint = folder.path().join("best.safetensors");
        let model = spec.model.folder.clone();
        let (network, params) = tiny::network(&model, &backbone(&model), &method, pooling(&model));
        train(&network, &params);
        checkpoint::save_best(&checkpoint, &params, &Position::default()).unwrap();
        let base = Base::load(&spec.model.folder, Device::Cpu).unwrap();
        let adapted = Adapted::load(&base, spec, &checkpoint).unwrap();
        assert!(logits(&adapted.network, &[0, 1, 2, 3]) == logits(&network, &[0, 1, 2, 3]), "{method:?}");
        match adapted.merged(&base.folder) {
            Ok(merged) => {
                let difference = tiny::difference(&logits(&merged, &[0, 1, 2, 3]), &logits(&network, &[0, 1, 2, 3]));
                assert!(difference < 1e-5, "{method:?} merged differs by {difference}");
            }
            Err(error) => {
                assert!(!method.merges(), "{method:?}: {error}");
                assert!(error.to_string().contains("does not merge"), "{error}");
            }
        }
    }
}

#[test]
fn runs_on_one_base_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let spec = tiny::spec(folder.path(), Method::Full);
    let base = Base::load(&spec.model.folder, Device::Cpu).unwrap();
    let adapt = |method: Method, checkpoint: &std::path::Path| {
        let (network, params) = tiny::network(&spec.model.folder, &backbone(&spec.model.folder), &method, Pooling::Pooler);
        train(&network, &params);
        checkpoint::save_best(checkpoint, &params, &Position::default()).unwrap();
        Adapted::load(&base, RunSpec { method, ..spec.clone() }, checkpoint).unwrap()
    };
    let frozen = adapt(Method::FeatureExtraction, &folder.path().join("frozen.safetensors"));
    let before = logits(&frozen.network, &[0, 1, 2, 3]);
    for method in [Method::Full, Method::BitFit, Method::LayerNormTuning] {
        let other = adapt(method, &folder.path().join("other.safetensors"));
        assert!(logits(&other.network, &[0, 1, 2, 3]) != before);
        assert!(logits(&frozen.network, &[0, 1, 2, 3]) == before);
    }
}

#[test]
fn in_bf16_every_method_gives_nearly_the_same_logits_and_gradients() {
    let folder = tempfile::tempdir().unwrap();
    tiny::write_family(folder.path(), Family::Bert);
    let folder = folder.path();
    for method in Method::examples() {
        let of = |precision| tiny::network_in(precision, folder, &backbone(folder), &method, pooling(folder));
        let (exact, rounded) = (of(Precision::Fp32), of(Precision::Bf16));
        // Other tests seed the generator of first values meanwhile.
        for (name, tensor) in rounded.1.delta.iter() {
            tch::no_grad(|| tensor.shallow_clone().copy_(exact.1.delta.tensor(name).unwrap()));
        }
        let run = |(network, params): (Network, Params)| {
            let outputs = network.forward(&inputs(), &[0, 1, 2, 3], Device::Cpu, Mode::Evaluate);
            outputs.logits.cross_entropy_for_logits(&outputs.targets).backward();
            let gradients =
                params.trainable().into_iter().map(|(name, tensor)| (name.to_owned(), tiny::gradient(tensor))).collect::<Vec<_>>();
            (outputs.logits.detach(), gradients)
        };
        let ((exact, exact_gradients), (rounded, rounded_gradients)) = (run(exact), run(rounded));
        let difference = tiny::difference(&exact, &rounded);
        assert!(difference > 0.0 && difference < 0.05, "{method:?}: logits differ by {difference}");
        for ((name, exact), (_, rounded)) in exact_gradients.into_iter().zip(rounded_gradients) {
            assert_eq!(exact.defined(), rounded.defined(), "{method:?}: {name}");
            if exact.defined() {
                let difference = (&exact - &rounded).norm().double_value(&[]);
                let allowed = 0.1 * exact.norm().double_value(&[]) + 1e-3;
                assert!(difference <= allowed, "{method:?}: the gradient of {name} differs by {difference}, more than {allowed}");
            }
        }
    }
}
