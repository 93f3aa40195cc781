//! Predictions of trained runs for lines or rows, in their order, in batches as they come; one base serves any number of runs.

pub mod answer;
pub mod score;
pub mod source;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use tch::{Device, Kind, Tensor};

use crate::data::order::evaluation_batches;
use crate::data::tokenizer;
use crate::error::EngineError;
use crate::hooks::Mode;
use crate::network::Inputs;
use crate::predict::answer::{Answer, Format, Writer};
use crate::predict::score::Scores;
use crate::predict::source::Source;
use crate::trained::{self, TrainedRun};
use finetop::data::example::{Example, Target};
use finetop::data::inputs::{Input, Shape};
use finetop::run::exit::code;
use finetop::run::text;
use finetop::spec::task::{Columns, TaskKind};

/// Batches whose rows are sorted by length together, and the most that is read ahead of the answers.
const BATCHES_PER_WINDOW: usize = 16;

/// What to predict, and how.
#[derive(Debug, Clone, clap::Args)]
pub struct Request {
    /// Folder of all runs.
    #[arg(long)]
    pub runs: PathBuf,
    /// A run, EXPERIMENT/RUN; several share one base.
    #[arg(long = "run", required = true)]
    pub ids: Vec<String>,
    /// Form of the answers.
    #[arg(long)]
    pub format: Format,
    /// Columns of the texts, in place of the task's.
    #[arg(long = "column")]
    pub columns: Vec<String>,
    /// Rows per forward pass.
    #[arg(long)]
    pub batch_size: usize,
    /// Processor threads.
    #[arg(long)]
    pub threads: usize,
    /// Say what was loaded.
    #[arg(long)]
    pub verbose: bool,
    /// File of inputs; without one, standard input.
    pub file: Option<PathBuf>,
}

/// Answers all inputs; the exit code: 0, or 1 where some could not be answered.
///
/// # Errors
/// When nothing can be predicted at all.
pub fn predict(request: &Request) -> Result<i32, EngineError> {
    let trained = trained::load(&request.runs, &request.ids, request.threads)?;
    let columns = columns(&trained.runs, &request.columns)?;
    let shape = if columns.text_pair.is_some() { Shape::Pair } else { Shape::Text };
    let mut source = Source::open(request.file.as_deref(), &columns, shape, request.batch_size * BATCHES_PER_WINDOW)?;
    if request.verbose {
        note(&trained.in_words());
    }
    source.greet();
    let mut scores: Vec<Scores> = trained.runs.iter().map(|run| Scores::new(&run.adapted.spec.task)).collect();
    let mut writer = Writer::new(request.format, &trained.runs, source.is_typed())?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut written = writer.begin(&mut out);
    let (mut n_bad, mut is_cut) = (0, false);
    while written.is_ok() {
        let window = source.next_window();
        if window.is_empty() {
            break;
        }
        let mut answers = Vec::new();
        for (run, scores) in trained.runs.iter().zip(&mut scores) {
            let (of_run, cut) = answers_of(run, &window, request.batch_size);
            if let Some(line) = cut.filter(|_| !is_cut) {
                is_cut = true;
                let length = run.adapted.spec.task.max_length;
                note(&format!("line {line} is longer than {length} tokens and is cut there, as in training (said once)"));
            }
            scores.add(&window, &of_run);
            answers.push(of_run);
        }
        n_bad += (0..window.len()).filter(|&row| answers.iter().any(|answers| answers[row].is_err())).count();
        written = writer.window(&mut out, &window, &answers).and_then(|()| out.flush());
    }
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(code::OK),
        Err(error) => return Err(EngineError::RunFolder(format!("cannot write the answers: {error}"))),
        Ok(()) => {}
    }
    source.end()?;
    for (run, scores) in trained.runs.iter().zip(&scores) {
        if let Some(words) = scores.in_words() {
            note(&format!("{}: {words}", run.id));
        }
    }
    if n_bad > 0 {
        note(&format!("{n_bad} inputs could not be answered"));
    }
    Ok(if n_bad > 0 { code::FAILED } else { code::OK })
}

/// A line for people.
pub fn note(words: &str) {
    // Where stderr is closed nobody wants to know.
    let _ = writeln!(io::stderr(), "{}", text::printable(words));
}

/// The columns that all runs read, or those that were asked for.
fn columns(runs: &[TrainedRun], wanted: &[String]) -> Result<Columns, EngineError> {
    let of_task = |run: &TrainedRun| run.adapted.spec.task.columns.clone();
    let first = of_task(&runs[0]);
    let n_texts = |columns: &Columns| 1 + usize::from(columns.text_pair.is_some());
    let refuse = |problem: String| Err(EngineError::Data(problem));
    for run in runs {
        let columns = of_task(run);
        if n_texts(&columns) != n_texts(&first) {
            return refuse(format!("{} judges {}, {} {}; ask them apart", runs[0].id, texts(&first), run.id, texts(&columns)));
        }
        if wanted.is_empty() && (&columns.text, &columns.text_pair) != (&first.text, &first.text_pair) {
            return refuse(format!("{} and {} read columns of other names; say which with --column", runs[0].id, run.id));
        }
    }
    match (wanted, &first.text_pair) {
        ([], _) => Ok(first),
        ([text], None) => Ok(Columns { text: text.clone(), ..first }),
        ([text, pair], Some(_)) => Ok(Columns { text: text.clone(), text_pair: Some(pair.clone()), ..first }),
        _ => refuse(format!("{} judges {}: give --column {}", runs[0].id, texts(&first), ["once", "twice"][n_texts(&first) - 1])),
    }
}

const fn texts(columns: &Columns) -> &'static str {
    if columns.text_pair.is_some() { "pairs of texts" } else { "single texts" }
}

/// A run's answers to a window, in its order, and the first line that was too long.
fn answers_of(run: &TrainedRun, window: &[Input], batch_size: usize) -> (Vec<Answer>, Option<usize>) {
    let adapted = &run.adapted;
    let (mut answers, mut rows, mut positions, mut cut) = (Vec::new(), Vec::new(), Vec::new(), None);
    for (position, input) in window.iter().enumerate() {
        let encoded = input.texts.clone().and_then(|(text, text_pair)| {
            // Nothing reads the target: what it is shall be predicted.
            let example = Example { text, text_pair, target: Target::Label(0) };
            tokenizer::encode_one(&adapted.tokenizer, &adapted.network.backbone, &example)
        });
        answers.push(encoded.map(|(encoded, is_cut)| {
            if is_cut && cut.is_none() {
                cut = Some(input.line);
            }
            rows.push(encoded);
            positions.push(position);
            Vec::new()
        }));
    }
    let _guard = tch::no_grad_guard();
    let inputs = Inputs { rows, pooled: None };
    for indices in evaluation_batches(&inputs.rows, batch_size, usize::MAX) {
        let logits = adapted.network.forward(&inputs, &indices, adapted.params.device, Mode::Evaluate).logits; // [B,C]
        let numbers = match adapted.spec.task.kind {
            TaskKind::Classification => logits.softmax(1, Kind::Double), // [B,C]
            TaskKind::Regression => logits.to_kind(Kind::Double),        // [B,1]
        };
        for (row, &index) in rows_of(&numbers).into_iter().zip(&indices) {
            answers[positions[index]] = Ok(row);
        }
    }
    (answers, cut)
}

/// The rows of a tensor `[B,C]`.
fn rows_of(tensor: &Tensor) -> Vec<Vec<f64>> {
    Vec::try_from(tensor.to_device(Device::Cpu)).expect("the tensor has two dimensions")
}
