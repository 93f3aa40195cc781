//! The state as a frame. Pure: no clock, no file, no environment, no launching.

pub mod alert_list;
pub mod chart;
pub mod compare;
pub mod confusion;
pub mod curves;
pub mod draw;
pub mod footer;
pub mod form;
pub mod form_fitting;
pub mod form_plan;
pub mod form_text;
#[cfg(test)]
pub(crate) mod frames;
pub mod grid;
pub mod header;
pub mod health;
pub mod help;
pub mod hit;
pub mod launch;
pub mod layers;
pub mod log;
pub mod message;
pub mod mistakes;
pub mod overlay;
pub mod overview;
pub mod queue;
pub mod raster;
pub mod resources;
pub mod run;
pub mod small;
pub mod step_split;
pub mod system;
pub mod table;
#[cfg(test)]
pub(crate) mod tests;
pub mod tiles;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use crate::curve::quantity::Quantity;
use crate::tui::state::{Screen, State};
use crate::tui::theme::{Colors, Glyphs, Theme};

/// Columns and rows that the full screens need; below it there is a list only.
pub const LEAST_SIZE: (u16, u16) = (60, 16);

/// Draws the state.
pub fn view(state: &State, theme: Theme, frame: &mut Frame) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    if area.width < LEAST_SIZE.0 || area.height < LEAST_SIZE.1 {
        small::draw(state, theme, area, buffer);
    } else {
        let body = body(area);
        header::draw(state, theme, Rect { height: 1, ..area }, buffer);
        match state.screen {
            Screen::Overview => overview::draw(state, theme, body, buffer),
            Screen::Compare => compare::draw(state, theme, body, buffer),
            Screen::Run => run::draw(state, theme, body, buffer),
            Screen::Launch => launch::draw(state, theme, body, buffer),
            Screen::Queue => queue::draw(state, theme, body, buffer),
            Screen::System => system::draw(state, theme, body, buffer),
        }
        footer::draw(state, theme, Rect { y: area.bottom() - 2, height: 2, ..area }, buffer);
        overlay::draw(state, theme, body, buffer);
    }
    restrict(theme, buffer);
}

/// What is left between the first row and the last two.
fn body(area: Rect) -> Rect {
    Rect { y: area.y + 1, height: area.height.saturating_sub(3), ..area }
}

/// What is left there in the terminal.
pub fn body_of(state: &State) -> Rect {
    let (width, height) = state.size;
    body(Rect::new(0, 0, width, height))
}

/// The panels of the charts of runs that are shown, and what each shows.
pub fn chart_places(state: &State) -> Vec<(Rect, Quantity)> {
    let (width, height) = state.size;
    let body = body_of(state);
    match state.screen {
        _ if width < LEAST_SIZE.0 || height < LEAST_SIZE.1 => Vec::new(),
        Screen::Overview => overview::chart_places(state, body),
        Screen::Run => run::chart_places(state, body),
        Screen::Compare | Screen::Launch | Screen::Queue | Screen::System => Vec::new(),
    }
}

/// Where the picture of the efficiency frontier stands, where it is shown.
pub fn frontier_place(state: &State) -> Option<Rect> {
    let (width, height) = state.size;
    let is_shown = state.screen == Screen::Compare && width >= LEAST_SIZE.0 && height >= LEAST_SIZE.1;
    is_shown.then(|| compare::frontier_place(state, body_of(state))).flatten()
}

/// Keeps the promise of the theme, whatever was drawn: no colour without colours, no letter beyond ASCII without Unicode.
fn restrict(theme: Theme, buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if theme.colors == Colors::None {
            cell.fg = Color::Reset;
            cell.bg = Color::Reset;
        }
        if theme.glyphs == Glyphs::Ascii && !cell.symbol().is_ascii() {
            let twin = match cell.symbol() {
                "…" => "~",
                "→" => ">",
                "←" => "<",
                "↑" => "^",
                "↓" => "v",
                "·" => ".",
                "×" => "x",
                "–" | "─" => "-",
                _ => "?",
            };
            cell.set_symbol(twin);
        }
    }
}
