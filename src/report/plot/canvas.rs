//! What a figure is drawn on: strokes, areas and words, at places in pixels of the finished picture.

/// A colour as `0xRRGGBB`.
pub type Ink = u32;

/// A place: pixels from the left, pixels from the top.
pub type Place = (f64, f64);

/// Which part of a word stands at its place; its middle height always does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end.
    Left,
    /// Its middle.
    Middle,
    /// Its right end.
    Right,
}

/// How words look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Words {
    /// Height of the font in pixels; capitals have seven tenths of it.
    pub size: f64,
    /// Colour.
    pub ink: Ink,
    /// Which part stands at the place.
    pub anchor: Anchor,
    /// Whether they are bold.
    pub is_bold: bool,
}

/// What a figure is drawn on.
pub trait Canvas {
    /// A line through places, `width` pixels wide.
    fn path(&mut self, places: &[Place], ink: Ink, width: f64);
    /// A filled area with these corners.
    fn area(&mut self, corners: &[Place], ink: Ink);
    /// A filled disc.
    fn disc(&mut self, centre: Place, radius: f64, ink: Ink);
    /// A line of words.
    fn words(&mut self, text: &str, place: Place, words: Words);
    /// Columns that words take.
    fn width(&self, text: &str, size: f64) -> f64;
}

/// Red, green and blue of a colour.
pub const fn rgb(ink: Ink) -> (u8, u8, u8) {
    ((ink >> 16) as u8, (ink >> 8) as u8, ink as u8)
}
