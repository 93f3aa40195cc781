//! Times of the engine's hot parts on a random encoder of the shape of MiniLM-L6 (6 layers of 384, 12 heads), 2 labels, rows of 4 to 60 tokens.
//!
//! `cargo bench -p finetop-engine -- step/lora` runs some of them. Criterion keeps the times in `target/criterion` and says what changed since
//! the last time. Threads: `FINETOP_BENCH_THREADS`, else one per core.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use finetop::data::example::Target;
use finetop::metric::MetricName;
use finetop::spec::backbone::Backbone;
use finetop::spec::method::Method;
use finetop::spec::optimization::{EvaluateEvery, Optimization, Schedule};
use finetop::spec::task::{Columns, Task, TaskKind};
use finetop_engine::crew::{Crew, Read};
use finetop_engine::data::batch::Batch;
use finetop_engine::data::order::training_batches;
use finetop_engine::data::tokenizer::Encoded;
use finetop_engine::evaluate::evaluate;
use finetop_engine::network::{Inputs, Network, NetworkPlan};
use finetop_engine::optimizer::AdamW;
use finetop_engine::params::Params;
use finetop_engine::train::step::Surroundings;
use finetop_engine::{features, processor};
use tch::{Device, Kind, Tensor};

const N_LABELS: usize = 2;
const N_ROWS: usize = 512;
const BATCH_SIZE: usize = 32;

fn rows() -> Vec<Encoded> {
    let row = |index: usize| {
        // Most rows are short, as in SST-2.
        let length = 4 + (index * index * 31 % 57) * (index % 7 + 1) / 7;
        let token_ids = (0..length).map(|position| 1000 + (index * 37 + position * 101) as i64 % 20_000).collect();
        Encoded { token_ids, token_types: vec![0; length], target: Target::Label(index % N_LABELS) }
    };
    (0..N_ROWS).map(row).collect()
}

fn task() -> Task {
    Task {
        kind: TaskKind::Classification,
        train: PathBuf::new(),
        validation: None,
        test: None,
        validation_share: 0.1,
        split_seed: 0,
        max_train_rows: None,
        columns: Columns { text: "text".to_owned(), text_pair: None, label: "label".to_owned() },
        labels: vec!["no".to_owned(), "yes".to_owned()],
        max_length: 128,
    }
}

fn optimization() -> Optimization {
    Optimization {
        epochs: 3,
        batch_size: BATCH_SIZE,
        gradient_accumulation: 1,
        activation_recomputation: false,
        learning_rate: 1e-5,
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
    }
}

/// A network with its optimizer and rows.
struct Subject {
    network: Network,
    optimizer: AdamW,
    inputs: Inputs,
    crew: Crew,
    batches: Vec<Vec<usize>>,
}

impl Subject {
    fn new(method: &Method) -> Self {
        let threads = std::env::var("FINETOP_BENCH_THREADS").ok().and_then(|text| text.parse().ok());
        let threads = threads.or_else(|| std::thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);
        tch::set_num_threads(threads as i32);
        processor::prepare();
        tch::manual_seed(1);
        let backbone = Backbone::bert(6, 384, 12);
        let random = |name: &str, shape: &[i64]| {
            let values = Tensor::randn(shape, (Kind::Float, Device::Cpu)) * backbone.initializer_range;
            if name.ends_with("LayerNorm.weight") { values + 1.0 } else { values }
        };
        let tensors = backbone.tensors(true).into_iter().map(|tensor| (tensor.name.clone(), random(&tensor.name, &tensor.shape)));
        let tensors: BTreeMap<String, Tensor> = tensors.collect();
        let mut params = Params::new(method.backbone_training(&backbone), Device::Cpu);
        let head = method.default_head(&backbone, true);
        let tokenize = |_: &str| vec![101, 2000, 102];
        let plan = NetworkPlan { backbone: &backbone, method, head: &head, n_outputs: N_LABELS, seed: 1, tokenize: &tokenize };
        let network = Network::new(Path::new("random"), tensors, &plan, &mut params).expect("the tensors are those of the shape");
        let rows = rows();
        let is_frozen = *method == Method::FeatureExtraction;
        let crew = Crew::new(threads, Device::Cpu).expect("the system gives threads");
        let mut inputs = Inputs { rows, pooled: None };
        if is_frozen {
            inputs.pooled = features::pooled(&network, &inputs, Device::Cpu, &crew, |_| true);
        }
        let optimizer = AdamW::new(&optimization(), backbone.n_layers, &params);
        let batches = training_batches(&inputs.rows, BATCH_SIZE, 1, 0);
        Self { network, optimizer, inputs, crew, batches }
    }

    fn backward(&mut self, batch: usize) {
        self.optimizer.drop_gradients();
        let (optimization, trained) = (optimization(), self.optimizer.trained());
        let surroundings = Surroundings {
            seed: 1,
            kind: TaskKind::Classification,
            optimization: &optimization,
            read: Read { network: &self.network, inputs: &self.inputs, trained: &trained },
            crew: &self.crew,
            device: Device::Cpu,
        };
        black_box(surroundings.gradient(&self.batches[batch % self.batches.len()], batch as u64));
    }

    /// As the training loop takes it.
    fn step(&mut self, step: u64) {
        self.backward(step as usize);
        let norm = self.optimizer.gradient_norm();
        self.optimizer.step(step, 1e-5, 1.0 / (norm + 1e-6));
    }
}

/// One optimizer step of every method, over batches of all lengths in turns.
fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("step");
    for method in Method::defaults() {
        let (mut subject, mut step) = (Subject::new(&method), 0);
        group.bench_function(method.about().name, |bencher| {
            bencher.iter(|| {
                step += 1;
                subject.step(step);
            });
        });
    }
    group.finish();
}

/// Loss and metrics of 512 rows.
fn evaluation(criterion: &mut Criterion) {
    let (subject, task) = (Subject::new(&Method::Full), task());
    criterion.bench_function("evaluation of 512 rows", |bencher| {
        bencher
            .iter(|| black_box(evaluate(&subject.network, &subject.inputs, &task, Device::Cpu, &subject.crew)).metrics[&MetricName::Loss]);
    });
}

/// The update of all 22.7 million weights, gradients given.
fn adamw(criterion: &mut Criterion) {
    let (mut subject, mut step) = (Subject::new(&Method::Full), 0);
    subject.backward(0);
    criterion.bench_function("AdamW", |bencher| {
        bencher.iter(|| {
            step += 1;
            subject.optimizer.step(step, 1e-5, 1.0);
        });
    });
}

/// Rows to padded tensors.
fn batch(criterion: &mut Criterion) {
    let rows = rows();
    let batches = training_batches(&rows, BATCH_SIZE, 1, 0);
    let mut next = batches.iter().cycle();
    criterion.bench_function("batch of 32 rows", |bencher| {
        bencher.iter(|| next.next().map(|indices| Batch::new(&rows, indices, 0, Device::Cpu)));
    });
}

criterion_group! {
    name = engine;
    config = Criterion::default().sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(5));
    targets = batch, adamw, evaluation, steps
}
criterion_main!(engine);
