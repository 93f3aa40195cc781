//! `finetop-worker logits`: a run's logits for texts, a JSON object per line in and out; what read-back and `cargo xtask interop` compare.

use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};
use tokenizers::Tokenizer;

use crate::adapted::{Adapted, Base};
use crate::data::tokenizer;
use crate::error::EngineError;
use crate::hooks::Mode;
use crate::network::{Inputs, Network};
use finetop::data::example::{Example, Target};
use finetop::run::dir::RunDir;

/// A row of the input.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    text: String,
    #[serde(default)]
    text_pair: Option<String>,
}

/// A row of the output.
#[derive(Debug, Serialize)]
struct Answer {
    logits: Vec<f64>,
}

/// Logits `[rows,C]` of `examples`, in their order.
///
/// # Errors
/// When a row cannot be tokenized.
pub fn of(network: &Network, tokenizer: &Tokenizer, examples: &[Example], device: Device) -> Result<Tensor, EngineError> {
    const BATCH_SIZE: usize = 32;
    let inputs = Inputs { rows: tokenizer::encode(tokenizer, &network.backbone, examples)?, pooled: None };
    let indices: Vec<usize> = (0..examples.len()).collect();
    let _guard = tch::no_grad_guard();
    let batches = indices.chunks(BATCH_SIZE).map(|batch| network.forward(&inputs, batch, device, Mode::Evaluate).logits);
    Ok(Tensor::cat(&batches.collect::<Vec<_>>(), 0).to_device(Device::Cpu)) // [rows,C]
}

/// Answers every line of `input`.
///
/// # Errors
/// When the run cannot be loaded, or a line cannot be read.
pub fn answer(dir: &RunDir, input: impl BufRead, mut output: impl Write) -> Result<(), EngineError> {
    let fail = |error: std::io::Error| EngineError::Data(format!("standard input or output: {error}"));
    let spec = dir.read_spec().map_err(|error| EngineError::Data(error.to_string()))?;
    let base = Base::load(&spec.model.folder, Device::Cpu)?;
    let adapted = Adapted::load(&base, spec, &dir.checkpoints_dir().join("best.safetensors"))?;
    let mut examples = Vec::new();
    for (index, line) in input.lines().enumerate() {
        let row: Row = serde_json::from_str(&line.map_err(fail)?)
            .map_err(|error| EngineError::Data(format!("line {} must be such as {{\"text\": \"…\"}}: {error}", index + 1)))?;
        examples.push(Example { text: row.text, text_pair: row.text_pair, target: Target::Label(0) });
    }
    if examples.is_empty() {
        return Ok(());
    }
    let logits = of(&adapted.network, &adapted.tokenizer, &examples, Device::Cpu)?.to_kind(Kind::Double);
    for row in 0..examples.len() as i64 {
        let answer = Answer { logits: Vec::try_from(logits.get(row))? };
        let line = serde_json::to_string(&answer).map_err(|error| EngineError::Data(error.to_string()))?;
        writeln!(output, "{line}").map_err(fail)?;
    }
    Ok(())
}
