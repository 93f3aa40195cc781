//! The parameters of a run as a tree of layers: what is frozen, adapted and trained, and how far it has moved.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::run::catalog::RunView;
use crate::run::updates::{Group, Part, Place};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::draw;
use crate::tui::view::grid::{self, Align, Column};

/// Draws the pane from row `scroll` on.
pub fn draw(theme: Theme, area: Rect, buffer: &mut Buffer, run: &RunView, scroll: usize, note: &str) {
    let inner = draw::panel(buffer, area, theme, &Line::styled(" layers ", theme.title()), note);
    let Some(updates) = run.state.updates.last() else {
        return draw::put(buffer, inner, 1, 0, "counted by layer when training starts", theme.dim());
    };
    let mut tree = Column::new("LAYER", Align::Left);
    let mut role = Column::new("ROLE", Align::Left);
    let mut parameters = Column::new("PARAMETERS", Align::Right);
    let mut relative = Column::new("CHANGE", Align::Right);
    let mut update = Column::new("UPDATE NORM", Align::Right);
    let mut gradient = Column::new("GRADIENT", Align::Right);
    let mut columns = [&mut role, &mut parameters, &mut relative, &mut update, &mut gradient];
    for groups in updates.groups.chunk_by(|one, other| one.place == other.place) {
        let sum: u64 = groups.iter().map(|group| group.parameters).sum();
        tree.push(place(groups[0].place), theme.title());
        let heads = [summary(groups).to_owned(), text::grouped(sum), String::new(), String::new(), String::new()];
        for (column, cell) in columns.iter_mut().zip(heads) {
            column.push(cell, theme.dim());
        }
        for (idx, group) in groups.iter().enumerate() {
            let branch = if idx + 1 == groups.len() { theme.choose(" └ ", " ` ") } else { theme.choose(" ├ ", " | ") };
            tree.push(format!("{branch}{}", part(group.part)), Style::new());
            let number = |value: f64| if value == 0.0 { "0".to_owned() } else { text::reading(value) };
            let moved = group.movement.as_ref();
            let cells = [
                word(group).to_owned(),
                text::grouped(group.parameters),
                moved.map_or_else(String::new, |moved| change(moved.relative())),
                moved.map_or_else(String::new, |moved| number(moved.update_norm.0)),
                moved.map_or_else(String::new, |moved| number(moved.gradient_norm.0)),
            ];
            for (column, cell) in columns.iter_mut().zip(cells) {
                column.push(cell, style(theme, group));
            }
        }
    }
    grid::draw(buffer, inner, theme, &[tree, role, parameters, relative, update, gradient], scroll);
}

/// `‖Δw‖ / ‖w‖` in per cent; weights that began as zeros have no such share.
fn change(relative: f64) -> String {
    if relative.is_finite() { format!("{}%", text::percent(relative)) } else { "from 0".to_owned() }
}

/// How many rows the tree has.
pub fn n_rows(run: &RunView) -> usize {
    let Some(updates) = run.state.updates.last() else { return 0 };
    updates.groups.len() + updates.groups.chunk_by(|one, other| one.place == other.place).count()
}

fn place(place: Place) -> String {
    match place {
        Place::Embeddings => "embeddings".to_owned(),
        Place::Layer(layer) => format!("layer {layer}"),
        Place::EveryLayer => "every layer".to_owned(),
        Place::Pooler => "pooler".to_owned(),
        Place::Head => "head".to_owned(),
    }
}

const fn part(part: Part) -> &'static str {
    match part {
        Part::Backbone => "backbone",
        Part::Norms => "norms",
        Part::Method => "method",
        Part::Head => "head",
    }
}

/// Whether the tensors are frozen, trained, or added by the method.
const fn word(group: &Group) -> &'static str {
    match (group.movement.is_some(), group.part) {
        (false, _) => "frozen",
        (true, Part::Method) => "adapted",
        (true, _) => "trained",
    }
}

/// Of a layer as a whole.
fn summary(groups: &[Group]) -> &'static str {
    let words: Vec<&str> = groups.iter().map(word).collect();
    match (words.contains(&"adapted"), words.contains(&"trained")) {
        (true, _) => "adapted",
        (false, true) if words.contains(&"frozen") => "partly trained",
        (false, true) => "trained",
        (false, false) => "frozen",
    }
}

fn style(theme: Theme, group: &Group) -> Style {
    match word(group) {
        "frozen" => theme.dim(),
        "adapted" => theme.accent(),
        _ => theme.good(),
    }
}
