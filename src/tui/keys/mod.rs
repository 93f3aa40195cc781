//! Keys, what they do, and where: dispatch, footer, menus, palette and help are made from one table.

pub mod action;
pub mod keymap;
pub mod table;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key as the dashboard knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A character; upper case where shifted.
    Char(char),
    /// A character with Control.
    Ctrl(char),
    /// Return.
    Enter,
    /// Escape.
    Escape,
    /// Tabulator.
    Tab,
    /// Shift and tabulator.
    BackTab,
    /// Deletes to the left.
    Backspace,
    /// Deletes to the right.
    Delete,
    /// Arrow.
    Up,
    /// Arrow.
    Down,
    /// Arrow.
    Left,
    /// Arrow.
    Right,
    /// Arrow with shift.
    ShiftLeft,
    /// Arrow with shift.
    ShiftRight,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Home.
    Home,
    /// End.
    End,
    /// A function key.
    Function(u8),
}

/// Keys with a name: as written in the settings, as shown, as meant.
const NAMED: [(&str, &str, Key); 17] = [
    ("space", "space", Key::Char(' ')),
    ("enter", "enter", Key::Enter),
    ("esc", "esc", Key::Escape),
    ("tab", "tab", Key::Tab),
    ("shift-tab", "S-tab", Key::BackTab),
    ("backspace", "backspace", Key::Backspace),
    ("delete", "del", Key::Delete),
    ("up", "↑", Key::Up),
    ("down", "↓", Key::Down),
    ("left", "←", Key::Left),
    ("right", "→", Key::Right),
    ("shift-left", "S-←", Key::ShiftLeft),
    ("shift-right", "S-→", Key::ShiftRight),
    ("pageup", "PgUp", Key::PageUp),
    ("pagedown", "PgDn", Key::PageDown),
    ("home", "home", Key::Home),
    ("end", "end", Key::End),
];

impl Key {
    /// As shown on the screen.
    pub fn shown(self) -> String {
        if let Some((_, shown, _)) = NAMED.iter().find(|(_, _, key)| *key == self) {
            return (*shown).to_owned();
        }
        match self {
            Self::Ctrl(c) => format!("^{c}"),
            Self::Function(number) => format!("F{number}"),
            Self::Char(c) => c.to_string(),
            _ => String::new(),
        }
    }

    /// As written in the settings.
    pub fn written(self) -> String {
        if let Some((name, _, _)) = NAMED.iter().find(|(_, _, key)| *key == self) {
            return (*name).to_owned();
        }
        match self {
            Self::Ctrl(c) => format!("ctrl-{c}"),
            Self::Function(number) => format!("f{number}"),
            other => other.shown(),
        }
    }

    /// From how it is written in the settings: `t`, `T`, `ctrl-t`, `f5`, `space`, `shift-left`.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.to_lowercase();
        if let Some((_, _, key)) = NAMED.iter().find(|(name, _, _)| *name == lower) {
            return Some(*key);
        }
        let single = |text: &str| {
            let mut characters = text.chars();
            characters.next().filter(|c| characters.next().is_none() && !c.is_control())
        };
        if let Some(c) = single(text) {
            return Some(Self::Char(c));
        }
        if let Some(c) = lower.strip_prefix("ctrl-").and_then(single) {
            return Some(Self::Ctrl(c));
        }
        let number = lower.strip_prefix('f')?.parse().ok()?;
        (1..=12).contains(&number).then_some(Self::Function(number))
    }
}

/// The key of a terminal event; `None` for releases, modifiers alone and what the dashboard does not know.
pub fn from_event(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release || event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::META) {
        return None;
    }
    let is_shifted = event.modifiers.contains(KeyModifiers::SHIFT);
    Some(match event.code {
        KeyCode::Char(c) if event.modifiers.contains(KeyModifiers::CONTROL) => Key::Ctrl(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left if is_shifted => Key::ShiftLeft,
        KeyCode::Right if is_shifted => Key::ShiftRight,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::F(number) => Key::Function(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_as_people_write_them() {
        for (text, key) in [
            ("t", Key::Char('t')),
            ("T", Key::Char('T')),
            ("Ctrl-T", Key::Ctrl('t')),
            ("F5", Key::Function(5)),
            ("space", Key::Char(' ')),
            ("Shift-Left", Key::ShiftLeft),
            ("é", Key::Char('é')),
        ] {
            assert_eq!(Key::parse(text), Some(key), "{text}");
        }
        for text in ["", "tt", "f13", "f0", "ctrl-", "ctrl-tt", "\u{1b}", "meta-x"] {
            assert_eq!(Key::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn every_named_key_is_shown_and_read_back() {
        for (name, shown, key) in NAMED {
            assert_eq!((Key::parse(name), key.shown().as_str(), key.written().as_str()), (Some(key), shown, name));
        }
    }
}
