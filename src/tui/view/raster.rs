//! Lines as dots, two by four in a cell. A cell belongs to the line drawn last, so that colours do not bleed. Pure.
//!
//! Most of a curve are upright strokes, which are drawn cell by cell and not dot by dot.

/// A raster of dots.
#[derive(Debug, Clone)]
pub struct Raster {
    width: usize,
    height: usize,
    /// Bits of the braille pattern and the line that owns them, column by column.
    cells: Vec<(u8, u16)>,
}

/// Bits of the dots of a braille cell, by column and row.
const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// Bits of all dots of a column of a cell, from one row to another.
const UPRIGHT: [[[u8; 4]; 4]; 2] = {
    let mut all = [[[0; 4]; 4]; 2];
    let mut idx = 0;
    while idx < 32 {
        let (column, from, to) = (idx / 16, idx / 4 % 4, idx % 4);
        let mut row = from;
        while row <= to {
            all[column][from][to] |= BITS[column][row];
            row += 1;
        }
        idx += 1;
    }
    all
};

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
    pub fn line(&mut self, from: (usize, usize), to: (usize, usize), weight: Weight, owner: u16) {
        let n = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1)).max(1);
        let (mut x, mut y) = (Between::new(from.0, to.0, n), Between::new(from.1, to.1, n));
        for _ in 0..=n {
            self.upright(x.at, (y.at, y.at), weight, owner);
            x.step();
            y.step();
        }
    }

    /// All dots of a column from one row to another below it.
    pub fn upright(&mut self, x: usize, (top, bottom): (usize, usize), weight: Weight, owner: u16) {
        if x >= self.dots_across() || top >= self.dots_down() || bottom < top {
            return;
        }
        let lowest = self.dots_down() - 1;
        let (top, bottom) = match weight {
            Weight::Thin => (top, bottom.min(lowest)),
            // Each dot with the one below it; the lowest with the one above it.
            Weight::Thick if bottom < lowest => (top, bottom + 1),
            Weight::Thick => (top.min(lowest - 1), lowest),
        };
        let column = &mut self.cells[x / 2 * self.height..][..self.height];
        let (first, last) = (top / 4, bottom / 4);
        for (row, cell) in column[first..=last].iter_mut().enumerate().map(|(offset, cell)| (first + offset, cell)) {
            let from = if row == first { top % 4 } else { 0 };
            let to = if row == last { bottom % 4 } else { 3 };
            let bits = UPRIGHT[x % 2][from][to];
            *cell = if cell.1 == owner { (cell.0 | bits, owner) } else { (bits, owner) };
        }
    }

    /// The cells that hold a dot: column, row, bits, owner.
    pub fn cells(&self) -> impl Iterator<Item = (usize, usize, u8, u16)> {
        let columns = self.cells.chunks(self.height.max(1)).enumerate();
        columns.flat_map(|(column, cells)| {
            let cells = cells.iter().enumerate().filter(|(_, cell)| cell.0 != 0);
            cells.map(move |(row, cell)| (column, row, cell.0, cell.1))
        })
    }
}

/// One coordinate of a straight line in `n` equal steps, rounded to the nearest dot, without a division for each.
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
    fn an_upright_stroke_is_the_line_of_its_dots() {
        for weight in [Weight::Thin, Weight::Thick] {
            for (x, top, bottom) in (0..6).flat_map(|x| (0..9).flat_map(move |top| (top..10).map(move |bottom| (x, top, bottom)))) {
                let (mut stroke, mut dots) = (Raster::new(2, 2), Raster::new(2, 2));
                stroke.upright(x, (top, bottom), weight, 1);
                for y in (top..=bottom).filter(|y| *y < 8) {
                    dots.dot(x, y);
                    if weight == Weight::Thick {
                        dots.dot(x, if y < 7 { y + 1 } else { y - 1 });
                    }
                }
                // Where every dot lies below the raster a thick one still shows its upper half.
                if top < 8 {
                    assert_eq!(stroke.cells, dots.cells, "{weight:?} {x} {top} {bottom}");
                }
            }
        }
    }

    impl Raster {
        fn dot(&mut self, x: usize, y: usize) {
            if x < self.dots_across() && y < self.dots_down() {
                let cell = &mut self.cells[x / 2 * self.height + y / 4];
                *cell = (cell.0 | BITS[x % 2][y % 4], 1);
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
