//! Screen 2: the marked runs side by side, or all where none is marked.

mod frontier;
mod metrics;
mod settings;
mod storage;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use crate::report::compare::frontier::frontier as points;
use crate::report::compare::words;
use crate::run::catalog::RunView;
use crate::tui::screen::compare::{EFFICIENCY, N_PANES, PANES};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::draw;

pub use frontier::short as short_cost;

/// Columns and rows of the body from which all panes stand together.
const LARGE: (u16, u16) = (100, 26);

/// Widest name of a run.
const NAME_WIDTH: usize = 24;

/// What every pane shows.
struct Compared<'a> {
    state: &'a State,
    theme: Theme,
    runs: Vec<&'a RunView>,
    names: Vec<String>,
}

impl Compared<'_> {
    fn color(&self, idx: usize) -> Style {
        Style::new().fg(self.theme.series_color(self.state.slot(&self.runs[idx].id)))
    }

    /// Marker and name of a run in its colour.
    fn name(&self, idx: usize) -> (String, Style) {
        let marker = self.theme.marker(self.state.slot(&self.runs[idx].id));
        (format!("{marker} {}", text::middle(&self.names[idx], NAME_WIDTH)), self.color(idx).add_modifier(Modifier::BOLD))
    }
}

/// Draws the screen.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let runs = state.charted();
    if runs.is_empty() {
        draw::put(buffer, area, 2, area.height / 2, "there is no run to compare yet; n starts an experiment", theme.dim());
        return;
    }
    let names = names(&runs);
    let compared = Compared { state, theme, runs, names };
    let places = places(state, area, compared.runs.len());
    let is_alone = places.len() == 1;
    for (idx, place) in places {
        let note = match () {
            () if is_alone => format!("tab: {}", PANES[(idx + 1) % N_PANES]),
            () if idx == state.pane % N_PANES => "e expands".to_owned(),
            () => String::new(),
        };
        pane(&compared, place, buffer, idx, &note);
    }
}

/// What the runs are called.
pub fn names(runs: &[&RunView]) -> Vec<String> {
    words::labels(runs).iter().map(|name| text::clean(name).replace('\n', " ")).collect()
}

/// Which panes stand where: all of them, or the one that is turned to.
fn places(state: &State, area: Rect, n_runs: usize) -> Vec<(usize, Rect)> {
    if state.is_expanded || area.width < LARGE.0 || area.height < LARGE.1 {
        return vec![(state.pane % N_PANES, area)];
    }
    let n_runs = n_runs as u16;
    let table_rows = (n_runs + 3).min(area.height / 3);
    let rows = [Constraint::Length(table_rows), Constraint::Fill(1), Constraint::Length((n_runs + 4).min(area.height / 3))];
    let [top, middle, bottom] = Layout::vertical(rows).areas(area);
    let halves = if area.width >= 150 { [Constraint::Fill(3), Constraint::Fill(2)] } else { [Constraint::Fill(1); 2] };
    let [left, right] = Layout::horizontal(halves).areas(middle);
    vec![(0, top), (EFFICIENCY, left), (2, right), (3, bottom)]
}

/// Where the picture of the efficiency frontier stands; `None` where it is not shown or has nothing to show.
pub fn frontier_place(state: &State, area: Rect) -> Option<Rect> {
    let runs = state.charted();
    let (_, pane) = places(state, area, runs.len()).into_iter().find(|(idx, _)| *idx == EFFICIENCY)?;
    let n_points = points(&runs, state.compare.cost, state.metric()).len();
    (n_points > 0).then(|| frontier::areas(draw::inside(pane), n_points).0)
}

fn pane(compared: &Compared, area: Rect, buffer: &mut Buffer, idx: usize, note: &str) {
    match idx {
        0 => metrics::draw(compared, area, buffer, note),
        EFFICIENCY => frontier::draw(compared, area, buffer, note),
        2 => settings::draw(compared, area, buffer, note),
        _ => storage::draw(compared, area, buffer, note),
    }
}

/// A pane's box: its title, what it says besides, a note on keys.
fn open(compared: &Compared, area: Rect, buffer: &mut Buffer, title: &str, says: &str, note: &str) -> Rect {
    let notes: Vec<&str> = [says, note].into_iter().filter(|note| !note.is_empty()).collect();
    let both = notes.join(" · ");
    let title = format!(" {title} ");
    // Where not all fits, the way to the other panes stays.
    let room = usize::from(area.width).saturating_sub(text::width(&title) + 8);
    let shown = [both.as_str(), note].into_iter().find(|note| text::width(note) <= room).unwrap_or_default();
    draw::panel(buffer, area, compared.theme, &Line::styled(title, compared.theme.title()), shown)
}
