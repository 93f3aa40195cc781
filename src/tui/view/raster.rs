//! Lines as dots, two by four in a cell. A cell belongs to the line drawn last, so that colours do not bleed. Pure.

/// A raster of dots.
#[derive(Debug, Clone)]
pub struct Raster {
    width: usize,
    height: usize,
    /// Bits of the braille pattern and the line that owns them.
    cells: Vec<(u8, usize)>,
}

/// How heavy a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// One dot.
    Thin,
    /// Two dots.
    Thick,
}

impl Raster {
    /// An empty raster of so many cells.
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, cells: vec![(0, 0); width * height] }
    }

    /// Dots from left to right.
    pub const fn dots_across(&self) -> usize {
        self.width * 2
    }

    /// Dots from top to bottom.
    pub const fn dots_down(&self) -> usize {
        self.height * 4
    }

    /// A straight line between two dots.
    pub fn line(&mut self, from: (usize, usize), to: (usize, usize), weight: Weight, owner: usize) {
        let n = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1)).max(1);
        let (mut x, mut y) = (Between::new(from.0, to.0, n), Between::new(from.1, to.1, n));
        for _ in 0..=n {
            self.dot(x.at, y.at, owner);
            if weight == Weight::Thick {
                self.dot(x.at, if y.at + 1 < self.dots_down() { y.at + 1 } else { y.at.saturating_sub(1) }, owner);
            }
            x.step();
            y.step();
        }
    }

    fn dot(&mut self, x: usize, y: usize, owner: usize) {
        /// Bits of the dots of a braille cell, by row and column.
        const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let (column, row) = (x / 2, y / 4);
        if column >= self.width || row >= self.height {
            return;
        }
        let cell = &mut self.cells[row * self.width + column];
        if cell.1 != owner {
            *cell = (0, owner);
        }
        cell.0 |= BITS[y % 4][x % 2];
    }

    /// The cells that hold a dot: column, row, bits, owner.
    pub fn cells(&self) -> impl Iterator<Item = (usize, usize, u8, usize)> {
        let width = self.width;
        self.cells.iter().enumerate().filter(|(_, cell)| cell.0 != 0).map(move |(idx, cell)| (idx % width, idx / width, cell.0, cell.1))
    }
}

/// One coordinate of a straight line in `n` equal steps, rounded to the nearest dot; without a division for each of some hundred thousand
/// dots of a frame.
struct Between {
    at: usize,
    /// What is left of the way to the next dot, out of `whole`.
    rest: usize,
    step: usize,
    whole: usize,
    descends: bool,
}

impl Between {
    const fn new(from: usize, to: usize, n: usize) -> Self {
        // Halves go to the greater dot either way.
        let descends = to < from;
        Self { at: from, rest: if descends { n - 1 } else { n }, step: 2 * from.abs_diff(to), whole: 2 * n, descends }
    }

    const fn step(&mut self) {
        self.rest += self.step;
        if self.rest >= self.whole {
            self.rest -= self.whole;
            self.at = if self.descends { self.at.saturating_sub(1) } else { self.at + 1 };
        }
    }
}

/// The braille character with these dots.
pub fn braille(bits: u8) -> char {
    char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' ')
}

/// The ASCII character nearest to these dots: high, low, or both.
pub const fn ascii(bits: u8) -> char {
    let (upper, lower) = (bits & 0b0001_1011 != 0, bits & 0b1110_0100 != 0);
    match (upper, lower) {
        (true, true) => ':',
        (true, false) => '\'',
        (false, true) => '.',
        (false, false) => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_unbroken_and_owned_by_the_last() {
        let mut raster = Raster::new(4, 2);
        raster.line((0, 0), (7, 7), Weight::Thin, 1);
        let drawn: String = raster.cells().map(|(_, _, bits, _)| braille(bits)).collect();
        assert_eq!(drawn, "⠑⢄⠑⢄");
        raster.line((0, 0), (7, 0), Weight::Thick, 2);
        assert!(raster.cells().all(|(_, row, _, owner)| owner == if row == 0 { 2 } else { 1 }));
    }

    #[test]
    fn every_dot_of_a_line_is_the_nearest() {
        for (from, to) in (0..9_usize).flat_map(|from| (0..9).map(move |to| (from, to))) {
            for n in from.abs_diff(to).max(1)..12 {
                let mut between = Between::new(from, to, n);
                for i in 0..=n {
                    assert_eq!(between.at, (2 * (from * (n - i) + to * i) + n) / (2 * n), "{from} to {to}, {i} of {n}");
                    between.step();
                }
            }
        }
    }

    #[test]
    fn dots_outside_are_left_out() {
        let mut raster = Raster::new(1, 1);
        raster.line((0, 0), (50, 50), Weight::Thick, 1);
        assert_eq!(raster.cells().count(), 1);
    }
}
