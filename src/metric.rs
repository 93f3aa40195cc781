//! Named numbers that judge a model, computed from counts or from pairs of numbers. Knows no tensor and no screen.

pub mod correlation;

use serde::{Deserialize, Serialize};

/// A metric that can be computed, watched and sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricName {
    /// Mean cross-entropy; of a regression the mean squared error.
    Loss,
    /// Share of rows whose label is predicted.
    Accuracy,
    /// F1 of the second label (the positive one of a binary task).
    F1,
    /// Unweighted mean of the F1 of all labels.
    MacroF1,
    /// Matthews correlation coefficient.
    Matthews,
    /// Pearson's correlation of a regression's predictions with the true values.
    Pearson,
    /// Spearman's rank correlation of a regression's predictions with the true values.
    Spearman,
}

/// Names and direction, so that sorting, early stopping and the best checkpoint cannot disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricDefinition {
    /// The name in files and on screens.
    pub name: &'static str,
    /// Heading of a narrow column, at most six characters.
    pub short: &'static str,
    /// Direction.
    pub higher_is_better: bool,
}

impl MetricName {
    /// Every metric.
    pub const ALL: [Self; 7] =
        [Self::Loss, Self::Accuracy, Self::F1, Self::MacroF1, Self::Matthews, Self::Pearson, Self::Spearman];

    /// Names and direction.
    pub const fn definition(self) -> MetricDefinition {
        match self {
            Self::Loss => MetricDefinition { name: "loss", short: "LOSS", higher_is_better: false },
            Self::Accuracy => MetricDefinition { name: "accuracy", short: "ACC", higher_is_better: true },
            Self::F1 => MetricDefinition { name: "f1", short: "F1", higher_is_better: true },
            Self::MacroF1 => MetricDefinition { name: "macro_f1", short: "MAC.F1", higher_is_better: true },
            Self::Matthews => MetricDefinition { name: "matthews", short: "MCC", higher_is_better: true },
            Self::Pearson => MetricDefinition { name: "pearson", short: "PEARS", higher_is_better: true },
            Self::Spearman => MetricDefinition { name: "spearman", short: "SPEAR", higher_is_better: true },
        }
    }

    /// The name in files and on screens.
    pub const fn name(self) -> &'static str {
        self.definition().name
    }
}

/// Counts of (true label, predicted label).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfusionMatrix {
    /// Row: true label. Column: predicted label.
    pub counts: Vec<Vec<u64>>,
}

impl ConfusionMatrix {
    /// All counts zero for `n_labels` labels.
    pub fn new(n_labels: usize) -> Self {
        Self { counts: vec![vec![0; n_labels]; n_labels] }
    }

    /// Counts one row.
    pub fn add(&mut self, truth: usize, predicted: usize) {
        self.counts[truth][predicted] += 1;
    }

    /// Rows counted.
    pub fn n_rows(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    fn row_sum(&self, label: usize) -> u64 {
        self.counts[label].iter().sum()
    }

    fn column_sum(&self, label: usize) -> u64 {
        self.counts.iter().map(|row| row[label]).sum()
    }

    /// Share of rows whose label is predicted; NaN without rows.
    pub fn accuracy(&self) -> f64 {
        let hits: u64 = (0..self.counts.len()).map(|label| self.counts[label][label]).sum();
        hits as f64 / self.n_rows() as f64
    }

    /// `2TP / (2TP + FP + FN)` of one label; 0 where the label is neither true nor predicted anywhere.
    pub fn f1(&self, label: usize) -> f64 {
        let denominator = self.row_sum(label) + self.column_sum(label);
        if denominator == 0 { 0.0 } else { 2.0 * self.counts[label][label] as f64 / denominator as f64 }
    }

    /// Unweighted mean of the F1 of all labels.
    pub fn macro_f1(&self) -> f64 {
        let n = self.counts.len();
        (0..n).map(|label| self.f1(label)).sum::<f64>() / n as f64
    }

    /// Matthews correlation for any number of labels; 0 where one side is constant.
    ///
    /// Paper: Gorodkin 2004, doi:10.1016/j.compbiolchem.2004.09.006 (as scikit-learn's `matthews_corrcoef`).
    pub fn matthews(&self) -> f64 {
        let rows = self.n_rows() as f64;
        let labels = 0..self.counts.len();
        let hits: f64 = labels.clone().map(|label| self.counts[label][label] as f64).sum();
        let (mut cross, mut truth, mut predicted) = (0.0, 0.0, 0.0);
        for label in labels {
            let (row, column) = (self.row_sum(label) as f64, self.column_sum(label) as f64);
            cross += row * column;
            truth += row * row;
            predicted += column * column;
        }
        let denominator = ((rows * rows - truth) * (rows * rows - predicted)).sqrt();
        if denominator == 0.0 { 0.0 } else { (hits * rows - cross) / denominator }
    }

    /// Every metric of a classification but the loss, in the order of [`MetricName::ALL`].
    pub fn metrics(&self) -> Vec<(MetricName, f64)> {
        let positive = 1.min(self.counts.len() - 1);
        vec![
            (MetricName::Accuracy, self.accuracy()),
            (MetricName::F1, self.f1(positive)),
            (MetricName::MacroF1, self.macro_f1()),
            (MetricName::Matthews, self.matthews()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_equal_scikit_learn_on_three_labels() {
        // sklearn 1.x on y_true=[0,0,0,1,1,2,2,2,2], y_pred=[0,1,0,1,2,2,2,0,2].
        let mut confusion = ConfusionMatrix::new(3);
        for (truth, predicted) in [(0, 0), (0, 1), (0, 0), (1, 1), (1, 2), (2, 2), (2, 2), (2, 0), (2, 2)] {
            confusion.add(truth, predicted);
        }
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
        close(confusion.accuracy(), 6.0 / 9.0);
        close(confusion.macro_f1(), (2.0 / 3.0 + 0.5 + 0.75) / 3.0);
        close(confusion.f1(1), 0.5);
        close(confusion.matthews(), 25.0 / 52.0);
    }

    #[test]
    fn f1_and_matthews_of_two_labels_equal_scikit_learn_with_the_second_as_positive() {
        // scikit-learn 1.9.1 on the label shares of MRPC's validation split: f1_score, accuracy_score, matthews_corrcoef.
        let confusion = ConfusionMatrix { counts: vec![vec![69, 60], vec![29, 250]] };
        let expected = [
            (MetricName::Accuracy, 0.781_862_745_098_039_2),
            (MetricName::F1, 0.848_896_434_634_974_6),
            (MetricName::Matthews, 0.469_051_961_296_506_4),
        ];
        let found = confusion.metrics();
        for (name, expected) in expected {
            let (_, value) = found.iter().find(|(found, _)| *found == name).unwrap();
            assert!((value - expected).abs() < 1e-12, "{name:?}: {value} is not {expected}");
        }
    }

    #[test]
    fn matthews_is_zero_when_one_label_is_always_predicted() {
        let mut confusion = ConfusionMatrix::new(2);
        confusion.add(0, 1);
        confusion.add(1, 1);
        assert!(confusion.matthews().abs() < f64::EPSILON);
    }
}
