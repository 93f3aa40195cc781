//! The log of a run: events in words or the worker's output, what is looked for marked.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::run::catalog::RunView;
use crate::tui::screen::log::{self, LogLine, LogSource};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::draw;

/// Columns of the time, and the blanks around it.
const TIME_WIDTH: usize = 10;

/// Draws the log, its end at the bottom unless it is held still.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer, run: &RunView) {
    let lines = log::lines(state, run);
    let n_rows = usize::from(area.height.saturating_sub(2));
    let end = log::end(&state.log, &lines).max(n_rows.min(lines.len()));
    let n_below = lines.len() - end;
    let note = match (state.log.held_at, n_below) {
        (None, _) => theme.choose("▼ follows", "v follows").to_owned(),
        (Some(_), 0) => "held still · f follows".to_owned(),
        (Some(_), n) => format!("{n} below · f follows"),
    };
    let inner = draw::panel(buffer, area, theme, &title(theme, state, run), &note);
    let first = end.saturating_sub(usize::from(inner.height));
    for (row, line) in lines[first..end].iter().enumerate() {
        draw::line(buffer, inner, row as u16, &in_words(theme, state, line, usize::from(inner.width)));
    }
    if lines.is_empty() {
        let why = match state.log.source {
            LogSource::Events => "nothing has happened yet",
            _ if log::tail(state, run).is_none() => "reading …",
            _ => "the worker wrote nothing here",
        };
        draw::put(buffer, inner, 1, 0, why, theme.dim());
    }
}

/// What is shown of what there is, how much of a long file, and what is looked for.
fn title(theme: Theme, state: &State, run: &RunView) -> Line<'static> {
    let mut spans = vec![Span::styled(" log ", theme.title())];
    for source in LogSource::ALL {
        let style = if source == state.log.source { theme.title().add_modifier(Modifier::UNDERLINED) } else { theme.dim() };
        spans.extend([Span::styled(source.name(), style), Span::raw(" ")]);
    }
    if let Some(tail) = log::tail(state, run).filter(|tail| tail.is_cut()) {
        let shown = tail.length - tail.lines.front().map_or(0, |line| line.at);
        spans.push(Span::styled(format!("the last {} of {} ", text::bytes(shown), text::bytes(tail.length)), theme.dim()));
    }
    let log = &state.log;
    if !log.search.is_empty() {
        let n_matches = log.matches.len();
        let at = log.current.map(|at| log.matches.partition_point(|other| *other < at) + 1);
        let count = at.filter(|at| *at <= n_matches).map_or_else(|| n_matches.to_string(), |at| format!("{at} of {n_matches}"));
        spans.push(Span::styled(format!("/{}: {count} ", text::clean(&log.search)), theme.accent()));
    }
    Line::from(spans)
}

fn in_words(theme: Theme, state: &State, line: &LogLine, width: usize) -> Line<'static> {
    let shown = log::shown(line.text);
    let needle = log::folded(&state.log.search);
    let is_current = state.log.current == Some(line.at);
    let mut spans = Vec::new();
    let mut room = width;
    if state.log.source == LogSource::Events {
        let time = line.seconds.map_or_else(|| "stderr".to_owned(), |seconds| format!("+{}", text::duration(seconds)));
        spans.push(Span::styled(format!(" {time:>7}  "), theme.dim()));
        room = room.saturating_sub(TIME_WIDTH);
    } else {
        spans.push(Span::raw(" "));
    }
    if needle.is_empty() {
        spans.push(Span::raw(shown));
        return Line::from(spans);
    }
    let folded = log::folded(&shown);
    let letters: Vec<char> = shown.chars().collect();
    let n_needle = needle.chars().count();
    let places: Vec<usize> = folded.match_indices(&needle).map(|(byte, _)| folded[..byte].chars().count()).collect();
    // The line that is looked at is moved so far that what was found in it is seen.
    let first =
        places.first().copied().filter(|place| is_current && place + n_needle > room).map_or(0, |place| place.saturating_sub(room / 3));
    let mark = if is_current { theme.question() } else { Style::new().add_modifier(Modifier::REVERSED) };
    let mut at = first;
    for place in places.into_iter().filter(|place| *place >= first) {
        spans.push(Span::raw(letters[at..place.max(at)].iter().collect::<String>()));
        let to = (place + n_needle).max(at);
        spans.push(Span::styled(letters[place.max(at)..to].iter().collect::<String>(), mark));
        at = to;
    }
    spans.push(Span::raw(letters[at..].iter().collect::<String>()));
    Line::from(spans)
}
