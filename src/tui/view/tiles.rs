//! How many charts fit an area, and where they stand. Pure.

use ratatui::layout::{Constraint, Layout, Rect};

/// Least columns and rows of a chart in a grid.
const LEAST: (u16, u16) = (50, 12);

/// Columns for each row that make a chart pleasant: cells are twice as high as wide.
const PLEASANT: f64 = 3.5;

/// Cells for at most `n` charts: as many as fit, in the shape that suits them best. There is always one.
pub fn cells(area: Rect, n: usize) -> Vec<Rect> {
    let most = |length: u16, least: u16| usize::from((length / least).max(1));
    let (most_columns, most_rows) = (most(area.width, LEAST.0), most(area.height, LEAST.1));
    let n = n.clamp(1, most_columns * most_rows);
    let shapes = (1..=most_rows).map(|rows| (n.div_ceil(rows), rows)).filter(|(columns, rows)| *columns <= most_columns && *rows <= n);
    let unpleasant = |(columns, rows): &(usize, usize)| {
        let ratio = f64::from(area.width) / *columns as f64 / (f64::from(area.height) / *rows as f64).max(1.0);
        // A cell left empty is as bad as a chart half as pleasant.
        (ratio / PLEASANT).max(1e-9).ln().abs() + 0.5 * (columns * rows - n) as f64
    };
    let (columns, rows) = shapes.min_by(|a, b| unpleasant(a).total_cmp(&unpleasant(b))).unwrap_or((1, 1));
    let lines = Layout::vertical(vec![Constraint::Fill(1); rows]).split(area);
    let mut cells = Vec::with_capacity(n);
    for (row, line) in lines.iter().enumerate() {
        // The last row may be short: its charts are wider.
        let n_here = columns.min(n - (row * columns).min(n));
        cells.extend_from_slice(&Layout::horizontal(vec![Constraint::Fill(1); n_here]).split(*line));
    }
    cells
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shapes_follow_the_room() {
        let shape = |width, height, n| {
            let cells = cells(Rect::new(0, 0, width, height), n);
            (cells.len(), cells.iter().filter(|cell| cell.y == 0).count())
        };
        assert_eq!(shape(80, 13, 6), (1, 1));
        assert_eq!(shape(120, 18, 6), (2, 2));
        assert_eq!(shape(200, 40, 6), (6, 3));
        assert_eq!(shape(200, 40, 1), (1, 1));
        assert_eq!(shape(120, 36, 4), (4, 2));
    }

    proptest! {
        #[test]
        fn cells_lie_inside_and_apart(width in 0_u16..300, height in 0_u16..100, n in 0_usize..20) {
            let area = Rect::new(3, 2, width, height);
            let cells = cells(area, n);
            prop_assert!(!cells.is_empty() && cells.len() <= n.max(1));
            for (idx, cell) in cells.iter().enumerate() {
                prop_assert!(area.intersection(*cell) == *cell);
                prop_assert!(cells[idx + 1..].iter().all(|other| cell.intersection(*other).is_empty() || cell.is_empty()));
            }
        }
    }
}
