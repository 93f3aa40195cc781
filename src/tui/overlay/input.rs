//! One line of text as it is typed, with the keys of readline. Pure.

use crate::tui::keys::Key;

/// Characters that an input holds at most.
const MOST: usize = 4096;

/// A line being typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Input {
    /// What is typed so far.
    text: Vec<char>,
    /// Characters before the cursor.
    cursor: usize,
}

impl Input {
    /// An input with this text, the cursor at its end.
    pub fn new(text: &str) -> Self {
        let text: Vec<char> = text.chars().filter(|c| !c.is_control()).take(MOST).collect();
        Self { cursor: text.len(), text }
    }

    /// What is typed so far.
    pub fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// Whether nothing is typed.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// What stands before the cursor and after it.
    pub fn halves(&self) -> (String, String) {
        let (before, after) = self.text.split_at(self.cursor.min(self.text.len()));
        (before.iter().collect(), after.iter().collect())
    }

    /// Puts text at the cursor, as one edit; control characters are left out, line ends become blanks.
    pub fn insert(&mut self, text: &str) {
        let text = text.trim_end_matches(['\r', '\n']);
        for c in text.chars().map(|c| if matches!(c, '\n' | '\t') { ' ' } else { c }).filter(|c| !c.is_control()) {
            if self.text.len() < MOST {
                self.text.insert(self.cursor, c);
                self.cursor += 1;
            }
        }
    }

    /// Takes in a key; whether it was one for an input.
    pub fn key(&mut self, key: Key) -> bool {
        match key {
            Key::Char(c) => self.insert(c.encode_utf8(&mut [0; 4])),
            Key::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.text.remove(self.cursor);
            }
            Key::Delete | Key::Ctrl('d') if self.cursor < self.text.len() => {
                self.text.remove(self.cursor);
            }
            Key::Left => self.cursor = self.cursor.saturating_sub(1),
            Key::Right => self.cursor = (self.cursor + 1).min(self.text.len()),
            Key::Home | Key::Ctrl('a') => self.cursor = 0,
            Key::End | Key::Ctrl('e') => self.cursor = self.text.len(),
            Key::Ctrl('w') => {
                let is_blank = |c: &char| *c == ' ';
                let end = self.text[..self.cursor].iter().rposition(|c| !is_blank(c)).map_or(0, |idx| idx + 1);
                let start = self.text[..end].iter().rposition(is_blank).map_or(0, |idx| idx + 1);
                self.text.drain(start..self.cursor);
                self.cursor = start;
            }
            Key::Ctrl('u') => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
            }
            Key::Ctrl('k') => self.text.truncate(self.cursor),
            Key::Backspace | Key::Delete | Key::Ctrl('d') => {}
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_keys_of_readline_edit_the_line() {
        let mut input = Input::new("method:lora lr>1e-4");
        input.key(Key::Ctrl('w'));
        assert_eq!(input.text(), "method:lora ");
        input.key(Key::Ctrl('w'));
        input.insert("state:run\u{1b}[0mning\n");
        assert_eq!(input.text(), "state:run[0mning");
        for key in [Key::Home, Key::Delete, Key::Right, Key::Ctrl('k')] {
            input.key(key);
        }
        assert_eq!(input.halves(), ("t".to_owned(), String::new()));
        input.key(Key::Ctrl('u'));
        assert!(input.is_empty());
    }

    proptest! {
        #[test]
        fn no_sequence_of_keys_panics(keys in proptest::collection::vec(0_usize..13, 0..60), text in ".{0,20}") {
            let all = [
                Key::Char('ä'), Key::Char(' '), Key::Backspace, Key::Delete, Key::Left, Key::Right, Key::Home, Key::End,
                Key::Ctrl('w'), Key::Ctrl('u'), Key::Ctrl('k'), Key::Ctrl('d'), Key::Enter,
            ];
            let mut input = Input::new(&text);
            for key in keys {
                input.key(all[key]);
                let (before, after) = input.halves();
                prop_assert_eq!(format!("{before}{after}"), input.text());
            }
        }
    }
}
