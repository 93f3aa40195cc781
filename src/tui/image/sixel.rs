//! Images as sixels (DEC STD 070; VT330/VT340 programmer reference manual, chapter 14). Pure: pixels in, bytes for the terminal out.
//!
//! A sixel is a column of six pixels as one character. An image is bands of six rows; a band is drawn once for each of its colours.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Write;

use crate::report::plot::Pixels;

/// Colours that terminals keep.
const MOST_COLORS: usize = 256;

/// Rows of a band.
const BAND: usize = 6;

/// By how much more colours must lie apart where too many are left.
const APART: u32 = 4;

/// Runs of the same sixel from which a count is shorter.
const LEAST_RUN: usize = 4;

/// An image from the cursor on.
pub fn sequence(pixels: &Pixels) -> String {
    let (width, height) = (pixels.size.0 as usize, pixels.size.1 as usize);
    let (colors, indices) = indexed(&pixels.rgb);
    let mut out = format!("\x1bP0;0;0q\"1;1;{width};{height}");
    for (idx, color) in colors.iter().enumerate() {
        let [red, green, blue] = color.map(percent);
        let _ = write!(out, "#{idx};2;{red};{green};{blue}");
    }
    for (idx, rows) in indices.chunks(width.max(1) * BAND).enumerate() {
        if idx > 0 {
            out.push('-');
        }
        band(&mut out, rows, width, colors.len());
    }
    out.push_str("\x1b\\");
    out
}

/// One band, colour by colour.
fn band(out: &mut String, rows: &[u8], width: usize, n_colors: usize) {
    let mut of_colors: Vec<Option<Vec<u8>>> = vec![None; n_colors];
    for (place, color) in rows.iter().enumerate() {
        let sixels = of_colors[usize::from(*color)].get_or_insert_with(|| vec![0; width]);
        sixels[place % width] |= 1 << (place / width);
    }
    let mut is_first = true;
    for (color, sixels) in of_colors.iter().enumerate().filter_map(|(color, sixels)| Some((color, sixels.as_ref()?))) {
        if !is_first {
            // Back to the left edge.
            out.push('$');
        }
        is_first = false;
        let _ = write!(out, "#{color}");
        // What follows the last pixel of this colour is left out.
        let end = sixels.iter().rposition(|sixel| *sixel != 0).map_or(0, |last| last + 1);
        for run in sixels[..end].chunk_by(|a, b| a == b) {
            let letter = char::from(b'?' + run[0]);
            if run.len() >= LEAST_RUN {
                let _ = write!(out, "!{}{letter}", run.len());
            } else {
                out.extend(std::iter::repeat_n(letter, run.len()));
            }
        }
    }
}

/// A channel in hundredths.
fn percent(value: u8) -> u32 {
    (u32::from(value) * 100 + 127) / 255
}

/// Colours that every colour is near to, the most frequent among them, and for each pixel the index of the nearest.
fn indexed(rgb: &[u8]) -> (Vec<[u8; 3]>, Vec<u8>) {
    let color = |pixel: &[u8]| [pixel[0], pixel[1], pixel[2]];
    let mut counts: HashMap<[u8; 3], u32> = HashMap::new();
    for pixel in rgb.chunks_exact(3) {
        *counts.entry(color(pixel)).or_default() += 1;
    }
    let mut colors: Vec<([u8; 3], u32)> = counts.into_iter().collect();
    colors.sort_unstable_by_key(|(color, count)| (Reverse(*count), *color));
    let kept = (0..).find_map(|idx| kept(&colors, APART * idx)).unwrap_or_default();
    let nearest: HashMap<[u8; 3], u8> = colors.iter().map(|(color, _)| (*color, nearest(&kept, *color))).collect();
    let indices = rgb.chunks_exact(3).map(|pixel| nearest[&color(pixel)]).collect();
    (kept, indices)
}

/// The colours, the most frequent first, without those as near as this to one before; `None` where these are still too many.
fn kept(colors: &[([u8; 3], u32)], apart: u32) -> Option<Vec<[u8; 3]>> {
    let mut kept: Vec<[u8; 3]> = Vec::new();
    for (color, _) in colors {
        if kept.iter().all(|other| distance(*other, *color) > apart * apart) {
            if kept.len() == MOST_COLORS {
                return None;
            }
            kept.push(*color);
        }
    }
    Some(kept)
}

/// How far two colours lie apart, squared.
fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

/// The index of the colour that differs least.
fn nearest(colors: &[[u8; 3]], color: [u8; 3]) -> u8 {
    (0..colors.len()).min_by_key(|idx| distance(colors[*idx], color)).unwrap_or(0) as u8
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a terminal makes of sixels: size and pixels, hundredths in each channel; `None` where nothing was drawn.
    type Drawn = ((usize, usize), Vec<Option<[u32; 3]>>);

    fn number(bytes: &[u8], at: &mut usize) -> usize {
        let start = *at;
        while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
            *at += 1;
        }
        std::str::from_utf8(&bytes[start..*at]).unwrap().parse().unwrap()
    }

    fn numbers(bytes: &[u8], at: &mut usize) -> Vec<usize> {
        let mut found = vec![number(bytes, at)];
        while bytes.get(*at) == Some(&b';') {
            *at += 1;
            found.push(number(bytes, at));
        }
        found
    }

    /// A small terminal.
    pub fn decoded(sequence: &str) -> Drawn {
        let inside = sequence.strip_prefix("\x1bP0;0;0q\"").and_then(|rest| rest.strip_suffix("\x1b\\")).unwrap();
        let bytes = inside.as_bytes();
        let mut at = 0;
        let [_, _, width, height] = numbers(bytes, &mut at)[..] else { panic!("no size") };
        let mut pixels = vec![None; width * height];
        let mut colors = vec![[0; 3]; MOST_COLORS];
        let (mut color, mut left, mut top) = (0, 0, 0);
        while let Some(byte) = bytes.get(at) {
            at += 1;
            match byte {
                b'#' => match numbers(bytes, &mut at)[..] {
                    [idx] => color = idx,
                    [idx, 2, red, green, blue] => colors[idx] = [red as u32, green as u32, blue as u32],
                    _ => panic!("no colour"),
                },
                b'$' => left = 0,
                b'-' => (left, top) = (0, top + BAND),
                _ => {
                    let count = if *byte == b'!' { number(bytes, &mut at) } else { 1 };
                    let letter = if *byte == b'!' { bytes[at] } else { *byte };
                    at += usize::from(*byte == b'!');
                    for row in (0..BAND).filter(|row| (letter - b'?') >> row & 1 == 1) {
                        for column in left..left + count {
                            assert!(pixels[(top + row) * width + column].replace(colors[color]).is_none(), "drawn twice");
                        }
                    }
                    left += count;
                }
            }
        }
        ((width, height), pixels)
    }

    fn hundredths(rgb: &[u8]) -> Vec<Option<[u32; 3]>> {
        rgb.chunks_exact(3).map(|pixel| Some([percent(pixel[0]), percent(pixel[1]), percent(pixel[2])])).collect()
    }

    #[test]
    fn many_colours_become_the_nearest_of_the_frequent_ones() {
        let rgb: Vec<u8> = (0..600_u32).flat_map(|idx| [(idx % 256) as u8, (idx / 256) as u8 * 9, 40]).collect();
        let pixels = Pixels { size: (30, 20), rgb: rgb.clone() };
        let (size, drawn) = decoded(&sequence(&pixels));
        assert_eq!(size, (30, 20));
        for (drawn, meant) in drawn.iter().zip(hundredths(&rgb)) {
            let (drawn, meant) = (drawn.unwrap(), meant.unwrap());
            assert!(drawn.iter().zip(meant).all(|(a, b)| a.abs_diff(b) <= 8), "{drawn:?} {meant:?}");
        }
    }

    proptest! {
        #[test]
        fn what_a_terminal_draws_are_the_pixels(width in 1_usize..40, height in 1_usize..20, seed in any::<u64>(), n in 1_u64..30) {
            let color = |place: usize| (place as u64 / 3).wrapping_mul(seed | 1) % n;
            let rgb: Vec<u8> = (0..width * height).flat_map(|place| [color(place) as u8 * 8, 255 - color(place) as u8, 7]).collect();
            let pixels = Pixels { size: (width as u32, height as u32), rgb: rgb.clone() };
            let (size, drawn) = decoded(&sequence(&pixels));
            prop_assert_eq!(size, (width, height));
            prop_assert_eq!(drawn, hundredths(&rgb));
        }
    }
}
