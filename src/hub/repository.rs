//! What names a model or a data set on the hub: `org/name`, and perhaps a revision.

use std::fmt;

use crate::hub::error::HubError;

/// What a repository holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A pre-trained model.
    Model,
    /// A data set.
    Dataset,
}

/// A model or data set at a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// What it holds.
    pub kind: Kind,
    /// `organisation/name`, or `name` alone for a few old ones.
    pub id: String,
    /// A branch, a tag or a commit; `main` where none is named.
    pub revision: String,
}

/// The revision where none is named.
pub const MAIN: &str = "main";

impl Kind {
    /// What errors call it.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Dataset => "data set",
        }
    }

    /// Its word in addresses and in folder names.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Model => "models",
            Self::Dataset => "datasets",
        }
    }
}

impl Repository {
    /// The repository that `org/name` or `org/name@revision` names.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, HubError> {
        let (id, revision) = text.split_once('@').unwrap_or((text, MAIN));
        if !is_id(id) {
            return Err(HubError::NotAnId { kind, text: text.to_owned() });
        }
        if !is_path(revision) {
            return Err(HubError::NotARevision { id: id.to_owned(), revision: revision.to_owned() });
        }
        Ok(Self { kind, id: id.to_owned(), revision: revision.to_owned() })
    }

    /// The same repository at another revision.
    #[must_use]
    pub fn at(&self, revision: &str) -> Self {
        Self { revision: revision.to_owned(), ..self.clone() }
    }

    /// Its folder in the cache.
    pub fn folder_name(&self) -> String {
        format!("{}--{}", self.kind.plural(), self.id.replace('/', "--"))
    }

    /// Its page, for people.
    pub fn page(&self, endpoint: &str) -> String {
        match self.kind {
            Kind::Model => format!("{endpoint}/{}", self.id),
            Kind::Dataset => format!("{endpoint}/datasets/{}", self.id),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if self.revision == MAIN { f.write_str(&self.id) } else { write!(f, "{}@{}", self.id, self.revision) }
    }
}

/// Whether `text` can be an id on the hub: `name` or `organisation/name`.
pub fn is_id(text: &str) -> bool {
    text.split('/').count() <= 2 && text.split('/').all(is_part)
}

/// Whether `text` is one plain part of an id or a revision, and so a safe file name.
pub fn is_part(text: &str) -> bool {
    (1..=96).contains(&text.len())
        && !text.starts_with(['.', '-'])
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "._-".contains(character))
}

/// Whether `text` is a relative path whose parts are safe: file names and revisions come from outside.
pub fn is_path(text: &str) -> bool {
    let is_safe = |part: &str| {
        (1..=255).contains(&part.len()) && part != "." && part != ".." && !part.contains(['\\', ':']) && !part.contains(char::is_control)
    };
    text.len() <= 1000 && text.split('/').all(is_safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_not_ids() {
        for text in ["../x", "a/b/c", "/a", "a/", "", "a b", "~/m", ".hidden"] {
            assert!(!is_id(text), "{text}");
        }
        assert!(is_id("bert-base-uncased") && is_id("sentence-transformers/all-MiniLM-L6-v2"));
    }

    #[test]
    fn a_revision_follows_the_id_and_cannot_leave_the_cache() {
        let parse = |text| Repository::parse(Kind::Model, text);
        let named = parse("org/name@refs/pr/1").unwrap();
        assert_eq!(
            (named.id.as_str(), named.revision.as_str(), named.to_string().as_str()),
            ("org/name", "refs/pr/1", "org/name@refs/pr/1")
        );
        assert_eq!(parse("org/name").unwrap().to_string(), "org/name");
        for bad in ["org/name@", "org/name@../../x", "org/name@/x", "org/name@a\nb", "org/name@a\\b"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
