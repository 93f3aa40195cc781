//! The experiment file that starts a run from a folder: what the folder says, written as an experiment says it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::interop::artefact::{self, Artefact};
use crate::interop::{json, peft};
use crate::plan::environment::Environment;
use crate::plan::sources::{self, Bases};
use crate::plan::start;
use crate::pretrained::config;
use crate::run::dir::RunDir;
use crate::spec::experiment::values::LONGEST_NAME;
use crate::spec::task::{Columns, TaskKind};

/// What is imported, and for which data.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// Folder of an adapter or a run.
    pub folder: PathBuf,
    /// The base model, where it is not the one that the folder names.
    pub model: Option<String>,
    /// A file of training rows, or a folder of splits.
    pub data: PathBuf,
    /// Passes over the training rows; 0 evaluates alone.
    pub epochs: Option<u32>,
}

/// Name and text of the experiment.
///
/// # Errors
/// What is wrong with the folder, in words.
pub fn experiment(import: &Import, environment: &Environment) -> Result<(String, String), String> {
    let absolute = |path: &Path| std::path::absolute(environment.current_folder.join(path)).map_err(|error| error.to_string());
    let (folder, data) = (absolute(&import.folder)?, absolute(&import.data)?);
    if !folder.is_dir() {
        return Err(format!("{} is not a folder", import.folder.display()));
    }
    if !data.exists() {
        return Err(format!("there are no data at {}", import.data.display()));
    }
    let model = match &import.model {
        Some(model) => model.clone(),
        None => base_name(&folder)?,
    };
    let bases = Bases::new(Path::new("experiment.yaml"), environment);
    let model_folder = sources::model_folder(&model, &bases, environment)
        .map_err(|message| format!("the base model cannot be found: {message}; name it with --model"))?;
    let backbone = config::read(&model_folder).map_err(|error| error.to_string())?;
    let artefact = artefact::read(&folder, &backbone).map_err(|error| error.to_string())?;
    // A model named by its folder is written so that the file may lie anywhere.
    let model = if bases.find(&model).is_some() { model_folder.display().to_string() } else { model };
    let name = name(&folder);
    Ok((name.clone(), text(&name, &model, &folder, &data, import.epochs, &artefact)))
}

/// The base that the folder names.
fn base_name(folder: &Path) -> Result<String, String> {
    if folder.join("run.yaml").is_file() {
        return RunDir::new(folder).read_spec().map(|run| run.model.folder.display().to_string()).map_err(|error| error.to_string());
    }
    let path = folder.join(peft::CONFIG);
    let keys = json::Keys::read(&path).map_err(|error| error.to_string())?;
    let named = ["base_model_name_or_path", "model_name"].into_iter().find_map(|key| keys.value(key)).and_then(Value::as_str);
    named.map(str::to_owned).ok_or_else(|| format!("{} names no base model; name it with --model", path.display()))
}

/// The folder's name, as far as it can name an experiment.
fn name(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let is_good = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    let name: String = name.chars().map(|letter| if is_good(letter) { letter } else { '-' }).take(LONGEST_NAME).collect();
    let name = name.trim_start_matches(['.', '-']);
    if name.is_empty() { "imported".to_owned() } else { name.to_owned() }
}

fn text(name: &str, model: &str, folder: &Path, data: &Path, epochs: Option<u32>, artefact: &Artefact) -> String {
    // JSON is YAML, quotes and escapes included.
    let quoted = |text: &str| Value::from(text).to_string();
    let mut rows = vec![format!("{}: {}", if data.is_dir() { "folder" } else { "train" }, quoted(&data.to_string_lossy()))];
    if let Some(run) = &artefact.run {
        let Columns { text, text_pair, label } = &run.task.columns;
        let pair = text_pair.as_ref().map(|pair| format!(", text_pair: {}", quoted(pair))).unwrap_or_default();
        rows.push(format!("columns: {{text: {}{pair}, label: {}}}", quoted(text), quoted(label)));
        rows.push(format!("max_length: {}", run.task.max_length));
    }
    if artefact.run.as_ref().is_some_and(|run| run.task.kind == TaskKind::Regression) {
        rows.push("kind: regression".to_owned());
    }
    if let Some(labels) = artefact.labels.as_ref().filter(|labels| !labels.is_empty()) {
        rows.push(format!("labels: {}", Value::from(labels.as_slice())));
    }
    let mut experiment = format!("name: {}\nmodel: {}\ndata:\n", quoted(name), quoted(model));
    for row in rows {
        let _ = writeln!(experiment, "  {row}");
    }
    if let Some(epochs) = epochs {
        let _ = writeln!(experiment, "epochs: {epochs}");
    }
    let _ = writeln!(experiment, "runs:\n  - method: {}\n    from: {}", artefact.method.about().name, quoted(&folder.to_string_lossy()));
    for (own, value) in artefact.method.hyperparameters() {
        // A switch that is off, and a width that another key gives, need no line.
        let is_replaced = own.replaced_by.is_some() && value.is_null();
        if !is_replaced {
            let value = if value.is_null() { Value::Bool(false) } else { value };
            let _ = writeln!(experiment, "    {}: {value}", own.key);
        }
    }
    if let Some(head) = &artefact.head {
        let words = start::words(head);
        let _ = writeln!(experiment, "    head: {}, dropout: {}}}", words.trim_end_matches('}'), head.dropout);
    }
    experiment
}
