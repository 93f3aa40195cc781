//! A task whose targets are numbers: the loss, a whole run of the real worker, and a run.yaml from before there were kinds.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::Path;

use finetop::data::example::Target;
use finetop::metric::MetricName;
use finetop::pretrained;
use finetop::run::number::Number;
use finetop::spec::head::{Classifier, Head, Pooling};
use finetop::spec::method::Method;
use finetop::spec::optimization::Optimization;
use finetop::spec::run::RunSpec;
use finetop::spec::task::TaskKind;
use finetop_engine::data::batch;
use finetop_engine::data::tokenizer::Encoded;
use finetop_engine::hooks::Mode;
use finetop_engine::loss;
use finetop_engine::network::{Network, NetworkPlan, Outputs};
use finetop_engine::optimizer::AdamW;
use finetop_engine::params::Params;
use tch::{Device, Kind, Tensor};

use crate::tiny;
use crate::worker::{run_dir, state, work};

/// Rows whose value is the number of birds in them, less half the number of dogs.
fn write_rows(path: &Path, n_rows: usize) {
    const WORDS: [&str; 5] = ["bird", "dog", "cat", "red", "sings"];
    let mut text = "text\tlabel\n".to_owned();
    for row in 0..n_rows {
        let words: Vec<&str> = (0..3 + row % 4).map(|place| WORDS[(row * 7 + place * (row / 3 + 2)) % 5]).collect();
        let count = |word| words.iter().filter(|found| **found == word).count() as f64;
        writeln!(text, "{}\t{}", words.join(" "), count("bird") - 0.5 * count("dog")).unwrap();
    }
    std::fs::write(path, text).unwrap();
}

fn spec(folder: &Path, method: Method) -> RunSpec {
    let mut spec = tiny::spec(folder, method);
    for (split, n_rows) in [("train", 160), ("validation", 60), ("test", 40)] {
        write_rows(&folder.join(format!("{split}.tsv")), n_rows);
    }
    spec.task.kind = TaskKind::Regression;
    spec.task.labels = Vec::new();
    spec.best_metric = MetricName::Pearson;
    spec.optimization.label_smoothing = 0.0;
    spec.optimization.epochs = 8;
    spec
}

#[test]
fn the_loss_is_the_squared_error_of_scikit_learn_and_its_gradient_twice_the_error() {
    let truth = [0.0, 1.25, 2.5, 2.5, 3.8, 5.0, 4.2, 0.4, 2.5, 1.0];
    let predicted = [0.3, 1.0, 2.0, 2.9, 2.9, 4.4, 4.9, -0.2, 2.9, 1.9];
    let encoded = |value: &f64| Encoded { token_ids: Vec::new(), token_types: Vec::new(), target: Target::Value(*value) };
    let rows: Vec<Encoded> = truth.iter().map(encoded).collect();
    let targets = batch::targets(&rows, &(0..10).collect::<Vec<_>>(), Device::Cpu);
    assert_eq!((targets.kind(), targets.size()), (Kind::Float, vec![10]));
    let logits = Tensor::from_slice(&predicted).to_kind(Kind::Float).view([10, 1]).set_requires_grad(true);
    let outputs = Outputs { logits, targets, n_tokens: 0, gathering: std::time::Duration::ZERO };
    let mean = loss::sum(TaskKind::Regression, &outputs, 0.0) / 10.0;
    mean.backward();
    // scikit-learn 1.9.1: mean_squared_error.
    assert!((mean.double_value(&[]) - 0.355_25).abs() < 1e-6);
    let gradient = Vec::<f64>::try_from(outputs.logits.grad().view([10]).to_kind(Kind::Double)).unwrap();
    for ((gradient, predicted), truth) in gradient.iter().zip(predicted).zip(truth) {
        assert!((gradient - 2.0 * (predicted - truth) / 10.0).abs() < 1e-6);
    }
}

#[test]
fn losses_of_twenty_steps_equal_those_of_transformers() {
    let folder = tiny::fixture("parity/tiny");
    let fixture: HashMap<String, Tensor> =
        Tensor::read_safetensors(tiny::fixture("regression/full.safetensors")).unwrap().into_iter().collect();
    let mut backbone = pretrained::config::read(&folder).unwrap();
    (backbone.hidden_dropout, backbone.attention_dropout) = (0.0, 0.0);
    let n_layers = backbone.n_layers;
    let mut params = Params::new(Method::Full.backbone_training(&backbone), Device::Cpu);
    let head = Head { pooling: Pooling::Pooler, classifier: Classifier::Linear, dropout: 0.0 };
    let plan = NetworkPlan { backbone: &backbone, method: &Method::Full, head: &head, n_outputs: 1, seed: 1, tokenize: &|_| Vec::new() };
    let network = Network::load(&folder, &plan, &mut params).unwrap();
    for (name, tensor) in params.delta.iter() {
        let _guard = tch::no_grad_guard();
        tensor.shallow_clone().copy_(&fixture[name]);
    }
    let mut inputs = tiny::rows(&fixture["token_ids"], &fixture["mask"], Some(&fixture["token_types"]), None);
    for (row, value) in inputs.rows.iter_mut().zip(Vec::<f32>::try_from(&fixture["values"]).unwrap()) {
        row.target = Target::Value(f64::from(value));
    }
    let all: Vec<usize> = (0..inputs.rows.len()).collect();
    let optimization = Optimization { learning_rate: 2e-3, ..tiny::optimization() };
    let mut optimizer = AdamW::new(&optimization, n_layers, &params);
    for (step, expected) in (1..).zip(Vec::<f32>::try_from(&fixture["losses"]).unwrap()) {
        let outputs = network.forward(&inputs, &all, Device::Cpu, Mode::Train);
        if step == 1 {
            assert!(tiny::difference(&outputs.logits.squeeze_dim(1), &fixture["predictions"]) < 1e-5);
        }
        let loss = loss::sum(TaskKind::Regression, &outputs, 0.0) / all.len() as f64;
        optimizer.drop_gradients();
        loss.backward();
        let norm = optimizer.gradient_norm();
        optimizer.step(step, 2e-3, optimization.max_grad_norm.unwrap() / (norm + 1e-6));
        let difference = (loss.double_value(&[]) - f64::from(expected)).abs();
        assert!(difference < 1e-4 * (1.0 + f64::from(expected)), "loss of step {step} differs by {difference}");
    }
}

#[test]
fn every_method_learns_numbers_and_is_judged_by_correlations() {
    let folder = tempfile::tempdir().unwrap();
    for (index, method) in Method::examples().into_iter().enumerate() {
        let mut spec = spec(folder.path(), method.clone());
        spec.optimization.learning_rate = match method {
            Method::Full | Method::TopLayers(_) => 3e-3,
            // This example's B trains at four times the rate, at a scale of 3.5, in every linear layer.
            Method::Lora(ref lora) if lora.rank_stabilized => 1e-3,
            Method::Lora(_) => 5e-3,
            _ => 2e-2,
        };
        let dir = run_dir(folder.path(), &index.to_string(), &spec);
        let output = work(&dir, 1);
        assert!(output.status.success(), "{method:?}: {}", String::from_utf8_lossy(&output.stderr));
        let state = state(&dir);
        assert_eq!(state.training.as_ref().unwrap().labels, Vec::<String>::new());
        let test = state.test.as_ref().unwrap();
        assert_eq!(test.metrics.keys().copied().collect::<Vec<_>>(), TaskKind::Regression.metrics());
        assert_eq!(test.confusion, None);
        let (first, best) = (&state.evaluations[0].metrics, &state.best().unwrap().metrics);
        let value = |metrics: &BTreeMap<MetricName, Number>, name| metrics[&name].0;
        assert!(value(best, MetricName::Pearson) > 0.5, "{method:?}: {best:?}");
        assert!(value(best, MetricName::Loss) < value(first, MetricName::Loss), "{method:?} did not learn: {first:?} to {best:?}");
    }
}

#[test]
fn a_metric_of_another_kind_of_task_is_an_error_not_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let spec = RunSpec { best_metric: MetricName::Accuracy, ..spec(folder.path(), Method::Full) };
    let output = work(&run_dir(folder.path(), "run", &spec), 1);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.contains("the metric accuracy does not judge a regression"), "{error}");
}

#[test]
fn a_specification_from_before_there_were_kinds_is_a_classification() {
    let folder = tempfile::tempdir().unwrap();
    let spec = tiny::spec(folder.path(), Method::Full);
    let text = serde_json::to_string(&spec).unwrap().replace("\"kind\":\"classification\",", "");
    assert!(!text.contains("classification"));
    assert_eq!(serde_json::from_str::<RunSpec>(&text).unwrap(), spec);
}
