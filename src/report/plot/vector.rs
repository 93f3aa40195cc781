//! A canvas of SVG: every shape a shape, every word a word.

use plotters::prelude::{DrawingBackend, RGBColor, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, IntoFont, ShapeStyle, TextStyle};

use crate::report::plot::canvas::{Anchor, Canvas, Ink, Place, Words, rgb};

/// Places are whole numbers there: so many of them make a pixel.
const SCALE: u32 = 4;

/// Mean width of a letter as a share of the font's height; wide, since nobody knows the font.
const LETTER: f64 = 0.58;

/// What plotters divides the height of a font by when it writes it.
const FONT_FACTOR: f64 = 1.24;

/// A canvas of SVG.
pub struct Vector {
    size: (u32, u32),
    body: String,
}

impl Vector {
    /// An empty one.
    pub const fn new(size: (u32, u32)) -> Self {
        Self { size, body: String::new() }
    }

    /// The document, as large as was asked for.
    pub fn finish(self) -> String {
        let (width, height) = self.size;
        let (inner_width, inner_height) = (width * SCALE, height * SCALE);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {inner_width} {inner_height}\">\n{}</svg>\n",
            self.body
        )
    }

    /// Draws one shape; the frame that plotters writes around each document is left out.
    fn shape(&mut self, draw: impl FnOnce(&mut SVGBackend<'_>)) {
        let mut document = String::new();
        draw(&mut SVGBackend::with_string(&mut document, (1, 1)));
        let inside = document.find("<svg").and_then(|start| document[start..].find('>').map(|end| start + end + 1)).unwrap_or(0);
        let end = document.rfind("</svg>").unwrap_or(document.len());
        self.body.push_str(document[inside..end].trim_start());
    }
}

fn place((x, y): Place) -> (i32, i32) {
    ((x * f64::from(SCALE)).round() as i32, (y * f64::from(SCALE)).round() as i32)
}

fn style(ink: Ink, width: f64) -> ShapeStyle {
    let (red, green, blue) = rgb(ink);
    ShapeStyle { color: RGBColor(red, green, blue).into(), filled: true, stroke_width: (width * f64::from(SCALE)).round().max(1.0) as u32 }
}

/// Writing into memory fails for no reason that is not a bug of ours.
const IN_MEMORY: &str = "writing into memory cannot fail";

impl Canvas for Vector {
    fn path(&mut self, places: &[Place], ink: Ink, width: f64) {
        self.shape(|svg| svg.draw_path(places.iter().copied().map(place), &style(ink, width)).expect(IN_MEMORY));
    }

    fn area(&mut self, corners: &[Place], ink: Ink) {
        self.shape(|svg| svg.fill_polygon(corners.iter().copied().map(place), &style(ink, 1.0)).expect(IN_MEMORY));
    }

    fn disc(&mut self, centre: Place, radius: f64, ink: Ink) {
        let radius = (radius * f64::from(SCALE)).round() as u32;
        self.shape(|svg| svg.draw_circle(place(centre), radius, &style(ink, 1.0), true).expect(IN_MEMORY));
    }

    fn words(&mut self, text: &str, at: Place, words: Words) {
        let (red, green, blue) = rgb(words.ink);
        let h_pos = match words.anchor {
            Anchor::Left => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::Right => HPos::Right,
        };
        let font = ("sans-serif", words.size * f64::from(SCALE) * FONT_FACTOR).into_font();
        let font = if words.is_bold { font.style(FontStyle::Bold) } else { font };
        let ink = RGBColor(red, green, blue);
        let style = TextStyle::from(font).color(&ink).pos(Pos::new(h_pos, VPos::Center));
        self.shape(|svg| svg.draw_text(text, &style, place(at)).expect(IN_MEMORY));
    }

    fn width(&self, text: &str, size: f64) -> f64 {
        text.chars().count() as f64 * size * LETTER
    }
}
