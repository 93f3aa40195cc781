//! Palette, lists and menus over a screen.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::tui::keys::action::Scope;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::palette::Palette;
use crate::tui::overlay::picker::{Choice, Picker};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::hit::Hit;
use crate::tui::view::{alert_list, draw, help};

/// Draws what lies over the body; questions and prompts stand in the message row.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    match &state.overlay {
        Some(Overlay::Help(content)) => help::draw(state, content, theme, area, buffer),
        Some(Overlay::Palette(content)) => palette(state, content, theme, area, buffer),
        Some(Overlay::Picker(content)) => picker(state, content, theme, area, buffer),
        Some(Overlay::Alerts(list)) => alert_list::draw(state, *list, theme, area, buffer),
        Some(Overlay::Menu(scope)) => menu(state, *scope, theme, area, buffer),
        Some(Overlay::Question(_) | Overlay::Prompt(_)) | None => {}
    }
}

/// The place of a box for this much content, in the middle of the upper part.
fn place_of(area: Rect, size: (usize, usize)) -> Rect {
    let width = (size.0 as u16).saturating_add(4).min(area.width);
    let height = (size.1 as u16).saturating_add(2).min(area.height);
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 3, width, height }
}

/// Columns and rows of the palette.
fn palette_size(n_commands: usize) -> (usize, usize) {
    (84, n_commands.clamp(1, 14) + 1)
}

/// Columns and rows of a list.
fn picker_size(choices: &[Choice]) -> (usize, usize) {
    let width = choices.iter().map(|choice| text::width(&choice.text)).max().unwrap_or(0) + 6;
    (width.max(36), choices.len())
}

/// What lies at a place while something lies over the body.
pub fn row_at(state: &State, overlay: &Overlay, area: Rect, here: Position) -> Option<Hit> {
    let (size, n_rows, cursor, heading) = match overlay {
        Overlay::Palette(palette) => {
            let n_commands = palette.commands(&state.keymap).len();
            (palette_size(n_commands), n_commands, palette.cursor, 1)
        }
        Overlay::Picker(picker) => {
            let choices = picker.kind.choices(state);
            (picker_size(&choices), choices.len(), picker.cursor, 0)
        }
        Overlay::Menu(_) | Overlay::Alerts(_) => return Some(Hit::Outside),
        Overlay::Help(_) | Overlay::Question(_) | Overlay::Prompt(_) => return None,
    };
    let place = place_of(area, size);
    if !place.contains(here) {
        return Some(Hit::Outside);
    }
    let row = usize::from(here.y - place.y).checked_sub(1 + heading)?;
    let n_shown = usize::from(place.height).saturating_sub(2 + heading);
    let idx = (cursor + 1).saturating_sub(n_shown) + row;
    (row < n_shown && idx < n_rows).then_some(Hit::Row(idx))
}

/// A cleared box in the middle of the upper part; its inside.
fn open(theme: Theme, area: Rect, buffer: &mut Buffer, size: (usize, usize), title: &str, note: &str) -> Rect {
    let place = place_of(area, size);
    draw::clear(buffer, place);
    draw::panel(buffer, place, theme, &Line::styled(format!(" {title} "), theme.title()), note)
}

fn band(theme: Theme, inner: Rect, buffer: &mut Buffer, row: u16) {
    let band = Rect { y: inner.y + row, height: 1, ..inner };
    buffer.set_style(band.intersection(buffer.area), theme.selected());
    draw::put(buffer, inner, 0, row, theme.choose("▌", "|"), theme.accent());
}

fn palette(state: &State, palette: &Palette, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let commands = palette.commands(&state.keymap);
    let inner = open(theme, area, buffer, palette_size(commands.len()), "commands", "enter does it · esc closes");
    let line = Line::from(vec![
        Span::styled(" : ", theme.accent()),
        Span::raw(text::clean(&palette.search.text())),
        Span::styled(" ", Style::new().add_modifier(Modifier::REVERSED)),
    ]);
    draw::line(buffer, inner, 0, &line);
    if commands.is_empty() {
        draw::put(buffer, inner, 3, 1, "no command has these words", theme.dim());
    }
    let n_shown = usize::from(inner.height.saturating_sub(1));
    let first = (palette.cursor + 1).saturating_sub(n_shown);
    for (row, (idx, command)) in commands.iter().enumerate().skip(first).take(n_shown).enumerate() {
        let row = row as u16 + 1;
        if idx == palette.cursor {
            band(theme, inner, buffer, row);
        }
        let line = Line::from(vec![
            Span::raw(format!("  {:<20} ", command.name)),
            Span::styled(format!("{:<9} ", command.keys), theme.accent()),
            Span::styled(command.about, theme.dim()),
        ]);
        draw::line(buffer, inner, row, &line);
    }
}

fn picker(state: &State, picker: &Picker, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let choices = picker.kind.choices(state);
    let note = if picker.kind.is_single() { "enter chooses" } else { "space chooses · esc closes" };
    let inner = open(theme, area, buffer, picker_size(&choices), picker.kind.title(), note);
    let n_shown = usize::from(inner.height);
    let first = (picker.cursor + 1).saturating_sub(n_shown);
    for (row, (idx, choice)) in choices.iter().enumerate().skip(first).take(n_shown).enumerate() {
        if idx == picker.cursor {
            band(theme, inner, buffer, row as u16);
        }
        let sign = match (picker.kind.is_single(), choice.is_chosen) {
            (true, true) => theme.choose("●", "*"),
            (true, false) => theme.choose("○", " "),
            (false, true) => "[x]",
            (false, false) => "[ ]",
        };
        draw::put(buffer, inner, 1, row as u16, &format!("{sign} {}", text::clean(&choice.text)), Style::new());
    }
}

fn menu(state: &State, scope: Scope, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let scopes = [scope];
    let bindings: Vec<_> = state.keymap.of(&scopes).collect();
    let width = bindings.iter().map(|binding| text::width(binding.about)).max().unwrap_or(0) + 5;
    let title = match scope {
        Scope::RunMenu => {
            let targets = state.targets();
            match targets.as_slice() {
                [run] => text::middle(&text::clean(run.id.run()), 40),
                runs => format!("{} marked runs", runs.len()),
            }
        }
        Scope::CopyMenu => "copy".to_owned(),
        _ => "export".to_owned(),
    };
    let inner = open(theme, area, buffer, (width.max(text::width(&title) + 16), bindings.len()), &title, "esc closes");
    for (row, binding) in bindings.iter().enumerate() {
        let line = Line::from(vec![Span::styled(format!(" {:<2} ", binding.shown()), theme.accent()), Span::raw(binding.about)]);
        draw::line(buffer, inner, row as u16, &line);
    }
}
