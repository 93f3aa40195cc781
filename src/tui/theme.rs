//! Colours, markers and glyphs. Knows what they mean, not where they stand. The environment is read elsewhere and passed in.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use crate::curve::palette;
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

/// What the terminal's own background is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Background {
    /// Dark, or not known.
    #[default]
    Dark,
    /// Light.
    Light,
}

/// How things look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Colours.
    pub colors: Colors,
    /// Characters.
    pub glyphs: Glyphs,
    /// What they stand on.
    pub background: Background,
}

/// A colour: of 24 bits on dark and on light, and of the terminal's sixteen.
type Paint = (u32, u32, Color);

/// [`palette::SERIES`] among the terminal's sixteen.
const SERIES_NAMED: [Color; 7] =
    [Color::Yellow, Color::LightBlue, Color::Green, Color::Magenta, Color::LightRed, Color::LightYellow, Color::Blue];

const ACCENT: Paint = (0x0056_B4E9, 0x0000_5FA8, Color::Cyan);
const GOOD: Paint = (0x003F_C38A, 0x0000_7A52, Color::Green);
const WARN: Paint = (0x00E6_9F00, 0x009A_6200, Color::Yellow);
const BAD: Paint = (0x00F2_6D5B, 0x00B8_2C1B, Color::LightRed);
const DIM: Paint = (0x0080_868F, 0x006B_717A, Color::DarkGray);
const LINE: Paint = (0x004A_505A, 0x00B4_B9C0, Color::DarkGray);
const SELECTED: Paint = (0x0026_2C36, 0x00DD_E6F0, Color::Black);

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

const fn series(slot: usize) -> Paint {
    let idx = slot % SERIES_NAMED.len();
    (palette::SERIES[idx].0, palette::SERIES[idx].1, SERIES_NAMED[idx])
}

impl Theme {
    /// A theme for a dark background.
    pub const fn new(colors: Colors, glyphs: Glyphs) -> Self {
        Self { colors, glyphs, background: Background::Dark }
    }

    /// The same on another background.
    #[must_use]
    pub const fn on(self, background: Background) -> Self {
        Self { background, ..self }
    }

    /// Colour of the run in this slot; the same as long as it is shown.
    pub fn series_color(self, slot: usize) -> Color {
        self.color(series(slot))
    }

    /// Style of what stands behind the curve of the run in this slot: its colour, most of the way to the background.
    pub fn series_faint(self, slot: usize) -> Style {
        let (on_dark, on_light, _) = series(slot);
        match (self.colors, self.background) {
            (Colors::None, _) => Style::new().add_modifier(Modifier::DIM),
            (Colors::Sixteen, _) => Style::new().fg(Color::DarkGray),
            (Colors::True, Background::Dark) => Style::new().fg(Color::from_u32(palette::mixed(on_dark, palette::GROUND.0, 2))),
            (Colors::True, Background::Light) => Style::new().fg(Color::from_u32(palette::mixed(on_light, palette::GROUND.1, 2))),
        }
    }

    const fn color(self, (on_dark, on_light, named): Paint) -> Color {
        match (self.colors, self.background) {
            (Colors::None, _) => Color::Reset,
            (Colors::Sixteen, _) => named,
            (Colors::True, Background::Dark) => Color::from_u32(on_dark),
            (Colors::True, Background::Light) => Color::from_u32(on_light),
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
            _ => Style::new().fg(self.color(DIM)),
        }
    }

    /// Borders and rules.
    pub fn line(self) -> Style {
        self.colored(LINE)
    }

    /// Titles and headings.
    pub fn title(self) -> Style {
        // Reset, since a title may stand on a border.
        Style::new().fg(Color::Reset).add_modifier(Modifier::BOLD)
    }

    /// The program's own accent: the name, the current tab, keys.
    pub fn accent(self) -> Style {
        self.colored(ACCENT).add_modifier(Modifier::BOLD)
    }

    /// What is well.
    pub fn good(self) -> Style {
        self.colored(GOOD)
    }

    /// What deserves a look.
    pub fn warn(self) -> Style {
        self.colored(WARN)
    }

    /// What went wrong.
    pub fn bad(self) -> Style {
        self.colored(BAD).add_modifier(Modifier::BOLD)
    }

    /// The row under the cursor.
    pub fn selected(self) -> Style {
        let band = match (self.colors, self.background) {
            // The terminal's own black would hide its black text.
            (Colors::None, _) | (Colors::Sixteen, Background::Light) => Style::new(),
            _ => Style::new().bg(self.color(SELECTED)),
        };
        band.add_modifier(Modifier::BOLD)
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

    fn colored(self, paint: Paint) -> Style {
        match self.colors {
            Colors::None => Style::new(),
            _ => Style::new().fg(self.color(paint)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of an sRGB colour (WCAG 2.1).
    fn luminance(rgb: u32) -> f64 {
        let channel = |shift: u32| {
            let value = f64::from((rgb >> shift) & 0xFF) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
    }

    fn contrast(a: u32, b: u32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn curves_stand_out_and_text_is_legible_on_either_background() {
        let (dark, light) = palette::GROUND;
        for (on_dark, on_light) in palette::SERIES {
            assert!(contrast(on_dark, dark) >= 3.0 && contrast(on_light, light) >= 3.0, "{on_dark:06x} {on_light:06x}");
        }
        for (on_dark, on_light, _) in [ACCENT, GOOD, WARN, BAD, DIM] {
            assert!(contrast(on_dark, dark) >= 4.5 && contrast(on_light, light) >= 4.5, "{on_dark:06x} {on_light:06x}");
        }
    }
}
