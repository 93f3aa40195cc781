//! What is true of a recorded run, from what was done to it and from its whole curve: never from the rules that it judges.
//!
//! Written down before any rule had seen a run. Conditions of the curve use hindsight, which a rule does not have.

use std::collections::BTreeSet;

use finetop::metric::{ConfusionMatrix, MetricName};
use finetop::run::alert::Rule;
use finetop::run::event::{Evaluation, Outcome};
use finetop::run::state::RunState;

use super::Recorded;

/// The rules whose condition the run fulfils.
pub fn conditions(run: &Recorded) -> BTreeSet<Rule> {
    let built = |what: &str| run.built.iter().any(|built| built == what);
    let diverges = diverges(&run.state);
    let conditions = [
        (Rule::Overfitting, !diverges && overfits(&run.state)),
        (Rule::Divergence, diverges),
        (Rule::Spike, !diverges && spikes(&run.state)),
        // Farther than a factor of 30 from the method's default, by construction.
        (Rule::LearningRate, built("low_rate") || built("high_rate")),
        (Rule::NotMoving, barely_moves(run)),
        (Rule::OneClass, predicts_one_class(&run.state)),
        (Rule::NotLearning, !diverges && learns_nothing(&run.state)),
        (Rule::Plateau, !diverges && is_flat(run)),
        (Rule::SmallValidation, built("tiny_validation")),
        (Rule::Imbalance, built("imbalanced")),
    ];
    conditions.into_iter().filter(|&(_, is_true)| is_true).map(|(rule, _)| rule).collect()
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.into_iter().collect();
    values.iter().sum::<f64>() / values.len() as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn value(evaluation: &Evaluation, metric: MetricName) -> f64 {
    evaluation.metrics[&metric].0
}

/// Mean training loss of the steps in `(from, to]`.
fn train_loss(state: &RunState, from: u64, to: u64) -> f64 {
    mean(state.steps.iter().filter(|step| step.step > from && step.step <= to).map(|step| step.loss.0))
}

/// The mean validation loss of the last third lies more than 10 % above the lowest, which came before it, and the training loss of the
/// last third lies below that of the epoch of the lowest.
fn overfits(state: &RunState) -> bool {
    let evaluations = &state.evaluations;
    let last_third = evaluations.len() - evaluations.len() / 3;
    let lowest = (0..evaluations.len())
        .min_by(|&a, &b| value(&evaluations[a], MetricName::Loss).total_cmp(&value(&evaluations[b], MetricName::Loss)))
        .expect("a run has evaluations");
    if lowest >= last_third || evaluations.len() < 3 {
        return false;
    }
    let step_of = |index: usize| evaluations[index].step;
    let before = if lowest == 0 { 0 } else { step_of(lowest - 1) };
    let late = mean(evaluations[last_third..].iter().map(|evaluation| value(evaluation, MetricName::Loss)));
    let train_falls = train_loss(state, step_of(last_third - 1), state.step()) < train_loss(state, before, step_of(lowest));
    late > 1.1 * value(&evaluations[lowest], MetricName::Loss) && train_falls
}

/// It ended for a loss that is no number, or the mean loss of the last tenth of its steps is half above that of its first five.
fn diverges(state: &RunState) -> bool {
    let losses: Vec<f64> = state.steps.iter().map(|step| step.loss.0).collect();
    let tail = losses.len() - (losses.len() / 10).max(1);
    let is_lost = state.finished.as_ref().is_some_and(|finished| finished.outcome == Outcome::Diverged);
    is_lost || mean(losses[tail..].iter().copied()) > 1.5 * mean(losses[..5].iter().copied())
}

/// A step's loss is above 1.3 times the first five steps' mean and above 2.5 times the median of the ten before, and the ten after are back.
fn spikes(state: &RunState) -> bool {
    let losses: Vec<f64> = state.steps.iter().map(|step| step.loss.0).collect();
    let first = mean(losses[..5].iter().copied());
    (10..losses.len().saturating_sub(10)).any(|at| {
        let (before, after) = (median(losses[at - 10..at].to_vec()), median(losses[at + 1..at + 11].to_vec()));
        losses[at] > 1.3 * first && losses[at] > 2.5 * before && after < 1.5 * before
    })
}

/// The sum of its learning rates, head's included, is below 5e-6: AdamW moves a weight by about the learning rate per step (Kingma & Ba
/// 2015, §2.1), and an encoder's weights are some 0.05, so that nothing moves by more than a ten-thousandth.
fn barely_moves(run: &Recorded) -> bool {
    let settings = &run.spec.optimization;
    let head = settings.head_learning_rate.map_or(1.0, |head| (head / settings.learning_rate).max(1.0));
    run.state.steps.iter().map(|step| step.learning_rate).sum::<f64>() * head < 5e-6
}

fn shares(confusion: &ConfusionMatrix) -> (Vec<f64>, Vec<f64>) {
    let rows = confusion.n_rows() as f64;
    let truth = confusion.counts.iter().map(|row| row.iter().sum::<u64>() as f64 / rows).collect();
    let predicted = (0..confusion.counts.len()).map(|label| confusion.counts.iter().map(|row| row[label]).sum::<u64>() as f64 / rows);
    (truth, predicted.collect())
}

fn largest(shares: &[f64]) -> f64 {
    shares.iter().copied().fold(0.0, f64::max)
}

fn last_half(state: &RunState) -> &[Evaluation] {
    &state.evaluations[state.evaluations.len() / 2..]
}

/// In every evaluation of the last half 98 % of the rows get the same label, though no label has so many.
fn predicts_one_class(state: &RunState) -> bool {
    last_half(state).iter().all(|evaluation| {
        let (truth, predicted) = shares(evaluation.confusion.as_ref().expect("a classification"));
        largest(&predicted) >= 0.98 && largest(&truth) < 0.98
    })
}

/// The mean accuracy of the last half is within two standard errors of always saying the commonest label, and no validation loss is more
/// than 2 % below that of knowing the labels' shares alone (their entropy).
fn learns_nothing(state: &RunState) -> bool {
    let (truth, _) = shares(state.evaluations[0].confusion.as_ref().expect("a classification"));
    let rows = state.evaluations[0].confusion.as_ref().map_or(0, ConfusionMatrix::n_rows) as f64;
    let majority = largest(&truth);
    let entropy: f64 = truth.iter().filter(|&&share| share > 0.0).map(|share| -share * share.ln()).sum();
    let accuracy = mean(last_half(state).iter().map(|evaluation| value(evaluation, MetricName::Accuracy)));
    let lowest = state.evaluations.iter().map(|evaluation| value(evaluation, MetricName::Loss)).fold(f64::INFINITY, f64::min);
    accuracy <= majority + 2.0 * (majority * (1.0 - majority) / rows).sqrt() && lowest > 0.98 * entropy
}

/// Among the evaluations before the learning rate has fallen to half its peak there are at least eight; the validation losses of their
/// third and fourth quarters differ by less than 1 %, their training losses by less than 5 %; and the run learns something.
fn is_flat(run: &Recorded) -> bool {
    let state = &run.state;
    let half = run.spec.optimization.learning_rate / 2.0;
    let full_rate = state.steps.iter().filter(|step| step.learning_rate >= half).map(|step| step.step).max().unwrap_or(0);
    let evaluations: Vec<&Evaluation> = state.evaluations.iter().filter(|evaluation| evaluation.step <= full_rate).collect();
    if evaluations.len() < 8 || learns_nothing(state) {
        return false;
    }
    let quarter = |number: usize| (evaluations.len() * number / 4)..(evaluations.len() * (number + 1) / 4);
    let validation = |number: usize| mean(quarter(number).map(|index| value(evaluations[index], MetricName::Loss)));
    let train = |number: usize| {
        let range = quarter(number);
        train_loss(state, evaluations[range.start - 1].step, evaluations[range.end - 1].step)
    };
    (validation(3) / validation(2) - 1.0).abs() < 0.01 && (train(3) / train(2) - 1.0).abs() < 0.05
}
