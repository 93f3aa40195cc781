//! What each synthetic run is and how its losses go. Data and closed formulas only.

use serde_json::Map;

use std::path::PathBuf;

use crate::metric::MetricName;
use crate::run::event::Ledger;
use crate::run::ledger;
use crate::spec::backbone::Backbone;
use crate::spec::continuation::{CheckpointEvery, RESTARTS};
use crate::spec::early_stopping::EarlyStopping;
use crate::spec::head::{Classifier, Head, Pooling};
use crate::spec::method::site::Site;
use crate::spec::method::{Method, lora};
use crate::spec::optimization::{EvaluateEvery, Optimization, Schedule};
use crate::spec::run::{Device, Model, Precision, RunSpec};
use crate::spec::task::{Columns, Task, TaskKind};

/// Rows of the training split.
pub const TRAIN_ROWS: u64 = 800;
/// Rows of the validation split.
pub const VALIDATION_ROWS: u64 = 200;
/// Rows of the test split.
pub const TEST_ROWS: u64 = 200;
/// Rows per step.
pub const BATCH: u64 = 32;
/// Labels of the task.
pub const LABELS: [&str; 4] = ["question", "request", "complaint", "praise"];

/// How a run ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// By itself, after its epochs or by early stopping.
    Finishes,
    /// Its loss becomes NaN at this step.
    Diverges(u64),
    /// Its process is killed at this step, with these lines on stderr.
    Fails(u64, Vec<String>),
}

/// One run of the demonstration.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// What it is.
    pub spec: RunSpec,
    /// Seconds per step.
    pub step_seconds: f64,
    /// Where the training loss goes, and in how many steps.
    pub train: Curve,
    /// Where the validation loss goes, and in how many steps.
    pub validation: Curve,
    /// Rise of the validation loss per 100 steps beyond the first 100.
    pub rise: f64,
    /// Highest validation accuracy.
    pub accuracy: f64,
    /// Resident memory in bytes.
    pub memory_bytes: u64,
    /// How it ends.
    pub fate: Fate,
}

/// An exponential fall from `ln(4)` to `floor`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// Where it goes.
    pub floor: f64,
    /// Steps until the distance is 1/e of what it was.
    pub steps: f64,
}

impl Curve {
    /// The value after `step` steps.
    pub fn at(&self, step: f64) -> f64 {
        self.floor + (4.0_f64.ln() - self.floor) * (-step / self.steps).exp()
    }
}

/// The runs, in the order of the queue.
pub fn scripts() -> Vec<Script> {
    let lora = |rank: i64, targets: &[Site]| {
        let targets: Vec<&str> = targets.iter().map(|site| site.name()).collect();
        let given = Map::from_iter([("rank".to_owned(), rank.into()), ("targets".to_owned(), targets.into())]);
        Method::with(&lora::ABOUT, &given)
    };
    let attention = [Site::Query, Site::Value];
    let script = |name: &str, method: Method, learning_rate: f64, step_seconds: f64| Script {
        spec: spec(name, method, learning_rate),
        step_seconds,
        train: Curve { floor: 0.2, steps: 60.0 },
        validation: Curve { floor: 0.36, steps: 50.0 },
        rise: 0.0,
        accuracy: 0.9,
        memory_bytes: 700 << 20,
        fate: Fate::Finishes,
    };
    let stderr = ["loading model", "RuntimeError: [enforce fail] could not allocate 1207959552 bytes: out of memory"];
    vec![
        Script {
            train: Curve { floor: 0.004, steps: 42.0 },
            validation: Curve { floor: 0.33, steps: 34.0 },
            rise: 0.16,
            accuracy: 0.905,
            memory_bytes: 1180 << 20,
            ..script("full", Method::Full, 5e-5, 0.22)
        },
        Script {
            train: Curve { floor: 0.63, steps: 45.0 },
            validation: Curve { floor: 0.68, steps: 44.0 },
            accuracy: 0.785,
            memory_bytes: 310 << 20,
            ..script("feature", Method::FeatureExtraction, 1e-2, 0.14)
        },
        Script {
            train: Curve { floor: 0.2, steps: 66.0 },
            validation: Curve { floor: 0.345, steps: 58.0 },
            accuracy: 0.89,
            ..script("lora-r8", lora(8, &attention), 5e-4, 0.19)
        },
        Script { fate: Fate::Diverges(58), ..script("lora-lr5", lora(8, &attention), 5.0, 0.18) },
        Script {
            fate: Fate::Fails(31, stderr.map(str::to_owned).to_vec()),
            memory_bytes: 2900 << 20,
            ..script("full-fp64", Method::Full, 5e-5, 0.3)
        },
        Script {
            train: Curve { floor: 0.1, steps: 55.0 },
            validation: Curve { floor: 0.33, steps: 48.0 },
            rise: 0.03,
            accuracy: 0.9,
            memory_bytes: 860 << 20,
            ..script("lora-r16-all-layers", lora(16, &Site::ALL), 5e-4, 0.24)
        },
        Script {
            train: Curve { floor: 0.004, steps: 42.0 },
            validation: Curve { floor: 0.34, steps: 34.0 },
            rise: 0.15,
            accuracy: 0.9,
            memory_bytes: 1180 << 20,
            ..script("full-seed2", Method::Full, 5e-5, 0.22)
        },
    ]
}

/// Parameters by role on the shape of all-MiniLM-L6-v2.
pub fn ledger(spec: &RunSpec) -> Ledger {
    ledger::planned(spec, &Backbone::bert(6, 384, 12))
}

fn spec(name: &str, method: Method, learning_rate: f64) -> RunSpec {
    let file = |split: &str| PathBuf::from(format!("/demo/{split}.tsv"));
    RunSpec {
        start_from: None,
        experiment: "demo".to_owned(),
        name: name.to_owned(),
        model: Model { id: "sentence-transformers/all-MiniLM-L6-v2".to_owned(), folder: PathBuf::from("/demo/model") },
        task: Task {
            kind: TaskKind::Classification,
            train: file("train"),
            validation: Some(file("validation")),
            test: Some(file("test")),
            validation_share: 0.1,
            split_seed: 1,
            max_train_rows: None,
            columns: Columns { text: "text".to_owned(), text_pair: None, label: "label".to_owned() },
            labels: LABELS.map(str::to_owned).to_vec(),
            max_length: 128,
        },
        method,
        head: Head { pooling: Pooling::Mean, classifier: Classifier::Linear, dropout: 0.1 },
        optimization: Optimization {
            epochs: 10,
            batch_size: BATCH as usize,
            gradient_accumulation: 1,
            activation_recomputation: false,
            learning_rate,
            head_learning_rate: None,
            schedule: Schedule::Linear,
            warmup_ratio: 0.1,
            layer_decay: 1.0,
            weight_decay: 0.01,
            max_grad_norm: Some(1.0),
            label_smoothing: 0.0,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            dropout: None,
            evaluate: EvaluateEvery::Epoch,
        },
        early_stopping: Some(EarlyStopping { metric: MetricName::Accuracy, patience: 5, min_delta: 0.0 }),
        best_metric: MetricName::Accuracy,
        seed: if name.ends_with("seed2") { 2 } else { 1 },
        threads: 1,
        device: Device::Cpu,
        precision: Precision::Fp32,
        checkpoint: CheckpointEvery::default(),
        restarts: RESTARTS,
        extensions: Vec::new(),
    }
}
