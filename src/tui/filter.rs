//! Which runs are shown: `method:lora lr>1e-4 state:running -seed:2`. Pure.
//!
//! Every term must hold. A bare word is part of the run's name; `key:word` looks into a key's value; `key=value`, `key!=value` and
//! `key>number` and its like compare. Keys are those of the experiment file (the end of a dotted path is enough), the metrics, and what the
//! table shows.

use std::collections::BTreeMap;

use crate::metric::MetricName;
use crate::run::catalog::RunView;
use crate::tui::columns::Column;
use crate::tui::state::State;

/// A filter as typed and as understood.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    /// As typed.
    pub text: String,
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq)]
struct Term {
    is_negated: bool,
    what: What,
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    Name(String),
    Contains(String, String),
    Compare(String, Comparison, String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The signs, the longer ones first.
const SIGNS: [(&str, Comparison); 6] = [
    (">=", Comparison::GreaterOrEqual),
    ("<=", Comparison::LessOrEqual),
    ("!=", Comparison::NotEqual),
    (">", Comparison::Greater),
    ("<", Comparison::Less),
    ("=", Comparison::Equal),
];

impl Filter {
    /// Understands what is typed.
    ///
    /// # Errors
    /// Where a term is not complete, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let terms = text.split_whitespace().map(term).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { text: text.trim().to_owned(), terms })
    }

    /// Whether every run is shown.
    pub const fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a run is shown.
    pub fn matches(&self, run: &RunView, state: &State) -> bool {
        self.terms.iter().all(|term| term.what.holds(run, state) != term.is_negated)
    }
}

fn term(text: &str) -> Result<Term, String> {
    let (is_negated, text) = match text.strip_prefix('-') {
        Some(rest) if !rest.is_empty() => (true, rest),
        _ => (false, text),
    };
    let compare = SIGNS.iter().filter_map(|(sign, comparison)| Some((text.find(sign)?, *sign, *comparison))).min_by_key(|(at, sign, _)| {
        // At the same place the longer sign is meant.
        (*at, std::cmp::Reverse(sign.len()))
    });
    let colon = text.find(':');
    let what = match compare {
        Some((at, sign, comparison)) if colon.is_none_or(|colon| at < colon) => {
            let (key, value) = (&text[..at], &text[at + sign.len()..]);
            if key.is_empty() || value.is_empty() {
                return Err(format!("{text}: a key, {sign} and a value, for example lr{sign}1e-4"));
            }
            let needs_number = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
            if needs_number && value.parse::<f64>().is_err() {
                return Err(format!("{text}: {value} is no number"));
            }
            What::Compare(key.to_lowercase(), comparison, value.to_lowercase())
        }
        _ => match text.split_once(':') {
            Some((key, value)) if !key.is_empty() && !value.is_empty() => What::Contains(key.to_lowercase(), value.to_lowercase()),
            Some(_) => return Err(format!("{text}: a key, a colon and a word, for example method:lora")),
            None => What::Name(text.to_lowercase()),
        },
    };
    Ok(Term { is_negated, what })
}

impl What {
    fn holds(&self, run: &RunView, state: &State) -> bool {
        match self {
            Self::Name(part) => run.id.0.to_lowercase().contains(part),
            Self::Contains(key, part) => texts(key, run, state).iter().any(|text| text.to_lowercase().contains(part)),
            Self::Compare(key, comparison, value) => {
                if let Ok(number) = value.parse::<f64>() {
                    return numbers(key, run, state).iter().any(|have| comparison.holds(*have, number));
                }
                let is_equal = texts(key, run, state).iter().any(|text| text.to_lowercase() == *value);
                is_equal == (*comparison == Comparison::Equal)
            }
        }
    }
}

impl Comparison {
    fn holds(self, have: f64, number: f64) -> bool {
        let is_equal = (have - number).abs() <= number.abs() * 1e-9;
        match self {
            Self::Equal => is_equal,
            Self::NotEqual => !is_equal,
            Self::Less => have < number,
            Self::LessOrEqual => have <= number,
            Self::Greater => have > number,
            Self::GreaterOrEqual => have >= number,
        }
    }
}

/// What a key holds, as texts.
fn texts(key: &str, run: &RunView, state: &State) -> Vec<String> {
    match key {
        "name" | "run" => vec![run.id.run().to_owned()],
        "experiment" => vec![run.id.experiment().to_owned()],
        "state" | "status" => vec![run.status.name().to_owned()],
        "method" => run.spec.as_ref().map_or_else(
            |_| Vec::new(),
            |spec| {
                let about = spec.method.about();
                vec![about.name.to_owned(), about.short.to_owned()]
            },
        ),
        _ => of_configuration(key, state.configurations.get(&run.id)),
    }
}

/// What a key holds, as numbers.
fn numbers(key: &str, run: &RunView, state: &State) -> Vec<f64> {
    let column = match key {
        "lr" => Some(Column::LearningRate),
        "trainable" | "parameters" => Some(Column::Trainable),
        "share" => Some(Column::Percent),
        "bytes" => Some(Column::Bytes),
        "gap" => Some(Column::Gap),
        "loss" => Some(Column::ValidationLoss),
        "seconds" => Some(Column::Seconds),
        "memory" => Some(Column::Memory),
        "speed" => Some(Column::Speed),
        _ => None,
    };
    if let Some(column) = column {
        return column.number(run, state).into_iter().collect();
    }
    if let Some(metric) = MetricName::ALL.iter().find(|metric| metric.name() == key) {
        return run.state.latest_validation(*metric).into_iter().collect();
    }
    texts(key, run, state).iter().filter_map(|text| text.parse().ok()).collect()
}

fn of_configuration(key: &str, configuration: Option<&BTreeMap<String, String>>) -> Vec<String> {
    let ends = |path: &str| path == key || path.strip_suffix(key).is_some_and(|front| front.ends_with('.'));
    let values = configuration.into_iter().flatten().filter(|(path, _)| ends(path));
    values.map(|(_, value)| value.clone()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::run::synthetic::{EPOCH, Synthetic};
    use crate::tui::message::Message;
    use crate::tui::update::update;

    fn playing() -> State {
        let mut state = State::new("runs".to_owned(), EPOCH, (80, 24), None);
        update(&mut state, Message::Updates(Synthetic::new().poll(60.0)));
        state
    }

    fn shown(state: &State, text: &str) -> Vec<String> {
        let filter = Filter::parse(text).unwrap();
        state.catalog.runs.iter().filter(|run| filter.matches(run, state)).map(|run| run.id.run().to_owned()).collect()
    }

    #[test]
    fn every_term_must_hold() {
        let state = playing();
        let all = state.catalog.runs.len();
        assert_eq!(shown(&state, "").len(), all);
        assert_eq!(shown(&state, "method:lora").len() + shown(&state, "-method:lora").len(), all);
        assert!(shown(&state, "method:lora state:diverged").iter().all(|name| name.starts_with("lora")));
        assert_eq!(shown(&state, "method:lora method:full"), Vec::<String>::new());
        let lora = shown(&state, "rank>=8");
        assert!(!lora.is_empty() && lora.iter().all(|name| name.contains("lora")), "{lora:?}");
        assert!(shown(&state, "accuracy>0.5").len() > shown(&state, "accuracy>0.99").len());
        assert_eq!(shown(&state, "nosuchkey>0"), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_complete_is_told_with_an_example() {
        for (text, expected) in [("lr>", "for example lr>1e-4"), ("lr>fast", "fast is no number"), (":x", "for example method:lora")] {
            assert!(Filter::parse(text).unwrap_err().contains(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_typed_panics(text in ".{0,40}") {
            let state = playing();
            if let Ok(filter) = Filter::parse(&text) {
                state.catalog.runs.iter().for_each(|run| { filter.matches(run, &state); });
            }
        }
    }
}
