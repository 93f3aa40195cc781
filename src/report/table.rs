//! Runs as aligned tables. Must not know terminals.

use std::collections::BTreeSet;

use crate::metric::MetricName;
use crate::report::columns::{Align, aligned};
use crate::report::number::{MISSING, duration, grouped, metric};
use crate::run::alert::Severity;
use crate::run::catalog::RunView;
use crate::run::event::Evaluation;
use crate::verdict::alerts;

/// What came out of an experiment: a line per run, then a line with the reason of each that did not end well.
pub fn summary(runs: &[RunView]) -> String {
    use Align::{Left, Right};
    let watched = common_metric(runs);
    let heading = |split: &str| format!("{split} {}", watched.map_or("metric", MetricName::name)).to_uppercase();
    let mut rows = vec![
        ["RUN", "METHOD", "STATUS", "STEPS", "BEST AT", &heading("validation"), &heading("test"), "TRAINABLE", "SECONDS"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(runs.iter().map(|run| {
        let finished = run.state.finished.as_ref();
        let seconds = finished.map(|finished| finished.seconds);
        vec![
            run.id.run().to_owned(),
            method(run),
            run.status.name().to_owned(),
            run.state.step().to_string(),
            or_missing(run.state.best().map(|best| best.step.to_string())),
            value_of(run, run.state.best()),
            value_of(run, run.state.test.as_ref()),
            or_missing(run.state.training.as_ref().map(|training| grouped(training.ledger.trainable))),
            or_missing(seconds.map(|seconds| format!("{seconds:.1}"))),
        ]
    }));
    let mut text = aligned(&[Left, Left, Left, Right, Right, Right, Right, Right, Right], &rows);
    for run in runs.iter().filter(|run| !run.status.is_well()) {
        let reason = run.reason();
        text.push_str(&crate::run::text::printable(&format!("{} {}: {reason}", run.id.run(), run.status.name())));
        text.push('\n');
    }
    for run in runs {
        for alert in alerts(run, &BTreeSet::new()).iter().filter(|alert| alert.severity >= Severity::Watch) {
            text.push_str(&crate::run::text::printable(&format!("{} {}: {}", run.id.run(), alert.rule.name(), alert.what)));
            text.push('\n');
        }
    }
    text
}

/// All runs of all experiments: a line each.
pub fn list(runs: &[RunView]) -> String {
    use Align::{Left, Right};
    let mut rows = vec![["RUN", "METHOD", "STATUS", "PROGRESS", "BEST", "TEST", "TIME", "REASON"].map(str::to_owned).to_vec()];
    rows.extend(runs.iter().map(|run| {
        let total = run.state.training.as_ref().map(|training| training.total_steps);
        let seconds = run.state.finished.as_ref().map(|finished| finished.seconds);
        let so_far = run.state.last_time.zip(run.state.first_time).map(|(last, first)| last - first);
        vec![
            run.id.to_string(),
            method(run),
            run.status.name().to_owned(),
            or_missing(total.map(|total| format!("{}/{total}", run.state.step()))),
            value_of(run, run.state.best()),
            value_of(run, run.state.test.as_ref()),
            or_missing(seconds.or(so_far).map(duration)),
            reason_or_alert(run),
        ]
    }));
    aligned(&[Left, Left, Left, Right, Right, Right, Right, Left], &rows)
}

/// Why it is as it is; where there is no reason, the most urgent thing that deserves a look.
fn reason_or_alert(run: &RunView) -> String {
    let reason = run.reason();
    let first = alerts(run, &BTreeSet::new()).into_iter().find(|alert| alert.severity >= Severity::Watch);
    match first {
        Some(alert) if reason.is_empty() || run.status.is_well() => format!("{}: {}", alert.rule.name(), alert.brief),
        _ => reason,
    }
}

/// The method's short name.
pub fn method(run: &RunView) -> String {
    or_missing(run.spec.as_ref().ok().map(|spec| spec.method.about().short.to_owned()))
}

fn value_of(run: &RunView, evaluation: Option<&Evaluation>) -> String {
    let watched = run.spec.as_ref().ok().map(|spec| spec.best_metric);
    or_missing(watched.zip(evaluation).and_then(|(watched, evaluation)| evaluation.metrics.get(&watched)).map(|value| metric(value.0)))
}

fn common_metric(runs: &[RunView]) -> Option<MetricName> {
    let mut metrics = runs.iter().filter_map(|run| run.spec.as_ref().ok()).map(|spec| spec.best_metric);
    let first = metrics.next()?;
    metrics.all(|metric| metric == first).then_some(first)
}

fn or_missing(text: Option<String>) -> String {
    text.unwrap_or_else(|| MISSING.to_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::run::catalog::RunId;
    use crate::run::reader::EventDecoder;
    use crate::run::state::RunState;
    use crate::run::status::RunStatus;

    /// The run of the golden log.
    pub(crate) fn golden_run() -> RunView {
        let mut events = Vec::new();
        EventDecoder::default().feed(include_bytes!("../../tests/fixtures/golden/events.jsonl"), &mut events).unwrap();
        let mut state = RunState::default();
        for event in &events {
            state.apply(event);
        }
        RunView {
            id: RunId("golden-1/lora".to_owned()),
            spec: Ok(serde_yaml::from_str(include_str!("../../tests/fixtures/golden/run.yaml")).unwrap()),
            state,
            status: RunStatus::Diverged,
            job: None,
            exit: None,
            skipped: 2,
        }
    }

    fn broken_run() -> RunView {
        RunView {
            id: RunId("golden-1/full".to_owned()),
            spec: Err("cannot read run.yaml:\u{7} gone".to_owned()),
            state: RunState::default(),
            status: RunStatus::Failed,
            job: None,
            exit: None,
            skipped: 0,
        }
    }

    #[test]
    fn the_summary_lines_up_and_gives_reasons() {
        insta::assert_snapshot!(summary(&[golden_run(), broken_run()]));
    }

    #[test]
    fn the_list_lines_up() {
        insta::assert_snapshot!(list(&[golden_run(), broken_run()]));
    }
}
