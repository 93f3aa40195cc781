//! What effects do outside: reading files, planning, launching. Every failure comes back in words.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::launch::begin;
use crate::plan::environment::Environment;
use crate::plan::prepare;
use crate::report;
use crate::run::catalog::RunId;
use crate::run::dir::RunDir;
use crate::spec::experiment::overrides::Overrides;
use crate::tui::text;

/// Folders in which experiment files are looked for.
const FOLDERS: [&str; 2] = ["experiments", "."];

/// Bytes read from the end of stderr.
const TAIL_BYTES: u64 = 16 * 1024;

/// Lines kept of them.
const TAIL_LINES: usize = 60;

/// Experiment files in `experiments/` and here, by name.
pub fn experiment_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        let paths = entries.flatten().map(|entry| entry.path()).filter(|path| is_experiment(path));
        let mut found: Vec<PathBuf> = paths.map(|path| path.strip_prefix(".").map(Path::to_owned).unwrap_or(path)).collect();
        found.sort();
        files.extend(found);
    }
    files
}

fn is_experiment(path: &Path) -> bool {
    let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    let is_hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
    is_yaml && !is_hidden && path.is_file()
}

/// The plan of an experiment file in words, or its errors.
pub fn plan(path: &Path) -> Result<String, String> {
    prepare::prepare(path, &Overrides::default(), &Environment::current()).map(|plan| report::plan::text(&plan)).map_err(|errors| errors.to_string())
}

/// Starts an experiment; the name of its folder, or why not.
pub fn launch(root: &Path, path: &Path) -> Result<String, String> {
    let plan = prepare::prepare(path, &Overrides::default(), &Environment::current()).map_err(|errors| errors.to_string())?;
    begin::begin(root, &plan).map_err(|error| error.to_string())
}

/// The last lines of a run's stderr, fit for a terminal.
pub fn stderr_tail(root: &Path, id: &RunId) -> Vec<String> {
    let path = RunDir::new(root.join(&id.0)).stderr_file();
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = fs::File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<String> = text.lines().map(text::clean).filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].to_vec()
}
