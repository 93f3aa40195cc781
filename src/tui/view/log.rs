//! The log of a run: its events in words, then the end of its stderr.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::run::catalog::RunView;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::draw;

/// Draws the log, its end at the bottom unless it is scrolled.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer, run: &RunView) {
    let stderr = state.stderr.as_ref().filter(|(id, _)| *id == run.id).map_or(&[][..], |(_, lines)| lines);
    let n_lines = run.state.log.len() + stderr.len();
    let note = if state.log_scroll > 0 { format!("{} below, G follows", state.log_scroll.min(n_lines)) } else { "k j scroll".to_owned() };
    let inner = draw::panel(buffer, area, theme, &Line::styled(" log ", theme.title()), &note);
    let n_rows = usize::from(inner.height);
    let end = n_lines.saturating_sub(state.log_scroll).max(n_rows.min(n_lines));
    let start = run.state.first_time.unwrap_or(0.0);
    let events = run.state.log.iter().map(|(time, words)| (Some(time - start), words.as_str()));
    let lines = events.chain(stderr.iter().map(|line| (None, line.as_str())));
    let (first, count) = (end.saturating_sub(n_rows), n_rows.min(end));
    for (row, (time, words)) in lines.skip(first).take(count).enumerate() {
        let time = time.map_or_else(|| "stderr".to_owned(), |time| format!("+{}", text::duration(time)));
        let line = Line::from(vec![Span::styled(format!(" {time:>7}  "), theme.dim()), Span::raw(text::clean(words).replace('\n', " "))]);
        draw::line(buffer, inner, row as u16, &line);
    }
    if n_lines == 0 {
        draw::put(buffer, inner, 1, 0, "nothing has happened yet", theme.dim());
    }
}
