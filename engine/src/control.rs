//! What the worker is asked while it trains: request files and signals, read at step boundaries.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::EngineError;
use crate::journal::Journal;
use finetop::run::dir::RunDir;
use finetop::run::event::{EventKind, Level, RequestSeen};
use finetop::run::inbox;
use finetop::run::request::RequestKind;
use finetop::run::state::RunState;

/// How often a paused worker looks for requests.
const PAUSE_POLL: Duration = Duration::from_millis(50);

/// Whether and how the run ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Evaluate, keep the best, end as stopped.
    Stop,
    /// Save and leave fast, resumable.
    Leave,
    /// The same, to be paused without a process.
    Release,
}

/// Where orders come from.
#[derive(Debug)]
pub struct Control {
    dir: RunDir,
    stop: Arc<AtomicBool>,
    leave: Arc<AtomicBool>,
}

impl Control {
    /// Listens to the folder's requests, to `SIGUSR1` (stop) and to `SIGTERM` and `SIGINT` (leave).
    pub fn new(dir: RunDir) -> io::Result<Self> {
        use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
        let (stop, leave) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        signal_hook::flag::register(SIGUSR1, Arc::clone(&stop))?;
        signal_hook::flag::register(SIGTERM, Arc::clone(&leave))?;
        signal_hook::flag::register(SIGINT, Arc::clone(&leave))?;
        Ok(Self { dir, stop, leave })
    }

    /// Obeys what was asked up to `step`; holds here while paused. While it loads, what can be asked of steps alone waits.
    pub fn obey(&self, step: u64, journal: &mut Journal) -> Result<Option<Order>, EngineError> {
        let mut is_paused = false;
        loop {
            if self.leave.load(Ordering::Relaxed) {
                return Ok(Some(Order::Leave));
            }
            if self.stop.load(Ordering::Relaxed) {
                return Ok(Some(Order::Stop));
            }
            let heard = inbox::hear(&self.dir);
            for note in heard.notes {
                journal.note(Level::Warning, note)?;
            }
            for pending in heard.requests {
                let kind = pending.request.request;
                if !kind.is_of_life() && is_loading(journal.state()) {
                    continue;
                }
                let is_news = match kind {
                    RequestKind::Pause => !is_paused,
                    RequestKind::Resume => is_paused,
                    RequestKind::Extend => false,
                    // Killed between writing it down and removing it, a worker finds it again.
                    _ => kind.is_of_life() || !journal.state().standing.holds(kind),
                };
                if is_news {
                    journal.record(EventKind::Request(RequestSeen { request: kind, step }))?;
                }
                inbox::remove(std::slice::from_ref(&pending));
                match kind {
                    RequestKind::Pause => is_paused = true,
                    RequestKind::Resume => is_paused = false,
                    // The fold of the log has it; the loop asks there.
                    RequestKind::Extend
                    | RequestKind::StopAt(_)
                    | RequestKind::KeepGoing
                    | RequestKind::Set(_)
                    | RequestKind::Mute(_)
                    | RequestKind::Unmute(_) => {}
                    RequestKind::Release => return Ok(Some(Order::Release)),
                    RequestKind::Stop => return Ok(Some(Order::Stop)),
                    RequestKind::Kill => return Ok(Some(Order::Leave)),
                }
            }
            if !is_paused {
                return Ok(None);
            }
            std::thread::sleep(PAUSE_POLL);
        }
    }
}

/// Whether this attempt has not come to its first step yet.
const fn is_loading(state: &RunState) -> bool {
    state.preparing.is_some() || state.training.is_none()
}
