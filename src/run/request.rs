//! What a person may ask of a run: a file per request in `requests/`. Must not know who asks or obeys.

use serde::{Deserialize, Serialize};

use crate::run::alert::Rule;
use crate::run::condition::StopAt;

/// A request as written to `requests/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// What is asked.
    pub request: RequestKind,
    /// Seconds since the Unix epoch, on the asker's clock; for people, not for logic.
    pub time: f64,
}

/// What may be asked of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// Finish the step, evaluate, keep the best checkpoint, end as stopped. A run still queued is never started.
    Stop,
    /// Hold at the next step boundary, the process and its memory kept; a run still queued is held back.
    Pause,
    /// Save, leave and so free the memory; the run counts as paused.
    Release,
    /// Go on.
    Resume,
    /// Go on after the end, for the epochs that were added to `run.yaml`.
    Extend,
    /// End now, resumable: the worker on SIGTERM, then SIGKILL after ten seconds.
    Kill,
    /// Stop later; takes the place of an earlier such request.
    StopAt(StopAt),
    /// Do not stop later after all.
    KeepGoing,
    /// Train on differently from the next step on.
    Set(Setting),
    /// Show this rule's alerts no longer.
    Mute(Rule),
    /// Show them again.
    Unmute(Rule),
}

/// What can be changed while a run trains; `None` leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "SettingAsWritten")]
pub struct Setting {
    /// The highest learning rate of the schedule, whose shape stays. Rates of their own of head and layers keep their proportion to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// Evaluations without improvement that early stopping bears.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<u32>,
}

/// A setting in a file that anybody may have written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SettingAsWritten {
    learning_rate: Option<f64>,
    patience: Option<u32>,
}

impl TryFrom<SettingAsWritten> for Setting {
    type Error = String;

    fn try_from(SettingAsWritten { learning_rate, patience }: SettingAsWritten) -> Result<Self, String> {
        let learning_rate = learning_rate.map(|rate| self::learning_rate(&rate.to_string())).transpose()?;
        let patience = patience.map(|patience| self::patience(&patience.to_string())).transpose()?;
        Ok(Self { learning_rate, patience })
    }
}

/// The highest learning rate that a running run is given: far above any that helps, below what ends in infinity at once.
const HIGHEST_LEARNING_RATE: f64 = 100.0;

/// Understands a learning rate.
///
/// # Errors
/// What would be one.
pub fn learning_rate(text: &str) -> Result<f64, String> {
    let rate = text.trim().parse().ok().filter(|rate: &f64| *rate > 0.0 && *rate <= HIGHEST_LEARNING_RATE);
    rate.ok_or_else(|| format!("{text:?} is no learning rate: a number above 0 and at most {HIGHEST_LEARNING_RATE}, for example 1e-4"))
}

/// Understands a patience.
///
/// # Errors
/// What would be one.
pub fn patience(text: &str) -> Result<u32, String> {
    let patience = text.trim().parse().ok().filter(|patience: &u32| *patience > 0);
    patience.ok_or_else(|| format!("{text:?} is no patience: a whole number of evaluations, at least 1, for example 3"))
}

impl RequestKind {
    /// Whether it decides if the run lives; the others wait for its worker, also while it is queued.
    pub const fn is_of_life(self) -> bool {
        matches!(self, Self::Stop | Self::Pause | Self::Release | Self::Resume | Self::Extend | Self::Kill)
    }

    /// In words, for a log: `stop`, `set lr 1e-4`.
    pub fn in_words(self) -> String {
        match self {
            Self::Stop => "stop".to_owned(),
            Self::Pause => "pause".to_owned(),
            Self::Release => "release".to_owned(),
            Self::Resume => "resume".to_owned(),
            Self::Extend => "extend".to_owned(),
            Self::Kill => "kill".to_owned(),
            Self::StopAt(stop_at) => format!("stop {}", stop_at.in_words()),
            Self::KeepGoing => "keep going".to_owned(),
            Self::Set(setting) => format!("set {}", setting.in_words()),
            Self::Mute(rule) => format!("mute {}", rule.name()),
            Self::Unmute(rule) => format!("unmute {}", rule.name()),
        }
    }
}

impl Setting {
    /// As it is written.
    pub fn in_words(&self) -> String {
        let rate = self.learning_rate.map(|rate| format!("lr={rate:e}"));
        let patience = self.patience.map(|patience| format!("patience={patience}"));
        rate.into_iter().chain(patience).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_written_as_they_always_were_and_with_what_they_say() {
        let stop_at = RequestKind::StopAt(StopAt::parse("gap > 0.1").unwrap());
        let set = RequestKind::Set(Setting { learning_rate: Some(1e-4), patience: None });
        for (kind, json) in [
            (RequestKind::Stop, r#""stop""#),
            (stop_at, r#"{"stop_at":"gap > 0.1"}"#),
            (RequestKind::KeepGoing, r#""keep_going""#),
            (set, r#"{"set":{"learning_rate":0.0001}}"#),
            (RequestKind::Mute(Rule::Spike), r#"{"mute":"spike"}"#),
        ] {
            assert_eq!(serde_json::to_string(&kind).unwrap(), json);
            assert_eq!(serde_json::from_str::<RequestKind>(json).unwrap(), kind);
        }
    }

    #[test]
    fn settings_are_understood_or_refused_in_words() {
        let setting = Setting { learning_rate: Some(3e-5), patience: Some(4) };
        assert_eq!(setting.in_words(), "lr=3e-5 patience=4");
        assert_eq!((learning_rate(" 3e-5 "), patience("4")), (Ok(3e-5), Ok(4)));
        for text in ["0", "-1", "NaN", "inf", "101", "fast", ""] {
            assert!(learning_rate(text).unwrap_err().contains("for example 1e-4"), "{text}");
        }
        for text in ["0", "-1", "1.5", "many", ""] {
            assert!(patience(text).unwrap_err().contains("for example 3"), "{text}");
        }
        for json in [r#"{"learning_rate":-1.0}"#, r#"{"learning_rate":1e300}"#, r#"{"patience":0}"#, r#"{"rank":8}"#] {
            assert!(serde_json::from_str::<Setting>(json).is_err(), "{json}");
        }
    }
}
