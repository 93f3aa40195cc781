//! What one piece of work gave, read from finetop's events or from the line that a peer prints.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// Figures of one run on one side.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    /// From the start of the command to the beginning of the first step.
    pub startup_seconds: f64,
    /// Training without start-up and evaluations.
    pub training_seconds: f64,
    /// Evaluations of the validation split.
    pub evaluation_seconds: f64,
    /// Training rows, all epochs together.
    pub training_examples: f64,
    /// Evaluated rows, all evaluations together.
    pub evaluation_examples: f64,
    /// Real tokens of the training rows, all epochs together.
    pub tokens: f64,
    /// Highest resident memory of the process that trains.
    pub peak_memory_bytes: f64,
    /// Share of the validation rows that are right after the last epoch.
    pub accuracy: f64,
    /// From the start of the command to its end, timed here on both sides.
    pub wall_seconds: f64,
}

impl Figures {
    /// From a peer's last line.
    pub fn of_peer(stdout: &str, wall_seconds: f64) -> Result<Self> {
        let line = stdout.lines().last().unwrap_or_default();
        let value: Value = serde_json::from_str(line).with_context(|| format!("the peer's last line is no JSON object: {line}"))?;
        let number = |key: &str| number(&value, key);
        let accuracy = value["accuracies"].as_array().and_then(|all| all.last()).and_then(Value::as_f64);
        Ok(Self {
            startup_seconds: number("startup_seconds")?,
            training_seconds: number("training_seconds")?,
            evaluation_seconds: number("evaluation_seconds")?,
            training_examples: number("training_examples")?,
            evaluation_examples: number("evaluation_examples")?,
            tokens: number("tokens")?,
            peak_memory_bytes: number("peak_memory_bytes")?,
            accuracy: accuracy.context("the peer was never evaluated")?,
            wall_seconds,
        })
    }

    /// From the lines of finetop's `events.jsonl`; `begun_at` is when the command started, in seconds since the Unix epoch.
    pub fn of_events(events: &str, begun_at: f64, wall_seconds: f64) -> Result<Self> {
        let mut figures = Self { wall_seconds, ..Self::default() };
        let mut validation_rows = 0.0;
        let mut is_finished = false;
        for line in events.lines() {
            let event: Value =
                serde_json::from_str(line).with_context(|| format!("finetop wrote a line that is no JSON object: {line}"))?;
            let Some((kind, value)) = event["event"].as_object().and_then(|event| event.iter().next()) else { continue };
            match kind.as_str() {
                "training_started" => validation_rows = number(&value["rows"], "validation")?,
                "step" => {
                    if figures.training_examples == 0.0 {
                        figures.startup_seconds = number(&event, "time")? - number(value, "seconds")? - begun_at;
                    }
                    figures.training_examples = number(value, "examples")?;
                    figures.training_seconds = number(value, "training_seconds")?;
                    figures.tokens = number(value, "tokens")?;
                }
                "evaluation" if value["split"] == "validation" => {
                    figures.evaluation_examples += validation_rows;
                    figures.evaluation_seconds += number(value, "seconds")?;
                    figures.accuracy = number(&value["metrics"], "accuracy")?;
                }
                "finished" => {
                    figures.peak_memory_bytes = number(value, "peak_rss_bytes")?;
                    is_finished = value["outcome"] == "finished";
                }
                _ => {}
            }
        }
        if is_finished { Ok(figures) } else { bail!("finetop's run did not finish") }
    }

    /// Examples per second in training.
    pub fn training_rate(&self) -> f64 {
        self.training_examples / self.training_seconds
    }

    /// Examples per second in evaluation.
    pub fn evaluation_rate(&self) -> f64 {
        self.evaluation_examples / self.evaluation_seconds
    }

    /// All of them, for scripts.
    pub fn json(&self) -> Value {
        json!({
            "startup_seconds": self.startup_seconds,
            "training_seconds": self.training_seconds,
            "evaluation_seconds": self.evaluation_seconds,
            "training_examples": self.training_examples,
            "evaluation_examples": self.evaluation_examples,
            "tokens": self.tokens,
            "peak_memory_bytes": self.peak_memory_bytes,
            "accuracy": self.accuracy,
            "wall_seconds": self.wall_seconds,
        })
    }
}

/// A number of an object.
pub fn number(value: &Value, key: &str) -> Result<f64> {
    value[key].as_f64().with_context(|| format!("`{key}` is no number in {value}"))
}

/// The middle of some values; the mean of the two in the middle of an even number.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_repeat_does_not_move_the_median() {
        assert_eq!(median(&[3.0, 100.0, 2.0]), Some(3.0));
        assert_eq!(median(&[4.0, 2.0]), Some(3.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn finetops_figures_are_those_of_its_events() {
        let events = r#"{"time": 100.0, "event": {"attempt_started": {}}}
{"time": 101.0, "event": {"training_started": {"rows": {"train": 4, "validation": 10}}}}
{"time": 102.5, "event": {"step": {"examples": 2, "tokens": 20, "seconds": 1.0, "training_seconds": 1.0}}}
{"time": 103.5, "event": {"step": {"examples": 4, "tokens": 50, "seconds": 1.0, "training_seconds": 2.0}}}
{"time": 104.0, "event": {"evaluation": {"split": "validation", "seconds": 0.5, "metrics": {"accuracy": 0.75}}}}
{"time": 105.0, "event": {"evaluation": {"split": "test", "seconds": 9, "metrics": {"accuracy": 0.1}}}}
{"time": 106.0, "event": {"finished": {"outcome": "finished", "peak_rss_bytes": 1000}}}"#;
        let figures = Figures::of_events(events, 99.0, 8.0).unwrap();
        let expected = Figures {
            startup_seconds: 2.5,
            training_seconds: 2.0,
            evaluation_seconds: 0.5,
            training_examples: 4.0,
            evaluation_examples: 10.0,
            tokens: 50.0,
            peak_memory_bytes: 1000.0,
            accuracy: 0.75,
            wall_seconds: 8.0,
        };
        assert_eq!(figures, expected);
        assert!((figures.training_rate() - 2.0).abs() < 1e-9 && (figures.evaluation_rate() - 20.0).abs() < 1e-9);
        let cut = events.lines().take(5).collect::<Vec<_>>().join("\n");
        assert!(Figures::of_events(&cut, 99.0, 8.0).is_err());
    }

    #[test]
    fn a_peers_figures_are_in_its_last_line() {
        let line = r#"{"startup_seconds": 5, "training_seconds": 20, "evaluation_seconds": 4, "training_examples": 100, "evaluation_examples": 40,
            "tokens": 900, "accuracies": [0.5, 0.6], "peak_memory_bytes": 7}"#;
        let figures = Figures::of_peer(&format!("{{'loss': 1}}\n{}", line.replace('\n', "")), 30.0).unwrap();
        assert_eq!((figures.accuracy, figures.tokens, figures.wall_seconds), (0.6, 900.0, 30.0));
        assert!(Figures::of_peer("Traceback", 1.0).unwrap_err().to_string().contains("Traceback"));
    }
}
