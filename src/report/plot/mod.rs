//! Charts as pictures: runs in, PNG or SVG out. The same curves as on the dashboard's screen. Pure; writes no file.

pub mod canvas;
mod drawing;
pub mod figure;
pub mod frontier;
mod legend;
mod letters;
mod marks;
mod raster;
mod vector;

use crate::report::plot::figure::Figure;

/// Pixels of a picture: red, green, blue, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Columns and rows.
    pub size: (u32, u32),
    /// Three bytes for each pixel.
    pub rgb: Vec<u8>,
}

/// Pixels of an inset from which so many lie close together that it need not be as fine.
const LARGE: u32 = 800_000;

/// The figure as an SVG document; its letters are text in whatever sans-serif font the viewer has.
pub fn svg(figure: &Figure) -> String {
    let mut canvas = vector::Vector::new(figure.size);
    drawing::figure(&mut canvas, figure);
    canvas.finish()
}

/// The figure as a PNG file; its letters are strokes of ours, so that no font is needed.
pub fn png(figure: &Figure) -> Vec<u8> {
    encoded(&pixels(figure))
}

/// The figure as pixels.
pub fn pixels(figure: &Figure) -> Pixels {
    let is_large = figure.inset.is_some() && figure.size.0.saturating_mul(figure.size.1) > LARGE;
    let fine = if is_large { raster::FINE.1 } else { raster::FINE.0 };
    let mut canvas = raster::Raster::new(figure.size, figure.inset.map_or(1.0, |inset| inset.scale), fine);
    drawing::figure(&mut canvas, figure);
    canvas.finish()
}

/// Pixels as a PNG file.
pub fn encoded(pixels: &Pixels) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, pixels.size.0, pixels.size.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let write = |encoder: png::Encoder<'_, &mut Vec<u8>>| encoder.write_header()?.write_image_data(&pixels.rgb);
    write(encoder).expect("writing to memory cannot fail");
    file
}

#[cfg(test)]
mod tests;
