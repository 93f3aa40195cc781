//! Experiment files → plans or errors, on a tiny model made on the spot; the texts of all errors are one snapshot each.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use finetop::hub::variables::HubVariables;
use finetop::plan::environment::Environment;
use finetop::plan::error::PlanError;
use finetop::plan::prepare::{Plan, prepare};
use finetop::pretrained::config;
use finetop::report;
use finetop::spec::backbone::BackboneTensor;
use finetop::spec::experiment::overrides::Overrides;
use finetop::spec::method::Method;
use finetop::spec::run::Precision;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use tempfile::TempDir;

const CONFIG: &str = r#"{"model_type": "bert", "vocab_size": 40, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 16, "max_position_embeddings": 64, "type_vocab_size": 2, "hidden_act": "gelu"}"#;

/// A folder with a cache that holds the default model, and the model folders `tiny` and `headless`.
struct Place {
    folder: TempDir,
    overrides: Overrides,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap(), overrides: Overrides::default() };
        let cached = place.path("hub/models--sentence-transformers--all-MiniLM-L6-v2");
        fs::create_dir_all(cached.join("refs")).unwrap();
        fs::write(cached.join("refs/main"), "abc").unwrap();
        write_model(&cached.join("snapshots/abc"), true);
        write_model(&place.path("tiny"), true);
        write_model(&place.path("headless"), false);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn prepare(&self, file: &Path) -> Result<Plan, PlanError> {
        let home = fixtures().parent().map(Path::to_owned);
        let hub = HubVariables { hf_hub_cache: Some(self.path("hub")), home, ..HubVariables::default() };
        prepare(
            file,
            &self.overrides,
            &Environment {
                current_folder: self.folder.path().to_owned(),
                n_cores: 2,
                precision: Precision::Fp32,
                multiplies_with_onednn: false,
                hub,
            },
        )
    }

    /// The error for an experiment of this text, with our folder's name replaced.
    fn error(&self, text: &str) -> String {
        let file = self.path("e.yaml");
        fs::write(&file, text).unwrap();
        self.redacted(&self.prepare(&file).unwrap_err().to_string())
    }

    fn redacted(&self, text: &str) -> String {
        let fixtures = fixtures().display().to_string();
        text.replace(&self.folder.path().display().to_string(), "HERE").replace(&fixtures, "experiments")
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/experiments")
}

fn write_model(folder: &Path, with_pooler: bool) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("config.json"), CONFIG).unwrap();
    fs::write(folder.join("tokenizer.json"), r#"{"added_tokens": [], "model": {"vocab": {"[PAD]": 0, "a": 39}}}"#).unwrap();
    let backbone = config::read(folder).unwrap();
    let zeros = vec![0u8; 4 * 40 * 16];
    let tensors = backbone.tensors(with_pooler).into_iter().map(|BackboneTensor { name, shape, .. }| {
        let shape: Vec<usize> = shape.into_iter().map(|side| side as usize).collect();
        let bytes = 4 * shape.iter().product::<usize>();
        (name, TensorView::new(Dtype::F32, shape, &zeros[..bytes]).unwrap())
    });
    fs::write(folder.join("model.safetensors"), safetensors::serialize(tensors, None).unwrap()).unwrap();
}

fn yaml_files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(fixtures().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_bad_experiment_is_refused_with_file_line_column_key_and_remedy() {
    let place = Place::new();
    let mut errors = String::new();
    for file in yaml_files("invalid") {
        let error = match place.prepare(&file) {
            Err(error) => place.redacted(&error.to_string()),
            Ok(_) => panic!("{} was accepted", file.display()),
        };
        assert!(!error.contains(|character: char| character.is_control() && character != '\n'), "{error:?}");
        writeln!(errors, "{}\n", error.replace("experiments/invalid/", "")).unwrap();
    }
    insta::assert_snapshot!(errors);
}

#[test]
fn every_good_experiment_has_a_plan() {
    let place = Place::new();
    let mut plans = String::new();
    for file in yaml_files("valid") {
        let plan = place.prepare(&file).unwrap_or_else(|error| panic!("{error}"));
        writeln!(plans, "{}", place.redacted(&report::plan::text(&plan))).unwrap();
        let json: serde_json::Value = serde_json::from_str(&report::plan::json(&plan)).unwrap();
        assert_eq!(json["runs"].as_array().unwrap().len(), plan.runs.len());
    }
    insta::assert_snapshot!(plans);
}

#[test]
fn what_a_method_says_to_paste_is_that_method_with_its_defaults() {
    let place = Place::new();
    let file = place.path("pasted.yaml");
    for method in Method::defaults() {
        let data = fixtures().join("data/train.tsv");
        let runs = report::methods::snippet(method.about()).join("\n").replace("\n  ", "\n");
        fs::write(&file, format!("model: tiny\ndata: {{train: {}}}\n{}\n", data.display(), runs.trim_start())).unwrap();
        let plan = place.prepare(&file).unwrap_or_else(|error| panic!("{error}"));
        let spec = &plan.specs()[0];
        assert_eq!(spec.method, method);
        assert!((spec.optimization.learning_rate - method.about().learning_rate).abs() < f64::EPSILON);
    }
}

#[test]
fn every_default_is_spelled_out() {
    let place = Place::new();
    let plan = place.prepare(&fixtures().join("valid/minimal.yaml")).unwrap();
    insta::assert_snapshot!(place.redacted(&serde_yaml::to_string(&plan.specs()[0]).unwrap()));
}

#[test]
fn paths_start_from_the_files_folder_and_then_from_the_current_one() {
    let place = Place::new();
    let rows = "text\tlabel\na\tx\nb\ty\nc\tx\nd\ty\n";
    fs::create_dir(place.path("deep")).unwrap();
    fs::write(place.path("here.tsv"), rows).unwrap();
    fs::write(place.path("deep/e.yaml"), "data: {train: here.tsv}\nruns: [{method: full}]\n").unwrap();
    let train = |place: &Place| place.prepare(Path::new("deep/e.yaml")).unwrap().task.train;
    assert_eq!(train(&place), place.path("here.tsv"));
    fs::write(place.path("deep/here.tsv"), rows).unwrap();
    assert_eq!(train(&place), place.path("deep/here.tsv"));
}

#[test]
fn the_command_line_replaces_data_rows_epochs_and_seed() {
    let mut place = Place::new();
    let minimal = fixtures().join("valid/minimal.yaml");
    fs::create_dir(place.path("mine")).unwrap();
    let rows = "text\tlabel\na\tx\nb\ty\nc\tx\nd\ty\ne\tz\n";
    for name in ["train.tsv", "dev.tsv"] {
        fs::write(place.path("mine").join(name), rows).unwrap();
    }
    place.overrides = Overrides { data: Some("mine".into()), max_train_rows: Some(3), epochs: Some(7), seed: Some(9) };
    let plan = place.prepare(&minimal).unwrap();
    let (spec, task) = (&plan.runs[0].spec, &plan.task);
    assert_eq!((&task.train, &task.validation), (&place.path("mine/train.tsv"), &Some(place.path("mine/dev.tsv"))));
    assert_eq!((task.labels.join(","), plan.survey.splits[0].n_rows), ("x,y,z".to_owned(), 3));
    assert_eq!((spec.optimization.epochs, spec.seed, &spec.task), (7, 9, task));
    let second = report::plan::text(&plan).lines().nth(1).unwrap().to_owned();
    assert_eq!(second, "with --data mine --max-train-rows 3 --epochs 7 --seed 9");

    place.overrides = Overrides { data: Some("mine/dev.tsv".into()), ..Overrides::default() };
    let task = place.prepare(&minimal).unwrap().task;
    assert_eq!((task.train, task.validation), (place.path("mine/dev.tsv"), None));
}

#[test]
fn errors_in_data_of_the_command_line_say_so() {
    let mut place = Place::new();
    let minimal = fixtures().join("valid/minimal.yaml");
    fs::create_dir(place.path("both")).unwrap();
    fs::write(place.path("both/train.tsv"), "sentence\tlabel\na\tx\n").unwrap();
    fs::write(place.path("notes.txt"), "a").unwrap();
    let mut error = |data: &str| {
        place.overrides = Overrides { data: Some(data.into()), ..Overrides::default() };
        place.redacted(&place.prepare(&minimal).unwrap_err().to_string())
    };
    let mut errors = vec![error("nowhere"), error("tiny"), error("both"), error("notes.txt")];
    fs::write(place.path("both/train.csv"), "text,label\na,x\n").unwrap();
    place.overrides = Overrides { data: Some("both".into()), ..Overrides::default() };
    errors.push(place.redacted(&place.prepare(&minimal).unwrap_err().to_string()));
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn a_folder_of_the_hub_with_one_parquet_file_a_split_is_read() {
    let mut place = Place::new();
    fs::create_dir(place.path("hubset")).unwrap();
    for split in ["train", "validation"] {
        let named = fixtures().join("../parquet/named.parquet");
        fs::copy(named, place.path("hubset").join(format!("{split}-00000-of-00001.parquet"))).unwrap();
    }
    place.overrides = Overrides { data: Some("hubset".into()), ..Overrides::default() };
    let plan = place.prepare(&fixtures().join("valid/minimal.yaml")).unwrap();
    assert_eq!(plan.task.labels, ["negative", "positive"]);
    assert_eq!(plan.task.validation, Some(place.path("hubset/validation-00000-of-00001.parquet")));
}

#[test]
fn a_folder_and_a_missing_file_are_no_experiments() {
    let place = Place::new();
    let error = |name: &str| place.prepare(Path::new(name)).unwrap_err().to_string();
    assert_eq!(error("tiny"), "tiny: it is a folder; name an experiment file in it");
    assert_eq!(error("nowhere.yaml"), "nowhere.yaml: there is no such file");
}

#[test]
fn broken_models_are_refused_by_what_is_wrong_with_them() {
    let place = Place::new();
    let train = fixtures().join("data/train.tsv").display().to_string();
    let experiment = format!("model: tiny\ndata: {{train: {train}}}\nruns: [{{method: full}}]\n");
    let weights = place.path("tiny/model.safetensors");
    let whole = fs::read(&weights).unwrap();
    fs::write(&weights, &whole[..whole.len() - 9]).unwrap();
    let mut errors = vec![place.error(&experiment)];
    fs::remove_file(&weights).unwrap();
    errors.push(place.error(&experiment));
    fs::write(place.path("tiny/pytorch_model.bin"), "pickle").unwrap();
    errors.push(place.error(&experiment));
    fs::write(&weights, &whole).unwrap();
    fs::write(place.path("tiny/tokenizer.json"), r#"{"model": {"vocab": {"a": 40}}}"#).unwrap();
    errors.push(place.error(&experiment));
    fs::write(place.path("tiny/config.json"), CONFIG.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3")).unwrap();
    errors.push(place.error(&experiment));
    fs::write(place.path("tiny/config.json"), CONFIG.replace("\"hidden_size\": 8", "\"hidden_size\": 16")).unwrap();
    errors.push(place.error(&experiment));
    fs::write(place.path("tiny/config.json"), CONFIG.replace("bert", "gpt2")).unwrap();
    errors.push(place.error(&experiment));
    fs::write(place.path("tiny/config.json"), CONFIG).unwrap();
    fs::remove_file(place.path("tiny/tokenizer.json")).unwrap();
    errors.push(place.error(&experiment));
    fs::write(place.path("tiny/vocab.txt"), "[PAD]\n").unwrap();
    errors.push(place.error(&experiment));
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn the_shipped_experiments_are_good() {
    let place = Place::new();
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments")).unwrap() {
        let file = file.unwrap().path();
        let hub = HubVariables { hf_hub_cache: Some(place.path("hub")), ..HubVariables::default() };
        let environment = Environment {
            current_folder: env!("CARGO_MANIFEST_DIR").into(),
            n_cores: 2,
            precision: Precision::Fp32,
            multiplies_with_onednn: false,
            hub,
        };
        let plan = prepare(&file, &Overrides::default(), &environment).unwrap_or_else(|error| panic!("{error}"));
        assert!(plan.text.starts_with("# "), "{} does not say what it shows", file.display());
    }
}

mod properties {
    use proptest::prelude::*;

    use finetop::spec::experiment::read;

    proptest! {
        #[test]
        fn no_bytes_make_the_experiment_reader_panic(bytes: Vec<u8>) {
            let _ = read::experiment(&bytes);
        }

        #[test]
        fn no_change_of_a_good_experiment_makes_the_reader_panic(cut in 0usize..400, insert in "[-\\t\\n :{}\\[\\]&*!'\"#0-9a-z]{0,6}", drop in 0usize..6) {
            let text = include_str!("../fixtures/experiments/valid/every-key.yaml");
            let cut = cut.min(text.len());
            let changed = format!("{}{insert}{}", &text[..cut], &text[(cut + drop).min(text.len())..]);
            if let Err(problems) = read::experiment(changed.as_bytes()) {
                prop_assert!(!problems.is_empty());
                for problem in problems {
                    prop_assert!(!problem.to_string().contains(|character: char| character.is_control()), "{}", problem);
                }
            }
        }
    }
}

#[test]
fn plan_prints_to_stdout_and_errors_to_stderr() {
    let place = Place::new();
    let finetop = |file: &str, json: bool| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_finetop"));
        command.arg("plan").arg(fixtures().join(file)).env("HF_HUB_CACHE", place.path("hub")).current_dir(place.folder.path());
        if json {
            command.arg("--json");
        }
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    let (code, out, error) = finetop("valid/minimal.yaml", false);
    assert_eq!((code, error.as_str()), (0, ""));
    assert!(out.starts_with("minimal: 1 run"), "{out}");
    let (code, out, _) = finetop("valid/minimal.yaml", true);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, json["runs"][0]["cost"]["ledger"]["head"].as_u64()), (0, Some(18)));
    let (code, out, error) = finetop("invalid/misspelt-key.yaml", false);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error.contains("misspelt-key.yaml:5:20: unknown key `rnak` in run 3; did you mean `rank`?"), "{error}");
    assert!(fs::read_dir(place.folder.path()).unwrap().all(|entry| entry.unwrap().file_name() != "runs"));
}
