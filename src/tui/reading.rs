//! What effects read of a run's folder, as work to be done on another thread. The demonstration has no folder.

use std::path::Path;

use crate::plan::foretold;
use crate::report::mistakes;
use crate::run::catalog::RunId;
use crate::run::dir::RunDir;
use crate::run::tail::{self, News};
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::outside;
use crate::tui::screen::log::LogSource;
use crate::tui::state::State;

/// Work whose message comes back.
type Work = Box<dyn FnOnce() -> Message + Send>;

/// The work of an effect that reads below the folder of all runs; nothing where there is nothing to read.
pub fn work(effect: Effect, state: &State, root: Option<&Path>) -> Option<Work> {
    let root = root.map(Path::to_owned);
    match effect {
        Effect::ReadMistakes(id) => Some(Box::new(move || {
            let listing = root
                .map_or_else(|| Err("the demonstration has no rows".to_owned()), |root| mistakes::listing(&RunDir::new(root.join(&id.0))));
            Message::Mistakes(id, listing)
        })),
        Effect::PlanMemory(id) => {
            let root = root?;
            Some(Box::new(move || {
                let spec = RunDir::new(root.join(&id.0)).read_spec().ok();
                Message::PlannedMemory(id, spec.as_ref().and_then(foretold::memory_bytes))
            }))
        }
        Effect::ReadOutput(id, source, from) => Some(Box::new(move || match root {
            Some(root) => output(&root, id, source, from),
            None => Message::Output(id, source, News::default()),
        })),
        Effect::ReadStderr(id) => {
            let exit = state.catalog.run(&id).and_then(|run| run.exit.as_ref());
            let told = exit.map(|exit| exit.stderr_tail.clone());
            match (root, told) {
                (Some(root), _) => Some(Box::new(move || Message::Stderr(id.clone(), outside::stderr_tail(&root, &id)))),
                (None, Some(lines)) => Some(Box::new(move || Message::Stderr(id, lines))),
                (None, None) => None,
            }
        }
        _ => None,
    }
}

/// What a run's worker wrote, from a byte on or the end of it.
fn output(root: &Path, id: RunId, source: LogSource, from: Option<u64>) -> Message {
    let dir = RunDir::new(root.join(&id.0));
    let path = if source == LogSource::Stdout { dir.stdout_file() } else { dir.stderr_file() };
    match tail::read(&path, from) {
        Ok(news) => Message::Output(id, source, news),
        Err(error) => Message::Failed(format!("cannot read {}: {error}", path.display())),
    }
}
