//! `finetop latency` with the real worker: what is measured, and what has no number.

use finetop::run::latency::Latency;

use crate::flow::Place;

#[test]
fn an_experiment_is_measured_against_its_base_merged_where_it_merges() {
    let place = Place::new(
        "epochs: 1\nruns:\n  - {method: full}\n  - {method: lora, rank: 2, lr: 3e-2}\n  - {method: pfeiffer_adapter, name: adapter}\n",
    );
    assert!(place.finetop(&["run", "tiny.yaml", "--json"]).status.success());
    let output =
        place.finetop(&["latency", "tiny-1", "--json", "--rounds", "4", "--batch-size", "1", "--batch-size", "5", "--threads", "1"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let latency: Latency = serde_json::from_slice(&output.stdout).unwrap();
    let found: Vec<_> = latency.measurements.iter().map(|m| (m.run.as_str(), m.batch_size, m.merged.is_some())).collect();
    let expected = [
        ("tiny-1/full", 1, false),
        ("tiny-1/full", 5, false),
        ("tiny-1/lora", 1, true),
        ("tiny-1/lora", 5, true),
        ("tiny-1/adapter", 1, false),
        ("tiny-1/adapter", 5, false),
    ];
    assert_eq!(found, expected);
    for measurement in &latency.measurements {
        let spread = measurement.unmerged.milliseconds;
        assert!(0.0 < spread.lower_quartile && spread.lower_quartile <= spread.median && spread.median <= spread.upper_quartile);
        assert!(measurement.tokens > 3 && measurement.base.median > 0.0);
        // The same function, summed in another order.
        assert!(measurement.logit_difference.is_none_or(|difference| difference < 1e-4), "{measurement:?}");
    }
    assert!(latency.switching.is_some());

    let table = place.finetop(&["latency", "lora", "--rounds", "2", "--length", "9", "--batch-size", "2", "--rows", "train.tsv"]);
    let text = String::from_utf8(table.stdout).unwrap();
    assert!(text.starts_with("RUN ") && text.contains("tiny-1/lora  LoRA") && text.contains("2\u{d7}9"), "{text}");
    let too_long = place.finetop(&["latency", "lora", "--length", "17"]);
    assert_eq!(too_long.status.code(), Some(2));
    let stderr = String::from_utf8(too_long.stderr).unwrap();
    assert_eq!(stderr, "error: tiny-1/lora: --length 17 is above its max_length of 16 tokens\n");
}
