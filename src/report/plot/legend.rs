//! The legend of a figure: a sample and a name for each run, and what the marks mean; of an inset runs with their values, beside it.

use crate::report::plot::canvas::{Anchor, Canvas, Place, Words};
use crate::report::plot::drawing::{Look, TEXT};
use crate::report::plot::figure::{Figure, Weight};
use crate::report::plot::marks;

/// Height of a row.
const ROW: f64 = 19.0;

/// Columns of a sample, and between it and its name.
const SAMPLE: f64 = 30.0;

/// Columns between two entries.
const BETWEEN: f64 = 22.0;

/// What an entry is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sample {
    Run(usize),
    Line(Weight),
    Best,
    Stop,
    Change,
    Broken,
}

/// Entries with their places, from the upper left corner of the legend.
pub struct Legend {
    entries: Vec<(Sample, String, Place)>,
    /// Rows of pixels that it takes below the charts.
    pub height: f64,
    /// Columns of pixels that it takes beside them.
    pub width: f64,
}

/// Share of an inset that a legend beside its charts takes at most.
const MOST_BESIDE: f64 = 0.4;

/// Letters of a name that stands there.
const MOST_LETTERS: usize = 16;

/// Lays out the runs of an inset beside its charts, the highest curve first; `None` where there is no room.
fn beside(canvas: &dyn Canvas, figure: &Figure, (width, height): Place) -> Option<Legend> {
    let curves = |slot| figure.panels.iter().flat_map(|panel| &panel.curves).filter(move |curve| curve.slot == slot);
    let end = |slot| {
        curves(slot)
            .next_back()
            .and_then(|curve| curve.points.last().or(curve.pieces.last()?.last()))
            .map_or(f64::NEG_INFINITY, |end| end.1)
    };
    let mut runs: Vec<&(usize, String)> = figure.legend.iter().collect();
    runs.sort_by(|a, b| end(b.0).total_cmp(&end(a.0)));
    let entry = |(idx, (slot, name)): (usize, &&(usize, String))| {
        let is_long = name.chars().count() > MOST_LETTERS;
        let name = if is_long { name.chars().take(MOST_LETTERS - 2).chain("..".chars()).collect() } else { name.clone() };
        (Sample::Run(*slot), with_value(figure, *slot, &name), (0.0, idx as f64 * ROW))
    };
    let entries: Vec<(Sample, String, Place)> = runs.iter().enumerate().map(entry).collect();
    let widest = entries.iter().map(|(_, name, _)| SAMPLE + canvas.width(name, TEXT)).fold(0.0, f64::max);
    let fits = widest <= width * MOST_BESIDE && entries.len() as f64 * ROW <= height;
    fits.then_some(Legend { entries, height: 0.0, width: widest })
}

/// Lays the legend out where there are so many columns and rows.
pub fn layout(canvas: &dyn Canvas, figure: &Figure, (width, height): Place) -> Legend {
    let is_inset = figure.inset.is_some();
    if is_inset && figure.legend.len() <= 1 {
        return Legend { entries: Vec::new(), height: 0.0, width: 0.0 };
    }
    if let Some(legend) = beside(canvas, figure, (width, height)).filter(|_| is_inset) {
        return legend;
    }
    let curves = || figure.panels.iter().flat_map(|panel| &panel.curves);
    let has = |weight| curves().any(|curve| curve.weight == weight);
    let marks = [
        (has(Weight::Thin) && has(Weight::Thick), Sample::Line(Weight::Thin), "training"),
        (has(Weight::Thin) && has(Weight::Thick), Sample::Line(Weight::Thick), "validation"),
        (curves().any(|curve| curve.best.is_some()), Sample::Best, "best checkpoint"),
        (curves().any(|curve| curve.stop.is_some()), Sample::Stop, "stopped before its end"),
        (curves().any(|curve| !curve.changes.is_empty()), Sample::Change, "learning rate changed"),
        (curves().any(|curve| !curve.broken.is_empty()), Sample::Broken, "NaN or infinite"),
    ];
    let runs = figure
        .legend
        .iter()
        .map(|(slot, name)| (Sample::Run(*slot), if is_inset { with_value(figure, *slot, name) } else { name.clone() }));
    let marks = marks.into_iter().filter(|(is_there, ..)| *is_there && !is_inset).map(|(_, sample, name)| (sample, name.to_owned()));
    let mut entries = Vec::new();
    let (mut left, mut top) = (0.0, 0.0);
    let mut before = None;
    for (sample, name) in runs.chain(marks) {
        let needed = SAMPLE + canvas.width(&name, TEXT) + BETWEEN;
        // What the marks mean begins a row of its own.
        let is_new = before.is_some_and(|before| matches!(before, Sample::Run(_)) != matches!(sample, Sample::Run(_)));
        if left > 0.0 && (is_new || left + needed - BETWEEN > width) {
            (left, top) = (0.0, top + ROW);
        }
        entries.push((sample, name, (left, top)));
        left += needed;
        before = Some(sample);
    }
    let height = if entries.is_empty() { 0.0 } else { top + ROW };
    Legend { entries, height, width: 0.0 }
}

/// The name of a run with its last value.
fn with_value(figure: &Figure, slot: usize, name: &str) -> String {
    let mut curves = figure.panels.iter().flat_map(|panel| &panel.curves);
    let last = curves.rfind(|curve| curve.slot == slot).and_then(|curve| curve.last.as_ref());
    last.map_or_else(|| name.to_owned(), |value| format!("{name} {value}"))
}

/// Draws it with its upper left corner at a place.
pub fn draw(canvas: &mut dyn Canvas, legend: &Legend, (left, top): Place, look: Look) {
    for (sample, name, (dx, dy)) in &legend.entries {
        let (x, y) = (left + dx, top + dy + ROW / 2.0);
        let (line, middle) = ([(x, y), (x + SAMPLE - 8.0, y)], (x + (SAMPLE - 8.0) / 2.0, y));
        match sample {
            Sample::Run(slot) => {
                canvas.path(&line, look.series(*slot), 2.4);
                marks::marker(canvas, *slot, middle, look.series(*slot), look.ground);
            }
            Sample::Line(Weight::Thick) => canvas.path(&line, look.ink, 2.4),
            Sample::Line(_) => canvas.path(&line, look.ink, 1.0),
            Sample::Best => marks::best(canvas, middle, look.ink, look.ground),
            Sample::Stop => {
                canvas.path(&[(x, y), (middle.0, y)], look.ink, 2.4);
                marks::stop(canvas, (middle.0 - 6.0, y), look.ink);
            }
            Sample::Change => marks::change(canvas, middle, look.ink, look.ground),
            Sample::Broken => marks::broken(canvas, middle, look.bad),
        }
        canvas.words(name, (x + SAMPLE, y), Words { size: TEXT, ink: look.ink, anchor: Anchor::Left, is_bold: false });
    }
}
