//! How two series of numbers go together: Pearson's correlation and Spearman's. Knows nothing of models.

use std::cmp::Ordering;

use crate::metric::MetricName;

/// Pearson's correlation of two series of one length, in `[-1, 1]`:
/// `r = Σ(x−x̄)(y−ȳ) / √(Σ(x−x̄)² Σ(y−ȳ)²)`. NaN where a number is; 0 where a series is constant.
///
/// Differs: scipy's `pearsonr` says NaN for a constant series; as for Matthews, 0 lets such a model be compared and lose.
pub fn pearson(x: &[f64], y: &[f64]) -> f64 {
    let (x_mean, y_mean) = (mean(x), mean(y));
    let (mut cross, mut x_squares, mut y_squares) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        let (x, y) = (x - x_mean, y - y_mean);
        cross += x * y;
        x_squares += x * x;
        y_squares += y * y;
    }
    let denominator = x_squares.sqrt() * y_squares.sqrt();
    // Rounding may lead a hair beyond; clamp keeps NaN.
    if denominator == 0.0 { 0.0 } else { (cross / denominator).clamp(-1.0, 1.0) }
}

/// Spearman's correlation: Pearson's of the ranks, equal numbers sharing the mean of their ranks (as scipy's `spearmanr`).
pub fn spearman(x: &[f64], y: &[f64]) -> f64 {
    if x.iter().chain(y).any(|number| number.is_nan()) { f64::NAN } else { pearson(&ranks(x), &ranks(y)) }
}

/// Every metric of a regression but the loss.
pub fn metrics(predicted: &[f64], truth: &[f64]) -> Vec<(MetricName, f64)> {
    vec![(MetricName::Pearson, pearson(predicted, truth)), (MetricName::Spearman, spearman(predicted, truth))]
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// Ranks from 1, ties at the mean of the ranks that they take.
fn ranks(numbers: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
    let mut ranks = vec![0.0; numbers.len()];
    let mut below = 0;
    // Equality as numbers, so that 0 and -0 tie.
    for ties in order.chunk_by(|&a, &b| numbers[a].partial_cmp(&numbers[b]) == Some(Ordering::Equal)) {
        for &index in ties {
            ranks[index] = below as f64 + (ties.len() + 1) as f64 / 2.0;
        }
        below += ties.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn correlations_equal_those_of_scipy_with_ties() {
        // scipy 1.17.1: pearsonr, spearmanr.
        let truth = [0.0, 1.25, 2.5, 2.5, 3.8, 5.0, 4.2, 0.4, 2.5, 1.0];
        let predicted = [0.3, 1.0, 2.0, 2.9, 2.9, 4.4, 4.9, -0.2, 2.9, 1.9];
        assert!((pearson(&predicted, &truth) - 0.928_184_428_116_063_4).abs() < 1e-12);
        assert!((spearman(&predicted, &truth) - 0.937_888_198_757_764_1).abs() < 1e-12);
    }

    #[test]
    fn a_large_offset_costs_no_digits() {
        // scipy 1.17.1.
        let (x, y) = ([1.0, 2.0, 2.0, 2.0, 7.0, -3.0], [1.0, 5.0, 3.0, 3.0, 2.0, 9.0].map(|y| y + 1e6));
        assert!((pearson(&x, &y) + 0.706_031_937_915_683_4).abs() < 1e-12);
        assert!((spearman(&x, &y) + 0.338_822_606_998_533_6).abs() < 1e-12);
    }

    #[test]
    fn equal_numbers_share_their_mean_rank() {
        // scipy 1.17.1: rankdata.
        let found = ranks(&[3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0]);
        assert_eq!(found, [4.5, 1.5, 6.0, 1.5, 8.0, 11.0, 3.0, 10.0, 8.0, 4.5, 8.0]);
        assert_eq!(ranks(&[0.0, -0.0]), [1.5, 1.5]);
    }

    #[test]
    fn a_constant_prediction_correlates_with_nothing_and_nan_is_told() {
        let truth = [1.0, 2.0, 3.0];
        assert_eq!((pearson(&[2.0; 3], &truth).to_bits(), spearman(&[2.0; 3], &truth).to_bits()), (0, 0));
        assert!(metrics(&[1.0, f64::NAN, 2.0], &truth).iter().all(|(_, value)| value.is_nan()));
    }

    proptest! {
        #[test]
        fn correlations_are_symmetric_bounded_and_blind_to_scale(
            pairs in prop::collection::vec((-100.0f64..100.0, -3i8..3), 2..60), scale in 0.1f64..10.0, shift in -10.0f64..10.0,
        ) {
            let x: Vec<f64> = pairs.iter().map(|pair| pair.0).collect();
            let y: Vec<f64> = pairs.iter().map(|pair| f64::from(pair.1)).collect();
            let moved: Vec<f64> = y.iter().map(|y| y * scale + shift).collect();
            for correlation in [pearson, spearman] {
                let value = correlation(&x, &y);
                prop_assert!((-1.0..=1.0).contains(&value));
                prop_assert!((value - correlation(&y, &x)).abs() < 1e-9);
            }
            let is_constant = y.iter().all(|value| value.total_cmp(&y[0]).is_eq());
            prop_assert!(is_constant || (pearson(&x, &y) - pearson(&x, &moved)).abs() < 1e-6);
            // Steps of the first series are larger than rounding, so that the order is the same.
            prop_assert!(is_constant || (spearman(&x, &y) - spearman(&x, &moved)).abs() < 1e-9);
        }
    }
}
