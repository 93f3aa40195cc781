//! The help: the key table, by place.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::keys::{KEYS, Scope};
use crate::tui::theme::Theme;
use crate::tui::view::draw;

/// Places in the order of the help.
const PLACES: [(Scope, &str); 5] = [
    (Scope::Runs, "runs and charts"),
    (Scope::Overview, "all runs"),
    (Scope::Run, "one run"),
    (Scope::Launch, "launch"),
    (Scope::Global, "everywhere"),
];

/// Draws the help over the body.
pub fn draw(scroll: usize, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let lines = lines(theme);
    let width = area.width.min(78);
    let height = area.height.min(lines.len() as u16 + 2);
    let place = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    draw::clear(buffer, area);
    let n_rows = usize::from(height.saturating_sub(2));
    let most = lines.len().saturating_sub(n_rows);
    let note = if most > 0 { "j k scroll · esc closes" } else { "esc closes" };
    let inner = draw::panel(buffer, place, theme, &Line::styled(" keys ", theme.title()), note);
    for (row, line) in lines.iter().skip(scroll.min(most)).take(n_rows).enumerate() {
        draw::line(buffer, inner, row as u16, line);
    }
}

fn lines(theme: Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (scope, name) in PLACES {
        lines.push(Line::styled(format!(" {name}"), theme.title()));
        for binding in KEYS.iter().filter(|binding| binding.scope == scope) {
            lines.push(Line::from(vec![Span::styled(format!("  {:<9}", binding.shown), theme.accent()), Span::raw(binding.about)]));
        }
    }
    lines.push(Line::styled(" signs", theme.title()));
    lines.push(Line::raw("  V.LOSS, T.LOSS  validation loss; mean training loss since the evaluation before"));
    lines.push(Line::raw("  GAP             V.LOSS − T.LOSS; ! overfits, ~ watch"));
    lines.push(Line::raw("  BEST            step of the best validation"));
    lines
}
