//! Text from data, logs and file names, made fit for a terminal. Must not know any screen.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with every control character written as an escape (`\n`, `\u{1b}`), so that it cannot move a cursor.
///
/// Characters that reorder or hide text (bidirectional marks, zero-width ones) are written the same way.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_harmful(character) {
            write!(escaped, "{}", character.escape_default()).expect("writing to a string cannot fail");
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// The text without terminal sequences and control characters; a tab becomes a space.
pub fn stripped(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\u{1b}' => skip_sequence(&mut rest),
            '\t' => kept.push(' '),
            harmful if is_harmful(harmful) => {}
            harmless => kept.push(harmless),
        }
    }
    kept
}

fn skip_sequence(rest: &mut std::iter::Peekable<std::str::Chars>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            // Parameters up to the final byte (ECMA-48, 5.4).
            while rest.next_if(|character| ('\u{20}'..'\u{40}').contains(character)).is_some() {}
            rest.next_if(|character| ('\u{40}'..'\u{7f}').contains(character));
        }
        Some(']') => {
            // An operating system command ends with BEL or with ESC \.
            while let Some(character) = rest.next() {
                if character == '\u{7}' || (character == '\u{1b}' && rest.next_if_eq(&'\\').is_some()) {
                    break;
                }
            }
        }
        _ => {}
    }
}

fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_text_is_not_copied() {
        assert!(matches!(printable("naïve 模型 🙂"), Cow::Borrowed(_)));
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(printable("a\u{1b}[31mb\r\n\u{9b}c\u{202e}d"), "a\\u{1b}[31mb\\r\\n\\u{9b}c\\u{202e}d");
    }

    #[test]
    fn terminal_sequences_are_stripped() {
        assert_eq!(stripped("\u{1b}[1;31merror\u{1b}[0m:\tno \u{1b}]0;title\u{7}model\u{7}"), "error: no model");
        assert_eq!(stripped("\u{1b}["), "");
    }
}
