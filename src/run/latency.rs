//! What a measurement of inference time says: written by the worker, shown by the command line. Must not measure.

use serde::{Deserialize, Serialize};

/// All that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// `cpu` or `cuda:N`.
    pub device: String,
    /// Processor threads.
    pub threads: usize,
    /// Times that every network was run on every batch, warm-up not counted.
    pub rounds: usize,
    /// A run on a batch each.
    pub measurements: Vec<Measurement>,
    /// What going from run to run costs, where there are several.
    pub switching: Option<Switching>,
}

/// One run on one batch, measured in turns with its base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// `EXPERIMENT/RUN`.
    pub run: String,
    /// The method's short name.
    pub method: String,
    /// Rows of the batch.
    pub batch_size: usize,
    /// Tokens of its longest row.
    pub tokens: usize,
    /// The base with the same head and no method.
    pub base: Spread,
    /// The run as trained.
    pub unmerged: Against,
    /// With the method folded into the backbone; none where it cannot be.
    pub merged: Option<Against>,
    /// Largest difference of a logit, merged against unmerged.
    pub logit_difference: Option<f64>,
}

/// Time against that of the base.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Against {
    /// Milliseconds per example.
    pub milliseconds: Spread,
    /// The base's time in the same round = 1.
    pub ratio: Spread,
}

/// A median and the quartiles around it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// A quarter of the values is below.
    pub lower_quartile: f64,
    /// Half of the values is below.
    pub median: f64,
    /// A quarter of the values is above.
    pub upper_quartile: f64,
}

impl Spread {
    /// Of values that are not empty.
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let position = share * (values.len() - 1) as f64;
            let (below, above) = (values[position.floor() as usize], values[position.ceil() as usize]);
            below + (above - below) * position.fract()
        };
        Self { lower_quartile: at(0.25), median: at(0.5), upper_quartile: at(0.75) }
    }

    /// Half the distance of the quartiles.
    pub fn half_width(&self) -> f64 {
        (self.upper_quartile - self.lower_quartile) / 2.0
    }
}

/// What it costs that several runs share one base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Switching {
    /// Rows of the batch.
    pub batch_size: usize,
    /// Milliseconds of a batch right after another run's.
    pub after_another: Spread,
    /// Milliseconds of a batch right after one of the same run.
    pub after_itself: Spread,
    /// Seconds that loading the base models took, once.
    pub base_seconds: f64,
    /// Seconds that putting every run on them took.
    pub run_seconds: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_the_values() {
        assert_eq!(Spread::of(vec![4.0, 1.0, 3.0, 2.0, 5.0]), Spread { lower_quartile: 2.0, median: 3.0, upper_quartile: 4.0 });
        let two = Spread::of(vec![1.0, 2.0]);
        assert_eq!((two.median, two.half_width()), (1.5, 0.25));
        assert_eq!(Spread::of(vec![7.0]), Spread { lower_quartile: 7.0, median: 7.0, upper_quartile: 7.0 });
    }
}
