//! The registry against the reference counts and against itself.

use super::*;
use crate::spec::family::Family;
use crate::spec::head::{Classifier, Head};
use crate::spec::method::site::Site;

/// Shape, total and head with two labels, and counts by Transformers 5.23, PEFT 0.21 and adapters 1.3.
struct Reference {
    backbone: Backbone,
    total: i64,
    head: i64,
    lora: i64,
    biases: i64,
    norms: i64,
    pfeiffer: i64,
    houlsby_16: i64,
    houlsby_64: i64,
    prefix: i64,
    prompt: i64,
}

fn references() -> Vec<Reference> {
    let reference = |backbone, [total, head, lora, biases, norms, pfeiffer, houlsby_16, houlsby_64, prefix, prompt]: [i64; 10]| Reference {
        backbone,
        total,
        head,
        lora,
        biases,
        norms,
        pfeiffer,
        houlsby_16,
        houlsby_64,
        prefix,
        prompt,
    };
    let bert = |n_layers, hidden_size, counts| reference(Backbone::bert(n_layers, hidden_size, 12), counts);
    let distilbert = Backbone { family: Family::DistilBert, type_vocab_size: 0, ..Backbone::bert(6, 768, 12) };
    vec![
        bert(12, 768, [109_483_778, 1_538, 294_912, 102_914, 38_400, 894_528, 1_789_056, 2_379_264, 368_640, 15_360]),
        bert(12, 384, [33_360_770, 770, 147_456, 51_458, 19_200, 226_080, 452_160, 1_190_400, 184_320, 7_680]),
        bert(6, 384, [22_713_986, 770, 73_728, 26_114, 9_984, 113_040, 226_080, 595_200, 92_160, 7_680]),
        reference(distilbert, [66_955_010, 592_130, 147_456, 52_226, 19_968, 447_264, 894_528, 1_189_632, 184_320, 15_360]),
    ]
}

fn trained_in_place(method: &Method, backbone: &Backbone) -> i64 {
    let training = method.backbone_training(backbone);
    let with_pooler = Head::of_family(backbone, true).pooling.reads_pooler();
    let trained = backbone.tensors(with_pooler).into_iter().filter(|tensor| training.trains(tensor.part));
    trained.map(|tensor| tensor.shape.iter().product::<i64>()).sum()
}

fn method(name: &str) -> Method {
    Method::default_of(name).unwrap()
}

#[test]
fn counts_equal_those_of_the_reference_implementations() {
    for Reference { backbone, total, head, lora, biases, norms, pfeiffer, houlsby_16, houlsby_64, prefix, prompt } in references() {
        let added = |method: &Method| method.added_parameters(&backbone);
        let own_head = Head::of_family(&backbone, true);
        assert_eq!(own_head.parameters(backbone.hidden_size, 2), head);
        assert_eq!(backbone.parameters(own_head.pooling.reads_pooler()) + head, total);
        // The references' count of biases takes in those of the head: two, and those of a hidden layer.
        let head_biases = 2 + if own_head.classifier == Classifier::Linear { 0 } else { backbone.hidden_size };
        assert_eq!(added(&method("lora")), lora);
        assert_eq!(trained_in_place(&method("bitfit"), &backbone) + head_biases, biases);
        assert_eq!(trained_in_place(&method("layer_norm_tuning"), &backbone), norms);
        assert_eq!(added(&method("pfeiffer_adapter")), pfeiffer);
        let given = Map::from_iter([("reduction_factor".to_owned(), 16.into())]);
        assert_eq!(added(&Method::with(&houlsby_adapter::ABOUT, &given)), houlsby_16);
        assert_eq!(added(&method("houlsby_adapter")), houlsby_64);
        assert_eq!(trained_in_place(&method("houlsby_adapter"), &backbone), norms);
        assert_eq!(added(&method("prefix_tuning")), prefix);
        assert_eq!(added(&method("prompt_tuning")), prompt);
    }
}

#[test]
fn every_method_is_listed_once_and_explains_itself() {
    for (about, method) in Method::ALL.into_iter().zip(Method::defaults()) {
        assert_eq!((method.about().name, Method::ALL.iter().filter(|other| other.name == about.name).count()), (about.name, 1));
        assert!(about.short.chars().count() <= 8, "{}", about.short);
        let is_same = |other: &&&About| other.short.eq_ignore_ascii_case(about.short);
        assert_eq!(Method::ALL.iter().filter(is_same).count(), 1, "{} tells no method apart", about.short);
        let explanation = about.explanation();
        for part in ["Paper: ", "Reference: ", "Initialisation: ", "Parameters: ", "At inference", "Differs: "] {
            assert!(explanation.contains(part) || (part == "Reference: " && about.name == "top_layers"), "{}: no {part:?}", about.name);
        }
        assert!(explanation.contains(about.paper.split("arXiv:").nth(1).unwrap()), "{}: another paper", about.name);
    }
}

#[test]
fn every_default_is_accepted_and_every_method_survives_its_file() {
    for method in Method::defaults().into_iter().chain(Method::examples()) {
        let text = serde_yaml::to_string(&method).unwrap();
        assert_eq!(serde_yaml::from_str::<Method>(&text).unwrap(), method);
        assert_eq!(method.misfit(&Backbone::bert(2, 24, 3)), None, "{method:?}");
    }
}

#[test]
fn examples_hold_every_method_with_no_default_left_untried() {
    for about in Method::ALL {
        let examples: Vec<Method> = Method::examples().into_iter().filter(|method| method.about() == about).collect();
        assert!(!examples.is_empty(), "no example of {}", about.name);
    }
}

#[test]
fn one_way_to_give_a_width_turns_the_other_off() {
    let given = Map::from_iter([("reduction_factor".to_owned(), 8.into())]);
    let Method::HoulsbyAdapter(adapter) = Method::with(&houlsby_adapter::ABOUT, &given) else { panic!() };
    assert_eq!((adapter.size, adapter.reduction_factor, adapter.width(384)), (None, Some(8), 48));
}

#[test]
fn hyperparameters_are_shown_in_one_line() {
    assert_eq!(
        method("lora").hyperparameters_line(),
        "rank 8 targets query,value alpha 16 dropout 0 initialization kaiming learning_rate_ratio 1"
    );
    assert_eq!(method("full").hyperparameters_line(), "");
}

#[test]
fn a_run_file_of_before_dora_is_still_read() {
    let text = "{name: lora, rank: 4, alpha: 8.0, dropout: 0.0, targets: [query]}";
    let Method::Lora(lora) = serde_yaml::from_str(text).unwrap() else { panic!() };
    assert_eq!((lora.scale(), lora.dora, lora.targets), (2.0, false, vec![Site::Query]));
}
