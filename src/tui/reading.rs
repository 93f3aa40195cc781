//! What effects read of a run's folder, as work to be done on another thread. The demonstration has no folder.

use std::path::Path;

use crate::report::mistakes;
use crate::run::dir::RunDir;
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::outside;
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
