//! The text of an experiment file → a tree of plain values. Must not know what any key means.

use std::fmt;

use serde::de::{Deserialize, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};

use crate::spec::experiment::problem::Problem;

/// A value of the document.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// Nothing at all, `~` or `null`.
    Empty,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the file's order; a key may occur twice.
    Map(Vec<(String, Node)>),
}

/// Larger files are not experiments.
const LARGEST: usize = 1 << 20;

/// Reads the bytes of an experiment file; the text is returned with the tree, for finding places in it.
pub fn parse(bytes: &[u8]) -> Result<(&str, Node), Problem> {
    if bytes.len() > LARGEST {
        return Err(Problem::whole("the file is larger than 1 MiB; it is not an experiment"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Problem::whole("the file is UTF-16; save it as UTF-8"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&character| character != '\n').count() + 1;
        Problem::at(line, column, format!("broken UTF-8: byte 0x{:02x}", bytes[error.valid_up_to()]))
    })?;
    // The parser's own message for these has no line.
    if let Some((line, column, character)) = first_control(text) {
        let message = format!("not valid YAML: control character {}", character.escape_default());
        return Err(Problem::at(line, column, message).hint("remove it, or write it as an escape such as \"\\e\" in quotes"));
    }
    match Node::deserialize(serde_yaml::Deserializer::from_str(text)) {
        Ok(Node::Empty) => Err(empty()),
        Ok(node) => Ok((text, node)),
        Err(error) => Err(yaml_problem(text, &error)),
    }
}

/// The first character that YAML does not accept anywhere, with its line and column.
fn first_control(text: &str) -> Option<(usize, usize, char)> {
    let is_bad = |character: char| (character.is_ascii_control() && !matches!(character, '\t' | '\n' | '\r')) || character == '\u{fffe}';
    text.split('\n').enumerate().find_map(|(index, line)| {
        let (column, character) = line.chars().enumerate().find(|(_, character)| is_bad(*character))?;
        Some((index + 1, column + 1, character))
    })
}

fn empty() -> Problem {
    Problem::whole("the file is empty; an experiment needs at least `data` and `runs`")
}

/// What the YAML parser says, in our form.
fn yaml_problem(text: &str, error: &serde_yaml::Error) -> Problem {
    let full = error.to_string();
    let message = full.split(" at line ").next().unwrap_or_default();
    if message == "EOF while parsing a value" {
        return empty();
    }
    if message.starts_with("deserializing from YAML containing more than one document") {
        return Problem::whole("the file holds more than one YAML document; an experiment is one: remove the `---` between them");
    }
    let Some(location) = error.location() else { return Problem::whole(format!("not valid YAML: {message}")) };
    // Messages of our own visitor come with the path in front of them.
    let message = message.rsplit(": ").next().unwrap_or(message);
    let problem = Problem::at(location.line(), location.column(), format!("not valid YAML: {message}"));
    let line = text.lines().nth(location.line() - 1).unwrap_or_default();
    let indentation = &line[..line.len() - line.trim_start().len()];
    if indentation.contains('\t') { problem.hint("indent with spaces; YAML does not accept tabs there") } else { problem }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Empty)
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Empty)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Integer(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Integer(value.into()))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Node, E> {
        Ok(Node::Integer(value))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Node, E> {
        Ok(i128::try_from(value).map_or(Node::Float(value as f64), Node::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(Key(key)) = access.next_key()? {
            entries.push((key, access.next_value()?));
        }
        Ok(Node::Map(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<Node, A::Error> {
        Err(A::Error::custom("a YAML tag (a word that begins with !) has no meaning in an experiment"))
    }
}

/// A key, as text.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Node::deserialize(deserializer)? {
            Node::Text(key) => Ok(Self(key)),
            Node::Bool(key) => Ok(Self(key.to_string())),
            Node::Integer(key) => Ok(Self(key.to_string())),
            Node::Float(key) => Ok(Self(key.to_string())),
            Node::Empty => Err(D::Error::custom("a key is empty")),
            Node::List(_) | Node::Map(_) => Err(D::Error::custom("a key is a list or a map; it must be a word")),
        }
    }
}
