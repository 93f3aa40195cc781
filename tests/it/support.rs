//! A folder of runs, the program, and waiting for what is to happen.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use finetop::launch::create::{self, NewExperiment};
use finetop::launch::daemon::QueueRecord;
use finetop::pretrained::config;
use finetop::run::catalog::{Catalog, RunId, RunView};
use finetop::run::clock;
use finetop::run::dir::{self, RunDir};
use finetop::run::exit::{Attempt, Job};
use finetop::run::status::RunStatus;
use finetop::run::store;
use finetop::spec::backbone::BackboneTensor;
use finetop::spec::experiment::overrides::Overrides;
use finetop::spec::run::RunSpec;
use nix::sys::signal::Signal;
use safetensors::Dtype;
use safetensors::tensor::TensorView;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder of runs with a worker that keeps the contract and trains nothing.
pub struct Runs {
    folder: tempfile::TempDir,
}

impl Runs {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().join("runs")
    }

    /// A path beside the folder of runs.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes an experiment without starting anything; its folder name.
    pub fn experiment(&self, name: &str, runs: &[&str], runs_at_once: usize) -> String {
        let runs: Vec<_> = runs.iter().map(|run| spec(run)).collect();
        self.experiment_of(name, &runs, runs_at_once)
    }

    /// The same with the order in which the runs start, one at a time.
    pub fn experiment_in_order(&self, name: &str, runs: &[&str], start_order: &[&str]) -> String {
        let runs: Vec<_> = runs.iter().map(|run| spec(run)).collect();
        let start_order: Vec<_> = start_order.iter().map(|&run| run.to_owned()).collect();
        self.create(name, &runs, 1, &start_order)
    }

    /// The same with runs of any specification.
    pub fn experiment_of(&self, name: &str, runs: &[RunSpec], runs_at_once: usize) -> String {
        self.create(name, runs, runs_at_once, &[])
    }

    fn create(&self, name: &str, runs: &[RunSpec], runs_at_once: usize, start_order: &[String]) -> String {
        let (source, text) = (Path::new("experiment.yaml"), "name: made by a test\n");
        create::create(
            &self.root(),
            &NewExperiment { name, source, text, overrides: &Overrides::default(), runs, runs_at_once, start_order },
        )
        .unwrap()
    }

    /// An experiment file `small.yaml` with these runs, two at once, its data and its model.
    pub fn experiment_file(&self, names: &[&str]) -> String {
        write_model(&self.beside("tiny"));
        fs::write(self.beside("rows.tsv"), "text\tlabel\na\tx\nb\ty\nc\tx\nd\ty\ne\tx\nf\ty\n").unwrap();
        let runs: Vec<_> = names.iter().map(|name| format!("  - {{name: {name}, method: lora, rank: 2}}\n")).collect();
        let runs = runs.concat();
        let text = format!("name: small\nmodel: ./tiny\ndata: {{train: rows.tsv, validation: rows.tsv}}\nruns_at_once: 2\nruns:\n{runs}");
        let path = self.beside("small.yaml");
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The program with this folder of runs.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_finetop"));
        command
            .arg("--runs")
            .arg(self.root())
            .args(arguments)
            .env("FINETOP_WORKER", fake_worker())
            .env("HF_HUB_OFFLINE", "1")
            .stdin(Stdio::null());
        command
    }

    pub fn finetop(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Starts the queue as any command does when something waits.
    pub fn start_queue(&self) {
        let output = self.finetop(&["list"]);
        assert!(output.status.success(), "{output:?}");
    }

    pub fn dir(&self, id: &str) -> RunDir {
        RunDir::new(self.root().join(id))
    }

    pub fn catalog(&self) -> Catalog {
        store::read_all(&self.root(), clock::now_seconds())
    }

    pub fn run(&self, id: &str) -> RunView {
        self.catalog().run(&RunId(id.to_owned())).unwrap_or_else(|| panic!("there is no run {id}")).clone()
    }

    pub fn status(&self, id: &str) -> RunStatus {
        self.run(id).status
    }

    pub fn wait_for_status(&self, id: &str, status: RunStatus) -> RunView {
        wait_until(&format!("{id} is {}", status.name()), || self.status(id) == status);
        self.run(id)
    }

    /// Lets a waiting worker finish.
    pub fn let_go(&self, id: &str) {
        fs::write(self.root().join(id).join("go"), "").unwrap();
    }

    pub fn queue(&self) -> Option<QueueRecord> {
        dir::read_json(&self.root().join("queue.json")).unwrap().filter(|queue: &QueueRecord| queue.process.is_alive())
    }

    pub fn kill_queue(&self) {
        let queue = self.queue().expect("the queue lives");
        assert!(queue.process.signal(Signal::SIGKILL));
        wait_until("the queue is dead", || !queue.process.is_alive());
    }

    pub fn job(&self, id: &str) -> Job {
        dir::read_json(&self.dir(id).job_file()).unwrap().unwrap()
    }

    pub fn worker(&self, id: &str) -> Attempt {
        dir::read_json(&self.dir(id).attempt_file()).unwrap().unwrap()
    }
}

/// A complete specification of a run with this name.
pub fn spec(name: &str) -> RunSpec {
    let golden: RunSpec = serde_yaml::from_str(&fs::read_to_string(fixture("golden/run.yaml")).unwrap()).unwrap();
    RunSpec { name: name.to_owned(), ..golden }
}

pub fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}

fn fake_worker() -> PathBuf {
    fixture("worker.sh")
}

pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const TINY_CONFIG: &str = r#"{"model_type": "bert", "vocab_size": 40, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
    "intermediate_size": 16, "max_position_embeddings": 64, "type_vocab_size": 2, "hidden_act": "gelu"}"#;

/// Writes the folder of a model that is small and complete.
pub fn write_model(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("config.json"), TINY_CONFIG).unwrap();
    fs::write(folder.join("tokenizer.json"), r#"{"added_tokens": [], "model": {"vocab": {"[PAD]": 0, "a": 39}}}"#).unwrap();
    let backbone = config::read(folder).unwrap();
    let zeros = vec![0_u8; 4 * 40 * 16];
    let tensors = backbone.tensors(true).into_iter().map(|BackboneTensor { name, shape, .. }| {
        let shape: Vec<usize> = shape.into_iter().map(|side| side as usize).collect();
        let bytes = 4 * shape.iter().product::<usize>();
        (name, TensorView::new(Dtype::F32, shape, &zeros[..bytes]).unwrap())
    });
    fs::write(folder.join("model.safetensors"), safetensors::serialize(tensors, None).unwrap()).unwrap();
}
