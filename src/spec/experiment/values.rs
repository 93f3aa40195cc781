//! Plain values out of nodes, with their ranges, and how errors show what was found instead.

use crate::spec::experiment::document::Node;

/// A whole number in a range.
pub fn whole(node: &Node, least: i128, most: i128) -> Option<i128> {
    match node {
        Node::Integer(number) if (least..=most).contains(number) => Some(*number),
        _ => None,
    }
}

/// A count, 1 to `most`.
pub fn count(node: &Node, most: usize) -> Option<usize> {
    whole(node, 1, most as i128).map(|number| number as usize)
}

/// A finite number that `is_good`.
pub fn number(node: &Node, is_good: impl FnOnce(f64) -> bool) -> Option<f64> {
    let number = match node {
        Node::Integer(number) => *number as f64,
        Node::Float(number) => *number,
        _ => return None,
    };
    (number.is_finite() && is_good(number)).then_some(number)
}

/// A share from 0 up to, not including, 1.
pub fn share(node: &Node) -> Option<f64> {
    number(node, |share| (0.0..1.0).contains(&share))
}

/// A text that is not blank and has no control characters.
pub fn text(node: &Node) -> Option<String> {
    match node {
        Node::Text(text) if !text.trim().is_empty() && !text.chars().any(char::is_control) => Some(text.clone()),
        _ => None,
    }
}

/// The name of a label: a text, or a whole number or a truth value written as it stands.
pub fn label(node: &Node) -> Option<String> {
    match node {
        Node::Integer(number) => Some(number.to_string()),
        Node::Bool(flag) => Some(flag.to_string()),
        _ => text(node).map(|label| label.trim().to_owned()),
    }
}

/// Whether a text can name an experiment or a run, and so a folder.
pub fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len())
        && !text.starts_with(['.', '-'])
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "._-".contains(character))
}

/// The longest name.
pub const LONGEST_NAME: usize = 64;

/// Accepted names, in words.
pub const NAME: &str = "1 to 64 of the characters A-Z a-z 0-9 . _ - that begin with neither . nor -";

/// A name of an experiment or a run.
pub fn name(node: &Node) -> Option<String> {
    text(node).filter(|text| is_name(text))
}

/// "a, b or c".
pub fn one_of(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// A node as an error shows it: control characters escaped, long texts cut.
pub fn found(node: &Node) -> String {
    match node {
        Node::Empty => "empty".to_owned(),
        Node::Bool(flag) => flag.to_string(),
        Node::Integer(number) => number.to_string(),
        Node::Float(number) => short_number(*number),
        Node::Text(text) => format!("the text {}", quoted(text)),
        Node::List(items) => format!("a list of {}", items.len()),
        Node::Map(_) => "a map".to_owned(),
    }
}

/// A key as an error shows it.
pub fn key(key: &str) -> String {
    let quoted = quoted(key);
    format!("`{}`", quoted.trim_matches('"'))
}

/// A text in quotes: control characters escaped, cut after 60 characters.
pub fn quoted(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// A number as people write it: `5e-5`, `0.01`, `16`.
pub fn short_number(number: f64) -> String {
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-2..1e6).contains(&magnitude) { format!("{number:e}") } else { number.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_people_write_them() {
        let shown: Vec<String> = [5e-5, 0.005, 0.01, 16.0, 0.0, 1e9, f64::NAN].into_iter().map(short_number).collect();
        assert_eq!(shown, ["5e-5", "5e-3", "0.01", "16", "0", "1e9", "NaN"]);
    }

    #[test]
    fn values_with_control_characters_are_escaped_and_cut() {
        assert_eq!(quoted("a\u{1b}[31m\u{202e}"), "\"a\\u{1b}[31m\\u{202e}\"");
        assert_eq!(key(&"k".repeat(100)).chars().count(), 64);
    }

    #[test]
    fn names_can_be_folders_everywhere() {
        assert!(is_name("full-lr5e-5") && is_name(&"a".repeat(64)));
        for bad in ["", ".", "..", "-x", "a/b", "a b", "é"] {
            assert!(!is_name(bad), "{bad}");
        }
        assert!(!is_name(&"a".repeat(65)));
    }
}
