//! What can be had without learning anything, and what chance does to a share of few rows.

use crate::metric::ConfusionMatrix;

/// 97.5 % of a normal distribution lies below: both sides together make 95 %.
pub const Z: f64 = 1.959_964;

/// More rows than this are no count of rows, and sums of them would overflow.
const MOST_ROWS: u64 = 1 << 52;

/// Shares of the labels among the rows of an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Shares {
    /// Rows.
    pub rows: f64,
    /// Of each label among the true ones.
    pub truth: Vec<f64>,
    /// Of each label among the predictions.
    pub predicted: Vec<f64>,
}

impl Shares {
    /// Those of a confusion matrix; `None` where it is empty or no square.
    pub fn of(confusion: &ConfusionMatrix) -> Option<Self> {
        let n = confusion.counts.len();
        let total = confusion.counts.iter().flatten().try_fold(0_u64, |sum, &count| sum.checked_add(count))?;
        if total == 0 || total > MOST_ROWS || confusion.counts.iter().any(|row| row.len() != n) {
            return None;
        }
        let rows = total as f64;
        let truth = confusion.counts.iter().map(|row| row.iter().sum::<u64>() as f64 / rows).collect();
        let predicted = (0..n).map(|label| confusion.counts.iter().map(|row| row[label]).sum::<u64>() as f64 / rows).collect();
        Some(Self { rows, truth, predicted })
    }

    /// The commonest true label with its share: the accuracy of always giving it.
    pub fn majority(&self) -> (usize, f64) {
        largest(&self.truth)
    }

    /// The commonest prediction with its share.
    pub fn favourite(&self) -> (usize, f64) {
        largest(&self.predicted)
    }

    /// Cross-entropy of knowing the shares of the true labels and nothing else, nat.
    pub fn entropy(&self) -> f64 {
        self.truth.iter().filter(|&&share| share > 0.0).map(|share| -share * share.ln()).sum()
    }

    /// Standard error of a share of these rows.
    pub fn standard_error(&self, share: f64) -> f64 {
        (share * (1.0 - share) / self.rows).max(0.0).sqrt()
    }
}

fn largest(shares: &[f64]) -> (usize, f64) {
    let indexed = shares.iter().copied().enumerate();
    indexed.reduce(|best, next| if next.1 > best.1 { next } else { best }).unwrap_or((0, 0.0))
}

/// The 95 % interval of a share `p` seen among `n` rows.
///
/// Source: Wilson 1927, doi:10.1080/01621459.1927.10502953: `(p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n)`. Unlike `p ± z·SE` it is
/// good for few rows and near 0 and 1 (Brown, Cai and Dasgupta 2001, doi:10.1214/ss/1009213286).
pub fn wilson(p: f64, n: f64) -> (f64, f64) {
    let (square, scale) = (Z * Z / n, 1.0 + Z * Z / n);
    let centre = p + square / 2.0;
    let half = (p * (1.0 - p) / n * Z * Z + square * square / 4.0).max(0.0).sqrt();
    ((centre - half) / scale, (centre + half) / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_statsmodels() {
        // statsmodels.stats.proportion.proportion_confint(17, 20, method="wilson") = (0.63958, 0.94763).
        let (low, high) = wilson(0.85, 20.0);
        assert!((low - 0.639_58).abs() < 1e-4 && (high - 0.947_63).abs() < 1e-4, "{low} {high}");
    }

    #[test]
    fn shares_are_counted_from_both_sides() {
        let shares = Shares::of(&ConfusionMatrix { counts: vec![vec![6, 0], vec![2, 0]] }).unwrap();
        assert_eq!((shares.majority(), shares.favourite()), ((0, 0.75), (0, 1.0)));
        assert!((shares.entropy() - 0.562_335).abs() < 1e-6);
        assert_eq!(Shares::of(&ConfusionMatrix::new(3)), None, "no rows");
    }
}
