//! What is kept of one run for its charts: pyramids of the quantities that are charted, raw and smoothed, where steps and evaluations
//! lie on the x axis, and the points of evaluations; brought up to date as events come in.

use std::collections::BTreeMap;

use crate::curve::axis::XAxis;
use crate::curve::evaluations::{self, Concluded, Evaluated, EvaluationPlaces};
use crate::curve::places::Places;
use crate::curve::pyramid::Pyramid;
use crate::curve::quantity::Quantity;
use crate::curve::step_curve::{Measured, StepCurve};
use crate::metric::MetricName;
use crate::run::state::RunState;
use crate::run::steps::Steps;

/// What the charts show, of whichever run.
#[derive(Debug, Clone, Copy)]
pub struct Charted<'a> {
    /// Their quantities.
    pub quantities: &'a [Quantity],
    /// The metric that was chosen.
    pub metric: MetricName,
    /// What x counts.
    pub x_axis: XAxis,
    /// Weight of the past in smoothed curves.
    pub weight: f64,
}

/// What is kept of one run for its charts.
#[derive(Debug, Clone, Default)]
pub struct RunCurves {
    n_steps: usize,
    n_cuts: u64,
    weight: f64,
    raw: BTreeMap<Quantity, Pyramid>,
    smooth: BTreeMap<Quantity, Pyramid>,
    descends: [bool; XAxis::ALL.len()],
    places: Places,
    evaluation_places: EvaluationPlaces,
    /// The metric that was chosen, and the points by it.
    metric: Option<MetricName>,
    evaluated: BTreeMap<Quantity, Vec<Evaluated>>,
}

impl RunCurves {
    /// Takes in new events, and what was concluded from them, but for the values of steps, which [`follow`] sums up.
    fn take_in(&mut self, state: &RunState, concluded: Concluded, charted: &Charted) {
        let Charted { quantities, metric, x_axis, weight } = *charted;
        let steps = &state.steps;
        if self.n_cuts != steps.n_cuts() || self.n_steps > steps.len() {
            *self = Self { n_cuts: steps.n_cuts(), weight: self.weight, ..Self::default() };
        }
        if self.weight.to_bits() != weight.to_bits() {
            self.weight = weight;
            self.smooth.values_mut().for_each(|pyramid| pyramid.restart(weight));
        }
        for idx in self.n_steps.max(1)..steps.len() {
            for axis in XAxis::ALL {
                // Not a number is no order either.
                let ascends = axis.of(steps, idx) >= axis.of(steps, idx - 1);
                self.descends[axis as usize] |= !ascends;
            }
        }
        self.n_steps = steps.len();
        self.places.follow(steps, x_axis);
        self.evaluation_places.follow(state, x_axis);
        let concluded = Concluded { places: self.evaluation_places.of(state, x_axis), ..concluded };
        let of_evaluations = quantities.iter().filter(|quantity| quantity.is_of_evaluations());
        let points = |quantity: &Quantity| (*quantity, evaluations::points(state, concluded, *quantity, metric, x_axis));
        self.evaluated = of_evaluations.map(points).collect();
        self.metric = Some(metric);
        let of_steps = || quantities.iter().copied().filter(|quantity| quantity.is_of_steps());
        keep(&mut self.raw, of_steps(), 0.0);
        keep(&mut self.smooth, of_steps().filter(|quantity| quantity.is_smoothed() && weight > 0.0), weight);
    }

    /// All pyramids, and what they sum up.
    fn pyramids<'a>(&'a mut self, steps: &'a Steps) -> impl Iterator<Item = (&'a mut Pyramid, Measured<'a>)> {
        let all = self.raw.iter_mut().chain(&mut self.smooth);
        all.map(move |(quantity, pyramid)| (pyramid, Measured { steps, quantity: *quantity }))
    }

    /// The evaluations of a run that have the quantity; `None` where they are not kept.
    pub fn evaluated(&self, state: &RunState, quantity: Quantity, metric: MetricName, x_axis: XAxis) -> Option<&[Evaluated]> {
        let is_current = self.is_current(&state.steps) && self.metric == Some(metric) && self.evaluation_places.fit(state, x_axis);
        self.evaluated.get(&quantity).filter(|_| is_current).map(Vec::as_slice)
    }

    fn is_current(&self, steps: &Steps) -> bool {
        self.n_steps == steps.len() && self.n_cuts == steps.n_cuts()
    }

    /// The pyramid of a quantity that fits these steps; `None` where it is not kept or x does not ascend.
    fn pyramid(&self, steps: &Steps, quantity: Quantity, x_axis: XAxis, weight: f64) -> Option<(&Pyramid, &Places)> {
        let is_current = self.is_current(steps) && self.places.fit(steps, x_axis) && !self.descends[x_axis as usize];
        let is_raw = weight.to_bits() == 0.0_f64.to_bits();
        let kept = if is_raw { &self.raw } else { &self.smooth };
        let pyramid = kept.get(&quantity).filter(|_| is_current && (is_raw || weight.to_bits() == self.weight.to_bits()))?;
        Some((pyramid, &self.places))
    }
}

/// Takes in what is new of these runs, and what was concluded from it: of all of them together, since that is several times as fast.
pub fn follow(runs: &mut [(&mut RunCurves, &RunState, Concluded)], charted: &Charted) {
    let mut pyramids = Vec::new();
    for (kept, state, concluded) in runs {
        kept.take_in(state, *concluded, charted);
        pyramids.extend(kept.pyramids(&state.steps));
    }
    Pyramid::grow_all(&mut pyramids);
}

/// Keeps these quantities and no others.
fn keep(kept: &mut BTreeMap<Quantity, Pyramid>, quantities: impl Iterator<Item = Quantity> + Clone, weight: f64) {
    kept.retain(|quantity, _| quantities.clone().any(|other| other == *quantity));
    for quantity in quantities {
        kept.entry(quantity).or_insert_with(|| Pyramid::new(weight));
    }
}

/// A curve of a run's steps, with its pyramid where there is one.
pub fn curve<'a>(kept: Option<&'a RunCurves>, steps: &'a Steps, quantity: Quantity, x_axis: XAxis, weight: f64) -> StepCurve<'a> {
    let pyramid = kept.and_then(|kept| kept.pyramid(steps, quantity, x_axis, weight));
    StepCurve { steps, x_axis, quantity, weight, pyramid }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::curve::pyramid::{BLOCK, Series};
    use crate::curve::stretch::Stretch;
    use crate::run::event::StepTaken;
    use crate::run::number::Number;

    fn follow(kept: &mut RunCurves, steps: &Steps, quantities: &[Quantity], weight: f64, x_axis: XAxis) {
        let state = RunState { steps: steps.clone(), ..RunState::default() };
        let concluded = Concluded { points: &[], metric: MetricName::Loss, places: &[] };
        super::follow(&mut [(kept, &state, concluded)], &Charted { quantities, metric: MetricName::Accuracy, x_axis, weight });
    }

    fn steps(n: u64, seed: u64) -> Steps {
        let mut steps = Steps::default();
        for step in 1..=n {
            let noise = (step * seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 44;
            let loss = if noise.is_multiple_of(301) { f64::NAN } else { noise as f64 / 1e5 };
            steps.push(
                &StepTaken {
                    step: step + step / 1000 * 7,
                    epoch: step as f64 / 100.0,
                    loss: Number(loss),
                    learning_rate: 1e-3,
                    gradient_norm: Number(loss),
                    examples: step * 32,
                    tokens: step * 900,
                    seconds: 0.1,
                    training_seconds: step as f64 * 0.1,
                    rss_bytes: 1 << 30,
                },
                step as f64 * 0.11,
            );
        }
        steps
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn a_pyramid_shows_what_all_points_show(
            n in 900_u64..9000, seed in 1_u64..500, n_columns in 2_usize..60,
            from in 0.0..0.9_f64, width in 0.01..1.0_f64, is_log in any::<bool>(), axis in 0_usize..6,
        ) {
            let steps = steps(n, seed);
            let mut kept = RunCurves::default();
            let x_axis = XAxis::ALL[axis];
            follow(&mut kept, &steps, &[Quantity::Loss], 0.8, x_axis);
            let (low, high) = (x_axis.of(&steps, 0), x_axis.of(&steps, steps.len() - 1));
            let window = Stretch { low, high, is_log }.part(from, (from + width).min(1.0));
            for weight in [0.0, 0.8] {
                let fast = curve(Some(&kept), &steps, Quantity::Loss, x_axis, weight);
                prop_assert!(fast.pyramid.is_some());
                let (fast, slow) = (fast.reduce(window, n_columns), StepCurve { pyramid: None, ..fast }.reduce(window, n_columns));
                let ends = |columns: &[crate::curve::columns::Column]| {
                    let values = columns.iter().filter_map(|column| column.values);
                    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, greatest), values| (least.min(values[1]), greatest.max(values[2])))
                };
                prop_assert_eq!(ends(&fast.columns), ends(&slow.columns));
                prop_assert_eq!(fast.before, slow.before);
                prop_assert_eq!(fast.after, slow.after);
                // A point moves by a column at most: what a column shows, that column or one beside it holds.
                for (idx, column) in fast.columns.iter().enumerate() {
                    let beside = &slow.columns[idx.saturating_sub(1)..(idx + 2).min(n_columns)];
                    let (least, greatest) = ends(beside);
                    prop_assert!(column.values.is_none_or(|values| values[1] >= least && values[2] <= greatest), "column {idx}");
                }
            }
        }
    }

    #[test]
    fn a_block_of_every_quantity_is_what_each_step_says() {
        let mut steps = steps(2000, 7);
        // Taken again, with steps missing, and more tokens than 32 bits count.
        steps.forget_after(1700);
        for step in 1..=400 {
            let taken = StepTaken { step: 1700 + step + step / 150, tokens: step << 30, ..steps.at(0) };
            steps.push(&taken, 2.0);
        }
        for quantity in Quantity::all(&[MetricName::Accuracy]) {
            for from in [0, 1, 64, 950, 1600, 1690, 1830, 1840, 1850, 1936] {
                let mut values = [0.0; BLOCK];
                let measured = Measured { steps: &steps, quantity };
                let is_consecutive = measured.block(from, &mut values);
                let expected = (from..from + BLOCK).map(|idx| measured.point(idx)).collect::<Vec<_>>();
                assert!(
                    values.iter().zip(&expected).all(|(value, (expected, _))| value.to_bits() == expected.to_bits()),
                    "{quantity:?} {from}"
                );
                assert_eq!(is_consecutive, expected.iter().all(|(_, gap)| *gap <= 1), "{quantity:?} {from}");
            }
        }
    }

    #[test]
    fn steps_that_were_cut_and_taken_again_are_summed_up_anew() {
        let mut kept = RunCurves::default();
        let mut all = steps(5000, 7);
        follow(&mut kept, &all, &Quantity::USUAL, 0.9, XAxis::Step);
        all.forget_after(3000);
        assert!(curve(Some(&kept), &all, Quantity::Loss, XAxis::Step, 0.9).pyramid.is_none());
        follow(&mut kept, &all, &Quantity::USUAL, 0.9, XAxis::Step);
        let again = curve(Some(&kept), &all, Quantity::Loss, XAxis::Step, 0.9);
        assert_eq!(again.pyramid.map(|(pyramid, _)| pyramid.n_points()), Some(all.len()));
    }

    #[test]
    fn an_axis_that_goes_back_is_read_point_by_point() {
        let mut all = steps(2000, 7);
        let mut last = all.last().unwrap();
        (last.step, last.training_seconds) = (last.step + 1, 0.0);
        all.push(&last, 1e6);
        let mut kept = RunCurves::default();
        follow(&mut kept, &all, &Quantity::USUAL, 0.9, XAxis::Time);
        assert!(curve(Some(&kept), &all, Quantity::Loss, XAxis::Time, 0.9).pyramid.is_none());
        follow(&mut kept, &all, &Quantity::USUAL, 0.9, XAxis::Step);
        assert!(curve(Some(&kept), &all, Quantity::Loss, XAxis::Step, 0.9).pyramid.is_some());
    }
}
