//! Measures the forward pass of base, unmerged and merged networks in turns on one batch. Tokenizing is not counted.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tch::{Device, Tensor};

use crate::data::batch::Batch;
use crate::data::tokenizer::{self, Encoded};
use crate::device;
use crate::error::EngineError;
use crate::hooks::Mode;
use crate::network::Network;
use crate::predict::note;
use crate::trained::{self, Trained, TrainedRun};
use finetop::data;
use finetop::data::example::{Example, Target};
use finetop::data::inputs;
use finetop::run::latency::{Against, Latency, Measurement, Spread, Switching};

/// Rounds before the first that counts: caches fill, libtorch chooses its kernels.
const WARM_UP: usize = 3;

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub struct Request {
    /// Folder of all runs.
    #[arg(long)]
    pub runs: PathBuf,
    /// A run, EXPERIMENT/RUN.
    #[arg(long = "run", required = true)]
    pub ids: Vec<String>,
    /// Rows per forward pass; several are measured one after the other.
    #[arg(long = "batch-size", required = true)]
    pub batch_sizes: Vec<usize>,
    /// Tokens of every row; without it, rows are as long as they are.
    #[arg(long)]
    pub length: Option<usize>,
    /// File of rows, in place of the validation split.
    #[arg(long)]
    pub rows: Option<PathBuf>,
    /// Times that every network is run.
    #[arg(long)]
    pub rounds: usize,
    /// Processor threads.
    #[arg(long)]
    pub threads: usize,
}

/// Measures every run on every batch size.
///
/// # Errors
/// When runs, models or rows cannot be read.
pub fn measure(request: &Request) -> Result<Latency, EngineError> {
    let trained = trained::load(&request.runs, &request.ids, request.threads)?;
    let _guard = tch::no_grad_guard();
    let mut measurements = Vec::new();
    for run in &trained.runs {
        let rows = rows(run, request)?;
        for &batch_size in &request.batch_sizes {
            note(&format!("{}, batch of {batch_size}: {} rounds", run.id, request.rounds));
            measurements.push(measurement(&trained, run, &batch(run, &rows, batch_size), request.rounds)?);
        }
    }
    let switching = match request.batch_sizes.iter().min() {
        Some(&batch_size) if trained.runs.len() > 1 => Some(switching(&trained, batch_size, request)?),
        _ => None,
    };
    let device = device::name(trained.bases[0].device);
    Ok(Latency { device, threads: request.threads, rounds: request.rounds, measurements, switching })
}

/// The rows of the run's validation split, or of a file, as tokens.
fn rows(run: &TrainedRun, request: &Request) -> Result<Vec<Encoded>, EngineError> {
    let adapted = &run.adapted;
    let fail = |error: data::error::DataError| EngineError::Data(format!("{error}; to measure on other rows, name a file with --rows"));
    let examples = match &request.rows {
        Some(path) => examples(path, run)?,
        None => data::load(&adapted.spec.task).map_err(fail)?.validation,
    };
    let rows = tokenizer::encode(&adapted.tokenizer, &adapted.network.backbone, &examples)?;
    match request.length {
        None => Ok(rows),
        Some(length) if length as i64 > adapted.spec.task.max_length => {
            let problem = format!("{}: --length {length} is above its max_length of {} tokens", run.id, adapted.spec.task.max_length);
            Err(EngineError::Data(problem))
        }
        // Tokens follow each other as if all rows were one text, which time does not depend on.
        Some(length) => {
            let flat: Vec<i64> = rows.iter().flat_map(|row| row.token_ids.iter().copied()).collect();
            let n_rows = request.batch_sizes.iter().copied().max().unwrap_or(1);
            let row = |index: usize| flat.iter().cycle().skip(index * length % flat.len()).take(length).copied().collect();
            Ok((0..n_rows).map(|index| Encoded { token_ids: row(index), token_types: vec![0; length], target: Target::Label(0) }).collect())
        }
    }
}

fn examples(path: &Path, run: &TrainedRun) -> Result<Vec<Example>, EngineError> {
    let inputs = inputs::file(path, &run.adapted.spec.task.columns).map_err(|error| EngineError::Data(error.to_string()))?;
    let example = |(text, text_pair)| Example { text, text_pair, target: Target::Label(0) };
    let examples: Vec<_> = inputs.into_iter().filter_map(|input| input.texts.ok()).map(example).collect();
    if examples.is_empty() { Err(EngineError::Data(format!("{} has no rows", path.display()))) } else { Ok(examples) }
}

/// Rows spread evenly over all lengths: one row is the median, many are as long as the split's.
fn batch(run: &TrainedRun, rows: &[Encoded], batch_size: usize) -> Batch {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&index| rows[index].token_ids.len());
    let position = |index: usize| (2 * index + 1) * rows.len() / (2 * batch_size);
    let indices: Vec<usize> = (0..batch_size).map(|index| order[position(index)]).collect();
    Batch::new(rows, &indices, run.adapted.network.backbone.pad_token_id, run.adapted.params.device)
}

fn logits(network: &Network, batch: &Batch) -> Tensor {
    // The copy waits until a GPU is done.
    network.head.forward(&network.pooled(batch, Mode::Evaluate), Mode::Evaluate).to_device(Device::Cpu) // [B,C]
}

/// Milliseconds of one forward pass.
fn milliseconds(network: &Network, batch: &Batch) -> f64 {
    let start = Instant::now();
    drop(black_box(logits(network, batch)));
    start.elapsed().as_secs_f64() * 1e3
}

fn measurement(trained: &Trained, run: &TrainedRun, batch: &Batch, rounds: usize) -> Result<Measurement, EngineError> {
    let (base, adapted) = (&trained.bases[run.base], &run.adapted);
    let plain = base.plain(&adapted.spec)?;
    let merged = if adapted.spec.method.merges() { Some(adapted.merged(&base.folder)?) } else { None };
    let networks: Vec<&Network> = [&plain, &adapted.network].into_iter().chain(&merged).collect();
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); networks.len()];
    for round in 0..WARM_UP + rounds {
        // Each is first as often as the others: what the one before leaves in the caches favours none.
        for turn in 0..networks.len() {
            let network = (round + turn) % networks.len();
            let time = milliseconds(networks[network], batch);
            if round >= WARM_UP {
                times[network].push(time);
            }
        }
    }
    let size = batch.token_ids.size(); // [B,T]
    let batch_size = size[0] as usize;
    let per_example = |times: &[f64]| Spread::of(times.iter().map(|time| time / batch_size as f64).collect());
    let against = |network: usize| Against {
        milliseconds: per_example(&times[network]),
        ratio: Spread::of(times[network].iter().zip(&times[0]).map(|(time, base)| time / base).collect()),
    };
    Ok(Measurement {
        run: run.id.clone(),
        method: adapted.spec.method.about().short.to_owned(),
        batch_size,
        tokens: size[1] as usize,
        base: per_example(&times[0]),
        unmerged: against(1),
        merged: merged.as_ref().map(|_| against(2)),
        logit_difference: merged
            .as_ref()
            .map(|merged| (logits(merged, batch) - logits(&adapted.network, batch)).abs().max().double_value(&[])),
    })
}

/// Runs on one base in turns, each twice: what the first of the two takes more is the price of going from run to run.
fn switching(trained: &Trained, batch_size: usize, request: &Request) -> Result<Switching, EngineError> {
    let batches = trained.runs.iter().map(|run| Ok(batch(run, &rows(run, request)?, batch_size)));
    let batches = batches.collect::<Result<Vec<_>, EngineError>>()?;
    note(&format!("switching between {} runs, batch of {batch_size}: {} rounds", trained.runs.len(), request.rounds));
    let (mut after_another, mut after_itself) = (Vec::new(), Vec::new());
    for round in 0..WARM_UP + request.rounds {
        for (run, batch) in trained.runs.iter().zip(&batches) {
            let times = [(); 2].map(|()| milliseconds(&run.adapted.network, batch));
            if round >= WARM_UP {
                after_another.push(times[0]);
                after_itself.push(times[1]);
            }
        }
    }
    Ok(Switching {
        batch_size,
        after_another: Spread::of(after_another),
        after_itself: Spread::of(after_itself),
        base_seconds: trained.base_seconds.iter().sum(),
        run_seconds: trained.runs.iter().map(|run| run.seconds).sum(),
    })
}
