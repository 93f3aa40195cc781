//! A figure on a canvas: title, charts in a grid, legend. Knows places, not where curves come from.

use crate::curve::palette;
use crate::curve::stretch::Stretch;
use crate::curve::ticks;
use crate::report::plot::canvas::{Anchor, Canvas, Ink, Place, Words};
use crate::report::plot::figure::{Curve, Figure, Panel, Weight};
use crate::report::plot::{legend, marks};

/// Height of ordinary words, of the titles of charts, of the title of all.
pub const TEXT: f64 = 13.0;
const HEADING: f64 = 15.0;
const TITLE: f64 = 19.0;

/// Room that a figure leaves.
#[derive(Debug, Clone, Copy)]
struct Room {
    /// Around the figure and between charts.
    margin: f64,
    /// For the heading of a chart.
    head: f64,
    /// For its x axis.
    foot: f64,
}

/// The room of a picture of its own, and of an inset, whose headings stand elsewhere.
const ROOMS: (Room, Room) = (Room { margin: 16.0, head: 30.0, foot: 36.0 }, Room { margin: 6.0, head: 8.0, foot: 24.0 });

/// Least columns of pixels for the labels of a y axis.
const LEAST_AXIS: f64 = 40.0;

/// Columns of pixels for each label of the x axis, rows for each of the y axis.
const EACH_LABEL: (f64, f64) = (95.0, 45.0);

/// The colours of a figure.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// What it stands on.
    pub ground: Ink,
    /// Words and marks.
    pub ink: Ink,
    /// Words that step back.
    pub dim: Ink,
    /// Rules.
    pub line: Ink,
    /// What went wrong.
    pub bad: Ink,
    is_dark: bool,
}

impl Look {
    fn of(figure: &Figure) -> Self {
        let usual = Self::new(figure.is_dark);
        figure.inset.map_or(usual, |inset| Self { ground: inset.ground, line: palette::mixed(usual.dim, inset.ground, 1), ..usual })
    }

    const fn new(is_dark: bool) -> Self {
        if is_dark {
            let ground = palette::GROUND.0;
            return Self { ground, ink: 0x00D5_D9DF, dim: 0x0080_868F, line: 0x0033_3943, bad: 0x00F2_6D5B, is_dark };
        }
        Self { ground: palette::GROUND.1, ink: 0x0026_2C36, dim: 0x006B_717A, line: 0x00DD_E1E6, bad: 0x00B8_2C1B, is_dark }
    }

    /// The colour of a slot.
    pub const fn series(self, slot: usize) -> Ink {
        let (on_dark, on_light) = palette::SERIES[slot % palette::SERIES.len()];
        if self.is_dark { on_dark } else { on_light }
    }

    const fn words(self, anchor: Anchor) -> Words {
        Words { size: TEXT, ink: self.dim, anchor, is_bold: false }
    }
}

/// A rectangle: left, top, right, bottom.
#[derive(Debug, Clone, Copy)]
struct Frame {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Frame {
    fn corners(self) -> [Place; 4] {
        [(self.left, self.top), (self.right, self.top), (self.right, self.bottom), (self.left, self.bottom)]
    }

    fn is_within(self, other: Self) -> bool {
        self.left >= other.left && self.right <= other.right && self.top >= other.top && self.bottom <= other.bottom
    }

    fn meets(self, other: Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }
}

/// Draws a figure.
pub fn figure(canvas: &mut dyn Canvas, figure: &Figure) {
    let look = Look::of(figure);
    let room = if figure.inset.is_some() { ROOMS.1 } else { ROOMS.0 };
    let Room { margin, head, foot } = room;
    let scale = figure.inset.map_or(1.0, |inset| inset.scale);
    let (width, height) = (f64::from(figure.size.0) / scale, f64::from(figure.size.1) / scale);
    let all = Frame { left: 0.0, top: 0.0, right: width, bottom: height };
    canvas.area(&all.corners(), look.ground);
    let mut top = if figure.inset.is_some() { 0.0 } else { margin };
    if !figure.title.is_empty() {
        let words = Words { size: TITLE, ink: look.ink, anchor: Anchor::Left, is_bold: true };
        canvas.words(&figure.title, (margin, top + TITLE / 2.0), words);
        top += TITLE + margin / 2.0;
    }
    let legend = legend::layout(canvas, figure, (width - 2.0 * margin, height - top - margin));
    // A picture too small for both keeps the charts.
    let left_over = height - top - 2.0 * margin - legend.height;
    let bottom = if legend.width > 0.0 {
        legend::draw(canvas, &legend, (width - margin - legend.width, top + margin), look);
        height - margin / 2.0
    } else if left_over >= head + foot + 40.0 {
        legend::draw(canvas, &legend, (margin, height - margin / 2.0 - legend.height), look);
        height - margin - legend.height
    } else {
        height - margin / 2.0
    };
    let beside = if legend.width > 0.0 { legend.width + margin } else { 0.0 };
    let all = Frame { left: margin, top, right: width - margin - beside, bottom };
    for (idx, chart) in figure.panels.iter().enumerate() {
        panel(canvas, chart, cell(idx, figure.panels.len(), all, margin), look, room);
    }
}

/// Cell number `idx` of a grid of `n`.
fn cell(idx: usize, n: usize, all: Frame, margin: f64) -> Frame {
    let n_columns = match n {
        0 | 1 => 1,
        2..=4 => 2,
        _ => 3,
    };
    let n_rows = n.div_ceil(n_columns);
    let (column, row) = ((idx % n_columns) as f64, (idx / n_columns) as f64);
    let width = (all.right - all.left + margin) / n_columns as f64;
    let height = (all.bottom - all.top) / n_rows as f64;
    let (left, top) = (all.left + column * width, all.top + row * height);
    Frame { left, top, right: left + width - margin, bottom: top + height }
}

fn panel(canvas: &mut dyn Canvas, panel: &Panel, cell: Frame, look: Look, room: Room) {
    heading(canvas, panel, cell, look, room);
    let (top, bottom) = (cell.top + room.head, cell.bottom - room.foot);
    if bottom - top < 10.0 || cell.right - cell.left < 2.0 * LEAST_AXIS {
        return;
    }
    let Some(y_axis) = panel.y_axis else {
        let middle = (f64::midpoint(cell.left, cell.right), f64::midpoint(top, bottom));
        canvas.words("nothing to see yet", middle, look.words(Anchor::Middle));
        return;
    };
    let (ticks, labels) = labels(y_axis, ((bottom - top) / EACH_LABEL.1) as usize);
    let widest = labels.iter().map(|label| canvas.width(label, TEXT)).fold(LEAST_AXIS - 10.0, f64::max);
    let plot = Frame { left: cell.left + widest + 10.0, top, right: cell.right - 8.0, bottom };
    if plot.right - plot.left < 20.0 {
        return;
    }
    let at = |x: f64, y: f64| {
        let share = y_axis.share(y);
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        (plot.left + x * (plot.right - plot.left), plot.bottom - share * (plot.bottom - plot.top))
    };
    for (tick, label) in ticks.iter().zip(&labels) {
        let (x, y) = at(0.0, *tick);
        canvas.path(&[(x, y), (plot.right, y)], look.line, 1.0);
        canvas.words(label, (x - 8.0, y), look.words(Anchor::Right));
    }
    x_axis(canvas, panel, plot, cell, look);
    for curve in &panel.curves {
        self::curve(canvas, curve, &at, look);
    }
    for curve in &panel.curves {
        curve.broken.iter().for_each(|x| marks::broken(canvas, (plot.left + x * (plot.right - plot.left), plot.top + 5.0), look.bad));
        curve.changes.iter().for_each(|(x, y)| marks::change(canvas, at(*x, *y), look.series(curve.slot), look.ground));
        if let Some((x, y)) = curve.stop {
            marks::stop(canvas, at(x, y), look.series(curve.slot));
        }
        if let Some((x, y)) = curve.best {
            marks::best(canvas, at(x, y), look.series(curve.slot), look.ground);
        }
    }
    names(canvas, panel, plot, &at, look);
}

/// Names beside markers: each where the plot has room and no name stands yet, the last first.
fn names(canvas: &mut dyn Canvas, panel: &Panel, plot: Frame, at: &dyn Fn(f64, f64) -> Place, look: Look) {
    let mut taken: Vec<Frame> = Vec::new();
    for curve in panel.curves.iter().rev() {
        let (Some(name), Some((x, y))) = (&curve.name, curve.points.last()) else { continue };
        let ((x, y), width) = (at(*x, *y), canvas.width(name, TEXT));
        // Where the line of a frontier does not pass, first.
        let sides = [(10.0, TEXT), (-10.0 - width, -TEXT), (-10.0 - width, TEXT), (10.0, -TEXT)];
        let places =
            sides.map(|(dx, dy)| Frame { left: x + dx, top: y + dy - TEXT / 2.0, right: x + dx + width, bottom: y + dy + TEXT / 2.0 });
        let is_free = |place: &&Frame| place.is_within(plot) && !taken.iter().any(|other| place.meets(*other));
        if let Some(place) = places.iter().find(is_free).copied() {
            let words = Words { size: TEXT, ink: look.series(curve.slot), anchor: Anchor::Left, is_bold: false };
            canvas.words(name, (place.left, f64::midpoint(place.top, place.bottom)), words);
            taken.push(place);
        }
    }
}

/// What a chart shows and how; how alone where the title stands elsewhere.
fn heading(canvas: &mut dyn Canvas, panel: &Panel, cell: Frame, look: Look, room: Room) {
    let head = cell.top + (room.head / 2.0).max(TEXT / 2.0);
    canvas.words(&panel.title, (cell.left, head), Words { size: HEADING, ink: look.ink, anchor: Anchor::Left, is_bold: true });
    let taken = canvas.width(&panel.title, HEADING) + canvas.width(&panel.note, TEXT) + room.margin;
    if taken < cell.right - cell.left {
        canvas.words(&panel.note, (cell.right, head), look.words(Anchor::Right));
    }
}

fn labels(axis: Stretch, most: usize) -> (Vec<f64>, Vec<String>) {
    let Stretch { low, high, is_log } = axis;
    let most = most.clamp(2, 9);
    let ticks = if is_log { ticks::log_ticks(low, high, most) } else { ticks::ticks(low, high, most) };
    let inside: Vec<f64> = ticks.into_iter().filter(|tick| (low..=high).contains(tick)).collect();
    let labels = if is_log { ticks::log_labels(&inside) } else { ticks::tick_labels(&inside) };
    (inside, labels)
}

fn x_axis(canvas: &mut dyn Canvas, panel: &Panel, plot: Frame, cell: Frame, look: Look) {
    canvas.path(&[(plot.left, plot.bottom), (plot.right, plot.bottom)], look.dim, 1.0);
    let y = plot.bottom + 14.0;
    let name_left = cell.right - canvas.width(panel.x_name, TEXT);
    canvas.words(panel.x_name, (cell.right, y), Words { ink: look.ink, ..look.words(Anchor::Right) });
    let (ticks, labels) = match &panel.x_ticks {
        Some(ticks) => ticks.iter().cloned().unzip(),
        None => labels(panel.x_axis, ((plot.right - plot.left) / EACH_LABEL.0) as usize),
    };
    let mut free_from = f64::NEG_INFINITY;
    for (tick, label) in ticks.iter().zip(&labels) {
        let x = plot.left + panel.x_axis.share(*tick) * (plot.right - plot.left);
        let half = canvas.width(label, TEXT) / 2.0;
        if x - half > free_from && x + half < name_left - 8.0 {
            canvas.path(&[(x, plot.bottom), (x, plot.bottom + 4.0)], look.dim, 1.0);
            canvas.words(label, (x, y), look.words(Anchor::Middle));
            free_from = x + half + 6.0;
        }
    }
}

fn curve(canvas: &mut dyn Canvas, curve: &Curve, at: &dyn Fn(f64, f64) -> Place, look: Look) {
    let ink = look.series(curve.slot);
    let (ink, width): (Ink, f64) = match curve.weight {
        Weight::Raw => (palette::mixed(ink, look.ground, 1), 1.0),
        Weight::Thin => (palette::mixed(ink, look.ground, 4), 1.2),
        Weight::Thick => (ink, 2.4),
        Weight::Frontier => (look.dim, 1.4),
    };
    for piece in &curve.pieces {
        let places: Vec<Place> = piece.iter().map(|(x, y)| at(*x, *y)).collect();
        match places[..] {
            [place] => canvas.disc(place, width.max(1.5), ink),
            _ => canvas.path(&places, ink, width),
        }
    }
    // Markers stand apart, the last one always.
    let mut next_free = f64::NEG_INFINITY;
    for (idx, (x, y)) in curve.points.iter().enumerate() {
        let place = at(*x, *y);
        if place.0 >= next_free || idx + 1 == curve.points.len() {
            marks::marker(canvas, curve.slot, place, ink, look.ground);
            next_free = place.0 + 14.0;
        }
    }
}
