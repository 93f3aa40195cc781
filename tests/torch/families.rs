//! Every encoder family equals Transformers' own classifier, and methods on it PEFT's; `tests/fixtures/families/make.py` makes the fixtures.

use std::collections::HashMap;
use std::path::Path;

use finetop::data::example::{Example, Target};
use finetop::pretrained;
use finetop::spec::family::Family;
use finetop::spec::head::{Head, Pooling};
use finetop::spec::method::Method;
use finetop_engine::data::tokenizer;
use finetop_engine::hooks::Mode;
use finetop_engine::model::load;
use finetop_engine::network::{Inputs, Network, NetworkPlan};
use finetop_engine::params::Params;
use serde_json::json;
use tch::{Device, Reduction, Tensor};

use crate::tiny;

const LOGITS: f64 = 1e-5;
const GRADIENTS: f64 = 1e-5;

fn read(name: &str) -> HashMap<String, Tensor> {
    Tensor::read_safetensors(tiny::fixture("families").join(name)).unwrap().into_iter().collect()
}

/// The network of `method` on the fixture `folder`, with the head of the family's own classifier and that classifier's weights.
fn network(folder: &str, method: &Method) -> (Network, Params, Family) {
    let path = tiny::fixture("families").join(folder);
    let backbone = pretrained::config::read(&path).unwrap();
    let family = backbone.family;
    let mut params = Params::new(method.backbone_training(&backbone), Device::Cpu);
    let head = Head::of_family(&backbone, family == Family::Bert);
    let plan = NetworkPlan { backbone: &backbone, method, head: &head, n_outputs: tiny::LABELS, seed: 1, tokenize: &|_| vec![2, 4, 3] };
    let network = Network::load(&path, &plan, &mut params).unwrap();
    let weights = [path.join("model.safetensors"), path.join("model-00003-of-00003.safetensors")];
    let weights = weights.iter().find(|path| path.is_file()).unwrap();
    let theirs: HashMap<String, Tensor> = Tensor::read_safetensors(weights).unwrap().into_iter().collect();
    let _guard = tch::no_grad_guard();
    for (name, tensor) in params.delta.iter().filter(|(name, _)| name.starts_with("head.")) {
        tensor.shallow_clone().copy_(&theirs[&family.head_name(name).unwrap()]);
    }
    (network, params, family)
}

fn inputs(family: &str, skip: usize) -> Inputs {
    let fixture = read(&format!("{family}.safetensors"));
    let mut inputs = tiny::rows(&fixture["token_ids"], &fixture["mask"], Some(&fixture["token_types"]), Some(&fixture["labels"]));
    inputs.rows.drain(..skip);
    inputs
}

/// Logits equal those of the fixture, and the gradients of the mean cross-entropy `expected`'s, by the name in it.
fn check(network: &Network, inputs: &Inputs, fixture: &HashMap<String, Tensor>, trained: &[(String, Tensor)]) {
    let all: Vec<usize> = (0..inputs.rows.len()).collect();
    let outputs = network.forward(inputs, &all, Device::Cpu, Mode::Evaluate);
    let difference = tiny::difference(&outputs.logits, &fixture["logits"]);
    assert!(difference < LOGITS, "logits differ by {difference}");
    outputs.logits.cross_entropy_loss::<Tensor>(&outputs.targets, None, Reduction::Mean, -100, 0.0).backward();
    for (name, tensor) in trained {
        let expected = &fixture[&format!("gradient.{name}")];
        let difference = tiny::difference(&tiny::gradient(tensor), expected);
        assert!(difference < GRADIENTS * (1.0 + expected.abs().max().double_value(&[])), "gradient of {name} differs by {difference}");
    }
}

#[test]
fn full_fine_tuning_of_every_family_equals_transformers() {
    for name in ["bert", "roberta", "distilbert"] {
        let (network, params, family) = network(name, &Method::Full);
        let theirs = |ours: &str| family.head_name(ours).unwrap_or_else(|| format!("{}{}", family.prefix(), family.checkpoint_name(ours)));
        let trained: Vec<_> = params.trainable().into_iter().map(|(name, tensor)| (theirs(name), tensor.shallow_clone())).collect();
        let fixture = read(&format!("{name}.safetensors"));
        let gradients = fixture.keys().filter(|name| name.starts_with("gradient.")).count();
        assert_eq!(trained.len(), gradients, "{name}: not the same tensors train");
        check(&network, &inputs(name, 0), &fixture, &trained);
    }
}

#[test]
fn shards_in_bf16_equal_transformers_with_the_same_rounding() {
    let (network, ..) = network("distilbert_sharded", &Method::FeatureExtraction);
    check(&network, &inputs("distilbert", 0), &read("distilbert_sharded.safetensors"), &[]);
}

#[test]
fn methods_on_other_families_equal_peft() {
    let lora = Method::example("lora", &json!({"rank": 3, "alpha": 7.0, "targets": ["query", "value"]}));
    let virtual_tokens = |name| Method::example(name, &json!({"length": 4}));
    let cases = [
        ("roberta", lora.clone(), 0),
        ("distilbert", lora, 0),
        // The first row is as long as the model allows.
        ("roberta", virtual_tokens("prefix_tuning"), 1),
        ("roberta", virtual_tokens("prompt_tuning"), 1),
        ("distilbert", virtual_tokens("prompt_tuning"), 1),
    ];
    for (family, method, skip) in cases {
        let name = method.about().name;
        let (network, params, _) = network(family, &method);
        let fixture = read(&format!("{family}_{name}.safetensors"));
        let own: Vec<_> = params.delta.iter().filter(|(name, _)| name.starts_with("method.")).collect();
        assert_eq!(own.len(), fixture.keys().filter(|name| name.starts_with("method.")).count());
        let trained: Vec<_> = own.into_iter().map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone())).collect();
        for (name, tensor) in &trained {
            let _guard = tch::no_grad_guard();
            tensor.shallow_clone().copy_(&fixture[name]);
        }
        check(&network, &inputs(family, skip), &fixture, &trained);
    }
}

#[test]
fn byte_level_bpe_gives_transformers_ids_and_no_token_types() {
    let path = tiny::fixture("families/roberta");
    let backbone = pretrained::config::read(&path).unwrap();
    let rows: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(tiny::fixture("families/roberta_rows.json")).unwrap()).unwrap();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let texts = rows["texts"].as_array().unwrap();
    let example = |row: &serde_json::Value| Example { text: text(&row[0]).unwrap(), text_pair: text(&row[1]), target: Target::Label(0) };
    let examples: Vec<Example> = texts.iter().map(example).collect();
    let encoded = tokenizer::encode(&tokenizer::load(&path, &backbone, 12).unwrap(), &backbone, &examples).unwrap();
    let ids: Vec<Vec<i64>> = serde_json::from_value(rows["token_ids"].clone()).unwrap();
    assert_eq!(encoded.iter().map(|row| row.token_ids.clone()).collect::<Vec<_>>(), ids);
    assert!(encoded.iter().all(|row| row.token_types.iter().all(|&kind| kind == 0)));

    let long = Example { text: "the cat and ".repeat(30), text_pair: None, target: Target::Label(0) };
    let longest = tokenizer::encode(&tokenizer::load(&path, &backbone, 512).unwrap(), &backbone, &[long]).unwrap();
    assert_eq!(longest[0].token_ids.len(), 16, "18 rows of positions, the first two of them not for tokens");
}

#[test]
fn a_model_without_token_types_gets_none_from_a_tokenizer_that_has_them() {
    let folder = tempfile::tempdir().unwrap();
    tiny::write_family(folder.path(), Family::DistilBert);
    let backbone = pretrained::config::read(folder.path()).unwrap();
    let tokenizer = tokenizer::load(folder.path(), &backbone, 16).unwrap();
    let example = Example { text: "red cat".to_owned(), text_pair: Some("blue dog".to_owned()), target: Target::Label(0) };
    assert_eq!(tokenizer::encode(&tokenizer, &backbone, &[example]).unwrap()[0].token_types, [0; 7]);
}

#[test]
fn the_plan_and_the_engine_accept_and_refuse_the_same_shards() {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(tiny::fixture("families/distilbert_sharded")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    tiny::write_tokenizer(&folder.path().join("tokenizer.json"), 0);
    let checked = pretrained::folder::check(folder.path()).unwrap();
    assert_eq!((checked.backbone.family, checked.has_pooler), (Family::DistilBert, false));
    let problem = |change: &dyn Fn(&Path)| {
        let index = folder.path().join("model.safetensors.index.json");
        let shard = folder.path().join("model-00002-of-00003.safetensors");
        let before = (std::fs::read(&index).unwrap(), std::fs::read(&shard).unwrap());
        change(folder.path());
        let planned = pretrained::folder::check(folder.path()).unwrap_err().to_string();
        let mut params = Params::new(Method::Full.backbone_training(&checked.backbone), Device::Cpu);
        let tensors = load::read(folder.path(), Family::DistilBert);
        let loaded = tensors.and_then(|tensors| load::encoder(folder.path(), tensors, &checked.backbone, Pooling::Cls, &mut params));
        let loaded = loaded.unwrap_err().to_string();
        std::fs::write(index, before.0).unwrap();
        std::fs::write(shard, before.1).unwrap();
        assert!(!planned.contains('\n') && !loaded.contains('\n'), "{planned}; {loaded}");
        [planned, loaded]
    };
    let edit_index = |from: &'static str, to: &'static str| {
        move |folder: &Path| {
            let index = folder.join("model.safetensors.index.json");
            let text = std::fs::read_to_string(&index).unwrap();
            assert!(text.contains(from));
            std::fs::write(index, text.replace(from, to)).unwrap();
        }
    };
    for message in problem(&edit_index("00002-of", "00009-of")) {
        assert!(message.contains("lists model-00009-of-00003.safetensors, which is missing"), "{message}");
    }
    for message in problem(&edit_index("q_lin", "q_linear")) {
        assert!(message.contains("has no tensor \"distilbert.transformer.layer."), "{message}");
    }
    for message in problem(&|folder| std::fs::write(folder.join("model-00002-of-00003.safetensors"), b"cut").unwrap()) {
        assert!(message.contains("model-00002-of-00003.safetensors"), "{message}");
    }
    for message in problem(&|folder| {
        let narrow = tiny::fixture("families/distilbert/config.json");
        std::fs::copy(narrow, folder.join("config.json")).unwrap();
        let shard = folder.join("model-00002-of-00003.safetensors");
        let views = [(
            "distilbert.embeddings.LayerNorm.bias",
            safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![1], &[0; 4]).unwrap(),
        )];
        safetensors::serialize_to_file(views, None, &shard).unwrap();
    }) {
        assert!(message.contains("model.safetensors.index.json lists for it") || message.contains("does not list for it"), "{message}");
    }
}

#[test]
fn a_checkpoint_of_another_family_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    tiny::write_family(folder.path(), Family::DistilBert);
    let error = load::read(folder.path(), Family::Roberta).unwrap_err().to_string();
    assert!(error.contains("has the name of a DistilBERT model, but config.json says RoBERTa"), "{error}");
}
