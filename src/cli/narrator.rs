//! Tells a run's updates in plain lines, one per event, steps now and then. Pure: its clock is handed in.

use std::collections::HashMap;

use crate::report::number::duration;
use crate::run::catalog::{Catalog, Change, RunId, RunUpdate, RunView};
use crate::run::state;
use crate::run::status::RunStatus;
use crate::run::text;

/// Seconds between two lines on the progress of a run.
const PROGRESS_EVERY_SECONDS: f64 = 5.0;

/// What has been told already.
#[derive(Debug)]
pub struct Narrator {
    begin: f64,
    last_progress: HashMap<RunId, (f64, u64)>,
}

impl Narrator {
    /// Nothing told yet; lines carry the time since `begin`, seconds since the Unix epoch.
    pub fn new(begin: f64) -> Self {
        Self { begin, last_progress: HashMap::new() }
    }

    /// The lines that an update is worth; `catalog` has it applied already.
    pub fn tell(&mut self, catalog: &Catalog, update: &RunUpdate) -> Vec<String> {
        let Some(run) = catalog.run(&update.id) else { return Vec::new() };
        match &update.change {
            Change::Events(events) => {
                let told = events.iter().filter_map(|event| Some((event.time, state::in_words(&event.kind)?)));
                told.map(|(time, words)| self.line(catalog, run, time, &words)).collect()
            }
            Change::Status(status) => self.tell_status(catalog, run, *status).into_iter().collect(),
            Change::Added(spec) => match spec.as_ref() {
                Ok(_) => Vec::new(),
                Err(problem) => vec![self.line(catalog, run, self.begin, problem)],
            },
            Change::Removed => vec![self.line(catalog, run, self.begin, "its folder is gone")],
            Change::Job(_) | Change::Exit(_) | Change::Skipped(_) => Vec::new(),
        }
    }

    /// Status changes that no event speaks of.
    fn tell_status(&self, catalog: &Catalog, run: &RunView, status: RunStatus) -> Option<String> {
        let is_told_by_event = run.state.finished.is_some();
        let time = run.exit.as_ref().map(|exit| exit.time).or(run.state.last_time).unwrap_or(self.begin);
        match status {
            RunStatus::Stalled | RunStatus::Lost | RunStatus::Failed | RunStatus::Stopped if !is_told_by_event => {
                Some(self.line(catalog, run, time, &format!("{}: {}", status.name(), run.reason())))
            }
            _ => None,
        }
    }

    /// A line for every run that trains and of which nothing was said for a while.
    pub fn progress(&mut self, catalog: &Catalog, now: f64) -> Vec<String> {
        let mut lines = Vec::new();
        for run in catalog.runs.iter().filter(|run| run.status == RunStatus::Running) {
            let step = run.state.step();
            let (last, last_step) = *self.last_progress.entry(run.id.clone()).or_insert((now, step));
            if now - last < PROGRESS_EVERY_SECONDS || step == last_step {
                continue;
            }
            self.last_progress.insert(run.id.clone(), (now, step));
            lines.extend(progress_of(run).map(|words| self.line(catalog, run, now, &words)));
        }
        lines
    }

    fn line(&self, catalog: &Catalog, run: &RunView, time: f64, words: &str) -> String {
        let width = catalog.runs.iter().map(|run| run.id.run().chars().count()).max().unwrap_or(0);
        let seconds = (time - self.begin).max(0.0) as u64;
        text::printable(&format!("{:02}:{:02}  {:<width$}  {words}", seconds / 60, seconds % 60, run.id.run())).into_owned()
    }
}

fn progress_of(run: &RunView) -> Option<String> {
    let training = run.state.training.as_ref()?;
    let step = run.state.steps.last()?;
    let words = format!("step {}/{}  epoch {:.2}  training loss {:.4}", step.step, training.total_steps, step.epoch, step.loss.0);
    let Some(rate) = run.state.examples_per_second() else { return Some(words) };
    let rest = training.total_steps.saturating_sub(step.step) as f64;
    let left = duration(rest * step.training_seconds / step.step.max(1) as f64);
    Some(format!("{words}  {rate:.0} examples/s  about {left} left"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::tests::golden_run;
    use crate::run::reader::EventDecoder;

    #[test]
    fn the_golden_log_is_told_in_plain_lines() {
        let mut events = Vec::new();
        EventDecoder::default().feed(include_bytes!("../../tests/fixtures/golden/events.jsonl"), &mut events).unwrap();
        let run = golden_run();
        let update = RunUpdate { id: run.id.clone(), change: Change::Events(events) };
        let catalog = Catalog { runs: vec![run] };
        let lines = Narrator::new(1_790_000_000.0).tell(&catalog, &update);
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn progress_is_told_every_five_seconds_and_only_if_there_is_any() {
        let mut run = golden_run();
        run.status = RunStatus::Running;
        let mut catalog = Catalog { runs: vec![run] };
        let mut narrator = Narrator::new(0.0);
        assert!(narrator.progress(&catalog, 100.0).is_empty());
        let mut step = catalog.runs[0].state.steps.last().unwrap();
        step.step = 8;
        step.loss = crate::run::number::Number(0.5);
        catalog.runs[0].state.steps.push(&step, 1.0);
        assert!(narrator.progress(&catalog, 104.0).is_empty());
        let lines = narrator.progress(&catalog, 105.0);
        assert_eq!(lines, ["01:45  lora  step 8/8  epoch 1.75  training loss 0.5000  640 examples/s  about 0.0 s left"]);
        assert!(narrator.progress(&catalog, 111.0).is_empty());
    }
}
