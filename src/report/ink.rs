//! Emphasis in plain text output: on a terminal, and nowhere else.

/// How text is emphasised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Not at all: pipes, files, terminals without colour.
    Plain,
    /// By the terminal's own sequences (ECMA-48, SGR).
    Terminal,
}

impl Ink {
    /// A heading.
    pub fn heading(self, text: &str) -> String {
        self.with("1", text)
    }

    /// The name of a thing.
    pub fn name(self, text: &str) -> String {
        self.with("36", text)
    }

    fn with(self, attribute: &str, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Terminal => format!("\u{1b}[{attribute}m{text}\u{1b}[0m"),
        }
    }
}
