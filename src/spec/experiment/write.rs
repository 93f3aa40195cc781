//! A tree of plain values → the YAML that a person would write; [`document::parse`](super::document::parse) gives the same tree back.
//! Must not know what any key means.

use std::fmt::Write;

use serde::Deserialize;

use crate::spec::experiment::document::Node;

/// Maps and lists wider than this are written a line for each entry.
const WIDEST: usize = 96;

/// Entries of a map in one line.
const MOST_IN_LINE: usize = 3;

/// The document as YAML with a line feed at its end.
pub fn text(document: &Node) -> String {
    let mut out = String::new();
    match document {
        Node::Map(entries) if !entries.is_empty() => map(&mut out, entries, 0),
        other => out.push_str(&flow(other)),
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

fn map(out: &mut String, entries: &[(String, Node)], indent: usize) {
    for (key, value) in entries {
        let _ = write!(out, "{:indent$}{}:", "", scalar(key));
        match value {
            Node::Map(inner) if !is_short(value, inner.len()) => {
                out.push('\n');
                map(out, inner, indent + 2);
            }
            Node::List(items) if items.iter().any(|item| matches!(item, Node::Map(_))) => {
                out.push('\n');
                list(out, items, indent + 2);
            }
            other => {
                let _ = writeln!(out, " {}", flow(other));
            }
        }
    }
}

fn list(out: &mut String, items: &[Node], indent: usize) {
    for item in items {
        let in_line = flow(item);
        match item {
            Node::Map(entries) if !entries.is_empty() && in_line.chars().count() > WIDEST => {
                let mut block = String::new();
                map(&mut block, entries, indent + 2);
                let _ = write!(out, "{:indent$}- {}", "", block.trim_start());
            }
            _ => {
                let _ = writeln!(out, "{:indent$}- {in_line}", "");
            }
        }
    }
}

fn is_short(value: &Node, n_entries: usize) -> bool {
    n_entries == 0 || (n_entries <= MOST_IN_LINE && flow(value).chars().count() <= WIDEST / 2)
}

/// A value in one line: `8`, `[query, value]`, `{metric: accuracy, patience: 3}`.
pub fn flow(node: &Node) -> String {
    match node {
        Node::Empty => "null".to_owned(),
        Node::Bool(flag) => flag.to_string(),
        Node::Integer(number) => number.to_string(),
        Node::Float(number) if number.is_nan() => ".nan".to_owned(),
        Node::Float(number) if number.is_infinite() => if *number > 0.0 { ".inf" } else { "-.inf" }.to_owned(),
        Node::Float(number) => float(*number),
        Node::Text(text) => scalar(text),
        Node::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Node::Map(entries) => {
            let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{}: {}", scalar(key), flow(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// A number that stays one with a fraction: `5e-5`, `0.01`, `16.0`.
fn float(number: f64) -> String {
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-2..1e6).contains(&magnitude) { format!("{number:e}") } else { format!("{number:?}") }
}

/// A text, in quotes where it would be read as something else.
pub fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

fn is_plain(text: &str) -> bool {
    let is_safe = |c: char| c.is_alphanumeric() || "_-./@+*~ ".contains(c);
    let begins = text.starts_with(|c: char| c.is_alphanumeric() || "_./".contains(c));
    begins && !text.ends_with(' ') && text.len() < 200 && text.chars().all(is_safe) && reads_as_itself(text)
}

fn reads_as_itself(text: &str) -> bool {
    let read = Node::deserialize(serde_yaml::Deserializer::from_str(text));
    read.is_ok_and(|node| node == Node::Text(text.to_owned()))
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            _ if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spec::experiment::{document, read};

    fn written(yaml: &str) -> String {
        text(&document::parse(yaml.as_bytes()).unwrap().1)
    }

    #[test]
    fn a_file_is_written_as_a_person_would() {
        let person = "name: quickstart\nmodel: sentence-transformers/all-MiniLM-L6-v2\ndata:\n  train: assets/train.tsv\n  validation: assets/validation.tsv\n  columns: {text: sentence}\nepochs: 5\nearly_stopping: {metric: accuracy, patience: 3}\nruns:\n  - {method: full, lr: 5e-5}\n  - {method: lora, rank: 8, targets: [query, value], lr: 0.05}\n";
        assert_eq!(written(person), person);
    }

    #[test]
    fn texts_that_would_be_read_as_something_else_are_quoted() {
        let texts = [
            "8",
            "true",
            "null",
            "~",
            "",
            " a",
            "a: b",
            "#x",
            "5e-5",
            "[a]",
            "a\nb",
            "\u{1b}[0m",
            "\u{85}\u{feff}",
            "'",
            "- a",
            "1_000",
            "0x1f",
            "*.tsv",
        ];
        for text in texts {
            let document = Node::Map(vec![("name".to_owned(), Node::Text(text.to_owned()))]);
            let yaml = super::text(&document);
            assert_eq!(document::parse(yaml.as_bytes()).unwrap().1, document, "{yaml}");
        }
        assert_eq!(scalar("runs/a-1/lora"), "runs/a-1/lora");
        assert_eq!(scalar("8"), "\"8\"");
    }

    fn nodes() -> impl Strategy<Value = Node> {
        let leaf = prop_oneof![
            Just(Node::Empty),
            any::<bool>().prop_map(Node::Bool),
            any::<i64>().prop_map(|number| Node::Integer(number.into())),
            any::<f64>().prop_filter("NaN equals nothing", |number| !number.is_nan()).prop_map(Node::Float),
            "[ -~]{0,12}|.{0,12}".prop_map(Node::Text),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Node::List),
                proptest::collection::vec(("[a-z_]{1,12}|.{0,8}", inner), 0..6).prop_map(Node::Map),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_back_as_the_same(entries in proptest::collection::vec(("[a-z_]{1,12}|.{0,8}", nodes()), 1..6)) {
            let document = Node::Map(entries);
            let yaml = text(&document);
            let read = document::parse(yaml.as_bytes());
            prop_assert_eq!(read.map(|(_, node)| node).map_err(|problem| problem.to_string()), Ok(document), "{}", yaml);
        }
    }

    #[test]
    fn experiments_of_this_repository_stay_the_same_experiments() {
        for folder in ["experiments", "tests/fixtures/experiments/valid"] {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let Ok(bytes) = std::fs::read(&path) else { continue };
                let Ok(experiment) = read::experiment(&bytes) else { continue };
                let (_, document) = document::parse(&bytes).unwrap();
                assert_eq!(read::experiment(text(&document).as_bytes()), Ok(experiment), "{}", path.display());
            }
        }
    }
}
