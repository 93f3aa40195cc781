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

/// Rows that what is said about the alert under the cursor has at least, its upper edge among them.
const LEAST_DETAIL: u16 = 7;

/// Rows that are left for the list, where there are as many alerts, and for the frame.
const LEAST_LIST: u16 = 5;

/// Draws the list over the body.
pub fn draw(state: &State, list: AlertList, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let entries = alert_list::entries(state);
    let width = area.width.min(110);
    // As many as any of them needs, so that the list stands still while the cursor moves.
    let needed = entries.iter().map(|entry| facts(entry, width.saturating_sub(2)).len() as u16 + 1).max().unwrap_or(0);
    let n_detail = needed.min(area.height.saturating_sub(LEAST_LIST)).max(LEAST_DETAIL);
    let height = (entries.len().max(1) as u16 + 2 + n_detail).clamp(area.height.min(12), area.height);
    let place = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 3, width, height };
    draw::clear(buffer, place);
    let title = Line::styled(format!(" alerts: {} ", entries.len()), theme.title());
    let inner = draw::panel(buffer, place, theme, &title, "enter opens the run · M mutes the rule · esc closes");
    if entries.is_empty() {
        return draw::put(buffer, inner, 1, 0, "nothing needs attention", theme.dim());
    }
    let [rows, detail] = Layout::vertical([Constraint::Fill(1), Constraint::Length(n_detail)]).areas(inner);
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
    let facts = facts(entry, area.width);
    let n_shown = usize::from(area.height.saturating_sub(1));
    for (row, (name, value)) in facts.iter().take(n_shown).enumerate() {
        let more = if row + 1 == n_shown && facts.len() > n_shown { " …" } else { "" };
        let spans = vec![Span::styled(format!(" {name:<6} "), theme.dim()), Span::raw(format!("{value}{more}"))];
        draw::line(buffer, area, row as u16 + 1, &Line::from(spans));
    }
}

/// All that is said of an alert, in lines for this many columns, each fact named in its first line.
fn facts(entry: &Entry, columns: u16) -> Vec<(&'static str, String)> {
    let since = entry.since.map_or_else(String::new, |since| format!("step {}, epoch {:.1}", since.step, since.epoch));
    let keys = if entry.keys.is_empty() { String::new() } else { format!("{}  (enter opens the run first)", entry.keys) };
    let facts =
        [("what", entry.what.clone()), ("since", since), ("why", entry.why.to_owned()), ("do", entry.advice.clone()), ("key", keys)];
    let wrapped = |(name, value): (&'static str, String)| {
        let lines = text::wrap(&value, usize::from(columns).saturating_sub(9).max(1));
        lines.into_iter().enumerate().map(move |(idx, line)| (if idx == 0 { name } else { "" }, line))
    };
    facts.into_iter().filter(|(_, value)| !value.is_empty()).flat_map(wrapped).collect()
}
