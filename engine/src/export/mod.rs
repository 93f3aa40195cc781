//! `finetop-worker export`: a run as a folder of another library. Written aside, read back, compared, and only then given its name.

mod files;
mod readback;
mod readme;

use std::io::Write;
use std::path::{Path, PathBuf};

use tch::{Device, Tensor};

use crate::adapted::{Adapted, Base};
use crate::error::EngineError;
use crate::logits;
use finetop::data;
use finetop::data::example::{Example, Target};
use finetop::interop::Format;
use finetop::interop::artefact::default_format;
use finetop::run::dir::RunDir;
use finetop::spec::run::RunSpec;

/// A read-back differs by no more than rounding.
const LARGEST_DIFFERENCE: f64 = 1e-4;
/// Validation rows that are compared.
const ROWS: usize = 64;
/// Compared where the run's data are gone.
const TEXTS: [&str; 4] = [
    "The kettle boiled over.",
    "A dull, talky film that never finds its rhythm, and knows it.",
    "She posted the letter on Tuesday, although the box had been emptied.",
    "no",
];

/// What to export, and where to.
#[derive(Debug)]
pub struct Order {
    /// The run's folder.
    pub run: PathBuf,
    /// The folder to make.
    pub out: PathBuf,
    /// Its format; by default that of the method.
    pub format: Option<Format>,
    /// Whether the method is merged into the backbone.
    pub merged: bool,
    /// Whether a folder that is there is replaced.
    pub force: bool,
}

/// Exports a run; says what was written and how to load it.
///
/// # Errors
/// When the run has no weights, the format cannot hold it, or the read-back differs: then nothing is left behind.
pub fn export(order: &Order, out: &mut impl Write) -> Result<(), EngineError> {
    let dir = RunDir::new(&order.run);
    let spec = dir.read_spec().map_err(|error| EngineError::Data(error.to_string()))?;
    let format = format(order, &spec)?;
    let backbone = finetop::pretrained::config::read(&spec.model.folder).map_err(|error| EngineError::Data(error.to_string()))?;
    let plan = files::plan(&spec, &backbone, format)?;
    check_out(order)?;
    let best = dir.checkpoints_dir().join("best.safetensors");
    if !best.is_file() {
        let problem = "is missing: the run has not been evaluated yet, or its weights were removed".to_owned();
        return Err(EngineError::Weights { path: best, problem });
    }
    let base = Base::load(&spec.model.folder, Device::Cpu)?;
    let adapted = Adapted::load(&base, spec, &best)?;

    let absolute =
        std::path::absolute(&order.out).map_err(|source| EngineError::File { action: "find", path: order.out.clone(), source })?;
    let aside = aside(&absolute);
    let made = files::write(&plan, &adapted, &aside).and_then(|()| {
        let lines = readme::python(&adapted.spec, &backbone, format, &absolute);
        let path = aside.join("README.md");
        std::fs::write(&path, readme::text(&adapted.spec, format, &lines)).map_err(|source| EngineError::File {
            action: "write",
            path,
            source,
        })?;
        let (examples, rows) = examples(&adapted.spec);
        let difference = compare(&base, &adapted, format, &aside, &examples)?;
        if difference.is_nan() || difference > LARGEST_DIFFERENCE {
            return Err(EngineError::Data(format!("what was written gives logits that differ by {difference:.1e}; nothing was kept")));
        }
        settle(&aside, &absolute)?;
        Ok((lines, difference, rows))
    });
    let (lines, difference, rows) = match made {
        Ok(made) => made,
        Err(error) => {
            // The first error is the one that matters.
            let _ = std::fs::remove_dir_all(&aside);
            return Err(error);
        }
    };
    let written = writeln!(
        out,
        "wrote {} ({}, {})\nread back: the largest difference of a logit on {rows} is {difference:.1e}\n\nload it with\n\n{lines}",
        absolute.display(),
        format.name(),
        size(&absolute)
    );
    written.map_err(|source| EngineError::File { action: "write", path: "standard output".into(), source })
}

fn format(order: &Order, spec: &RunSpec) -> Result<Format, EngineError> {
    match (order.merged, order.format) {
        (true, Some(format)) if format != Format::Transformers => {
            Err(EngineError::Data(format!("--merged makes a whole checkpoint, which is --format transformers, not {}", format.name())))
        }
        (true, _) => Ok(Format::Transformers),
        (false, Some(format)) => Ok(format),
        (false, None) => Ok(default_format(&spec.method)),
    }
}

/// A folder that holds something is not replaced unasked.
fn check_out(order: &Order) -> Result<(), EngineError> {
    let is_empty = |folder: &Path| std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    if !order.out.exists() || (order.out.is_dir() && (order.force || is_empty(&order.out))) {
        return Ok(());
    }
    let hint = if order.out.is_dir() { "holds something; name another folder, or replace it with --force" } else { "is a file" };
    Err(EngineError::Data(format!("{} {hint}", order.out.display())))
}

fn aside(out: &Path) -> PathBuf {
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    out.with_file_name(format!(".{name}.{}.partial", std::process::id()))
}

/// Gives the finished folder its name; what stood there goes only once it does.
fn settle(aside: &Path, out: &Path) -> Result<(), EngineError> {
    let fail = |source| EngineError::File { action: "write", path: out.to_owned(), source };
    let old = aside.with_extension("old");
    let had_old = out.exists();
    if had_old {
        std::fs::rename(out, &old).map_err(fail)?;
    }
    if let Err(source) = std::fs::rename(aside, out) {
        if had_old {
            std::fs::rename(&old, out).map_err(fail)?;
        }
        return Err(fail(source));
    }
    if had_old {
        std::fs::remove_dir_all(&old).map_err(fail)?;
    }
    Ok(())
}

/// Rows to compare on, and what they are: of the run's validation split, or where its data are gone, of ours.
fn examples(spec: &RunSpec) -> (Vec<Example>, String) {
    if let Ok(dataset) = data::load(&spec.task)
        && !dataset.validation.is_empty()
    {
        let rows: Vec<Example> = dataset.validation.into_iter().take(ROWS).collect();
        let words = format!("{} validation rows", rows.len());
        return (rows, words);
    }
    let rows = TEXTS.map(|text| Example { text: text.to_owned(), text_pair: None, target: Target::Label(0) });
    (rows.to_vec(), format!("{} texts (the run's data are gone)", TEXTS.len()))
}

/// The largest difference between the run's logits and those of the folder.
fn compare(base: &Base, adapted: &Adapted, format: Format, folder: &Path, examples: &[Example]) -> Result<f64, EngineError> {
    let (network, tokenizer) = readback::network(base, &adapted.spec, format, folder)?;
    let own = logits::of(&adapted.network, &adapted.tokenizer, examples, Device::Cpu)?;
    let read: Tensor = logits::of(&network, &tokenizer, examples, Device::Cpu)?;
    Ok((own - read).abs().max().double_value(&[]))
}

fn size(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes: u64 = entries.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum();
    format!("{:.2} MiB", bytes as f64 / f64::from(1 << 20))
}
