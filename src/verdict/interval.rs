//! How far chance alone carries a metric on the rows that it was measured on, and whether two runs differ by more than that.
//!
//! Sources: a share by Wilson ([`wilson`]); a correlation by Fisher's z (Fisher 1921), Spearman's with the variance of Bonett and Wright
//! 2000, doi:10.1007/BF02294183; what is computed from counts by the jackknife (Efron and Stein 1981, doi:10.1214/aos/1176345462). The
//! difference of two by the method of variance estimates recovery, which for shares is Newcombe's (Newcombe 1998,
//! Statistics in Medicine 17:873; Zou 2007, doi:10.1037/1082-989X.12.4.399).
//!
//! Two runs judged on the same rows vary together, so their difference is surer than is said here: the interval errs on the wide side.

use crate::metric::{ConfusionMatrix, MetricName};
use crate::run::event::Evaluation;
use crate::verdict::chance::{Shares, Z, wilson};

/// A value with the 95 % interval that its rows leave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The value.
    pub value: f64,
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The interval of a metric of an evaluation of `rows` rows; `None` where the log does not hold what it takes, as for the loss.
pub fn interval(metric: MetricName, evaluation: &Evaluation, rows: u64) -> Option<Interval> {
    let value = evaluation.metrics.get(&metric)?.0;
    let confusion = || evaluation.confusion.as_ref();
    let ends = match metric {
        MetricName::Loss => None,
        MetricName::Accuracy => Some(wilson(value, Shares::of(confusion()?)?.rows)),
        MetricName::F1 | MetricName::MacroF1 | MetricName::Matthews => jackknife(metric, confusion()?),
        MetricName::Pearson => fisher(value, rows, 1.0),
        MetricName::Spearman => fisher(value, rows, (1.0 + value * value / 2.0).sqrt()),
    };
    let (low, high) = ends.filter(|(low, high)| low.is_finite() && high.is_finite())?;
    Some(Interval { value, low, high })
}

/// The 95 % interval of `a - b`.
pub fn difference(a: Interval, b: Interval) -> (f64, f64) {
    let difference = a.value - b.value;
    let below = (a.value - a.low).hypot(b.high - b.value);
    let above = (a.high - a.value).hypot(b.value - b.low);
    (difference - below, difference + above)
}

/// Whether the two differ by more than chance explains.
pub fn is_beyond_chance(a: Interval, b: Interval) -> bool {
    let (low, high) = difference(a, b);
    low > 0.0 || high < 0.0
}

/// `tanh(atanh r ± z·s/√(n − 3))`.
fn fisher(r: f64, rows: u64, scale: f64) -> Option<(f64, f64)> {
    let freedom = rows.checked_sub(3).filter(|freedom| *freedom > 0)? as f64;
    let (centre, half) = (r.atanh(), Z * scale / freedom.sqrt());
    Some(((centre - half).tanh(), (centre + half).tanh()))
}

/// `θ ± z·√((n−1)/n · Σ (θ₍ᵢ₎ − θ̄)²)`, each `θ₍ᵢ₎` computed without row `i`; rows in one cell of the matrix are alike.
fn jackknife(metric: MetricName, confusion: &ConfusionMatrix) -> Option<(f64, f64)> {
    let rows = Shares::of(confusion)?.rows;
    let theta = value_of(metric, confusion)?;
    let mut without = confusion.clone();
    let mut leaves: Vec<(f64, f64)> = Vec::new();
    for truth in 0..confusion.counts.len() {
        for predicted in 0..confusion.counts.len() {
            let count = confusion.counts[truth][predicted];
            if count > 0 {
                without.counts[truth][predicted] = count - 1;
                leaves.push((count as f64, value_of(metric, &without)?));
                without.counts[truth][predicted] = count;
            }
        }
    }
    let mean = leaves.iter().map(|(count, value)| count * value).sum::<f64>() / rows;
    let squares = leaves.iter().map(|(count, value)| count * (value - mean).powi(2)).sum::<f64>();
    let half = Z * ((rows - 1.0) / rows * squares).sqrt();
    Some((theta - half, theta + half))
}

fn value_of(metric: MetricName, confusion: &ConfusionMatrix) -> Option<f64> {
    confusion.metrics().into_iter().find(|(name, _)| *name == metric).map(|(_, value)| value).filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::MetricName::{Accuracy, F1, Loss, Pearson};
    use crate::run::number::Number;
    use crate::spec::task::Split;

    fn evaluation(metric: MetricName, value: f64, confusion: Option<ConfusionMatrix>) -> Evaluation {
        let metrics = [(metric, Number(value)), (Loss, Number(0.3))].into();
        Evaluation { step: 1, epoch: 1.0, split: Split::Validation, metrics, confusion, seconds: 0.0, is_best: true }
    }

    fn shares(hits: u64, rows: u64) -> Interval {
        let confusion = ConfusionMatrix { counts: vec![vec![hits, rows - hits], vec![0, 0]] };
        interval(Accuracy, &evaluation(Accuracy, hits as f64 / rows as f64, Some(confusion)), rows).unwrap()
    }

    #[test]
    fn the_difference_of_two_shares_is_newcombes() {
        // Newcombe 1998, table II, method 10: 56/70 − 48/80 = 0.2 lies in 0.0524 to 0.3339.
        let (low, high) = difference(shares(56, 70), shares(48, 80));
        assert!((low - 0.0524).abs() < 1e-4 && (high - 0.3339).abs() < 1e-4, "{low} {high}");
        assert!(is_beyond_chance(shares(56, 70), shares(48, 80)) && !is_beyond_chance(shares(56, 70), shares(54, 70)));
    }

    #[test]
    fn a_correlation_has_fishers_interval() {
        // scipy.stats.pearsonr: r = 0.6 of 50 rows lies in 0.38634 to 0.75238 (atanh 0.6 ± 1.959964/√47).
        let found = interval(Pearson, &evaluation(Pearson, 0.6, None), 50).unwrap();
        assert!((found.low - 0.386_3).abs() < 1e-3 && (found.high - 0.752_4).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn the_jackknife_of_a_share_is_its_standard_error() {
        // Of a share the jackknife's variance is p(1 − p)/(n − 1).
        let confusion = ConfusionMatrix { counts: vec![vec![30, 10], vec![5, 55]] };
        let (low, high) = jackknife(Accuracy, &confusion).unwrap();
        let half = Z * (0.85 * 0.15 / 99.0_f64).sqrt();
        assert!((high - 0.85 - half).abs() < 1e-9 && (0.85 - low - half).abs() < 1e-9, "{low} {high}");
        let f1 = interval(F1, &evaluation(F1, confusion.f1(1), Some(confusion.clone())), 100).unwrap();
        assert!(f1.low < f1.value && f1.value < f1.high);
    }

    #[test]
    fn what_the_log_does_not_hold_has_no_interval() {
        assert_eq!(interval(Loss, &evaluation(Accuracy, 0.5, None), 100), None);
        assert_eq!(interval(Accuracy, &evaluation(Accuracy, 0.5, None), 100), None);
        assert_eq!(interval(Pearson, &evaluation(Pearson, 0.5, None), 3), None);
        assert_eq!(interval(Accuracy, &evaluation(Accuracy, f64::NAN, Some(ConfusionMatrix { counts: vec![vec![1]] })), 1), None);
    }
}
