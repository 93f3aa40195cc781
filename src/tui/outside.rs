//! What effects do outside: reading files, planning, launching. Every failure comes back in words.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::launch::control::ControlError;
use crate::launch::machine::Sampler;
use crate::launch::outlook::Outlook;
use crate::launch::queue::{Entry, Place};
use crate::launch::wishes::{self, Wishes};
use crate::launch::{begin, extend};
use crate::plan::environment::Environment;
use crate::plan::prepare;
use crate::report;
use crate::report::plot;
use crate::report::plot::figure::Figure;
use crate::run::catalog::{Catalog, RunId, RunView};
use crate::run::clock;
use crate::run::dir::RunDir;
use crate::run::inbox;
use crate::run::process;
use crate::run::status::RunStatus;
use crate::spec::experiment::overrides::Overrides;
use crate::tui::act::heard::HEARD_WITHIN_SECONDS;
use crate::tui::effect::Effect;

use crate::tui::message::Message;
use crate::tui::overlay::Question;
use crate::tui::screenshot;
use crate::tui::settings::Settings;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Theme;

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
    prepare::prepare(path, &Overrides::default(), &Environment::current())
        .map(|plan| report::plan::text(&plan))
        .map_err(|errors| errors.to_string())
}

/// Starts an experiment; the name of its folder, or why not.
pub fn launch(root: &Path, path: &Path) -> Result<String, String> {
    let plan = prepare::prepare(path, &Overrides::default(), &Environment::current()).map_err(|errors| errors.to_string())?;
    begin::begin(root, &plan).map_err(|error| error.to_string())
}

/// The settings as they are in the file now; the defaults where there is none.
pub fn settings(path: Option<&Path>) -> Result<Settings, String> {
    let Some(path) = path else { return Ok(Settings::default()) };
    match fs::read_to_string(path) {
        Ok(content) => Settings::parse(&path.display().to_string(), &content),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Settings::default()),
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
    }
}

/// What more epochs would do to a run, as a question.
pub fn look_ahead(root: &Path, run: &RunView, epochs: u32) -> Message {
    match extend::look_ahead(root, run, epochs) {
        Ok(prospect) => Message::Ask(Question {
            text: format!("{}; extend it?", prospect.lines.join("; ")),
            then: vec![Effect::Extend(run.id.clone(), epochs)],
            otherwise: format!("{} stays as it is", run.id.run()),
            announced: None,
        }),
        Err(error) => Message::Failed(error.to_string()),
    }
}

/// What each run answers to being asked.
pub fn answers(
    state: &State,
    ids: &[RunId],
    ask: impl Fn(&RunView) -> Result<String, ControlError>,
) -> Vec<(RunId, Result<String, String>)> {
    let answer = |id: &RunId| match state.catalog.run(id) {
        Some(run) => ask(run).map_err(|error| error.to_string()),
        None => Err(format!("{id} is gone")),
    };
    ids.iter().map(|id| (id.clone(), answer(id))).collect()
}

/// Whether a request lies in a run's folder for longer than a worker takes to hear it.
pub fn is_unheard(root: &Path, id: &RunId) -> bool {
    let pending = inbox::pending(&RunDir::new(root.join(&id.0)));
    // Requests carry the clock of this machine, or of one that may differ by a little.
    pending.iter().any(|pending| clock::now_seconds() - pending.request.time >= HEARD_WITHIN_SECONDS / 2.0)
}

/// Extends a run; what will happen, or why not.
pub fn extend(root: &Path, run: &RunView, epochs: u32) -> Result<String, String> {
    let prospect = extend::look_ahead(root, run, epochs).map_err(|error| error.to_string())?;
    extend::extend(root, run, &prospect).map_err(|error| error.to_string())?;
    Ok(format!("{} is queued for {epochs} more epochs", run.id.run()))
}

/// Writes the screen to a new file here; its name, or why not.
pub fn export_screen(state: &State, theme: Theme, is_picture: bool) -> Result<String, String> {
    let (ending, content) = if is_picture { ("svg", screenshot::picture(state, theme)) } else { ("txt", screenshot::text(state, theme)) };
    let path = new_file(&format!("finetop-{}", state.screen.name()), ending)?;
    fs::write(&path, content).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    Ok(format!("written: {}", path.display()))
}

/// Writes charts to a new file here; its name, or why not. A picture of pixels takes a while to draw.
pub fn export_charts(figure: &Figure, is_vector: bool) -> Result<String, String> {
    let (ending, content) = if is_vector { ("svg", plot::svg(figure).into_bytes()) } else { ("png", plot::png(figure)) };
    let path = new_file("finetop-charts", ending)?;
    fs::write(&path, content).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    Ok(format!("written: {}", path.display()))
}

/// A name in the current folder that no file has.
pub fn new_file(stem: &str, ending: &str) -> Result<PathBuf, String> {
    let names = (1..1000).map(|number| PathBuf::from(format!("{stem}-{number}.{ending}")));
    names.into_iter().find(|path| !path.exists()).ok_or_else(|| format!("there are 999 files {stem}-N.{ending} here already"))
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

/// Writes what is wished of the queue; what will be, or why not.
pub fn wish(root: &Path, wishes: &Wishes, text: String) -> Result<String, String> {
    wishes::write(root, wishes).map(|()| text).map_err(|error| error.to_string())
}

/// The queue of the demonstration, which has no folder.
pub fn demonstrated(catalog: &Catalog) -> Outlook {
    let place = |run: &RunView| match run.status {
        RunStatus::Queued => Place::Waiting,
        status if status.is_over() => Place::Over,
        _ => Place::Active,
    };
    let entries = catalog.runs.iter().map(|run| Entry { id: run.id.clone(), place: place(run), runs_at_once: 4 });
    Outlook { entries: entries.filter(|entry| entry.place != Place::Over).collect(), ..Outlook::default() }
}

/// The runs with workers on this host, as their logs say.
pub fn workers(catalog: &Catalog) -> Vec<(RunId, u32)> {
    let host = process::host_name();
    let going = catalog.runs.iter().filter(|run| !run.status.is_over() && run.status != RunStatus::Queued);
    let attempts = going.filter_map(|run| Some((run.id.clone(), run.state.attempt.as_ref()?)));
    attempts.filter(|(_, attempt)| attempt.host == host).map(|(id, attempt)| (id, attempt.process_id)).collect()
}

/// Looks at the machine.
pub fn machine(sampler: &Mutex<Sampler>, root: &Path, workers: &[(RunId, u32)]) -> Message {
    // A look that failed leaves nothing half done.
    let mut sampler = sampler.lock().unwrap_or_else(PoisonError::into_inner);
    Message::Machine(Box::new(sampler.look(root, workers)))
}
