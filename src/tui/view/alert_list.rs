//! The list of alerts: one a line, and all about the one under the cursor below.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::alerts::Urgency;
use crate::tui::overlay::alert_list::{self, AlertList, Entry};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::draw;

/// Rows of what is said about the alert under the cursor.
const DETAIL_ROWS: u16 = 7;

/// Draws the list over the body.
pub fn draw(state: &State, list: AlertList, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let entries = alert_list::entries(state);
    let width = area.width.min(110);
    let height = (entries.len().max(1) as u16 + 2 + DETAIL_ROWS).clamp(area.height.min(12), area.height);
    let place = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 3, width, height };
    draw::clear(buffer, place);
    let title = Line::styled(format!(" alerts: {} ", entries.len()), theme.title());
    let inner = draw::panel(buffer, place, theme, &title, "enter opens the run · M mutes the rule · esc closes");
    if entries.is_empty() {
        return draw::put(buffer, inner, 1, 0, "nothing needs attention", theme.dim());
    }
    let [rows, detail] = Layout::vertical([Constraint::Fill(1), Constraint::Length(DETAIL_ROWS)]).areas(inner);
    let cursor = list.cursor.min(entries.len() - 1);
    let n_shown = usize::from(rows.height);
    let first = (cursor + 1).saturating_sub(n_shown);
    for (row, (idx, entry)) in entries.iter().enumerate().skip(first).take(n_shown).enumerate() {
        if idx == cursor {
            let band = Rect { y: rows.y + row as u16, height: 1, ..rows };
            buffer.set_style(band.intersection(buffer.area), theme.selected());
        }
        draw::line(buffer, rows, row as u16, &line(theme, entry));
        if idx == cursor {
            draw::put(buffer, rows, 0, row as u16, theme.choose("▌", "|"), theme.accent());
        }
    }
    if let Some(entry) = entries.get(cursor) {
        draw_detail(theme, detail, buffer, entry);
    }
}

fn line(theme: Theme, entry: &Entry) -> Line<'static> {
    let (glyph, style) = match entry.urgency {
        _ if entry.is_muted => ("-", theme.dim()),
        Urgency::Problem => (theme.choose("✗", "x"), theme.bad()),
        Urgency::Warning => ("!", theme.warn()),
        Urgency::Watch => ("~", theme.warn()),
        Urgency::Info => ("i", theme.dim()),
    };
    let name = text::middle(&text::clean(entry.id.run()), 16);
    let rule = entry.rule.map_or("run", |rule| rule.name());
    let muted = if entry.is_muted { "muted: " } else { "" };
    let what_style = if entry.is_muted { theme.dim() } else { Style::new() };
    Line::from(vec![
        Span::styled(format!(" {glyph} "), style),
        Span::styled(format!("{name}{}  ", " ".repeat(16_usize.saturating_sub(text::width(&name)))), theme.title()),
        Span::styled(format!("{rule:<16}  "), theme.dim()),
        Span::styled(format!("{muted}{}", entry.what), what_style),
    ])
}

fn draw_detail(theme: Theme, area: Rect, buffer: &mut Buffer, entry: &Entry) {
    let edge = theme.choose("─", "-").repeat(usize::from(area.width));
    draw::put(buffer, area, 0, 0, &edge, theme.line());
    let since = entry.since.map_or_else(String::new, |since| format!("step {}, epoch {:.1}", since.step, since.epoch));
    let keys = if entry.keys.is_empty() { String::new() } else { format!("{}  (enter opens the run first)", entry.keys) };
    let facts =
        [("what", entry.what.clone()), ("since", since), ("why", entry.why.to_owned()), ("do", entry.advice.clone()), ("key", keys)];
    let mut row = 1;
    for (name, value) in facts.into_iter().filter(|(_, value)| !value.is_empty()) {
        for (idx, line) in text::wrap(&value, usize::from(area.width).saturating_sub(9)).into_iter().enumerate().take(2) {
            let name = if idx == 0 { name } else { "" };
            let spans = vec![Span::styled(format!(" {name:<6} "), theme.dim()), Span::raw(line)];
            draw::line(buffer, area, row, &Line::from(spans));
            row += 1;
        }
    }
}
