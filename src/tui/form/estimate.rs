//! What an experiment would cost, as far as the form shows it, and how long it may take: as earlier runs of the same model and method
//! trained. Pure.

use crate::plan::prepare::Plan;
use crate::report;
use crate::run::catalog::RunView;
use crate::spec::experiment::locate::{Place, locate};

/// What an experiment would cost.
#[derive(Debug, Clone, PartialEq)]
pub struct DraftPlan {
    /// Its runs.
    pub runs: Vec<DraftRun>,
    /// How many train at the same time.
    pub runs_at_once: usize,
    /// What is probably a mistake, with the line that it is about.
    pub warnings: Vec<(Option<usize>, String)>,
    /// The whole plan in words.
    pub full: String,
    /// Bytes free where runs are kept.
    pub free_bytes: Option<u64>,
}

/// What a run would cost.
#[derive(Debug, Clone, PartialEq)]
pub struct DraftRun {
    /// Its name.
    pub name: String,
    /// The base model's folder, as text.
    pub model: String,
    /// The method's name.
    pub method: &'static str,
    /// Parameters that train.
    pub trainable: u64,
    /// Of all, per cent.
    pub percent: f64,
    /// Predicted peak memory, bytes.
    pub memory_bytes: u64,
    /// What is kept of it, bytes.
    pub disk_bytes: u64,
    /// Training examples that it sees.
    pub examples: u64,
    /// Seconds of training, where earlier runs tell.
    pub seconds: Option<f64>,
}

impl DraftPlan {
    /// What the form shows of a plan.
    pub fn new(plan: &Plan, free_bytes: Option<u64>) -> Self {
        let run = |run: &crate::plan::prepare::PlannedRun| DraftRun {
            name: run.spec.name.clone(),
            model: run.spec.model.folder.display().to_string(),
            method: run.spec.method.about().name,
            trainable: run.cost.ledger.trainable,
            percent: 100.0 * run.cost.ledger.trainable as f64 / (run.cost.ledger.total.max(1)) as f64,
            memory_bytes: run.cost.memory_bytes,
            disk_bytes: run.cost.checkpoint_bytes,
            examples: run.cost.total_steps * run.spec.optimization.batch_size as u64,
            seconds: None,
        };
        Self {
            runs: plan.runs.iter().map(run).collect(),
            runs_at_once: plan.runs_at_once,
            warnings: plan.warnings.iter().map(|warning| (line_of(plan, warning), warning.clone())).collect(),
            full: report::plan::text(plan),
            free_bytes,
        }
    }

    /// Fills in how long each run may take: its examples at the median rate of earlier runs of its model and method.
    pub fn estimate(&mut self, earlier: &[RunView]) {
        for run in &mut self.runs {
            let is_like = |other: &&RunView| {
                other
                    .spec
                    .as_ref()
                    .is_ok_and(|spec| spec.method.about().name == run.method && spec.model.folder.display().to_string() == run.model)
            };
            let mut rates: Vec<f64> = earlier.iter().filter(is_like).filter_map(rate).collect();
            rates.sort_by(f64::total_cmp);
            run.seconds = rates.get(rates.len() / 2).map(|rate| run.examples as f64 / rate);
        }
    }

    /// Seconds for all runs, where every one can be told: their sum, shared by those that train at once, at least the longest.
    pub fn seconds(&self) -> Option<f64> {
        let seconds: Vec<f64> = self.runs.iter().map(|run| run.seconds).collect::<Option<_>>()?;
        let longest = seconds.iter().copied().fold(0.0, f64::max);
        Some((seconds.iter().sum::<f64>() / self.runs_at_once.max(1) as f64).max(longest))
    }
}

/// Training examples a second of a recorded run.
fn rate(run: &RunView) -> Option<f64> {
    let last = run.state.steps.last()?;
    let rate = last.examples as f64 / last.training_seconds;
    (rate.is_finite() && rate > 0.0).then_some(rate)
}

/// The line of the run that a warning begins with.
fn line_of(plan: &Plan, warning: &str) -> Option<usize> {
    let name = warning.split([':', ',']).next()?;
    let run = plan.runs.iter().find(|run| run.spec.name == name)?;
    let (_, document) = crate::spec::experiment::document::parse(plan.text.as_bytes()).ok()?;
    let runs: Place = super::draft::place(&document, &[super::draft::Step::Key("runs")])?;
    locate(&plan.text, &runs.child(run.made_from)).map(|(line, _)| line)
}
