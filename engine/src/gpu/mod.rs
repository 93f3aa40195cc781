//! Training steps on a GPU that the processor never holds up: the kernels of a step are recorded as a graph the second time that a batch has
//! its shape, and started all together from then on; the processor prepares the next steps meanwhile and reads a step's figures when they
//! are there. Must not know what a run is.

mod staged;

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use tch::{Device, Kind, Tensor};

use crate::loss;
use crate::native;
use crate::native::gpu::{self, Graph, Reading, Verdict};
use crate::network::{Inputs, Network};
use crate::optimizer::AdamW;
use crate::random::{self, Stream};
use finetop::spec::run::RunSpec;
use staged::{Shape, Staged, shape};

/// Steps that the GPU was given and whose figures are not read yet, at most.
const AHEAD: usize = 4;
/// Graphs that are kept, at most: each holds gradients of its own.
const MOST_GRAPHS: usize = 24;
/// Environment variable that keeps steps from being recorded where it is `off`.
const GRAPHS: &str = "FINETOP_GPU_GRAPHS";

/// What a step works on.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// What the run is.
    pub spec: &'a RunSpec,
    /// Encoder, method and head.
    pub network: &'a Network,
    /// All training rows.
    pub inputs: &'a Inputs,
    /// The trainable tensors.
    pub optimizer: &'a AdamW,
}

/// Figures of a step that is done.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// Mean loss of the batch.
    pub loss: f64,
    /// Norm of all gradients before clipping.
    pub gradient_norm: f64,
    /// Since the step before, or since the step was given where the GPU had nothing to do.
    pub seconds: f64,
}

/// Takes steps on a GPU.
pub struct Stepper {
    device: Device,
    /// The step's number and learning rates.
    numbers: Tensor,
    verdict: Verdict,
    /// By the shapes of a batch's parts.
    places: BTreeMap<Vec<Shape>, Place>,
    /// Where the last step was taken.
    last: Vec<Shape>,
    under_way: VecDeque<Reading>,
    since: Instant,
    records: bool,
}

/// Where batches of one shape are worked on.
struct Place {
    parts: Vec<Staged>,
    graph: Option<Recorded>,
}

struct Recorded {
    graph: Graph,
    /// Where the graph leaves the gradient of every slot.
    gradients: Vec<Tensor>,
}

impl Stepper {
    /// Ready for the first step.
    pub fn new(optimizer: &AdamW, device: Device) -> Self {
        let numbers = optimizer.numbers(0, 0.0).len() as i64;
        let zeros = |shape: &[i64]| Tensor::zeros(shape, (Kind::Float, device));
        Self {
            device,
            numbers: zeros(&[numbers]),
            verdict: Verdict { figures: zeros(&[2]), divisor: zeros(&[]), is_bad: zeros(&[]) },
            places: BTreeMap::new(),
            last: Vec::new(),
            under_way: VecDeque::new(),
            since: Instant::now(),
            records: std::env::var(GRAPHS).map_or(true, |value| value != "off"),
        }
    }

    /// Gives the GPU a step on the rows `indices`; what kept the step from being recorded, where something did.
    pub fn launch(&mut self, of: Surroundings, indices: &[usize], step: u64, learning_rate: f64) -> Option<String> {
        if self.under_way.is_empty() {
            self.since = Instant::now();
        }
        tch::manual_seed(random::seed(of.spec.seed, Stream::Step(step)) as i64);
        gpu::upload(&Tensor::from_slice(&of.optimizer.numbers(step, learning_rate)), &self.numbers);
        let chunks: Vec<&[usize]> = indices.chunks(indices.len().div_ceil(of.spec.optimization.gradient_accumulation)).collect();
        let shapes: Vec<Shape> = chunks.iter().map(|part| shape(of.inputs, part)).collect();
        let mut place = self.places.remove(&shapes);
        let is_known = place.is_some();
        let place_of = place.get_or_insert_with(|| Place {
            parts: shapes.iter().map(|&shape| Staged::new(of.inputs, shape, self.device)).collect(),
            graph: None,
        });
        for (part, rows) in place_of.parts.iter().zip(&chunks) {
            part.fill(of.inputs, rows, of.network.backbone.pad_token_id);
        }
        let mut problem = None;
        // The first step of a shape is not recorded: libtorch chooses and loads its kernels in it.
        if is_known && place_of.graph.is_none() && self.records && self.n_graphs() < MOST_GRAPHS {
            match self.record(of, &place_of.parts, indices.len()) {
                Ok(recorded) => place_of.graph = Some(recorded),
                Err(message) => {
                    self.records = false;
                    problem = Some(message);
                }
            }
        }
        match &place_of.graph {
            Some(recorded) => recorded.graph.replay(),
            None => work(of, &place_of.parts, indices.len(), &self.numbers, &self.verdict),
        }
        self.places.extend(place.map(|place| (shapes.clone(), place)));
        self.last = shapes;
        self.under_way.push_back(Reading::of(&self.verdict.figures));
        problem
    }

    /// The figures of steps that are done, oldest first: of so many that at most `AHEAD` are under way, or of all.
    pub fn done(&mut self, all: bool) -> Vec<Figures> {
        let mut done = Vec::new();
        while self.under_way.len() > if all { 0 } else { AHEAD } {
            let Some(reading) = self.under_way.pop_front() else { break };
            let [loss, gradient_norm] = reading.figures();
            let now = Instant::now();
            let seconds = now.duration_since(self.since).as_secs_f64();
            self.since = now;
            done.push(Figures { loss: loss.into(), gradient_norm: gradient_norm.into(), seconds });
        }
        done
    }

    /// Gives every slot the gradient of the last step, which a graph leaves in a place of its own.
    pub fn show_gradients(&self, optimizer: &AdamW) {
        if let Some(recorded) = self.places.get(&self.last).and_then(|place| place.graph.as_ref()) {
            native::set_gradients(&optimizer.trained(), &recorded.gradients.iter().collect::<Vec<_>>());
        }
    }

    fn n_graphs(&self) -> usize {
        self.places.values().filter(|place| place.graph.is_some()).count()
    }

    fn record(&self, of: Surroundings, parts: &[Staged], n_rows: usize) -> Result<Recorded, String> {
        let other = self.places.values().find_map(|place| place.graph.as_ref()).map(|recorded| &recorded.graph);
        // libtorch's refusals are panics; whatever was recorded by then is dropped.
        let recorded = catch_unwind(AssertUnwindSafe(|| {
            let graph = Graph::record(other, || work(of, parts, n_rows, &self.numbers, &self.verdict));
            Recorded { graph, gradients: of.optimizer.slots().iter().map(|slot| slot.tensor.grad()).collect() }
        }));
        recorded.map_err(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
            text.unwrap_or("unknown panic").lines().next().unwrap_or_default().to_owned()
        })
    }
}

/// A whole step on the rows in `parts`: gradients, their norm, the update. No figure of it comes to the processor.
fn work(of: Surroundings, parts: &[Staged], n_rows: usize, numbers: &Tensor, verdict: &Verdict) {
    let Surroundings { spec, network, inputs, optimizer } = of;
    optimizer.drop_gradients();
    let mut loss: Option<Tensor> = None;
    for part in parts {
        let sum = loss::sum(spec.task.kind, &part.outputs(network, inputs), spec.optimization.label_smoothing);
        let share = sum / n_rows as f64; // the parts' shares add up to the mean over the whole batch
        share.backward();
        let share = share.detach();
        loss = Some(loss.map_or_else(|| share.shallow_clone(), |loss| loss + &share));
    }
    let gradients: Vec<Tensor> = optimizer.trained().into_iter().map(Tensor::grad).filter(Tensor::defined).collect();
    if let Some(loss) = loss {
        gpu::judge(&gradients.iter().collect::<Vec<_>>(), &loss, spec.optimization.max_grad_norm.unwrap_or(f64::INFINITY), verdict);
        optimizer.update_unseen(numbers, verdict);
    }
}
