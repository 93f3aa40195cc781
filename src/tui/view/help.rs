//! The help: the key table, by place.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::act;
use crate::tui::keys::action::Scope;
use crate::tui::overlay::Help;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::draw;

/// Places in the order of the help, but for those of the screen below, which come first.
const PLACES: [(Scope, &str); 16] = [
    (Scope::Runs, "runs and charts"),
    (Scope::Overview, "all runs"),
    (Scope::Compare, "compare"),
    (Scope::Run, "one run"),
    (Scope::Mistakes, "what a run gets wrong"),
    (Scope::Log, "log of a run"),
    (Scope::Found, "search in a log"),
    (Scope::RunMenu, "run menu"),
    (Scope::Launch, "launch"),
    (Scope::Form, "form"),
    (Scope::Waiting, "form of a run that waits"),
    (Scope::Queue, "queue"),
    (Scope::System, "system"),
    (Scope::Global, "everywhere"),
    (Scope::Alerts, "alerts"),
    (Scope::ExportMenu, "export menu"),
];

/// Signs of the table.
const SIGNS: [&str; 5] = [
    "V.LOSS, T.LOSS  validation loss; mean training loss since the evaluation before",
    "GAP             V.LOSS − T.LOSS; ! overfits, ~ watch",
    "BEST            step of the best validation",
    "★ ⊣ ⇅ ✗        on charts: best, stopped before its last step, another learning rate, NaN",
    "*  ·            marked; not on the charts, since others are marked",
];

/// Draws the help over the body.
pub fn draw(state: &State, help: &Help, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let search = help.search.text();
    let lines = lines(state, theme, &search.to_lowercase());
    let width = area.width.min(84);
    let height = area.height.min(lines.len() as u16 + 3).max(area.height.min(6));
    let place = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    draw::clear(buffer, area);
    let n_rows = usize::from(height.saturating_sub(3));
    let most = lines.len().saturating_sub(n_rows);
    let note = if most > 0 { "↓ ↑ scroll · esc closes" } else { "esc closes" };
    let inner = draw::panel(buffer, place, theme, &Line::styled(" keys ", theme.title()), note);
    let typed = text::clean(&search);
    let hint = if typed.is_empty() { "type to search" } else { "" };
    let line = Line::from(vec![
        Span::styled(" / ", theme.accent()),
        Span::raw(typed),
        Span::styled(" ", ratatui::style::Style::new().add_modifier(ratatui::style::Modifier::REVERSED)),
        Span::styled(hint, theme.dim()),
    ]);
    draw::line(buffer, inner, 0, &line);
    for (row, line) in lines.iter().skip(help.scroll.min(most)).take(n_rows).enumerate() {
        draw::line(buffer, inner, row as u16 + 1, line);
    }
}

/// The lines in which every word of `search` occurs, below the names of their places.
fn lines(state: &State, theme: Theme, search: &str) -> Vec<Line<'static>> {
    let fits = |text: &str| search.split_whitespace().all(|word| text.to_lowercase().contains(word));
    let mut lines = Vec::new();
    // What holds on the screen below comes first.
    let here = act::here(state);
    let nearness = |scope: Scope| here.iter().filter(|near| **near != Scope::Global).position(|near| *near == scope).unwrap_or(usize::MAX);
    let mut places = PLACES;
    places.sort_by_key(|(scope, _)| nearness(*scope));
    for (scope, place) in places {
        let scopes = [scope];
        let bindings = state.keymap.of(&scopes).filter(|binding| fits(&format!("{place} {} {}", binding.shown(), binding.about)));
        let bindings: Vec<_> = bindings.collect();
        if bindings.is_empty() {
            continue;
        }
        lines.push(Line::styled(format!(" {place}"), theme.title()));
        for binding in bindings {
            lines.push(Line::from(vec![Span::styled(format!("  {:<9} ", binding.shown()), theme.accent()), Span::raw(binding.about)]));
        }
    }
    let signs: Vec<&str> = SIGNS.into_iter().filter(|sign| fits(sign)).collect();
    if !signs.is_empty() {
        lines.push(Line::styled(" signs", theme.title()));
        lines.extend(signs.into_iter().map(|sign| Line::raw(format!("  {sign}"))));
    }
    if lines.is_empty() {
        lines.push(Line::styled(" no key does this; : lists every command by name", theme.dim()));
    }
    lines
}
