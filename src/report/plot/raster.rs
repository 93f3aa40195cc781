//! A canvas of pixels: drawn several times as large and averaged, so that edges are smooth.

use plotters::prelude::{BitMapBackend, DrawingBackend, RGBColor};
use plotters::style::ShapeStyle;

use crate::report::plot::Pixels;
use crate::report::plot::canvas::{Anchor, Canvas, Ink, Place, Words, rgb};
use crate::report::plot::letters;

/// How many times as large it is drawn, and where it is on a screen of many pixels.
pub const FINE: (u32, u32) = (3, 2);

/// Width of the strokes of letters, as a share of their height; and of bold ones.
const STROKE: (f64, f64) = (0.095, 0.15);

/// A canvas of pixels.
pub struct Raster {
    size: (u32, u32),
    /// Pixels of the larger one for each of the picture.
    fine: u32,
    /// The same for each of the drawing.
    scale: f64,
    large: Vec<u8>,
}

impl Raster {
    /// A black one of this size for a drawing that is enlarged by `scale`, drawn `fine` times as large.
    pub fn new(size: (u32, u32), scale: f64, fine: u32) -> Self {
        Self { size, fine, scale: scale * f64::from(fine), large: vec![0; (size.0 * fine) as usize * (size.1 * fine) as usize * 3] }
    }

    /// The picture in its own size.
    pub fn finish(self) -> Pixels {
        let (width, height, fine) = (self.size.0 as usize, self.size.1 as usize, self.fine as usize);
        let mut rgb = Vec::with_capacity(width * height * 3);
        let area = (fine * fine) as u16;
        // Channels of a row of the picture, summed over the rows and columns that it is made of.
        let mut sums = vec![0_u16; width * 3];
        for rows in self.large.chunks_exact((width * fine * fine * 3).max(1)) {
            sums.fill(0);
            for row in rows.chunks_exact(width * fine * 3) {
                for (sums, pixels) in sums.chunks_exact_mut(3).zip(row.chunks_exact(fine * 3)) {
                    for pixel in pixels.chunks_exact(3) {
                        sums[0] += u16::from(pixel[0]);
                        sums[1] += u16::from(pixel[1]);
                        sums[2] += u16::from(pixel[2]);
                    }
                }
            }
            rgb.extend(sums.iter().map(|sum| ((sum + area / 2) / area) as u8));
        }
        Pixels { size: self.size, rgb }
    }

    fn place(&self, (x, y): Place) -> (i32, i32) {
        ((x * self.scale).round() as i32, (y * self.scale).round() as i32)
    }

    fn style(&self, ink: Ink, width: f64) -> ShapeStyle {
        let (red, green, blue) = rgb(ink);
        ShapeStyle { color: RGBColor(red, green, blue).into(), filled: true, stroke_width: (width * self.scale).round().max(1.0) as u32 }
    }

    fn backend(&mut self) -> BitMapBackend<'_> {
        BitMapBackend::with_buffer(&mut self.large, (self.size.0 * self.fine, self.size.1 * self.fine))
    }
}

/// Drawing into memory fails for no reason that is not a bug of ours.
const IN_MEMORY: &str = "drawing into memory cannot fail";

impl Canvas for Raster {
    fn path(&mut self, places: &[Place], ink: Ink, width: f64) {
        let style = self.style(ink, width);
        let radius = style.stroke_width / 2;
        let places: Vec<(i32, i32)> = places.iter().map(|place| self.place(*place)).collect();
        let mut backend = self.backend();
        // Piece by piece with round joints: joints of a jagged line drawn as one would stick out far.
        for pair in places.windows(2) {
            backend.draw_line(pair[0], pair[1], &style).expect(IN_MEMORY);
        }
        for joint in places.iter().filter(|_| radius > 0) {
            backend.draw_circle(*joint, radius, &style, true).expect(IN_MEMORY);
        }
    }

    fn area(&mut self, corners: &[Place], ink: Ink) {
        let (style, corners) = (self.style(ink, 1.0), corners.iter().map(|corner| self.place(*corner)).collect::<Vec<_>>());
        self.backend().fill_polygon(corners, &style).expect(IN_MEMORY);
    }

    fn disc(&mut self, centre: Place, radius: f64, ink: Ink) {
        let (style, centre, radius) = (self.style(ink, 1.0), self.place(centre), (radius * self.scale).round() as u32);
        self.backend().draw_circle(centre, radius, &style, true).expect(IN_MEMORY);
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
