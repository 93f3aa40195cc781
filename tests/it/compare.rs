//! `finetop compare` on runs whose figures are known: what it says, at every budget, as text and as JSON, and what it refuses.

use std::fmt::Write;
use std::fs;

use crate::support::{Runs, text};

/// Steps between two evaluations, which is also an epoch.
const STEPS: u64 = 4;

/// A finished run's log: an evaluation of 200 validation rows after every [`STEPS`] steps with so many right; a step takes so many seconds.
fn log(right: &[u64], seconds: f64, (trainable, head): (u64, u64)) -> String {
    let mut lines = String::new();
    let mut emit = |event: String| writeln!(lines, "{{\"time\":1790000000.5,\"event\":{event}}}").unwrap();
    let n_steps = STEPS * right.len() as u64;
    let (total, method) = (1000 + trainable, trainable - head);
    emit(r#"{"attempt_started":{"format":1,"attempt":1,"host":"node-a","process_id":4242}}"#.to_owned());
    emit(format!(
        r#"{{"training_started":{{"ledger":{{"total":{total},"trainable":{trainable},"frozen":1000,"backbone_trainable":0,"method":{method},"head":{head}}},"epochs":{},"steps_per_epoch":{STEPS},"total_steps":{n_steps},"rows":{{"train":128,"validation":200}},"labels":["no","yes"],"device":"cpu","threads":1,"resumed_step":0}}}}"#,
        right.len(),
    ));
    for step in 1..=n_steps {
        let (epoch, examples, spent) = (step as f64 / STEPS as f64, step * 32, step as f64 * seconds);
        emit(format!(
            r#"{{"step":{{"step":{step},"epoch":{epoch},"loss":0.5,"learning_rate":0.001,"gradient_norm":1.0,"examples":{examples},"tokens":{examples},"seconds":{seconds},"training_seconds":{spent},"rss_bytes":400000000}}}}"#
        ));
        if step % STEPS == 0 {
            let right = right[(step / STEPS) as usize - 1];
            let (wrong, accuracy) = (200 - right, right as f64 / 200.0);
            let loss = 1.0 - accuracy;
            emit(format!(
                r#"{{"evaluation":{{"step":{step},"epoch":{epoch},"split":"validation","metrics":{{"loss":{loss},"accuracy":{accuracy}}},"confusion":{{"counts":[[{},{wrong}],[0,100]]}},"seconds":0.1,"is_best":true}}}}"#,
                right - 100,
            ));
        }
    }
    emit(format!(
        r#"{{"finished":{{"outcome":"finished","reason":"all epochs done","step":{n_steps},"best_step":{n_steps},"seconds":9.0,"peak_rss_bytes":500000000,"checkpoint_bytes":{}}}}}"#,
        trainable * 4,
    ));
    lines
}

/// A cheap run that took 12 steps, and a dearer, better one that took 8.
fn pair() -> Runs {
    let runs = Runs::new();
    runs.experiment("pair", &["cheap", "dear"], 2);
    for (name, log) in [("cheap", log(&[130, 150, 170], 0.5, (10, 2))), ("dear", log(&[150, 190], 1.0, (400, 2)))] {
        fs::write(runs.dir(&format!("pair-1/{name}")).events_file(), log).unwrap();
    }
    runs
}

#[test]
fn runs_are_weighed_at_equal_cost_with_what_chance_explains() {
    let runs = pair();
    let said = |arguments: &[&str]| {
        let output = runs.finetop(arguments);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        text(&output.stdout)
    };
    insta::assert_snapshot!("compared_at_equal_steps", said(&["compare", "pair-1"]));
    let by_seconds = said(&["compare", "dear", "cheap", "--at", "seconds", "--metric", "loss"]);
    insta::assert_snapshot!("compared_at_equal_seconds", by_seconds);
    for budget in ["steps", "examples", "seconds"] {
        let json: serde_json::Value = serde_json::from_str(&said(&["compare", "pair-1", "--at", budget, "--json"])).unwrap();
        assert_eq!((&json["budget"], &json["metric"]), (&budget.into(), &"accuracy".into()));
        assert_eq!(json["runs"], serde_json::json!(["pair-1/cheap", "pair-1/dear"]));
        assert_eq!(json["matched"][0]["validation_rows"], 200);
    }
    let json: serde_json::Value = serde_json::from_str(&said(&["compare", "pair-1", "--json"])).unwrap();
    // Eight steps are what both took; 150 and 190 of 200 rows are more apart than chance explains.
    let accuracy = |run: usize| &json["matched"][run]["metrics"]["accuracy"];
    assert_eq!((&json["amount"], &json["limited_by"]), (&8.0.into(), &"pair-1/dear".into()));
    assert_eq!((&json["matched"][0]["step"], &accuracy(0)["value"], &accuracy(1)["value"]), (&8.into(), &0.75.into(), &0.95.into()));
    assert_eq!((&accuracy(1)["is_best"], &accuracy(0)["is_beyond_chance"]), (&true.into(), &true.into()));
}

#[test]
fn what_cannot_be_compared_is_refused_with_what_could_be() {
    let runs = pair();
    for (arguments, expected) in [
        (&["compare", "other"][..], "there is no run \"other\""),
        (&["compare", "pair-1", "--at", "dollars"], "steps, examples, seconds or flops"),
        (&["compare", "pair-1", "--metric", "beauty"], "loss, accuracy, f1"),
        (&["compare"], "RUN"),
    ] {
        let output = runs.finetop(arguments);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{output:?}");
        assert!(text(&output.stderr).contains(expected), "{output:?}");
    }
}
