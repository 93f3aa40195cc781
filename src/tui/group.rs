//! Runs in groups, with the mean and spread of each. Pure.

use crate::metric::MetricName;
use crate::run::catalog::RunView;

/// What runs are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupBy {
    /// Nothing.
    #[default]
    Nothing,
    /// The method of adaptation.
    Method,
    /// The seed.
    Seed,
    /// The experiment.
    Experiment,
    /// What differs by the seed alone.
    Configuration,
}

impl GroupBy {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Nothing, Self::Method, Self::Seed, Self::Experiment, Self::Configuration];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Method => "method",
            Self::Seed => "seed",
            Self::Experiment => "experiment",
            Self::Configuration => "configuration (runs that differ by the seed alone)",
        }
    }

    /// The group that a run belongs to; `None` where nothing is grouped.
    pub fn of(self, run: &RunView) -> Option<String> {
        let spec = run.spec.as_ref().ok();
        let unknown = || "unreadable".to_owned();
        match self {
            Self::Nothing => None,
            Self::Method => Some(spec.map_or_else(unknown, |spec| spec.method.about().name.to_owned())),
            Self::Seed => Some(spec.map_or_else(unknown, |spec| format!("seed {}", spec.seed))),
            Self::Experiment => Some(run.id.experiment().to_owned()),
            Self::Configuration => Some(without_seed(run.id.run(), spec.map(|spec| spec.seed)).to_owned()),
        }
    }
}

/// The name of a run without the `-sN` that one of several seeds carries.
fn without_seed(name: &str, seed: Option<u64>) -> &str {
    let Some(seed) = seed else { return name };
    let endings = [format!("-s{seed}"), format!("-seed{seed}")];
    endings.iter().find_map(|ending| name.strip_suffix(ending.as_str())).unwrap_or(name)
}

/// A metric over a group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Runs that have it.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Their sample standard deviation, with `count − 1`; `None` of one run.
    pub deviation: Option<f64>,
}

/// The spread of a metric's latest validation over runs; `None` where none has it.
pub fn spread(runs: &[&RunView], metric: MetricName) -> Option<Spread> {
    let values: Vec<f64> = runs.iter().filter_map(|run| run.state.latest_validation(metric)).filter(|value| value.is_finite()).collect();
    let count = values.len();
    let mean = (count > 0).then(|| values.iter().sum::<f64>() / count as f64)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some(Spread { count, mean, deviation: (count > 1).then(|| (squares / (count - 1) as f64).sqrt()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::catalog::Catalog;
    use crate::run::synthetic::Synthetic;

    #[test]
    fn runs_that_differ_by_the_seed_alone_are_one_group() {
        for (name, seed, expected) in [("full-s2", 2, "full"), ("full", 2, "full"), ("full-s2", 3, "full-s2"), ("a-seed12", 12, "a")] {
            assert_eq!(without_seed(name, Some(seed)), expected);
        }
    }

    #[test]
    fn a_group_has_a_mean_and_a_sample_deviation() {
        let mut catalog = Catalog::default();
        Synthetic::new().poll(200.0).into_iter().for_each(|update| catalog.apply(update));
        let runs: Vec<&RunView> = catalog.runs.iter().collect();
        let values: Vec<f64> = runs.iter().filter_map(|run| run.state.latest_validation(MetricName::Accuracy)).collect();
        let spread = spread(&runs, MetricName::Accuracy).unwrap();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        assert!((spread.mean - mean).abs() < 1e-12 && spread.count == values.len() && spread.deviation.unwrap() > 0.0);
        assert_eq!(super::spread(&runs[..0], MetricName::Accuracy), None);
    }
}
