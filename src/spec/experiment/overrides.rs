//! What the command line says in place of an experiment's file, so that an experiment can be tried on other data or made shorter.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::spec::experiment::written::{Experiment, Source};

/// Values that replace those of the file, for all runs; `None` leaves the file's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Overrides {
    /// A folder with a file for each split, or a file of training rows. It brings labels of its own; the columns' names stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Limit on the training rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_train_rows: Option<usize>,
    /// Passes over the training split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u32>,
    /// The one seed of every run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

impl Overrides {
    /// Whether nothing is replaced.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Replaces what the experiment says.
    pub fn apply(&self, experiment: &mut Experiment) {
        let data = &mut experiment.data;
        if let Some(path) = &self.data {
            data.source = Source::Given(path.clone());
            data.labels = None;
        }
        data.max_train_rows = self.max_train_rows.or(data.max_train_rows);
        for run in &mut experiment.runs {
            let settings = &mut run.settings;
            settings.epochs = self.epochs.or(settings.epochs);
            settings.seeds = self.seed.map(|seed| vec![seed]).or_else(|| settings.seeds.take());
        }
        let settings = &mut experiment.settings;
        settings.epochs = self.epochs.or(settings.epochs);
        settings.seeds = self.seed.map(|seed| vec![seed]).or_else(|| settings.seeds.take());
    }

    /// As it is written on the command line; empty where nothing is replaced.
    pub fn in_words(&self) -> String {
        let data = self.data.as_ref().map(|path| format!("--data {}", path.display()));
        let rows = self.max_train_rows.map(|rows| format!("--max-train-rows {rows}"));
        let epochs = self.epochs.map(|epochs| format!("--epochs {epochs}"));
        let seed = self.seed.map(|seed| format!("--seed {seed}"));
        [data, rows, epochs, seed].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::experiment::read;

    #[test]
    fn runs_with_values_of_their_own_are_overridden_too() {
        let text = "data: {train: a.tsv, labels: [x, y]}\nepochs: 3\nruns: [{method: full, epochs: 9, seeds: [1, 2]}, {method: full}]\n";
        let mut experiment = read::experiment(text.as_bytes()).unwrap();
        let all = Overrides { data: Some("mine".into()), max_train_rows: Some(7), epochs: Some(1), seed: Some(5) };
        let written = experiment.clone();
        Overrides::default().apply(&mut experiment);
        assert_eq!(experiment, written);
        all.apply(&mut experiment);
        assert_eq!((experiment.data.source, experiment.data.labels), (Source::Given("mine".into()), None));
        assert_eq!(experiment.data.max_train_rows, Some(7));
        for run in &experiment.runs {
            let settings = run.settings.clone().over(experiment.settings.clone());
            assert_eq!((settings.epochs, settings.seeds), (Some(1), Some(vec![5])));
        }
        assert_eq!(all.in_words(), "--data mine --max-train-rows 7 --epochs 1 --seed 5");
        assert!(Overrides::default().is_empty() && !all.is_empty());
    }
}
