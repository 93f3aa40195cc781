//! Which charts are wanted as images now, where, and what they show. Pure.

use ratatui::layout::Rect;

use crate::curve::palette;
use crate::report::compare::frontier::frontier as points;
use crate::report::plot::figure::{self, Figure, Inset, Options, Subject};
use crate::report::plot::frontier;
use crate::run::catalog::{RunId, RunView};
use crate::tui::image::{Protocol, Support, kitty};
use crate::tui::state::State;
use crate::tui::theme::{Background, Colors, Glyphs, Theme};
use crate::tui::view::{self, compare, curves, draw};

/// Columns and rows of cells below which a chart stays as it is.
const LEAST: (u16, u16) = (24, 6);

/// Images at once: each needs a number of its own.
const MOST: usize = 16;

/// Rows of pixels of a cell at which letters have their usual size.
const USUAL_ROWS: f64 = 18.0;

/// Pixels of an image at most, where the terminal can enlarge it.
const MOST_PIXELS: f64 = 1_500_000.0;

/// A chart that is wanted as an image. As long as it is equal, only what the runs have added changes the image.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The cells that it takes, within the frame of its panel.
    pub area: Rect,
    /// What is drawn, and how.
    pub what: What,
    /// The runs with their slots, the foremost last.
    pub runs: Vec<(RunId, usize)>,
}

/// What an image shows.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Curves of runs.
    Curves(Options),
    /// Cost against quality.
    Frontier(frontier::Options),
}

/// Whether charts can be images with this theme.
pub fn is_possible(theme: Theme) -> bool {
    theme.colors != Colors::None && theme.glyphs != Glyphs::Ascii
}

/// The charts that are wanted as images: none while something lies over the screen, or values are read off the charts.
pub fn wanted(state: &State, theme: Theme, support: Support) -> Vec<Wanted> {
    let is_covered = state.overlay.is_some() || state.chart.crosshair.is_some();
    if !state.chart.draws_images || is_covered || !is_possible(theme) {
        return Vec::new();
    }
    let selected = state.selected().map(|run| &run.id);
    let mut runs: Vec<&RunView> = state.charted_here();
    runs.sort_by_key(|run| Some(&run.id) == selected);
    let runs: Vec<(RunId, usize)> = runs.into_iter().map(|run| (run.id.clone(), state.slot(&run.id))).collect();
    let is_dark = theme.background == Background::Dark;
    let ground = support.ground.unwrap_or(if is_dark { palette::GROUND.0 } else { palette::GROUND.1 });
    let is_shown = |area: Rect| {
        let fits = !support.is_through_tmux || area.height <= kitty::MOST_ROWS;
        area.width >= LEAST.0 && area.height >= LEAST.1 && fits
    };
    let inset = |scale| Inset { ground, scale, reach: None };
    let curves = view::chart_places(state).into_iter().map(|(panel, quantity)| {
        let area = draw::inside(panel);
        let (size, scale) = size(area, support);
        let options = Options {
            quantities: vec![quantity],
            metric: state.metric(),
            x_axis: state.chart.x_axis,
            zoom: state.chart.zoom,
            smoothing: state.smoothing(),
            is_log: state.chart.is_log,
            is_x_log: state.chart.is_x_log,
            clips: state.chart.clips,
            shows_best: state.chart.shows_best,
            title: String::new(),
            size,
            is_dark,
            inset: Some(inset(scale)),
        };
        (area, What::Curves(options))
    });
    let frontier = view::frontier_place(state).map(|area| {
        let (size, scale) = size(area, support);
        (area, What::Frontier(frontier::Options { cost: state.compare.cost, metric: state.metric(), size, is_dark, inset: inset(scale) }))
    });
    let shown = curves.chain(frontier).filter(|(area, _)| is_shown(*area)).take(MOST);
    shown.map(|(area, what)| Wanted { area, what, runs: runs.clone() }).collect()
}

/// Pixels of the image of an area, and how far its drawing is enlarged.
fn size(area: Rect, support: Support) -> ((u32, u32), f64) {
    let (width, height) = (u32::from(area.width) * support.cell.0, u32::from(area.height) * support.cell.1);
    let n_pixels = f64::from(width) * f64::from(height);
    // Sixels are as large as they are.
    let factor = if support.protocol == Protocol::Sixel { 1.0 } else { (MOST_PIXELS / n_pixels).sqrt().min(1.0) };
    let scaled = |length: u32| ((f64::from(length) * factor) as u32).max(1);
    ((scaled(width), scaled(height)), f64::from(support.cell.1) * factor / USUAL_ROWS)
}

/// What is drawn of it.
pub fn figure(state: &State, theme: Theme, wanted: &Wanted) -> Figure {
    let runs = wanted.runs.iter().filter_map(|(id, slot)| Some((state.catalog.run(id)?, *slot)));
    match &wanted.what {
        What::Curves(options) => {
            let subjects: Vec<Subject> = runs.map(|(run, slot)| Subject { run, slot, kept: state.curves.get(&run.id) }).collect();
            let mut options = options.clone();
            if let (true, Some(inset), Some(quantity)) = (state.chart.shares_y, &mut options.inset, options.quantities.first()) {
                let runs: Vec<&RunView> = subjects.iter().map(|subject| subject.run).collect();
                inset.reach = curves::chart(state, theme, &runs, *quantity).reach;
            }
            figure::figure(&subjects, &options)
        }
        What::Frontier(options) => {
            let (runs, slots): (Vec<&RunView>, Vec<usize>) = runs.unzip();
            let points = points(&runs, options.cost, options.metric);
            let names: Vec<(usize, String)> = slots.into_iter().zip(compare::names(&runs)).collect();
            frontier::figure(&points, &names, options, |cost| compare::short_cost(options.cost, cost))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::quantity::Quantity;
    use crate::report::plot;
    use crate::tui::keys::Key;
    use crate::tui::message::Message;
    use crate::tui::update::update;
    use crate::tui::view::tests::{PLAIN, press, state};

    const KITTY: Support = Support { protocol: Protocol::Kitty, cell: (8, 16), ground: None, is_through_tmux: false };

    fn with_images(size: (u16, u16)) -> State {
        let mut state = state(45.0, size);
        update(&mut state, Message::Images(Ok(Protocol::Kitty)));
        state
    }

    fn shown(state: &State) -> Vec<(Rect, Option<Quantity>)> {
        let quantity = |what| if let What::Curves(options) = what { Some(options.quantities[0]) } else { None };
        wanted(state, PLAIN, KITTY).into_iter().map(|wanted| (wanted.area, quantity(wanted.what))).collect()
    }

    #[test]
    fn images_are_wanted_where_charts_are_and_nothing_lies_over_them() {
        for size in [(80, 24), (120, 40), (200, 60)] {
            let mut state = with_images(size);
            let all = shown(&state);
            assert!(!all.is_empty(), "{size:?}");
            assert!(all.iter().all(|(area, _)| area.right() < size.0 && area.bottom() < size.1 - 2), "{all:?}");
            for (keys, is_there) in
                [("3", true), ("!", false), ("\x1b", true), ("c", false), ("c", true), ("5", false), ("2", size != (80, 24)), ("1", true)]
            {
                let keys: Vec<Key> = keys.chars().map(|key| if key == '\x1b' { Key::Escape } else { Key::Char(key) }).collect();
                press(&mut state, &keys);
                assert_eq!(shown(&state).is_empty(), !is_there, "{keys:?} at {size:?}");
            }
            assert_eq!(shown(&state), all);
        }
        assert!(shown(&with_images((40, 10))).is_empty());
        assert!(wanted(&with_images((80, 24)), Theme { colors: Colors::None, ..PLAIN }, KITTY).is_empty());
        assert!(wanted(&state(45.0, (80, 24)), PLAIN, KITTY).is_empty(), "by choice alone");
    }

    #[test]
    fn the_image_of_a_chart_has_its_curves_its_marks_and_its_values() {
        let mut state = with_images((120, 40));
        let wanted = wanted(&state, PLAIN, KITTY);
        let first = figure(&state, PLAIN, &wanted[0]);
        assert_eq!(first.size, (u32::from(wanted[0].area.width) * 8, u32::from(wanted[0].area.height) * 16));
        assert_eq!(first.panels.len(), 1);
        assert_eq!(first.legend.len(), state.charted_here().len());
        assert!(first.panels[0].curves.iter().any(|curve| curve.best.is_some() && curve.last.is_some()));
        let pixels = plot::pixels(&first);
        let ground = [0x14, 0x17, 0x1C];
        assert_eq!((pixels.rgb[..3].to_vec(), pixels.size), (ground.to_vec(), first.size));
        let n_drawn = pixels.rgb.chunks(3).filter(|pixel| *pixel != ground).count();
        assert!(n_drawn * 50 > pixels.rgb.len() / 3, "{n_drawn} pixels of {}", pixels.rgb.len() / 3);
        // Another image where the chart is another, and the same where it is the same.
        assert_eq!(figure(&state, PLAIN, &wanted[0]), first);
        press(&mut state, &[Key::Char('y')]);
        let logarithmic = super::wanted(&state, PLAIN, KITTY);
        assert!(logarithmic[0] != wanted[0] && figure(&state, PLAIN, &logarithmic[0]) != first);
    }

    #[test]
    fn the_efficiency_frontier_is_an_image_where_it_is_shown() {
        for size in [(80, 24), (120, 40), (200, 60)] {
            let mut state = with_images(size);
            press(&mut state, &[Key::Char('2')]);
            if size == (80, 24) {
                press(&mut state, &[Key::Tab]);
            }
            let wanted = wanted(&state, PLAIN, KITTY);
            assert_eq!(wanted.len(), 1, "{size:?}");
            let first = figure(&state, PLAIN, &wanted[0]);
            let panel = &first.panels[0];
            assert!(panel.y_axis.is_some() && panel.curves.len() > 2 && panel.curves.iter().any(|curve| curve.name.is_some()), "{panel:?}");
            assert_eq!(first.size, (u32::from(wanted[0].area.width) * 8, u32::from(wanted[0].area.height) * 16));
            // The line that joins the efficient ones and the axis of cost are not seen in characters beside it.
            let cells = crate::tui::screenshot::cells(&state, PLAIN);
            let is_dot = |place: (u16, u16)| cells[place].symbol().chars().any(|letter| ('\u{2801}'..='\u{28FF}').contains(&letter));
            let area = wanted[0].area;
            let outside = (0..size.0).flat_map(|x| (0..size.1).map(move |y| (x, y))).filter(|place| !area.contains((*place).into()));
            assert_eq!(outside.filter(|place| is_dot(*place)).count(), 0, "{size:?}");
            press(&mut state, &[Key::Char('o')]);
            assert!(super::wanted(&state, PLAIN, KITTY)[0] != wanted[0], "another cost");
        }
    }

    #[test]
    fn large_images_are_enlarged_by_the_terminal_but_sixels_fill_their_cells() {
        let area = Rect::new(0, 0, 198, 50);
        let retina = Support { cell: (20, 40), ..KITTY };
        let ((width, height), scale) = size(area, retina);
        assert!(width * height <= 1_500_000 && 2 * width > 3 * height && scale > 0.9, "{width}x{height} {scale}");
        assert_eq!(size(area, Support { protocol: Protocol::Sixel, ..retina }).0, (3960, 2000));
    }
}
