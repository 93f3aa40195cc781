//! Runs that never ran: a deterministic generator of realistic updates, for the demonstration and for tests.
//!
//! The same updates come out however often it is asked; only requests change its course. No clock: the caller says
//! how many seconds have passed. The scripts of the runs are in [`script`].

mod playback;
pub mod script;

use crate::run::catalog::{Change, RunId, RunUpdate};
use crate::run::event::Event;
use crate::run::request::RequestKind;
use crate::run::status::RunStatus;
use playback::Playback;

/// Runs that are played at once.
const N_SLOTS: usize = 4;

/// Time of second 0, so that the numbers look like times: 2025-01-01 00:00 UTC.
pub const EPOCH: f64 = 1_735_689_600.0;

/// An experiment of seven runs: one overfits, one plateaus, one improves, one diverges, one fails, two wait.
#[derive(Debug, Clone)]
pub struct Synthetic {
    playbacks: Vec<Playback>,
    is_announced: bool,
    elapsed: f64,
}

impl Default for Synthetic {
    fn default() -> Self {
        Self::new()
    }
}

impl Synthetic {
    /// The experiment at second 0.
    pub fn new() -> Self {
        let playbacks = script::scripts().into_iter().map(Playback::new).collect();
        Self { playbacks, is_announced: false, elapsed: 0.0 }
    }

    /// What happened up to `elapsed` seconds since the last call.
    pub fn poll(&mut self, elapsed: f64) -> Vec<RunUpdate> {
        let mut updates = Vec::new();
        if !self.is_announced {
            self.is_announced = true;
            for playback in &self.playbacks {
                let spec = Box::new(Ok(playback.script.spec.clone()));
                updates.push(RunUpdate { id: playback.id.clone(), change: Change::Added(spec) });
            }
        }
        self.elapsed = self.elapsed.max(elapsed);
        let mut events: Vec<Vec<Event>> = self.playbacks.iter_mut().map(|playback| std::mem::take(&mut playback.pending)).collect();
        while let Some((idx, time)) = self.next() {
            if time > self.elapsed {
                break;
            }
            self.playbacks[idx].advance(&mut events[idx]);
        }
        for (playback, events) in self.playbacks.iter_mut().zip(events) {
            if !events.is_empty() {
                updates.push(RunUpdate { id: playback.id.clone(), change: Change::Events(events) });
            }
            if let Some(exit) = playback.unreported_exit.take() {
                updates.push(RunUpdate { id: playback.id.clone(), change: Change::Exit(Some(exit)) });
            }
            if playback.reported != Some(playback.status) {
                playback.reported = Some(playback.status);
                updates.push(RunUpdate { id: playback.id.clone(), change: Change::Status(playback.status) });
            }
        }
        updates
    }

    /// Asks something of a run; it is obeyed at once, its consequences come with the next poll.
    ///
    /// # Errors
    /// Says why there is nothing to obey.
    pub fn request(&mut self, id: &RunId, request: RequestKind) -> Result<String, String> {
        let elapsed = self.elapsed;
        let playback = self.playbacks.iter_mut().find(|playback| &playback.id == id).ok_or_else(|| format!("no run {id}"))?;
        if playback.status.is_over() {
            return Err(format!("{} is {} already", id.run(), playback.status.name()));
        }
        if !request.is_of_life() {
            return Err("the demonstration can be stopped, paused and killed, nothing else".to_owned());
        }
        playback.obey(request, elapsed);
        Ok(match request {
            RequestKind::Stop => format!("{id}: asked to stop; it evaluates and keeps its best"),
            RequestKind::Pause | RequestKind::Release => format!("{id}: asked to pause at its next step"),
            RequestKind::Resume | RequestKind::Extend => format!("{id}: asked to go on"),
            _ => format!("{id}: being killed"),
        })
    }

    /// Whether every run has ended.
    pub fn is_over(&self) -> bool {
        self.playbacks.iter().all(|playback| playback.status.is_over())
    }

    /// The run whose next event is the earliest, starting waiting runs where a slot is free.
    fn next(&mut self) -> Option<(usize, f64)> {
        let is_active = |playback: &&Playback| playback.next_time.is_some() || playback.status == RunStatus::Paused;
        let n_active = self.playbacks.iter().filter(is_active).count();
        if n_active < N_SLOTS {
            let free_since = self.slot_free_since();
            if let Some(waiting) = self.playbacks.iter_mut().find(|p| p.status == RunStatus::Queued && !p.is_held) {
                waiting.next_time = Some(free_since.max(waiting.held_until));
                waiting.status = RunStatus::Starting;
                return self.next();
            }
        }
        let times = self.playbacks.iter().enumerate().filter_map(|(idx, playback)| playback.next_time.map(|time| (idx, time)));
        times.min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// When the latest run ended: a slot is free since then.
    fn slot_free_since(&self) -> f64 {
        let n_started = self.playbacks.iter().filter(|playback| playback.status != RunStatus::Queued).count();
        if n_started < N_SLOTS {
            return 0.0;
        }
        self.playbacks.iter().filter_map(|playback| playback.ended).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::run::catalog::Catalog;
    use crate::verdict::overfitting;

    fn catalog(seconds: &[f64]) -> Catalog {
        let mut synthetic = Synthetic::new();
        let mut catalog = Catalog::default();
        for &second in seconds {
            synthetic.poll(second).into_iter().for_each(|update| catalog.apply(update));
        }
        catalog
    }

    #[test]
    fn the_same_runs_come_out_however_often_it_is_asked() {
        let often: Vec<f64> = (0..=300).map(|tenth| f64::from(tenth) / 5.0).collect();
        assert_eq!(catalog(&often), catalog(&[60.0]));
    }

    #[test]
    fn after_a_while_there_is_a_run_of_every_fate() {
        let catalog = catalog(&[30.0]);
        let of = |name: &str| catalog.runs.iter().find(|run| run.id.run() == name).expect("it is in the script");
        assert_eq!(of("full").status, RunStatus::Running);
        assert_eq!(of("lora-r8").status, RunStatus::Running);
        assert_eq!(of("lora-lr5").status, RunStatus::Diverged);
        assert!(of("lora-lr5").state.steps.iter().any(|step| step.loss.0.is_nan()));
        assert_eq!(of("full-fp64").status, RunStatus::Failed);
        assert!(of("full-fp64").reason().contains("memory"), "{}", of("full-fp64").reason());
        assert_eq!(of("full-seed2").status, RunStatus::Queued);
    }

    #[test]
    fn full_overfits_and_lora_does_not() {
        let catalog = catalog(&[400.0]);
        let level = |name: &str| {
            let run = catalog.runs.iter().find(|run| run.id.run() == name).expect("it is in the script");
            overfitting::judge(&overfitting::points(&run.state, run.spec.as_ref().expect("it has one").best_metric), true).level
        };
        assert_eq!(level("full"), overfitting::Level::Overfitting);
        assert_eq!(level("lora-r8"), overfitting::Level::None);
        assert_eq!(level("feature"), overfitting::Level::None);
        assert!(catalog.runs.iter().all(|run| run.status.is_over()));
    }

    #[test]
    fn requests_are_obeyed() {
        let mut synthetic = Synthetic::new();
        let mut catalog = Catalog::default();
        let mut play = |synthetic: &mut Synthetic, second: f64| -> BTreeMap<String, RunStatus> {
            synthetic.poll(second).into_iter().for_each(|update| catalog.apply(update));
            catalog.runs.iter().map(|run| (run.id.run().to_owned(), run.status)).collect()
        };
        play(&mut synthetic, 10.0);
        let id = |name: &str| RunId(format!("demo-1/{name}"));
        synthetic.request(&id("full"), RequestKind::Stop).expect("it runs");
        synthetic.request(&id("feature"), RequestKind::Pause).expect("it runs");
        synthetic.request(&id("lora-r8"), RequestKind::Kill).expect("it runs");
        synthetic.request(&id("full-seed2"), RequestKind::Stop).expect("it waits");
        let after = play(&mut synthetic, 12.0);
        assert_eq!(after["full"], RunStatus::Stopped);
        assert_eq!(after["feature"], RunStatus::Paused);
        assert_eq!(after["lora-r8"], RunStatus::Failed);
        assert_eq!(after["full-seed2"], RunStatus::Stopped);
        assert!(synthetic.request(&id("full"), RequestKind::Stop).is_err());
        synthetic.request(&id("feature"), RequestKind::Resume).expect("it holds");
        assert_eq!(play(&mut synthetic, 13.0)["feature"], RunStatus::Running);
        play(&mut synthetic, 500.0);
        assert!(synthetic.is_over());
    }
}
