//! A small random model in a folder, with a tokenizer and a task that it can learn.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use finetop::data::example::Target;
use finetop::metric::MetricName;
use finetop::spec::backbone::Backbone;
use finetop::spec::continuation::CheckpointEvery;
use finetop::spec::family::Family;
use finetop::spec::head::{Head, Pooling};
use finetop::spec::method::Method;
use finetop::spec::optimization::{EvaluateEvery, Optimization, Schedule};
use finetop::spec::run::{Device, Model, Precision, RunSpec};
use finetop::spec::task::{Columns, Task, TaskKind};
use finetop_engine::data::tokenizer::Encoded;
use finetop_engine::network::{Inputs, Network, NetworkPlan};
use finetop_engine::params::Params;
use safetensors::tensor::{Dtype, TensorView};
use tch::{Kind, Tensor};

pub const LABELS: usize = 3;
const WORDS: [&str; 12] = ["red", "green", "blue", "cat", "dog", "bird", "runs", "sleeps", "sings", "here", "there", "now"];

/// Names and shapes of a tiny encoder, pooler included.
pub fn shapes() -> Vec<(String, Vec<usize>)> {
    let (hidden, ffn) = (24, 40);
    let mut shapes = vec![
        ("embeddings.word_embeddings.weight".to_owned(), vec![20, hidden]),
        ("embeddings.position_embeddings.weight".to_owned(), vec![16, hidden]),
        ("embeddings.token_type_embeddings.weight".to_owned(), vec![2, hidden]),
    ];
    let mut pair = |name: String, n_out: usize, n_in: Option<usize>| {
        shapes.push((format!("{name}.weight"), n_in.map_or(vec![n_out], |n_in| vec![n_out, n_in])));
        shapes.push((format!("{name}.bias"), vec![n_out]));
    };
    pair("embeddings.LayerNorm".to_owned(), hidden, None);
    for layer in 0..2 {
        let prefix = format!("encoder.layer.{layer}");
        for name in ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"] {
            pair(format!("{prefix}.{name}"), hidden, Some(hidden));
        }
        pair(format!("{prefix}.attention.output.LayerNorm"), hidden, None);
        pair(format!("{prefix}.intermediate.dense"), ffn, Some(hidden));
        pair(format!("{prefix}.output.dense"), hidden, Some(ffn));
        pair(format!("{prefix}.output.LayerNorm"), hidden, None);
    }
    pair("pooler.dense".to_owned(), hidden, Some(hidden));
    shapes
}

/// Writes `config.json`, `tokenizer.json` and `model.safetensors` with tensors of these shapes.
pub fn write_model(folder: &Path, shapes: &[(String, Vec<usize>)]) {
    std::fs::write(
        folder.join("config.json"),
        r#"{"model_type": "bert", "vocab_size": 20, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3,
            "intermediate_size": 40, "max_position_embeddings": 16, "type_vocab_size": 2, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
            "attention_probs_dropout_prob": 0.1, "layer_norm_eps": 1e-12, "initializer_range": 0.2, "pad_token_id": 0}"#,
    )
    .unwrap();
    write_tokenizer(&folder.join("tokenizer.json"), 0);
    write_tensors(folder, shapes);
}

/// Writes `model.safetensors` with random tensors of these shapes.
fn write_tensors(folder: &Path, shapes: &[(String, Vec<usize>)]) {
    let mut seed = 7_u64;
    let mut bytes: HashMap<String, Vec<u8>> = HashMap::new();
    for (name, shape) in shapes {
        let values = (0..shape.iter().product::<usize>()).map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let uniform = (seed >> 40) as f32 / (1_u64 << 24) as f32 - 0.5;
            if name.ends_with("LayerNorm.weight") || name.ends_with("layer_norm.weight") { 1.0 + 0.2 * uniform } else { 0.8 * uniform }
        });
        bytes.insert(name.clone(), values.flat_map(f32::to_le_bytes).collect());
    }
    let views = shapes.iter().map(|(name, shape)| (name.clone(), TensorView::new(Dtype::F32, shape.clone(), &bytes[name]).unwrap()));
    safetensors::serialize_to_file(views, None, &folder.join("model.safetensors")).unwrap();
}

/// The same for any family, with a head for whatever it was trained on before.
pub fn write_family(folder: &Path, family: Family) {
    if family == Family::Bert {
        return write_model(folder, &shapes());
    }
    let config = if family == Family::Roberta {
        r#"{"model_type": "roberta", "vocab_size": 20, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3,
            "intermediate_size": 40, "max_position_embeddings": 18, "type_vocab_size": 1, "layer_norm_eps": 1e-5, "initializer_range": 0.2,
            "pad_token_id": 1}"#
    } else {
        r#"{"model_type": "distilbert", "vocab_size": 20, "dim": 24, "n_layers": 2, "n_heads": 3, "hidden_dim": 40,
            "max_position_embeddings": 16, "activation": "gelu", "dropout": 0.1, "attention_dropout": 0.1, "initializer_range": 0.2}"#
    };
    std::fs::write(folder.join("config.json"), config).unwrap();
    let backbone = finetop::pretrained::config::read(folder).unwrap();
    let shape = |shape: &[i64]| shape.iter().map(|&side| side as usize).collect();
    let name = |canonical: &str| format!("{}{}", family.prefix(), family.checkpoint_name(canonical));
    let mut shapes: Vec<_> = backbone.tensors(false).iter().map(|tensor| (name(&tensor.name), shape(&tensor.shape))).collect();
    shapes.push(("classifier.weight".to_owned(), vec![5, 24]));
    write_tensors(folder, &shapes);
    write_tokenizer(&folder.join("tokenizer.json"), 0);
}

/// A word-level tokenizer of the task's words and `extra` more that the model does not know.
pub fn write_tokenizer(path: &Path, extra: usize) {
    let mut vocabulary = String::new();
    let unknown = (0..extra).map(|index| format!("extra{index}"));
    let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"].into_iter().chain(WORDS).map(str::to_owned).chain(unknown);
    for (id, word) in words.enumerate() {
        let comma = if id == 0 { "" } else { ", " };
        write!(vocabulary, "{comma}\"{word}\": {id}").unwrap();
    }
    let json = format!(
        r#"{{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
            "pre_tokenizer": {{"type": "Whitespace"}},
            "post_processor": {{"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}}, "decoder": null,
            "model": {{"type": "WordLevel", "vocab": {{{vocabulary}}}, "unk_token": "[UNK]"}}}}"#
    );
    std::fs::write(path, json).unwrap();
}

/// A task whose label is the colour word: `rows` rows.
pub fn write_rows(path: &Path, rows: usize) {
    let mut text = "text\tlabel\n".to_owned();
    for row in 0..rows {
        let (colour, animal, verb, place) = (row % 3, 3 + row / 3 % 3, 6 + row / 9 % 3, 9 + row / 27 % 3);
        let filler = if row % 2 == 0 { format!(" {}", WORDS[place]) } else { String::new() };
        writeln!(text, "{} {} {}{filler}\t{}", WORDS[colour], WORDS[animal], WORDS[verb], WORDS[colour]).unwrap();
    }
    std::fs::write(path, text).unwrap();
}

/// The specification of a run on the tiny BERT, everything in `folder`.
pub fn spec(folder: &Path, method: Method) -> RunSpec {
    spec_of(folder, Family::Bert, method)
}

/// The specification of a run on the tiny model of `family`, everything in `folder`.
pub fn spec_of(folder: &Path, family: Family, method: Method) -> RunSpec {
    let model = folder.join("model");
    if !model.exists() {
        std::fs::create_dir(&model).unwrap();
        write_family(&model, family);
        write_rows(&folder.join("train.tsv"), 81);
        write_rows(&folder.join("validation.tsv"), 27);
        write_rows(&folder.join("test.tsv"), 54);
    }
    let backbone = finetop::pretrained::config::read(&model).unwrap();
    RunSpec {
        start_from: None,
        experiment: "tiny".to_owned(),
        name: "tiny".to_owned(),
        model: Model { id: "tiny".to_owned(), folder: model },
        task: Task {
            kind: TaskKind::Classification,
            train: folder.join("train.tsv"),
            validation: Some(folder.join("validation.tsv")),
            test: Some(folder.join("test.tsv")),
            validation_share: 0.1,
            split_seed: 0,
            max_train_rows: None,
            columns: Columns { text: "text".to_owned(), text_pair: None, label: "label".to_owned() },
            labels: vec!["blue".to_owned(), "green".to_owned(), "red".to_owned()],
            max_length: 16,
        },
        method,
        head: Head::of_family(&backbone, true),
        optimization: optimization(),
        early_stopping: None,
        best_metric: MetricName::Loss,
        seed: 5,
        threads: 1,
        device: Device::Cpu,
        precision: Precision::Fp32,
        checkpoint: CheckpointEvery::default(),
        restarts: 0,
        extensions: Vec::new(),
    }
}

pub fn optimization() -> Optimization {
    Optimization {
        epochs: 3,
        batch_size: 8,
        gradient_accumulation: 1,
        activation_recomputation: false,
        learning_rate: 3e-3,
        head_learning_rate: None,
        schedule: Schedule::Linear,
        warmup_ratio: 0.1,
        layer_decay: 1.0,
        weight_decay: 0.05,
        max_grad_norm: Some(0.7),
        label_smoothing: 0.1,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        dropout: None,
        evaluate: EvaluateEvery::Epoch,
    }
}

/// A fixture's folder.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(name)
}

/// A network with its parameters on the model in `folder`, its classifier the family's own, without dropout.
pub fn network(folder: &Path, backbone: &Backbone, method: &Method, pooling: Pooling) -> (Network, Params) {
    network_in(Precision::Fp32, folder, backbone, method, pooling)
}

/// The same in a precision.
pub fn network_in(precision: Precision, folder: &Path, backbone: &Backbone, method: &Method, pooling: Pooling) -> (Network, Params) {
    network_on(tch::Device::Cpu, precision, folder, backbone, method, pooling)
}

/// Where numbers are compared with other libraries': `FINETOP_TEST_DEVICE`, such as cuda:0; by default the processor.
pub fn device() -> tch::Device {
    let wanted = std::env::var("FINETOP_TEST_DEVICE").unwrap_or_else(|_| "cpu".to_owned());
    let wanted = match wanted.strip_prefix("cuda:") {
        Some(index) => Device::Cuda(index.parse().expect("FINETOP_TEST_DEVICE is cpu or cuda:N")),
        None => Device::Cpu,
    };
    finetop_engine::device::open(wanted).unwrap()
}

/// The same on a device.
pub fn network_on(
    device: tch::Device,
    precision: Precision,
    folder: &Path,
    backbone: &Backbone,
    method: &Method,
    pooling: Pooling,
) -> (Network, Params) {
    let mut params = Params::new(method.backbone_training(backbone), device);
    params.precision = precision;
    let head = Head { pooling, dropout: 0.0, ..Head::of_family(backbone, true) };
    let plan = NetworkPlan { backbone, method, head: &head, n_outputs: LABELS, seed: 1, tokenize: &|_| vec![2, 4, 7, 10, 3] };
    let network = Network::load(folder, &plan, &mut params).unwrap();
    (network, params)
}

/// Token ids, types and labels as tensors → rows without their padding.
pub fn rows(token_ids: &Tensor, mask: &Tensor, token_types: Option<&Tensor>, labels: Option<&Tensor>) -> Inputs {
    let n_rows = token_ids.size()[0];
    let rows = (0..n_rows).map(|row| {
        let length = mask.get(row).sum(Kind::Int64).int64_value(&[]);
        let take = |tensor: &Tensor| Vec::<i64>::try_from(tensor.get(row).narrow(0, 0, length)).unwrap();
        let token_types = token_types.map_or_else(|| vec![0; length as usize], take);
        Encoded {
            token_ids: take(token_ids),
            token_types,
            target: Target::Label(labels.map_or(0, |labels| labels.int64_value(&[row]) as usize)),
        }
    });
    Inputs { rows: rows.collect(), pooled: None }
}

/// The largest difference between two tensors of the same shape.
/// Its gradient with every element, where libtorch may hold some rows alone; undefined where there is none.
pub fn gradient(of: &Tensor) -> Tensor {
    let gradient = of.grad();
    if gradient.defined() && gradient.is_sparse() { gradient.to_dense(None, false) } else { gradient }
}

pub fn difference(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.size(), b.size());
    if a.numel() == 0 { 0.0 } else { (a.to_device(tch::Device::Cpu) - b.to_device(tch::Device::Cpu)).abs().max().double_value(&[]) }
}
