//! A canvas of pixels: drawn several times as large and averaged, so that edges are smooth.

use plotters::prelude::{BitMapBackend, DrawingBackend, RGBColor};
use plotters::style::ShapeStyle;

use crate::report::plot::Pixels;
use crate::report::plot::canvas::{Anchor, Canvas, Ink, Place, Words, rgb};
use crate::report::plot::letters;

/// How many times as large it is drawn.
const SCALE: u32 = 3;

/// Width of the strokes of letters, as a share of their height; and of bold ones.
const STROKE: (f64, f64) = (0.095, 0.15);

/// A canvas of pixels.
pub struct Raster {
    size: (u32, u32),
    large: Vec<u8>,
}

impl Raster {
    /// A black one.
    pub fn new(size: (u32, u32)) -> Self {
        Self { size, large: vec![0; (size.0 * SCALE * size.1 * SCALE * 3) as usize] }
    }

    /// The picture in its own size.
    pub fn finish(self) -> Pixels {
        let (width, height, scale) = (self.size.0 as usize, self.size.1 as usize, SCALE as usize);
        let mut rgb = Vec::with_capacity(width * height * 3);
        let area = (scale * scale) as u32;
        for y in 0..height {
            for x in 0..width * 3 {
                let (x, channel) = (x / 3, x % 3);
                let at = |row: usize, column: usize| self.large[((y * scale + row) * width * scale + x * scale + column) * 3 + channel];
                let sum: u32 = (0..area as usize).map(|idx| u32::from(at(idx / scale, idx % scale))).sum();
                rgb.push(((sum + area / 2) / area) as u8);
            }
        }
        Pixels { size: self.size, rgb }
    }

    fn backend(&mut self) -> BitMapBackend<'_> {
        BitMapBackend::with_buffer(&mut self.large, (self.size.0 * SCALE, self.size.1 * SCALE))
    }
}

fn place((x, y): Place) -> (i32, i32) {
    ((x * f64::from(SCALE)).round() as i32, (y * f64::from(SCALE)).round() as i32)
}

fn style(ink: Ink, width: f64) -> ShapeStyle {
    let (red, green, blue) = rgb(ink);
    ShapeStyle { color: RGBColor(red, green, blue).into(), filled: true, stroke_width: (width * f64::from(SCALE)).round().max(1.0) as u32 }
}

/// Drawing into memory fails for no reason that is not a bug of ours.
const IN_MEMORY: &str = "drawing into memory cannot fail";

impl Canvas for Raster {
    fn path(&mut self, places: &[Place], ink: Ink, width: f64) {
        let style = style(ink, width);
        let radius = style.stroke_width / 2;
        let mut backend = self.backend();
        // Piece by piece with round joints: joints of a jagged line drawn as one would stick out far.
        for pair in places.windows(2) {
            backend.draw_line(place(pair[0]), place(pair[1]), &style).expect(IN_MEMORY);
        }
        for joint in places.iter().filter(|_| radius > 0) {
            backend.draw_circle(place(*joint), radius, &style, true).expect(IN_MEMORY);
        }
    }

    fn area(&mut self, corners: &[Place], ink: Ink) {
        self.backend().fill_polygon(corners.iter().copied().map(place), &style(ink, 1.0)).expect(IN_MEMORY);
    }

    fn disc(&mut self, centre: Place, radius: f64, ink: Ink) {
        let radius = (radius * f64::from(SCALE)).round() as u32;
        self.backend().draw_circle(place(centre), radius, &style(ink, 1.0), true).expect(IN_MEMORY);
    }

    fn words(&mut self, text: &str, (x, y): Place, words: Words) {
        let (strokes, width) = letters::strokes(text, words.size);
        let left = match words.anchor {
            Anchor::Left => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::Right => x - width,
        };
        let stroke_width = words.size * if words.is_bold { STROKE.1 } else { STROKE.0 };
        for stroke in strokes {
            let places: Vec<Place> = stroke.iter().map(|(dx, dy)| (left + dx, y + dy)).collect();
            self.path(&places, words.ink, stroke_width);
        }
    }

    fn width(&self, text: &str, size: f64) -> f64 {
        letters::strokes(text, size).1
    }
}
