//! What a person has set: looks, mouse, keys. Pure: text in, settings or a message with file, line and value out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::curve::axis::XAxis;
use crate::tui::columns::Column;
use crate::tui::keys::Key;
use crate::tui::keys::action::{Action, Scope};
use crate::tui::keys::keymap::Keymap;
use crate::tui::state::{SMOOTHING, State};
use crate::tui::theme::{Background, Colors, Glyphs, Theme};
use crate::tui::update::follow_all;

/// What a person has set; everything has a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the file")]
pub struct Settings {
    /// What the background of the terminal is.
    pub background: BackgroundChoice,
    /// How many colours are used.
    pub colors: ColorChoice,
    /// ASCII characters alone.
    pub ascii: bool,
    /// Whether the mouse is heard.
    pub mouse: bool,
    /// Whether runs can be looked at only.
    pub read_only: bool,
    /// Whether the terminal is told when a run ends while it is not looked at.
    pub notify: bool,
    /// Whether charts are images, where the terminal shows them.
    pub images: bool,
    /// Smoothing of training curves at the start.
    pub smoothing: f64,
    /// What the x axis counts at the start.
    pub x_axis: XAxis,
    /// Columns that are not shown.
    pub hidden_columns: Vec<Column>,
    /// Other keys, by place and action.
    pub keys: BTreeMap<Scope, BTreeMap<Action, Keys>>,
}

/// What the background of the terminal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackgroundChoice {
    /// The terminal is asked.
    #[default]
    Auto,
    /// Dark.
    Dark,
    /// Light.
    Light,
}

/// How many colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColorChoice {
    /// What the environment says.
    #[default]
    Auto,
    /// None.
    None,
    /// The terminal's sixteen.
    Sixteen,
    /// 24 bits.
    True,
}

/// One key, or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Keys {
    /// One.
    One(String),
    /// Several; none takes the action off the keys.
    Many(Vec<String>),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            background: BackgroundChoice::Auto,
            colors: ColorChoice::Auto,
            ascii: false,
            mouse: true,
            read_only: false,
            notify: true,
            images: false,
            smoothing: 0.8,
            x_axis: XAxis::Step,
            hidden_columns: Vec::new(),
            keys: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// Reads settings; `name` is the file's, for messages.
    ///
    /// # Errors
    /// What is wrong with the text, where, and what is accepted.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(Self::default());
        }
        let settings: Self = serde_yaml::from_str(text).map_err(|error| format!("{name}: {error}"))?;
        if !SMOOTHING.contains(&settings.smoothing) {
            let accepted = SMOOTHING.map(|weight| weight.to_string()).join(", ");
            return Err(format!("{name}: smoothing: {} is none of {accepted}", settings.smoothing));
        }
        settings.keymap().map_err(|problem| format!("{name}: {problem}"))?;
        Ok(settings)
    }

    /// The keys as they then are.
    ///
    /// # Errors
    /// Which key or action is not known, and what is.
    pub fn keymap(&self) -> Result<Keymap, String> {
        let mut keymap = Keymap::default();
        for (scope, actions) in &self.keys {
            for (action, keys) in actions {
                let written = match keys {
                    Keys::One(key) => std::slice::from_ref(key),
                    Keys::Many(keys) => keys.as_slice(),
                };
                let place = format!("keys.{}.{}", scope.name(), action.name());
                let keys: Result<Vec<Key>, String> = written.iter().map(|key| read_key(&place, key)).collect();
                let accepted = || {
                    let scopes = [*scope];
                    keymap.of(&scopes).map(|binding| binding.action.name()).collect::<Vec<_>>().join(", ")
                };
                let accepted = accepted();
                keymap.rebind(*scope, *action, &keys?).map_err(|problem| format!("{place}: {problem}; here are {accepted}"))?;
            }
        }
        Ok(keymap)
    }

    /// How things look, given what the environment and the terminal say.
    pub fn theme(&self, environment: Theme, background: Background) -> Theme {
        let colors = match self.colors {
            ColorChoice::Auto => environment.colors,
            ColorChoice::None => Colors::None,
            ColorChoice::Sixteen => Colors::Sixteen,
            ColorChoice::True => Colors::True,
        };
        let glyphs = if self.ascii { Glyphs::Ascii } else { environment.glyphs };
        let background = match self.background {
            BackgroundChoice::Auto => background,
            BackgroundChoice::Dark => Background::Dark,
            BackgroundChoice::Light => Background::Light,
        };
        Theme::new(colors, glyphs).on(background)
    }

    /// Brings a dashboard into line.
    pub fn apply(&self, state: &mut State) {
        state.keymap = self.keymap().unwrap_or_default();
        state.is_read_only = self.read_only;
        state.notifies = self.notify;
        // Whether the terminal shows them is asked first.
        state.chart.draws_images &= self.images;
        state.hidden_columns = self.hidden_columns.iter().copied().collect();
        state.chart.x_axis = self.x_axis;
        let is_ours = |weight: &f64| (weight - self.smoothing).abs() < 1e-9;
        state.chart.smoothing_idx = SMOOTHING.iter().position(is_ours).unwrap_or(state.chart.smoothing_idx);
        follow_all(state);
        state.is_dirty = true;
    }
}

fn read_key(place: &str, written: &str) -> Result<Key, String> {
    const TAKEN: [Key; 5] = [Key::Ctrl('h'), Key::Ctrl('i'), Key::Ctrl('j'), Key::Ctrl('m'), Key::Ctrl('c')];
    match Key::parse(written) {
        Some(Key::Ctrl('c')) => Err(format!("{place}: ctrl-c always quits the viewer")),
        Some(key) if TAKEN.contains(&key) => Err(format!("{place}: terminals send {written} for another key")),
        Some(key) => Ok(key),
        None => {
            Err(format!("{place}: {written:?} is no key; a character, ctrl-x, f5, space, enter, tab, shift-tab, pageup, shift-left, …"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_file_is_the_defaults_and_the_defaults_are_read_back() {
        assert_eq!(Settings::parse("s.yaml", "# nothing\n\n"), Ok(Settings::default()));
        let text = serde_yaml::to_string(&Settings::default()).unwrap();
        assert_eq!(Settings::parse("s.yaml", &text), Ok(Settings::default()));
    }

    #[test]
    fn keys_are_given_by_place_and_action() {
        let text = "keys:\n  runs:\n    stop: [ctrl-t, T]\n  global:\n    palette: f2\n";
        let keymap = Settings::parse("s.yaml", text).unwrap().keymap().unwrap();
        assert_eq!(keymap.action(Key::Ctrl('t'), &[Scope::Runs]), Some(Action::Stop));
        assert_eq!(keymap.action(Key::Char('t'), &[Scope::Runs]), None);
        assert_eq!(keymap.action(Key::Function(2), &[Scope::Global]), Some(Action::Palette));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_what_is_accepted() {
        for (text, expected) in [
            ("theme: dark", "unknown field `theme`"),
            ("background: blue", "unknown variant `blue`"),
            ("smoothing: 0.7", "smoothing: 0.7 is none of 0, 0.5"),
            ("keys:\n  runs:\n    stop: tt", "keys.runs.stop: \"tt\" is no key"),
            ("keys:\n  runs:\n    stop: ctrl-m", "terminals send ctrl-m for another key"),
            ("keys:\n  launch:\n    stop: t", "keys.launch.stop: this action has no place here; here are plan"),
            ("keys:\n  runs:\n    stopp: t", "unknown variant `stopp`"),
        ] {
            let problem = Settings::parse("s.yaml", text).unwrap_err();
            assert!(problem.starts_with("s.yaml: ") && problem.contains(expected), "{problem}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,80}") {
            let _ = Settings::parse("s.yaml", &text);
        }
    }
}
