//! The columns of the table: what each says, how wide it is, what number stands behind it. Pure.

use serde::{Deserialize, Serialize};

use crate::metric::MetricName;
use crate::run::catalog::RunView;
use crate::run::storage::Storage;
use crate::tui::state::State;

/// A column after the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "`about` says what each holds")]
pub enum Column {
    State,
    Method,
    Seed,
    LearningRate,
    Trainable,
    Percent,
    Bytes,
    Progress,
    Eta,
    TrainLoss,
    ValidationLoss,
    Metric,
    Test,
    Gap,
    Best,
    Seconds,
    Speed,
    Memory,
}

/// All columns from left to right.
pub const COLUMNS: [Column; 18] = [
    Column::State,
    Column::Method,
    Column::Seed,
    Column::LearningRate,
    Column::Trainable,
    Column::Percent,
    Column::Bytes,
    Column::Progress,
    Column::Eta,
    Column::TrainLoss,
    Column::ValidationLoss,
    Column::Metric,
    Column::Test,
    Column::Gap,
    Column::Best,
    Column::Seconds,
    Column::Speed,
    Column::Memory,
];

/// The order in which columns give way where there is no room; the others never do.
pub const DROPS: [Column; 14] = [
    Column::Seed,
    Column::Bytes,
    Column::Test,
    Column::Seconds,
    Column::LearningRate,
    Column::Memory,
    Column::Speed,
    Column::State,
    Column::Best,
    Column::Trainable,
    Column::Method,
    Column::Eta,
    Column::TrainLoss,
    Column::Percent,
];

impl Column {
    /// Its width.
    pub const fn width(self) -> usize {
        match self {
            Self::Progress | Self::State => 9,
            Self::Method => 8,
            Self::Percent | Self::Eta | Self::TrainLoss | Self::ValidationLoss | Self::Metric | Self::Test | Self::Seconds => 6,
            Self::Trainable | Self::Gap | Self::Speed | Self::LearningRate => 7,
            Self::Best | Self::Memory | Self::Bytes => 5,
            Self::Seed => 4,
        }
    }

    /// Whether it stands at the left.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::State | Self::Method)
    }

    /// Its heading.
    pub const fn head(self, metric: MetricName) -> &'static str {
        match self {
            Self::State => "STATE",
            Self::Method => "METHOD",
            Self::Seed => "SEED",
            Self::LearningRate => "LR",
            Self::Trainable => "TRAINED",
            Self::Percent => "TRAIN%",
            Self::Bytes => "BYTES",
            Self::Progress => "EPOCH",
            Self::Eta => "ETA",
            Self::TrainLoss => "T.LOSS",
            Self::ValidationLoss => "V.LOSS",
            Self::Metric => metric.definition().short,
            Self::Test => "TEST",
            Self::Gap => "GAP",
            Self::Best => "BEST",
            Self::Seconds => "TIME",
            Self::Speed => "EX/S",
            Self::Memory => "MEM",
        }
    }

    /// What it holds, in words.
    pub const fn about(self) -> &'static str {
        match self {
            Self::State => "what the run is doing",
            Self::Method => "method of adaptation",
            Self::Seed => "seed",
            Self::LearningRate => "peak learning rate",
            Self::Trainable => "trainable parameters",
            Self::Percent => "share of all parameters that trains",
            Self::Bytes => "bytes stored for one task",
            Self::Progress => "epochs done",
            Self::Eta => "time left",
            Self::TrainLoss => "training loss, mean since the evaluation before",
            Self::ValidationLoss => "validation loss",
            Self::Metric => "validation metric, chosen by the key ;",
            Self::Test => "the metric on the test split, with the best checkpoint",
            Self::Gap => "validation loss minus training loss",
            Self::Best => "step of the best validation",
            Self::Seconds => "time in training steps",
            Self::Speed => "training examples a second",
            Self::Memory => "resident memory of the worker",
        }
    }

    /// Whether more is better, so that sorting puts the greatest first.
    const fn greatest_first(self, metric: MetricName) -> bool {
        match self {
            Self::Metric | Self::Test => metric.definition().higher_is_better,
            Self::Progress | Self::Speed => true,
            _ => false,
        }
    }

    /// The number behind it; `None` where it is no number or there is none yet.
    pub fn number(self, run: &RunView, state: &State) -> Option<f64> {
        let training = run.state.training.as_ref();
        let spec = run.spec.as_ref().ok();
        let last = run.state.steps.last();
        match self {
            Self::State => Some(f64::from(run.status as u8)),
            Self::Method => None,
            Self::Seed => spec.map(|spec| spec.seed as f64),
            Self::LearningRate => spec.map(|spec| spec.optimization.learning_rate),
            Self::Trainable => training.map(|training| training.ledger.trainable as f64),
            Self::Percent => training.map(|training| training.ledger.trainable as f64 / training.ledger.total.max(1) as f64),
            Self::Bytes => training.zip(spec).map(|(training, spec)| Storage::new(&training.ledger, &spec.method).task_bytes as f64),
            Self::Progress => training.map(|training| run.state.step() as f64 / training.total_steps.max(1) as f64),
            Self::Eta => state.seconds_left(run),
            Self::TrainLoss => {
                let point = state.insights.get(&run.id).and_then(|insight| insight.points.last());
                let loss = last.map(|step| step.loss.0);
                let is_broken = loss.is_some_and(|loss| !loss.is_finite());
                if is_broken { loss } else { point.and_then(|point| point.train_loss).or(loss) }
            }
            Self::ValidationLoss => run.state.latest_validation(MetricName::Loss),
            Self::Metric => run.state.latest_validation(state.metric()),
            Self::Test => run.state.test.as_ref().and_then(|test| test.metrics.get(&state.metric())).map(|value| value.0),
            Self::Gap => state.insights.get(&run.id).and_then(|insight| insight.verdict.gap),
            Self::Best => run.state.best().map(|best| best.step as f64),
            Self::Seconds => last.map(|step| step.training_seconds),
            Self::Speed => run.state.examples_per_second(),
            Self::Memory => last.map(|step| step.rss_bytes as f64),
        }
    }

    /// The number that sorting goes by, ascending.
    pub fn sort_key(self, run: &RunView, state: &State) -> Option<f64> {
        let number = self.number(run, state).filter(|number| !number.is_nan())?;
        Some(if self.greatest_first(state.metric()) { -number } else { number })
    }
}
