//! The last two rows: a question, a notice or the most urgent alert; and the keys that hold here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::act;
use crate::tui::alerts::{self, Alert, Urgency};
use crate::tui::keys::KEYS;
use crate::tui::state::{Screen, State};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::{draw, overview};

/// Draws message row and key row.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width);
    if let Some(question) = &state.question {
        let text = format!(" {}   y yes   n no ", text::clean(&question.text));
        draw::put(buffer, area, 0, 0, &text::cut(&text, width), theme.question());
    } else if let Some(notice) = &state.notice {
        let style = if notice.is_problem { theme.bad() } else { theme.good() };
        let glyph = if notice.is_problem { theme.choose("✗", "!") } else { theme.choose("✓", "-") };
        draw::put(buffer, area, 0, 0, &format!(" {glyph} {}", text::clean(&notice.text)), style);
    } else if state.screen == Screen::Overview && area.y <= overview::TALL_ROWS {
        let alerts = alerts::alerts(state);
        if let Some(first) = alerts.first() {
            draw::line(buffer, area, 0, &line(theme, first, width.saturating_sub(8)));
            if alerts.len() > 1 {
                let more = Line::from(Span::styled(format!("+{} ", alerts.len() - 1), theme.dim()));
                draw::right(buffer, area, 0, 0, &more);
            }
        }
    }
    keys(state, theme, area, buffer);
}

/// An alert as a line of at most `width` columns; the remedy is never cut off.
pub fn line(theme: Theme, alert: &Alert, width: usize) -> Line<'static> {
    let (glyph, style) = match alert.urgency {
        Urgency::Problem => (theme.choose("✗", "x"), theme.bad()),
        Urgency::Warning => ("!", theme.warn()),
        Urgency::Watch => ("~", theme.warn()),
        Urgency::Info => ("i", theme.dim()),
    };
    let name = text::middle(&text::clean(alert.id.run()), 16);
    let head = text::width(&name) + 5;
    let (long, short) = alert.remedy.unwrap_or_default();
    let arrow = |remedy: &str| if remedy.is_empty() { String::new() } else { format!(" → {remedy}") };
    let choices = [(&alert.text, long), (&alert.text, short), (&alert.brief, long), (&alert.brief, short)];
    let fits = |(text, remedy): &(&String, &str)| head + text::width(text) + text::width(&arrow(remedy)) <= width;
    let (what, remedy) = choices.into_iter().find(fits).unwrap_or((&alert.brief, short));
    let remedy = arrow(remedy);
    let room = width.saturating_sub(head + text::width(&remedy));
    let what = if text::width(what) > room { format!("{}…", text::cut(what, room.saturating_sub(1))) } else { what.clone() };
    Line::from(vec![
        Span::styled(format!(" {glyph} "), style),
        Span::styled(format!("{name}: "), theme.title()),
        Span::styled(what, Style::new()),
        Span::styled(remedy, theme.accent()),
    ])
}

fn keys(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let scopes = act::scopes(state);
    let mut column = 1;
    let shown = KEYS.iter().filter(|binding| scopes.contains(&binding.scope) && !binding.short.is_empty());
    for binding in shown {
        let width = text::width(binding.shown) + 1 + text::width(binding.short);
        if column + width > usize::from(area.width) {
            break;
        }
        draw::put(buffer, area, column as u16, 1, binding.shown, theme.accent());
        draw::put(buffer, area, (column + text::width(binding.shown) + 1) as u16, 1, binding.short, theme.dim());
        column += width + 2;
    }
}
