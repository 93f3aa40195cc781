//! Watches one experiment without a terminal: a line per event, a table or JSON at the end.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use crate::cli::exit_code;
use crate::cli::narrator::Narrator;
use crate::launch::{control, start};
use crate::report::{json, table};
use crate::run::catalog::Catalog;
use crate::run::clock;
use crate::run::request::RequestKind;
use crate::run::store::Store;
use crate::run::text;

/// How often the run folders are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Looks between two checks whether the queue still lives.
const LOOKS_PER_QUEUE_CHECK: u32 = 10;

/// Where progress goes and what the end looks like.
struct Watch<'a> {
    root: &'a Path,
    store: Store,
    catalog: Catalog,
    narrator: Narrator,
    is_json: bool,
    n_interrupts: u32,
}

/// Watches until every run of the experiment is over; the exit code.
pub fn watch(root: &Path, experiment: &str, is_json: bool) -> anyhow::Result<u8> {
    let mut watch = Watch {
        root,
        store: Store::open_experiment(root, experiment),
        catalog: Catalog::default(),
        narrator: Narrator::new(clock::now_seconds()),
        is_json,
        n_interrupts: 0,
    };
    watch.say(&format!("{experiment}: started; it goes on also without this window (Ctrl-C asks its runs to stop early)"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(watch.follow())?;
    watch.conclude()
}

impl Watch<'_> {
    async fn follow(&mut self) -> anyhow::Result<()> {
        let mut interrupt: Signal = signal(SignalKind::interrupt())?;
        let mut terminate: Signal = signal(SignalKind::terminate())?;
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for n_looks in 0_u32.. {
            tokio::select! {
                _ = look.tick() => {}
                _ = interrupt.recv() => self.interrupt()?,
                _ = terminate.recv() => self.interrupt()?,
            }
            self.look()?;
            if self.catalog.runs.iter().all(|run| run.status.is_over()) {
                return Ok(());
            }
            if n_looks % LOOKS_PER_QUEUE_CHECK == 0 {
                start::ensure_queue(self.root, &self.catalog)?;
            }
        }
        Ok(())
    }

    fn look(&mut self) -> anyhow::Result<()> {
        let now = clock::now_seconds();
        for update in self.store.poll(now) {
            self.catalog.apply(update.clone());
            for line in self.narrator.tell(&self.catalog, &update) {
                self.say(&line)?;
            }
        }
        for line in self.narrator.progress(&self.catalog, now) {
            self.say(&line)?;
        }
        Ok(())
    }

    /// The first Ctrl-C asks the runs to stop early, the second kills them.
    fn interrupt(&mut self) -> anyhow::Result<()> {
        self.n_interrupts += 1;
        let kind = if self.n_interrupts == 1 { RequestKind::Stop } else { RequestKind::Kill };
        self.say(match kind {
            RequestKind::Stop => "interrupted: the runs are asked to stop early and keep their best; again to kill them",
            _ => "interrupted again: the runs are being killed",
        })?;
        for run in self.catalog.runs.iter().filter(|run| !run.status.is_over()) {
            if let Err(error) = control::ask(self.root, run, kind) {
                super::print_error(&error.into());
            }
        }
        Ok(())
    }

    fn conclude(&self) -> anyhow::Result<u8> {
        let mut out = io::stdout().lock();
        if self.is_json {
            write!(out, "{}", json::runs(&self.catalog.runs))?;
        } else {
            write!(out, "\n{}", table::summary(&self.catalog.runs))?;
        }
        out.flush()?;
        let all_well = !self.catalog.runs.is_empty() && self.catalog.runs.iter().all(|run| run.status.is_well());
        Ok(match (self.n_interrupts, all_well) {
            (0, true) => exit_code::OK,
            (0, false) => exit_code::FAILED,
            _ => exit_code::INTERRUPTED,
        })
    }

    fn say(&self, line: &str) -> io::Result<()> {
        let line = text::printable(line);
        if self.is_json { writeln!(io::stderr(), "{line}") } else { writeln!(io::stdout(), "{line}") }
    }
}
