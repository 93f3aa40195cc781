//! Threads that share the rows of a batch: the same numbers as one thread's, and the same bits every time.

use std::path::Path;

use finetop::data::example::Target;
use finetop::metric::MetricName;
use finetop::spec::backbone::Backbone;
use finetop::spec::head::Head;
use finetop::spec::method::Method;
use finetop::spec::optimization::Optimization;
use finetop::spec::task::TaskKind;
use finetop_engine::crew::{Crew, Read};
use finetop_engine::data::tokenizer::Encoded;
use finetop_engine::evaluate::evaluate;
use finetop_engine::network::Inputs;
use finetop_engine::optimizer::AdamW;
use finetop_engine::train::step::Surroundings;
use tch::{Device, Kind, Tensor};

use crate::methods::backbone;
use crate::tiny;
use crate::training::without_dropout;

/// 40 rows of all lengths from 2 to 7.
fn inputs() -> Inputs {
    let row = |index: usize| {
        let inner = (0..index * 7 % 6).map(|position| 4 + (index * 5 + position * 3) as i64 % 14);
        let token_ids: Vec<i64> = [2].into_iter().chain(inner).chain([3]).collect();
        Encoded { token_types: vec![0; token_ids.len()], token_ids, target: Target::Label(index % 3) }
    };
    Inputs { rows: (0..40).map(row).collect(), pooled: None }
}

/// Loss and gradients of a batch of all rows, and loss of an evaluation, by a crew of so many threads.
fn numbers(backbone: &Backbone, folder: &Path, method: &Method, threads: usize) -> (f64, Vec<Tensor>, f64) {
    let pooling = Head::of_family(backbone, true).pooling;
    let (network, params) = tiny::network(folder, backbone, method, pooling);
    let optimization = Optimization { gradient_accumulation: 1, ..tiny::optimization() };
    let (optimizer, crew, inputs) = (AdamW::new(&optimization, 2, &params), Crew::new(threads, Device::Cpu).unwrap(), inputs());
    assert_eq!(crew.size(), threads);
    let trained = optimizer.trained();
    // What a method adds is drawn from a generator that other tests draw from too.
    tch::no_grad(|| {
        for (index, tensor) in trained.iter().enumerate() {
            let numbers = Tensor::arange(tensor.numel() as i64, (Kind::Float, Device::Cpu)) * (0.7 + index as f64);
            tensor.shallow_clone().copy_(&(numbers.sin() * 0.2).view_as(tensor));
        }
    });
    let rows: Vec<usize> = (0..inputs.rows.len()).collect();
    let read = Read { network: &network, inputs: &inputs, trained: &trained };
    let surroundings =
        Surroundings { seed: 3, kind: TaskKind::Classification, optimization: &optimization, read, crew: &crew, device: Device::Cpu };
    let loss = surroundings.gradient(&rows, 1).loss;
    let gradients = trained.iter().map(|tensor| tiny::gradient(tensor)).filter(Tensor::defined).map(|gradient| gradient.copy()).collect();
    let task = tiny::spec(folder, method.clone()).task;
    let scores = evaluate(&network, &inputs, &task, Device::Cpu, &crew);
    (loss, gradients, scores.metrics[&MetricName::Loss].0)
}

fn of_every_method(check: impl Fn(&str, &dyn Fn(usize) -> (f64, Vec<Tensor>, f64)), with_dropout: bool) {
    let folder = tempfile::tempdir().unwrap();
    let model = tiny::spec(folder.path(), Method::Full).model.folder;
    for method in Method::examples() {
        let mut backbone = backbone(&model);
        let method = if with_dropout { method } else { without_dropout(method) };
        if !with_dropout {
            (backbone.hidden_dropout, backbone.attention_dropout) = (0.0, 0.0);
        }
        check(method.about().name, &|threads| numbers(&backbone, &model, &method, threads));
    }
}

#[test]
fn threads_that_share_rows_find_the_gradient_and_the_scores_that_one_finds() {
    of_every_method(
        |name, of| {
            let (loss, gradients, evaluated) = of(1);
            for threads in [2, 4] {
                let (shared_loss, shared, shared_evaluated) = of(threads);
                assert!((shared_loss - loss).abs() < 1e-5 * loss, "{name}, {threads} threads: loss {shared_loss}, {loss}");
                assert!((shared_evaluated - evaluated).abs() < 1e-5 * evaluated, "{name}: {shared_evaluated}, {evaluated}");
                assert_eq!(shared.len(), gradients.len(), "{name}");
                for (one, other) in gradients.iter().zip(&shared) {
                    let allowed = 1e-5 * (1.0 + one.abs().max().double_value(&[]));
                    assert!(tiny::difference(one, other) < allowed, "{name}, {threads} threads: {}", tiny::difference(one, other));
                }
            }
        },
        false,
    );
}

#[test]
fn threads_that_share_rows_repeat_their_bits_with_dropout() {
    of_every_method(
        |name, of| {
            let (one, other) = (of(2), of(2));
            assert_eq!((one.0.to_bits(), one.2.to_bits()), (other.0.to_bits(), other.2.to_bits()), "{name}");
            assert!(one.1.iter().zip(&other.1).all(|(one, other)| one.equal(other)), "{name}");
        },
        true,
    );
}
