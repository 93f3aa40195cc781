//! Folders of PEFT, AdapterHub and Transformers: what their own libraries wrote is read, what we write is read back to the same bits, and
//! what cannot be is refused. `tests/interop` has the scripts that made the fixtures and the check against the libraries themselves.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use finetop::interop::Format;
use finetop::interop::artefact::{self, default_format};
use finetop::pretrained;
use finetop::run::dir::RunDir;
use finetop::run::position::Position;
use finetop::spec::head::{Classifier, Head, Pooling};
use finetop::spec::method::Method;
use finetop::spec::run::{Model, RunSpec};
use finetop_engine::checkpoint;
use finetop_engine::export::{self, Order};
use finetop_engine::hooks::Mode;
use finetop_engine::network::{Network, NetworkPlan};
use finetop_engine::params::Params;
use finetop_engine::start;
use serde_json::{Value, json};
use tch::{Device, Tensor};

use crate::tiny;

/// The rows that `common.py` has.
const TOKEN_IDS: [&[i64]; 3] = [&[2, 4, 7, 10, 3], &[2, 5, 8, 3], &[2, 6, 9, 12, 44, 15, 3]];

fn logits_of_rows(network: &Network) -> Tensor {
    let row = |ids: &&[i64]| finetop_engine::data::tokenizer::Encoded {
        token_ids: ids.to_vec(),
        token_types: vec![0; ids.len()],
        target: finetop::data::example::Target::Label(0),
    };
    let inputs = finetop_engine::network::Inputs { rows: TOKEN_IDS.iter().map(row).collect(), pooled: None };
    tch::no_grad(|| network.forward(&inputs, &[0, 1, 2], Device::Cpu, Mode::Evaluate).logits)
}

#[test]
fn folders_of_the_libraries_give_their_logits() {
    let base = tiny::fixture("parity/tiny");
    let backbone = pretrained::config::read(&base).unwrap();
    let mut n_folders = 0;
    for entry in std::fs::read_dir(tiny::fixture("interop")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let artefact = artefact::read(&folder, &backbone).unwrap_or_else(|error| panic!("{error}"));
        let mut params = Params::new(artefact.method.backbone_training(&backbone), Device::Cpu);
        let head = artefact.head.clone().unwrap();
        let plan =
            NetworkPlan { backbone: &backbone, method: &artefact.method, head: &head, n_outputs: 3, seed: 9, tokenize: &|_| vec![2, 3] };
        let network = Network::load(&base, &plan, &mut params).unwrap();
        start::restore(&artefact, true, &params).unwrap();
        let expected: Value = serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap();
        let expected: Vec<f32> = expected["logits"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|row| row.as_array().unwrap())
            .map(|x| x.as_f64().unwrap() as f32)
            .collect();
        let difference = tiny::difference(&logits_of_rows(&network), &Tensor::from_slice(&expected).view([3, 3]));
        assert!(difference <= 1e-5, "{name} differs by {difference}");
        n_folders += 1;
    }
    assert_eq!(n_folders, 13);
}

/// A run folder with random weights in every tensor that it trains.
fn run(folder: &Path, method: Method, head: Head) -> RunDir {
    let spec = RunSpec { method, head, ..tiny::spec(folder, Method::Full) };
    run_of(folder, &spec)
}

fn run_of(folder: &Path, spec: &RunSpec) -> RunDir {
    let dir = RunDir::new(folder.join("run"));
    std::fs::create_dir_all(dir.path()).unwrap();
    dir.write_spec(spec).unwrap();
    let backbone = pretrained::config::read(&spec.model.folder).unwrap();
    let mut params = Params::new(spec.method.backbone_training(&backbone), Device::Cpu);
    let plan =
        NetworkPlan { backbone: &backbone, method: &spec.method, head: &spec.head, n_outputs: 3, seed: 1, tokenize: &|_| vec![2, 4, 3] };
    Network::load(&spec.model.folder, &plan, &mut params).unwrap();
    tch::manual_seed(4);
    for (_, tensor) in params.trainable() {
        let _guard = tch::no_grad_guard();
        let _ = tensor.shallow_clone().g_add_(&(tensor.randn_like() * 0.1));
    }
    checkpoint::save_best(&dir.checkpoints_dir().join("best.safetensors"), &params, &Position::default()).unwrap();
    dir
}

const POOLER: Head = Head { pooling: Pooling::Pooler, classifier: Classifier::Linear, dropout: 0.1 };

fn order(dir: &RunDir, out: &Path, format: Option<Format>) -> Order {
    Order { run: dir.path().to_owned(), out: out.to_owned(), format, merged: false, force: false }
}

fn export(dir: &RunDir, out: &Path, format: Option<Format>) -> Result<String, String> {
    let mut said = Vec::new();
    export::export(&order(dir, out, format), &mut said).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(said).unwrap())
}

/// What a read-back may differ by where the same numbers come in the same order.
fn same_order() -> f64 {
    if finetop::spec::processor::multiplies_with_onednn() { 0.0 } else { 2e-6 }
}

/// The largest difference of a logit that an export tells of.
fn read_back(said: &str) -> f64 {
    said.lines().nth(1).unwrap().rsplit(' ').next().unwrap().parse().unwrap()
}

/// The method as it can be exported: bottlenecks of AdapterHub leave the layer norms alone.
fn exportable(method: Method) -> (Method, Head) {
    let head = if matches!(method, Method::PromptTuning(_)) { Head { pooling: Pooling::Peft, ..POOLER } } else { POOLER };
    match method {
        Method::HoulsbyAdapter(adapter) => {
            (Method::HoulsbyAdapter(finetop::spec::method::adapter::Adapter { train_layer_norms: false, ..adapter }), head)
        }
        other => (other, head),
    }
}

#[test]
fn every_method_is_exported_and_read_back_to_the_same_bits() {
    for method in Method::examples() {
        let folder = tempfile::tempdir().unwrap();
        let (method, head) = exportable(method);
        let dir = run(folder.path(), method.clone(), head);
        let out = folder.path().join("out");
        let said = export(&dir, &out, None).unwrap_or_else(|error| panic!("{method:?}: {error}"));
        // Computed from a projection, the same numbers come in another order.
        let is_exact = !matches!(&method, Method::PrefixTuning(prefix) if prefix.projection.is_some());
        assert!(read_back(&said) <= if is_exact { same_order() } else { 2e-6 }, "{method:?}: {said}");
        assert!(said.contains("27 validation rows") && said.contains(&format!("({}, ", default_format(&method).name())), "{said}");
        assert!(out.join("README.md").is_file() && out.join("finetop.json").is_file());
        assert!(std::fs::read_dir(folder.path()).unwrap().all(|entry| !entry.unwrap().file_name().to_string_lossy().starts_with('.')));
    }
}

#[test]
fn what_merges_is_exported_as_a_whole_checkpoint() {
    for method in Method::examples().into_iter().filter(Method::merges) {
        let folder = tempfile::tempdir().unwrap();
        let dir = run(folder.path(), method, POOLER);
        let out = folder.path().join("out");
        export(&dir, &out, Some(Format::Transformers)).unwrap();
        let config: Value = serde_json::from_slice(&std::fs::read(out.join("config.json")).unwrap()).unwrap();
        assert_eq!(config["architectures"], json!(["BertForSequenceClassification"]));
        assert_eq!(config["id2label"], json!({"0": "blue", "1": "green", "2": "red"}));
        assert!(out.join("tokenizer.json").is_file());
    }
}

#[test]
fn what_a_format_cannot_hold_is_refused_with_what_would_work() {
    let check = |method: &str, given: Value, head: Head, format: Option<Format>, expected: &str| {
        let folder = tempfile::tempdir().unwrap();
        let dir = run(folder.path(), Method::example(method, &given), head);
        let error = export(&dir, &folder.path().join("out"), format).unwrap_err();
        assert!(error.contains(expected), "{method}: {error}");
        assert!(!folder.path().join("out").exists());
    };
    let mean = || Head { pooling: Pooling::Mean, ..POOLER };
    check("prompt_tuning", json!({"length": 3}), POOLER, None, "head: {pooling: peft}");
    check("houlsby_adapter", json!({}), POOLER, None, "train_layer_norms: false");
    check("lora", json!({}), mean(), None, "with `head: {pooling: pooler, classifier: linear}`");
    check("full", json!({}), Head { classifier: Classifier::Mlp, ..POOLER }, None, "classifier: linear");
    check("pfeiffer_adapter", json!({}), mean(), None, "{pooling: cls}");
    check("full", json!({}), POOLER, Some(Format::Peft), "--format transformers");
    check("bitfit", json!({}), POOLER, Some(Format::AdapterHub), "--format transformers");
    check("pfeiffer_adapter", json!({}), POOLER, Some(Format::Transformers), "--format adapterhub");
    check("prefix_tuning", json!({"length": 2}), POOLER, Some(Format::Transformers), "--format peft");
}

#[test]
fn a_folder_that_holds_something_is_replaced_only_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let dir = run(folder.path(), Method::example("lora", &json!({})), POOLER);
    let out = folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("mine.txt"), "mine").unwrap();
    let error = export(&dir, &out, None).unwrap_err();
    assert!(error.contains("--force") && out.join("mine.txt").exists(), "{error}");
    export::export(&Order { force: true, ..order(&dir, &out, None) }, &mut Vec::new()).unwrap();
    assert!(!out.join("mine.txt").exists() && out.join("adapter_config.json").exists());
    std::fs::remove_file(folder.path().join("validation.tsv")).unwrap();
    let said = export(&dir, &folder.path().join("second"), None).unwrap();
    assert!(said.contains("the run's data are gone"), "{said}");
}

/// The program, beside the worker: `cargo test` builds both.
fn finetop(folder: &Path, arguments: &[&str]) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_finetop-worker")).with_file_name("finetop");
    Command::new(program).current_dir(folder).args(arguments).env("CI", "1").output().unwrap()
}

/// An exported adapter of the tiny model in `folder/out`.
fn exported(method: &str, given: &Value) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (method, head) = exportable(Method::example(method, given));
    let dir = run(folder.path(), method, head);
    let out = folder.path().join("out");
    export(&dir, &out, None).unwrap();
    (folder, out)
}

#[test]
fn an_exported_adapter_becomes_a_run_that_is_evaluated_and_exported_to_the_same_bits() {
    for (method, given) in [("lora", json!({"rank": 3, "targets": ["key", "ffn_down"]})), ("parallel_adapter", json!({"size": 5}))] {
        let (folder, out) = exported(method, &given);
        let output = finetop(folder.path(), &["import", "out", "--data", "train.tsv", "--epochs", "0", "--headless"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let imported = folder.path().join("runs/out-1").join(method);
        let again = folder.path().join("again");
        export(&RunDir::new(&imported), &again, None).unwrap();
        let weights = |folder: &Path| match method {
            "lora" => std::fs::read(folder.join("adapter_model.safetensors")).unwrap(),
            _ => start_bytes(&folder.join("adapter.safetensors")),
        };
        assert!(weights(&out) == weights(&again), "{method}");
    }
}

/// The weights behind the header.
fn start_bytes(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    bytes[8 + header..].to_vec()
}

#[test]
fn a_run_goes_on_from_another_run() {
    let (folder, _) = exported("lora", &json!({"rank": 2}));
    let experiment = "name: next\nmodel: model\ndata: {train: train.tsv, validation: validation.tsv, max_length: 16}\nepochs: 1\nbatch_size: 8\nruns:\n  - {method: lora, rank: 2, from: run, lr: 1e-9, warmup: 0.0}\n";
    std::fs::write(folder.path().join("next.yaml"), experiment).unwrap();
    let output = finetop(folder.path(), &["run", "next.yaml", "--headless"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |run: &str| start::read(&folder.path().join(run).join("checkpoints/best.safetensors")).unwrap();
    let (before, after) = (read("run"), read("runs/next-1/lora"));
    for (name, tensor) in &before {
        let difference = tiny::difference(tensor, &after[name]);
        assert!(difference < 1e-6, "{name} moved by {difference}");
    }
}

/// Says what `finetop import` says of the folder after `change`, with exit code 2 and nothing written.
fn refused(method: &str, given: &Value, change: impl Fn(&Path), arguments: &[&str]) -> String {
    let (folder, out) = exported(method, given);
    change(&out);
    let all = [&["import", "out", "--data", "train.tsv", "--headless"], arguments].concat();
    let output = finetop(folder.path(), &all);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(!folder.path().join("runs").exists(), "{error}");
    error
}

/// Changes keys of the adapter's configuration.
fn set(changes: Value) -> impl Fn(&Path) {
    move |out| {
        let path = out.join("adapter_config.json");
        let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for (key, value) in changes.as_object().unwrap() {
            config[key] = value.clone();
        }
        std::fs::write(path, config.to_string()).unwrap();
        std::fs::remove_file(out.join("finetop.json")).unwrap();
    }
}

#[test]
fn a_peft_folder_that_is_not_what_it_says_is_one_clear_error() {
    let lora = json!({"rank": 3});
    let check = |changes: Value, expected: &str| {
        let error = refused("lora", &lora, set(changes), &[]);
        assert!(error.contains(expected) && error.lines().count() == 1, "{expected}: {error}");
    };
    check(json!({"peft_type": "VERA"}), "`peft_type` is \"VERA\"; finetop reads LORA, IA3");
    check(json!({"task_type": "CAUSAL_LM"}), "`task_type` must be SEQ_CLS");
    check(json!({"r": 4}), "has shape [3, 24]; the configuration and this model ask for [4, 24]");
    check(json!({"r": "x"}), "`r` must be a whole number of at least 1, not \"x\"");
    check(json!({"use_dora": true}), "lora_magnitude_vector [24] is missing");
    check(json!({"bias": "lora_only"}), "`bias` is \"lora_only\"");
    check(json!({"rank_pattern": {"query": 8}}), "option \"rank_pattern\" is {\"query\":8}");
    check(json!({"layers_to_transform": [0]}), "option \"layers_to_transform\"");
    check(json!({"a_key_of_tomorrow": true}), "option \"a_key_of_tomorrow\" is true");
    check(json!({"init_lora_weights": "pissa"}), "`init_lora_weights` must be");
    check(json!({"modules_to_save": ["classifier", "pooler"]}), "`modules_to_save` has \"pooler\"");
    check(json!({"target_modules": ["query"]}), "`target_modules` is [\"query\"]: the layers query, but the weights are of query, value");
    check(json!({"base_model_name_or_path": "google/other"}), "the base model cannot be found");
}

#[test]
fn an_adapter_of_another_base_is_an_error_that_names_both() {
    let (folder, out) = exported("lora", &json!({"rank": 3}));
    let cached = folder.path().join("hub/models--org--tiny");
    std::fs::create_dir_all(cached.join("snapshots")).unwrap();
    std::fs::create_dir_all(cached.join("refs")).unwrap();
    std::fs::write(cached.join("refs/main"), "abc").unwrap();
    std::fs::rename(folder.path().join("model"), cached.join("snapshots/abc")).unwrap();
    let said = |base: &str| {
        let path = out.join("adapter_config.json");
        let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        config["base_model_name_or_path"] = base.into();
        std::fs::write(path, config.to_string()).unwrap();
        let text = "name: next\nmodel: org/tiny\ndata: {train: train.tsv, max_length: 16}\nruns:\n  - {method: lora, rank: 3, from: out}\n";
        std::fs::write(folder.path().join("next.yaml"), text).unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_finetop-worker")).with_file_name("finetop");
        let mut command = Command::new(program);
        command.current_dir(folder.path()).args(["plan", "next.yaml"]).env("HF_HUB_CACHE", folder.path().join("hub"));
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap())
    };
    let (code, error) = said("org/other");
    assert!(code == Some(2) && error.contains("made for the base model \"org/other\"; this run's model is \"org/tiny\""), "{error}");
    let (code, text) = said("org/tiny");
    assert!(code == Some(0) && !text.contains("cannot be checked"), "{text}");
    let (code, text) = said("/some/folder");
    assert!(code == Some(0) && text.contains("cannot be checked"), "{text}");
}

#[test]
fn weights_that_are_missing_misspelt_or_pickled_are_one_clear_error() {
    let lora = json!({"rank": 3});
    let rename = |from: &'static str, to: &'static str| {
        move |out: &Path| {
            let path = out.join("adapter_model.safetensors");
            let tensors = start::read(&path).unwrap();
            let tensors = tensors.into_iter().filter(|(name, _)| !(to.is_empty() && name.contains(from)));
            let tensors = tensors.map(|(name, tensor)| (name.replace(from, to), tensor)).collect();
            checkpoint::write_tensors(&path, tensors).unwrap();
        }
    };
    let misspelt = refused("lora", &lora, rename("layer.1.attention.self.query.lora_A", "layer.1.attention.self.query.lora_a"), &[]);
    assert!(
        misspelt.contains("layer.1.attention.self.query.lora_A.weight [3, 24] is missing") && misspelt.contains("lora_a.weight\" is none"),
        "{misspelt}"
    );
    let headless = refused("lora", &lora, rename("base_model.model.classifier.", ""), &[]);
    assert!(headless.contains("the head is missing") && headless.contains("modules_to_save"), "{headless}");
    let pickled =
        refused("lora", &lora, |out| std::fs::rename(out.join("adapter_model.safetensors"), out.join("adapter_model.bin")).unwrap(), &[]);
    assert!(pickled.contains("a pickle, which can run code when read") && pickled.contains("save_file(torch.load("), "{pickled}");
    let cut = refused(
        "lora",
        &lora,
        |out| {
            let path = out.join("adapter_model.safetensors");
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(path, &bytes[..bytes.len() - 4]).unwrap();
        },
        &[],
    );
    assert!(cut.contains("is truncated"), "{cut}");
    let tampered = refused(
        "lora",
        &lora,
        |out| {
            let path = out.join("finetop.json");
            let text = std::fs::read_to_string(&path).unwrap().replace("\"rank\": 3", "\"rank\": 5");
            std::fs::write(path, text).unwrap();
        },
        &[],
    );
    assert!(tampered.contains("does not agree with adapter_config.json on rank"), "{tampered}");
    let pickled = refused(
        "pfeiffer_adapter",
        &json!({"size": 4}),
        |out| std::fs::rename(out.join("adapter.safetensors"), out.join("pytorch_adapter.bin")).unwrap(),
        &[],
    );
    assert!(pickled.contains("pytorch_adapter.bin, a pickle"), "{pickled}");
}

#[test]
fn an_experiment_that_contradicts_its_adapter_is_told_where() {
    let (folder, _) = exported("lora", &json!({"rank": 3}));
    let check = |run: &str, data: &str, expected: &str| {
        let text = format!("name: next\nmodel: model\ndata: {{train: train.tsv, max_length: 16{data}}}\nruns:\n  - {{{run}}}\n");
        std::fs::write(folder.path().join("next.yaml"), text).unwrap();
        let output = finetop(folder.path(), &["plan", "next.yaml"]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains("next.yaml:5:") && error.contains(expected), "{expected}: {error}");
    };
    check("method: lora, rank: 4, from: out", "", "its weights are of `rank` 3, but this run says 4");
    check("method: ia3, from: out", "", "it holds weights of lora, but this run's method is ia3");
    check("method: lora, rank: 3, from: nowhere", "", "there is no folder \"nowhere\" of an adapter or a run");
    check("method: lora, rank: 3, from: model", "", "is a whole model, not an adapter: name it as `model`");
    check("method: lora, rank: 3, from: out, head: {pooling: mean}", "", "write `head: {pooling: pooler, classifier: linear}`");
    check("method: lora, rank: 3, from: out", ", labels: [red, green, blue]", "write `labels: [blue, green, red]` under `data`");
    check("method: lora, epochs: 0", "", "give it a `from`");
}

#[test]
fn a_head_of_other_labels_begins_anew_and_cannot_be_evaluated_alone() {
    let folder = tempfile::tempdir().unwrap();
    let spec = RunSpec { method: Method::example("lora", &json!({"rank": 3})), ..tiny::spec(folder.path(), Method::Full) };
    run_of(folder.path(), &spec);
    let two: Vec<String> = std::fs::read_to_string(folder.path().join("train.tsv"))
        .unwrap()
        .lines()
        .filter(|line| !line.ends_with("\tblue"))
        .map(str::to_owned)
        .collect();
    std::fs::write(folder.path().join("two.tsv"), two.join("\n") + "\n").unwrap();
    let plan = |epochs: u32| {
        let text = format!(
            "name: next\nmodel: model\ndata: {{train: two.tsv, max_length: 16}}\nepochs: {epochs}\nruns:\n  - {{method: lora, rank: 3, from: run}}\n"
        );
        std::fs::write(folder.path().join("next.yaml"), text).unwrap();
        let output = finetop(folder.path(), &["plan", "next.yaml"]);
        (output.status.code(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = plan(1);
    assert!(code == Some(0) && said.contains("its head has 3 labels, the data 2: the head begins anew"), "{said}");
    let (code, said) = plan(0);
    assert!(code == Some(2) && said.contains("nothing to evaluate with `epochs: 0`"), "{said}");
}

#[test]
fn an_adapter_is_not_taken_for_a_model_of_another_size() {
    let backbone = finetop::spec::backbone::Backbone::bert(2, 48, 3);
    for (folder, expected) in [
        ("peft_lora", "ask for [3, 48]"),
        ("peft_prefix", "`token_dim` is 24, but this run's model has 48"),
        ("adapterhub_seq_bn", "hidden size 24; this run's model has 48"),
    ] {
        let error = artefact::read(&tiny::fixture("interop").join(folder), &backbone).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_registry_of_tensors_is_what_the_engine_makes() {
    let folder = tempfile::tempdir().unwrap();
    for method in Method::examples() {
        for classifier in [Classifier::Linear, Classifier::Mlp] {
            let head = Head { classifier, ..POOLER };
            let spec = RunSpec { method: method.clone(), head: head.clone(), ..tiny::spec(folder.path(), Method::Full) };
            let Model { folder: model, .. } = &spec.model;
            let backbone = pretrained::config::read(model).unwrap();
            let mut params = Params::new(method.backbone_training(&backbone), Device::Cpu);
            let plan = NetworkPlan { backbone: &backbone, method: &method, head: &head, n_outputs: 3, seed: 1, tokenize: &|_| vec![2, 3] };
            Network::load(model, &plan, &mut params).unwrap();
            let mut made: Vec<(String, Vec<i64>)> =
                params.trainable().into_iter().map(|(name, tensor)| (name.to_owned(), tensor.size())).collect();
            let mut told = finetop::interop::tensors::of_backbone(&method, &head, &backbone);
            told.extend(finetop::interop::tensors::of_method(&method, &backbone));
            told.extend(finetop::interop::tensors::of_head(&head, &backbone, 3));
            let mut told: Vec<(String, Vec<i64>)> = told.into_iter().map(|tensor| (tensor.name, tensor.shape)).collect();
            made.sort();
            told.sort();
            assert_eq!(made, told, "{method:?}");
        }
    }
}

#[test]
fn every_family_is_exported_under_its_own_names_and_read_back_to_the_same_bits() {
    let examples = [
        ("lora", json!({"rank": 2, "targets": ["query", "ffn_down"]})),
        ("layer_norm_tuning", json!({})),
        ("pfeiffer_adapter", json!({"size": 5})),
        ("bitfit", json!({})),
    ];
    for (family, prefix) in [("roberta", "roberta.encoder."), ("distilbert", "distilbert.transformer.")] {
        for (method, given) in &examples {
            let folder = tempfile::tempdir().unwrap();
            let model = folder.path().join("other");
            std::fs::create_dir(&model).unwrap();
            for entry in std::fs::read_dir(tiny::fixture("families").join(family)).unwrap() {
                let path = entry.unwrap().path();
                std::fs::copy(&path, model.join(path.file_name().unwrap())).unwrap();
            }
            tiny::write_tokenizer(&model.join("tokenizer.json"), 0);
            let head = Head::of_family(&pretrained::config::read(&model).unwrap(), false);
            let spec = RunSpec { method: Method::example(method, given), head, ..tiny::spec(folder.path(), Method::Full) };
            let spec = RunSpec { model: Model { id: "other".to_owned(), folder: model }, ..spec };
            let dir = run_of(folder.path(), &spec);
            let out = folder.path().join("out");
            let said = export(&dir, &out, None).unwrap_or_else(|error| panic!("{family} {method}: {error}"));
            assert!(read_back(&said) <= same_order(), "{family} {method}: {said}");
            let weights = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path());
            let weights = weights.filter(|path| path.extension().is_some_and(|ending| ending == "safetensors"));
            assert!(
                weights.flat_map(|path| start::read(&path).unwrap().into_keys()).any(|name| name.contains(prefix)),
                "{family} {method}"
            );
        }
    }
}
