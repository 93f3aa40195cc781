//! Markers of runs as shapes, in the order of the dashboard's, and the marks of best, stop, changed rates and what is no number.

use std::f64::consts::TAU;

use crate::report::plot::canvas::{Canvas, Ink, Place};

/// Shapes of markers before one comes again.
const N_SHAPES: usize = 10;

/// The marker of a slot; `ground` shows through hollow ones.
pub fn marker(canvas: &mut dyn Canvas, slot: usize, (x, y): Place, ink: Ink, ground: Ink) {
    let shape = slot % N_SHAPES;
    let corners = |radius: f64| -> Vec<Place> {
        let at = |points: &[(f64, f64)]| points.iter().map(|(dx, dy)| (x + dx * radius, y + dy * radius)).collect();
        match shape {
            1 | 7 => at(&[(0.0, -1.15), (1.1, 0.85), (-1.1, 0.85)]),
            2 | 8 => at(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
            _ => at(&[(0.0, -1.25), (1.05, 0.0), (0.0, 1.25), (-1.05, 0.0)]),
        }
    };
    match shape {
        4 => [(-1.0, 1.0), (1.0, 1.0)].into_iter().for_each(|(dx, dy)| stroke(canvas, (x, y), (3.6 * dx, 3.6 * dy), ink, 2.0)),
        5 => [(4.2, 0.0), (0.0, 4.2)].into_iter().for_each(|way| stroke(canvas, (x, y), way, ink, 2.0)),
        0 => canvas.disc((x, y), 3.8, ink),
        6 => {
            canvas.disc((x, y), 4.2, ink);
            canvas.disc((x, y), 2.4, ground);
        }
        7..=9 => {
            canvas.area(&corners(4.6), ink);
            canvas.area(&corners(2.4), ground);
        }
        _ => canvas.area(&corners(4.2), ink),
    }
}

fn stroke(canvas: &mut dyn Canvas, (x, y): Place, (dx, dy): (f64, f64), ink: Ink, width: f64) {
    canvas.path(&[(x - dx, y - dy), (x + dx, y + dy)], ink, width);
}

/// A star with a rim: where a run was best.
pub fn best(canvas: &mut dyn Canvas, place: Place, ink: Ink, rim: Ink) {
    canvas.area(&star(place, 10.5), rim);
    canvas.area(&star(place, 7.5), ink);
}

fn star((x, y): Place, radius: f64) -> Vec<Place> {
    let corner = |idx: u32| {
        let radius = if idx.is_multiple_of(2) { radius } else { radius * 0.45 };
        let angle = f64::from(idx) * TAU / 10.0 - TAU / 4.0;
        (x + radius * angle.cos(), y + radius * angle.sin())
    };
    (0..10).map(corner).collect()
}

/// A bar across the line: where a run stopped before its last step.
pub fn stop(canvas: &mut dyn Canvas, (x, y): Place, ink: Ink) {
    canvas.path(&[(x + 6.0, y - 8.0), (x + 6.0, y + 8.0)], ink, 2.6);
}

/// A ring on a bar: where the learning rate was changed by hand.
pub fn change(canvas: &mut dyn Canvas, (x, y): Place, ink: Ink, ground: Ink) {
    canvas.path(&[(x, y - 9.0), (x, y + 9.0)], ink, 1.6);
    canvas.disc((x, y), 4.2, ink);
    canvas.disc((x, y), 2.4, ground);
}

/// A cross at the upper edge: where a curve is NaN or infinite.
pub fn broken(canvas: &mut dyn Canvas, place: Place, ink: Ink) {
    for way in [(3.0, 3.0), (3.0, -3.0)] {
        stroke(canvas, place, way, ink, 1.6);
    }
}
