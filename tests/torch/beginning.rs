//! How a method's tensors begin: spread, bounds, rows of the word embedding; with sizes large enough for statistics.

use std::path::Path;

use finetop::pretrained;
use finetop::spec::head::Pooling;
use finetop::spec::method::Method;
use finetop_engine::params::Params;
use serde_json::{Value, json};
use tch::{Kind, Tensor};

use crate::tiny;

fn begun(folder: &Path, name: &str, given: &Value) -> Params {
    let backbone = pretrained::config::read(folder).unwrap();
    tiny::network(folder, &backbone, &Method::example(name, given), Pooling::Pooler).1
}

fn on_tiny(name: &str, given: &Value) -> Params {
    let folder = tempfile::tempdir().unwrap();
    tiny::write_model(folder.path(), &tiny::shapes());
    begun(folder.path(), name, given)
}

fn values(params: &Params, name: &str) -> Tensor {
    params.delta.tensor(name).unwrap_or_else(|| panic!("no {name}")).detach().to_kind(Kind::Double).flatten(0, -1)
}

fn spread(values: &Tensor) -> (f64, f64, f64) {
    let at = |tensor: Tensor| tensor.double_value(&[]);
    (at(values.mean(Kind::Double)), at(values.std(true)), at(values.abs().max()))
}

/// Mean 0 and the standard deviation `std`, within what as many draws allow; the largest value below `bound`, and near it.
fn assert_spread(params: &Params, name: &str, std: f64, bound: Option<f64>) {
    let values = values(params, name);
    let n = values.numel() as f64;
    let (mean, measured, largest) = spread(&values);
    assert!(mean.abs() < 5.0 * std / n.sqrt(), "{name}: mean {mean}");
    assert!((measured / std - 1.0).abs() < 5.0 / (2.0 * n).sqrt(), "{name}: standard deviation {measured}, not {std}");
    match bound {
        Some(bound) => assert!(largest <= bound && largest > 0.97 * bound, "{name}: largest {largest}, bound {bound}"),
        None => assert!(largest > 2.5 * std, "{name}: largest {largest}: no tails"),
    }
}

fn assert_all(params: &Params, name: &str, value: f64) {
    assert!(values(params, name).eq(value).all().int64_value(&[]) == 1, "{name} is not all {value}");
}

/// Standard deviation of a standard normal variable cut at two: `√(1 - 4 φ(2) / (2 Φ(2) - 1))`.
const CUT_AT_TWO: f64 = 0.879_625_661_034_239_8;

#[test]
fn kaiming_is_uniform_within_the_root_of_the_inputs_and_gaussian_has_one_over_the_rank() {
    let targets = json!(["key", "ffn_down"]);
    let kaiming = on_tiny("lora", &json!({"rank": 100, "targets": targets}));
    for (site, n_in) in [("key", 24_f64), ("ffn_down", 40.0)] {
        let bound = n_in.sqrt().recip();
        assert_spread(&kaiming, &format!("method.layer.0.{site}.lora_a"), bound / 3_f64.sqrt(), Some(bound));
        assert_all(&kaiming, &format!("method.layer.1.{site}.lora_b"), 0.0);
    }
    let gaussian = on_tiny("lora", &json!({"rank": 100, "targets": targets, "initialization": "gaussian"}));
    assert_spread(&gaussian, "method.layer.0.key.lora_a", 0.01, None);
    assert_all(&gaussian, "method.layer.0.key.lora_b", 0.0);
    assert!(values(&kaiming, "method.layer.0.key.lora_a") != values(&kaiming, "method.layer.1.key.lora_a"));
}

#[test]
fn magnitudes_begin_as_the_norms_of_the_output_rows_and_factors_as_ones() {
    let dora = on_tiny("lora", &json!({"dora": true, "targets": ["ffn_up"]}));
    let weight = dora.backbone.tensor("encoder.layer.1.intermediate.dense.weight").unwrap();
    let norms = weight.square().sum_dim_intlist([1i64].as_slice(), false, Kind::Float).sqrt();
    assert!(tiny::difference(dora.delta.tensor("method.layer.1.ffn_up.magnitude").unwrap(), &norms) < 1e-6);
    assert_all(&on_tiny("ia3", &json!({})), "method.layer.0.ffn_down.ia3", 1.0);
}

#[test]
fn bottlenecks_begin_from_a_cut_normal_and_parallel_ones_from_kaiming_and_zero() {
    for (name, given, std, sublayer) in [
        ("houlsby_adapter", json!({"size": 100}), 1e-3, "attention"),
        ("houlsby_adapter", json!({"size": 100, "initial_std": 0.5}), 0.5, "ffn"),
        ("pfeiffer_adapter", json!({"size": 100}), 0.02, "ffn"),
    ] {
        let params = on_tiny(name, &given);
        for part in ["down", "up"] {
            assert_spread(&params, &format!("method.layer.1.{sublayer}.{part}.weight"), CUT_AT_TWO * std, Some(2.0 * std));
            assert_all(&params, &format!("method.layer.1.{sublayer}.{part}.bias"), 0.0);
        }
    }
    let parallel = on_tiny("parallel_adapter", &json!({"size": 100}));
    let bound = 24_f64.sqrt().recip();
    assert_spread(&parallel, "method.layer.0.ffn.down.weight", bound / 3_f64.sqrt(), Some(bound));
    for rest in ["down.bias", "up.weight", "up.bias"] {
        assert_all(&parallel, &format!("method.layer.0.ffn.{rest}"), 0.0);
    }
}

#[test]
fn prefixes_begin_normal_and_their_projection_as_linear_layers_do() {
    assert_spread(&on_tiny("prefix_tuning", &json!({"length": 100})), "method.prefix", 0.1, None);
    assert_spread(&on_tiny("p_tuning_v2", &json!({"length": 100})), "method.prefix", 0.1, None);
    let projected = on_tiny("prefix_tuning", &json!({"length": 100, "projection": 50, "initial_std": 0.3}));
    assert_spread(&projected, "method.embedding", 0.3, None);
    for (layer, n_in) in [("hidden", 24_f64), ("output", 50.0)] {
        let bound = n_in.sqrt().recip();
        assert_spread(&projected, &format!("method.{layer}.weight"), bound / 3_f64.sqrt(), Some(bound));
        assert!(spread(&values(&projected, &format!("method.{layer}.bias"))).2 <= bound);
    }
}

#[test]
fn prompts_begin_as_words_of_the_vocabulary_of_a_text_or_at_random() {
    let words = |params: &Params| params.backbone.tensor("embeddings.word_embeddings.weight").unwrap().detach();
    let prompt = |params: &Params| params.delta.tensor("method.prompt").unwrap().detach();

    let drawn = on_tiny("prompt_tuning", &json!({"length": 12}));
    // `[V,1,H]` against `[1,vocabulary,H]`: every virtual token is one of the words.
    let is_word = prompt(&drawn).unsqueeze(1).eq_tensor(&words(&drawn).unsqueeze(0)).all_dim(2, false); // [V,vocabulary]
    assert_eq!(is_word.any_dim(1, false).all().int64_value(&[]), 1);
    assert!(is_word.any_dim(0, false).sum(Kind::Int64).int64_value(&[]) > 4, "too few different words");

    let of_text = |length: i64| on_tiny("prompt_tuning", &json!({"length": length, "initialization": "text", "text": "red cat runs"}));
    for (length, ids) in [(3, vec![2_i64, 4, 7]), (5, vec![2, 4, 7, 10, 3]), (7, vec![2, 4, 7, 10, 3, 2, 4])] {
        let params = of_text(length);
        assert!(prompt(&params) == words(&params).index_select(0, &Tensor::from_slice(&ids)), "length {length}");
    }

    let random = on_tiny("prompt_tuning", &json!({"length": 100, "initialization": "random", "initial_std": 0.4}));
    assert_spread(&random, "method.prompt", 0.4, None);
}
