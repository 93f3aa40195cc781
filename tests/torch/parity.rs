//! Numbers pinned to Transformers, PEFT and AdapterHub; the generators in `tests/fixtures/parity` make the fixtures.

use std::collections::HashMap;
use std::path::PathBuf;

use finetop::data::example::{Example, Target};
use finetop::hub::cache;
use finetop::hub::repository::{Kind, Repository};
use finetop::hub::variables::HubVariables;
use finetop::pretrained;
use finetop::spec::experiment::resolve::DEFAULT_MODEL;
use finetop::spec::head::Pooling;
use finetop::spec::method::Method;
use finetop::spec::optimization::Optimization;
use finetop::spec::run::Precision;
use finetop_engine::data::tokenizer;
use finetop_engine::hooks::Mode;
use finetop_engine::network::Inputs;
use finetop_engine::optimizer::AdamW;
use serde_json::json;
use tch::{Device, Reduction, Tensor};

use crate::tiny;

const LOGITS: f64 = 1e-5;
/// A GPU sums in another order.
const GPU_LOGITS: f64 = 1e-4;
const ALL_SITES: [&str; 6] = ["query", "key", "value", "attention_output", "ffn_up", "ffn_down"];

fn read(name: &str) -> HashMap<String, Tensor> {
    Tensor::read_safetensors(tiny::fixture("parity").join(name)).unwrap().into_iter().collect()
}

/// Logits, gradients and the losses over 20 steps of AdamW equal the reference's.
fn check(method: &Method, fixture: &str, learning_rate: f64) {
    check_with(method, Pooling::Pooler, fixture, learning_rate);
}

fn check_with(method: &Method, pooling: Pooling, fixture: &str, learning_rate: f64) {
    let folder = tiny::fixture("parity/tiny");
    let fixture = read(&format!("tiny_{fixture}.safetensors"));
    let mut backbone = pretrained::config::read(&folder).unwrap();
    (backbone.hidden_dropout, backbone.attention_dropout) = (0.0, 0.0);
    let n_layers = backbone.n_layers;
    let device = tiny::device();
    let limit = if device == Device::Cpu { LOGITS } else { GPU_LOGITS };
    let (network, params) = tiny::network_on(device, Precision::Fp32, &folder, &backbone, method, pooling);
    for (name, tensor) in params.delta.iter() {
        let _guard = tch::no_grad_guard();
        assert_eq!(tensor.size(), fixture[name].size(), "{name}");
        tensor.shallow_clone().copy_(&fixture[name]);
    }
    let inputs = tiny::rows(&fixture["token_ids"], &fixture["mask"], Some(&fixture["token_types"]), Some(&fixture["labels"]));
    let all: Vec<usize> = (0..inputs.rows.len()).collect();
    let optimization = Optimization { learning_rate, ..tiny::optimization() };
    let mut optimizer = AdamW::new(&optimization, n_layers, &params);

    let expected = Vec::<f32>::try_from(&fixture["losses"]).unwrap();
    for (step, &expected) in (1..).zip(&expected) {
        let outputs = network.forward(&inputs, &all, device, Mode::Train);
        let loss = outputs.logits.cross_entropy_loss::<Tensor>(&outputs.targets, None, Reduction::Mean, -100, optimization.label_smoothing);
        optimizer.drop_gradients();
        loss.backward();
        if step == 1 {
            let difference = tiny::difference(&outputs.logits, &fixture["logits"]);
            assert!(difference < limit, "logits differ by {difference}");
            let trained = params.trainable();
            assert_eq!(trained.len(), fixture.keys().filter(|name| name.starts_with("gradient.")).count(), "other tensors train");
            for (name, tensor) in trained {
                let expected = &fixture[&format!("gradient.{name}")];
                let difference = tiny::difference(&tiny::gradient(tensor), expected);
                assert!(difference < limit * (1.0 + expected.abs().max().double_value(&[])), "gradient of {name} differs by {difference}");
            }
        }
        let norm = optimizer.gradient_norm();
        optimizer.step(step, learning_rate, optimization.max_grad_norm.unwrap() / (norm + 1e-6));
        let difference = (loss.double_value(&[]) - f64::from(expected)).abs();
        assert!(difference < 10.0 * limit, "loss of step {step} differs by {difference}");
    }
}

#[test]
fn full_fine_tuning_equals_transformers() {
    check(&Method::Full, "full", 2e-3);
}

#[test]
fn feature_extraction_equals_transformers_with_a_frozen_backbone() {
    check(&Method::FeatureExtraction, "feature_extraction", 2e-2);
}

#[test]
fn top_layers_and_bitfit_equal_transformers_with_the_rest_frozen() {
    check(&Method::example("top_layers", &json!({"layers": 1})), "top_layers", 2e-3);
    check(&Method::BitFit, "bitfit", 5e-3);
}

#[test]
fn layer_norm_tuning_equals_peft() {
    check(&Method::LayerNormTuning, "layer_norm_tuning", 1e-2);
}

#[test]
fn lora_equals_peft() {
    let lora = json!({"rank": 3, "alpha": 7.0, "targets": ["key", "value", "ffn_down"]});
    check(&Method::example("lora", &lora), "lora", 1e-2);
}

#[test]
fn rank_stabilized_lora_equals_peft() {
    let lora = json!({"rank": 3, "alpha": 7.0, "rank_stabilized": true, "targets": ["query", "attention_output", "ffn_up"]});
    check(&Method::example("lora", &lora), "rslora", 1e-2);
}

#[test]
fn dora_equals_peft_at_every_site() {
    check(&Method::example("lora", &json!({"rank": 2, "alpha": 5.0, "dora": true, "targets": ALL_SITES})), "dora", 1e-2);
}

#[test]
fn lora_plus_equals_peft_but_for_the_rate_of_the_heads_bias() {
    check(&Method::example("lora", &json!({"rank": 3, "alpha": 7.0, "learning_rate_ratio": 8.0})), "loraplus", 2e-3);
}

#[test]
fn ia3_equals_peft_at_every_site() {
    check(&Method::example("ia3", &json!({"targets": ALL_SITES})), "ia3", 1e-2);
}

#[test]
fn prefix_tuning_equals_peft_and_p_tuning_v2_without_dropout_is_the_same() {
    check(&Method::example("prefix_tuning", &json!({"length": 3})), "prefix", 2e-2);
    check(&Method::example("p_tuning_v2", &json!({"length": 3, "dropout": 0.0})), "prefix", 2e-2);
    check(&Method::example("prefix_tuning", &json!({"length": 2, "projection": 7})), "prefix_projected", 1e-2);
}

#[test]
fn prompt_tuning_equals_peft_where_asked_and_else_reads_cls_behind_the_prompt() {
    let prompt = Method::example("prompt_tuning", &json!({"length": 4}));
    check_with(&prompt, Pooling::Peft, "prompt_peft", 2e-2);
    check_with(&prompt, Pooling::Pooler, "prompt", 2e-2);
}

#[test]
fn houlsby_adapters_equal_the_equations_of_the_paper() {
    check(&Method::example("houlsby_adapter", &json!({"size": 5})), "houlsby", 5e-3);
}

#[test]
fn adapters_equal_adapterhub() {
    let frozen = json!({"reduction_factor": 4, "activation": "tanh", "scale": 2.0, "train_layer_norms": false});
    check(&Method::example("houlsby_adapter", &frozen), "houlsby_frozen_norms", 1e-2);
    let pfeiffer = json!({"reduction_factor": 5, "activation": "swish"});
    check(&Method::example("pfeiffer_adapter", &pfeiffer), "pfeiffer", 1e-2);
    check(&Method::example("pfeiffer_adapter", &json!({})), "pfeiffer_default", 1e-2);
    check(&Method::example("parallel_adapter", &json!({"reduction_factor": 4, "scale": 3.0})), "parallel", 1e-2);
    check(&Method::example("parallel_adapter", &json!({"reduction_factor": 2})), "parallel_default", 5e-3);
}

/// The folder of the real base model; set-up puts it into the standard cache.
fn real_model() -> PathBuf {
    let model = Repository::parse(Kind::Model, DEFAULT_MODEL).unwrap();
    cache::find(&model, &HubVariables::from_environment()).expect("run `cargo xtask setup` first")
}

#[test]
fn the_real_model_equals_transformers() {
    let folder = real_model();
    let fixture = read("real.safetensors");
    let texts: Vec<String> = serde_json::from_str(&std::fs::read_to_string(tiny::fixture("parity/real.json")).unwrap()).unwrap();
    let backbone = pretrained::config::read(&folder).unwrap();
    let tokenizer = tokenizer::load(&folder, &backbone, 128).unwrap();
    let examples: Vec<_> = texts.into_iter().map(|text| Example { text, text_pair: None, target: Target::Label(0) }).collect();
    let encoded = tokenizer::encode(&tokenizer, &backbone, &examples).unwrap();
    let inputs = tiny::rows(&fixture["token_ids"], &fixture["mask"], None, None);
    assert_eq!(encoded, inputs.rows);

    let inputs = Inputs { rows: encoded, pooled: None };
    let all: Vec<usize> = (0..inputs.rows.len()).collect();
    let _guard = tch::no_grad_guard();
    for (pooling, expected) in [(Pooling::Pooler, None), (Pooling::Cls, Some("cls")), (Pooling::Mean, Some("mean"))] {
        let (network, params) = tiny::network(&folder, &backbone, &Method::FeatureExtraction, pooling);
        for (name, tensor) in params.delta.iter() {
            tensor.shallow_clone().copy_(&fixture[name]);
        }
        let difference = if let Some(expected) = expected {
            let batch = finetop_engine::data::batch::Batch::new(&inputs.rows, &all, 0, Device::Cpu);
            tiny::difference(&network.pooled(&batch, Mode::Evaluate), &fixture[expected])
        } else {
            tiny::difference(&network.forward(&inputs, &all, Device::Cpu, Mode::Evaluate).logits, &fixture["logits"])
        };
        assert!(difference < LOGITS, "{pooling:?} differs by {difference}");
    }
}
