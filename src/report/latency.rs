//! A measurement of inference time as a table and as JSON. Must not measure.

use std::fmt::Write;

use crate::report::columns::{Align, aligned};
use crate::report::number::MISSING;
use crate::run::latency::{Against, Latency, Spread, Switching};

/// One JSON document.
pub fn json(latency: &Latency) -> String {
    let mut text = serde_json::to_string_pretty(latency).expect("names as keys and plain numbers always encode");
    text.push('\n');
    text
}

/// A line per run and batch, then what they say about the measurement.
pub fn text(latency: &Latency) -> String {
    use Align::{Left, Right};
    let heading = ["RUN", "METHOD", "BATCH", "BASE ms", "UNMERGED ms", "/BASE", "MERGED ms", "/BASE", "LOGITS DIFFER"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(latency.measurements.iter().map(|measurement| {
        let [unmerged, unmerged_ratio] = cells(Some(&measurement.unmerged));
        let [merged, merged_ratio] = cells(measurement.merged.as_ref());
        vec![
            measurement.run.clone(),
            measurement.method.clone(),
            format!("{}\u{d7}{}", measurement.batch_size, measurement.tokens),
            milliseconds(&measurement.base),
            unmerged,
            unmerged_ratio,
            merged,
            merged_ratio,
            measurement.logit_difference.map_or(MISSING.to_owned(), |difference| format!("{difference:.1e}")),
        ]
    }));
    let mut text = aligned(&[Left, Left, Right, Right, Right, Right, Right, Right, Right], &rows);
    let Latency { device, threads, rounds, .. } = latency;
    writeln!(
        text,
        "\nms per example, median of {rounds} rounds \u{b1} half the distance of the quartiles; /BASE is the median ratio to the base in the\n\
         same round; BATCH is rows\u{d7}tokens; device {device}, {threads} threads"
    )
    .expect("writing to a string cannot fail");
    if let Some(switching) = &latency.switching {
        text.push_str(&in_words(switching));
    }
    text
}

fn cells(against: Option<&Against>) -> [String; 2] {
    against.map_or([MISSING, MISSING].map(str::to_owned), |against| {
        [milliseconds(&against.milliseconds), format!("{:.2}", against.ratio.median)]
    })
}

fn milliseconds(spread: &Spread) -> String {
    format!("{:.2} \u{b1} {:.2}", spread.median, spread.half_width())
}

fn in_words(switching: &Switching) -> String {
    let Switching { after_another, after_itself, batch_size, base_seconds, run_seconds } = switching;
    format!(
        "going from one run to another on the loaded base: {:+.2} ms per batch of {batch_size} ({} after another run, {} after itself)\n\
         loaded: base {base_seconds:.2} s once, all runs on it {run_seconds:.2} s\n",
        after_another.median - after_itself.median,
        milliseconds(after_another),
        milliseconds(after_itself),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::latency::Measurement;

    fn spread(median: f64) -> Spread {
        Spread { lower_quartile: median - 0.1, median, upper_quartile: median + 0.1 }
    }

    #[test]
    fn what_cannot_be_merged_has_no_number_in_that_column() {
        let against = |median: f64| Against { milliseconds: spread(median), ratio: spread(median / 2.0) };
        let lora = Measurement {
            run: "q-1/lora".to_owned(),
            method: "LoRA".to_owned(),
            batch_size: 32,
            tokens: 24,
            base: spread(2.0),
            unmerged: against(2.5),
            merged: Some(against(2.0)),
            logit_difference: Some(1.5e-6),
        };
        let prefix = Measurement { run: "q-1/prefix\u{1b}".to_owned(), merged: None, logit_difference: None, ..lora.clone() };
        let switching =
            Switching { batch_size: 1, after_another: spread(5.01), after_itself: spread(5.0), base_seconds: 0.2, run_seconds: 0.01 };
        let latency =
            Latency { device: "cpu".to_owned(), threads: 2, rounds: 30, measurements: vec![lora, prefix], switching: Some(switching) };
        insta::assert_snapshot!(text(&latency));
        assert_eq!(serde_json::from_str::<Latency>(&json(&latency)).unwrap(), latency);
    }
}
