//! Colours, markers and glyphs. Knows what they mean, not where they stand. The environment is read elsewhere and passed in.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use crate::run::status::RunStatus;

/// How many colours the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colors {
    /// None: every cell keeps the terminal's own; meaning rests on glyphs, bold and reverse.
    None,
    /// The terminal's sixteen.
    Sixteen,
    /// 24 bits.
    True,
}

/// Which characters the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyphs {
    /// Braille, box drawing, geometric shapes.
    Unicode,
    /// ASCII alone.
    Ascii,
}

/// How things look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Colours.
    pub colors: Colors,
    /// Characters.
    pub glyphs: Glyphs,
}

/// Okabe & Ito 2008, "Color Universal Design": told apart with any colour vision. Blue is lightened for dark
/// backgrounds; black is left out.
const OKABE_ITO: [(Color, Color); 7] = [
    (Color::Rgb(0xE6, 0x9F, 0x00), Color::Yellow),
    (Color::Rgb(0x56, 0xB4, 0xE9), Color::LightBlue),
    (Color::Rgb(0x00, 0x9E, 0x73), Color::Green),
    (Color::Rgb(0xCC, 0x79, 0xA7), Color::Magenta),
    (Color::Rgb(0xD5, 0x5E, 0x00), Color::LightRed),
    (Color::Rgb(0xF0, 0xE4, 0x42), Color::LightYellow),
    (Color::Rgb(0x3D, 0x8B, 0xD8), Color::Blue),
];

const MARKERS: [(&str, &str); 10] =
    [("●", "o"), ("▲", "^"), ("■", "#"), ("◆", "%"), ("x", "x"), ("+", "+"), ("○", "0"), ("△", "A"), ("□", "H"), ("◇", "&")];

const ASCII_BORDER: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

impl Theme {
    /// Colour of the run in this slot; the same as long as it is shown.
    pub fn series_color(self, slot: usize) -> Color {
        let (rgb, named) = OKABE_ITO[slot % OKABE_ITO.len()];
        match self.colors {
            Colors::None => Color::Reset,
            Colors::Sixteen => named,
            Colors::True => rgb,
        }
    }

    /// Marker of the run in this slot. Seven colours and ten shapes: 70 runs before a pair comes again.
    pub fn marker(self, slot: usize) -> &'static str {
        let (unicode, ascii) = MARKERS[slot % MARKERS.len()];
        self.choose(unicode, ascii)
    }

    /// One of two spellings.
    pub const fn choose<'a>(self, unicode: &'a str, ascii: &'a str) -> &'a str {
        match self.glyphs {
            Glyphs::Unicode => unicode,
            Glyphs::Ascii => ascii,
        }
    }

    /// Glyph of a status.
    pub fn status_glyph(self, status: RunStatus) -> &'static str {
        match status {
            RunStatus::Queued => "~",
            RunStatus::Starting => self.choose("…", "."),
            RunStatus::Running => ">",
            RunStatus::Paused => self.choose("‖", "="),
            RunStatus::Stalled => "!",
            RunStatus::Finished => self.choose("✓", "v"),
            RunStatus::Stopped => self.choose("■", "s"),
            RunStatus::Failed => self.choose("✗", "x"),
            RunStatus::Diverged => self.choose("∞", "*"),
            RunStatus::Lost => "?",
        }
    }

    /// Style of a status.
    pub fn status(self, status: RunStatus) -> Style {
        match status {
            RunStatus::Queued | RunStatus::Starting => self.dim(),
            RunStatus::Running => self.good(),
            RunStatus::Paused | RunStatus::Stalled | RunStatus::Stopped | RunStatus::Lost => self.warn(),
            RunStatus::Finished => Style::new(),
            RunStatus::Failed | RunStatus::Diverged => self.bad(),
        }
    }

    /// Text that steps back.
    pub fn dim(self) -> Style {
        match self.colors {
            Colors::None => Style::new().add_modifier(Modifier::DIM),
            Colors::Sixteen => Style::new().fg(Color::DarkGray),
            Colors::True => Style::new().fg(Color::Rgb(0x80, 0x86, 0x8F)),
        }
    }

    /// Borders and rules.
    pub fn line(self) -> Style {
        match self.colors {
            Colors::None => Style::new(),
            Colors::Sixteen => Style::new().fg(Color::DarkGray),
            Colors::True => Style::new().fg(Color::Rgb(0x4A, 0x50, 0x5A)),
        }
    }

    /// Titles and headings.
    pub fn title(self) -> Style {
        // Reset, since a title may stand on a border.
        Style::new().fg(Color::Reset).add_modifier(Modifier::BOLD)
    }

    /// The program's own accent: the name, the current tab, keys.
    pub fn accent(self) -> Style {
        self.colored(Color::Rgb(0x56, 0xB4, 0xE9), Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// What is well.
    pub fn good(self) -> Style {
        self.colored(Color::Rgb(0x3F, 0xC3, 0x8A), Color::Green)
    }

    /// What deserves a look.
    pub fn warn(self) -> Style {
        self.colored(Color::Rgb(0xE6, 0x9F, 0x00), Color::Yellow)
    }

    /// What went wrong.
    pub fn bad(self) -> Style {
        self.colored(Color::Rgb(0xF2, 0x6D, 0x5B), Color::LightRed).add_modifier(Modifier::BOLD)
    }

    /// The row under the cursor.
    pub fn selected(self) -> Style {
        match self.colors {
            Colors::None => Style::new().add_modifier(Modifier::BOLD),
            Colors::Sixteen => Style::new().bg(Color::Black).add_modifier(Modifier::BOLD),
            Colors::True => Style::new().bg(Color::Rgb(0x26, 0x2C, 0x36)).add_modifier(Modifier::BOLD),
        }
    }

    /// A question that waits for an answer.
    pub fn question(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    /// Border characters.
    pub fn border(self) -> border::Set<'static> {
        match self.glyphs {
            Glyphs::Unicode => border::ROUNDED,
            Glyphs::Ascii => ASCII_BORDER,
        }
    }

    fn colored(self, rgb: Color, named: Color) -> Style {
        match self.colors {
            Colors::None => Style::new(),
            Colors::Sixteen => Style::new().fg(named),
            Colors::True => Style::new().fg(rgb),
        }
    }
}
