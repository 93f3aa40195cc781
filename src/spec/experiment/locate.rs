//! A place in a document → its line and column.
//!
//! `serde_yaml` tells a location only for errors, so the document is read once more with a reader that fails exactly there.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A node of the document: the index of the child at every level, and whether its key or its value is meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Position among the items of a list or the entries of a map, level by level.
    pub steps: Vec<usize>,
    /// Which side of the last entry is meant.
    pub side: Side,
}

/// A side of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// Its key.
    Key,
    /// Its value; an item of a list has nothing else.
    #[default]
    Value,
}

impl Place {
    /// The value of child `index`.
    #[must_use]
    pub fn child(&self, index: usize) -> Self {
        let steps = self.steps.iter().copied().chain([index]).collect();
        Self { steps, side: Side::Value }
    }

    /// The key in place of the value.
    #[must_use]
    pub fn key(self) -> Self {
        Self { side: Side::Key, ..self }
    }
}

/// Line and column of a place, counted from 1; `None` where the text has no such place.
pub fn locate(text: &str, place: &Place) -> Option<(usize, usize)> {
    let descent = Descent { steps: &place.steps, side: place.side };
    let error = descent.deserialize(serde_yaml::Deserializer::from_str(text)).err()?;
    let location = error.location()?;
    Some((location.line(), location.column()))
}

#[derive(Clone, Copy)]
struct Descent<'a> {
    steps: &'a [usize],
    side: Side,
}

/// Accepts nothing, so that the parser tells where it stands.
struct Nothing;

impl Visitor<'_> for Nothing {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("nothing")
    }
}

impl<'de> DeserializeSeed<'de> for Nothing {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> DeserializeSeed<'de> for Descent<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.steps.is_empty() { deserializer.deserialize_any(Nothing) } else { deserializer.deserialize_any(self) }
    }
}

impl<'de> Visitor<'de> for Descent<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list or a map")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        for _ in 0..self.steps[0] {
            access.next_element::<IgnoredAny>()?;
        }
        access.next_element_seed(Descent { steps: &self.steps[1..], side: self.side })?;
        while access.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        for _ in 0..self.steps[0] {
            access.next_entry::<IgnoredAny, IgnoredAny>()?;
        }
        if self.steps.len() == 1 && self.side == Side::Key {
            access.next_key_seed(Nothing)?;
        }
        if access.next_key::<IgnoredAny>()?.is_some() {
            access.next_value_seed(Descent { steps: &self.steps[1..], side: self.side })?;
        }
        while access.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_found_in_block_and_flow_style() {
        let text = "name: é x\nruns:\n  - {method: full, lr: 5e-5}\n  - method: lora\n    rank: 8\n";
        let at = |steps: &[usize], side| locate(text, &Place { steps: steps.to_vec(), side });
        assert_eq!(at(&[0], Side::Value), Some((1, 7)));
        assert_eq!(at(&[1], Side::Key), Some((2, 1)));
        assert_eq!(at(&[1, 0], Side::Value), Some((3, 5)));
        assert_eq!(at(&[1, 0, 1], Side::Value), Some((3, 24)));
        assert_eq!(at(&[1, 1, 1], Side::Key), Some((5, 5)));
        assert_eq!(at(&[1, 1, 1], Side::Value), Some((5, 11)));
        assert_eq!(at(&[1, 1, 7], Side::Value), None);
        assert_eq!(at(&[0, 0], Side::Value), Some((1, 7)));
    }
}
