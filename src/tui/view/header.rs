//! The first row: what is shown, and how many runs are in which state.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::run::status::RunStatus;
use crate::tui::state::{Focus, Screen, State};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::draw;

/// Draws the header.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let spans: Vec<Span> = parts(state, theme, area.width).into_iter().map(|(span, _)| span).collect();
    let left = Line::from(spans);
    let reserved = left.width() + 2;
    draw::line(buffer, area, 0, &left);
    let counts = counts(state);
    let room = usize::from(area.width).saturating_sub(reserved);
    let widest = [Words::Long, Words::Short, Words::Glyphs].map(|words| tally(&counts, theme, words));
    if let Some(line) = widest.into_iter().find(|line| line.width() <= room) {
        draw::right(buffer, area, 0, reserved, &line);
    }
}

/// What stands at the left, and which of it are tabs.
fn parts(state: &State, theme: Theme, width: u16) -> Vec<(Span<'static>, Option<Screen>)> {
    let mut parts = vec![(Span::styled(" finetop ", theme.accent()), None)];
    let experiments = state.experiments();
    let name = match state.experiment() {
        Some(name) => text::middle(&text::clean(name), 24),
        None if state.focus == Focus::All => "all experiments".to_owned(),
        None => String::new(),
    };
    if !name.is_empty() {
        parts.push((Span::styled(format!(" {name}"), theme.title()), None));
    }
    if experiments.len() > 1
        && let Some(position) = experiments.iter().position(|experiment| Some(*experiment) == state.experiment())
    {
        parts.push((Span::styled(format!(" {}/{} {{ }}", position + 1, experiments.len()), theme.dim()), None));
    }
    if width >= 76 {
        parts.push((Span::raw("  "), None));
        for (idx, screen) in Screen::ALL.into_iter().enumerate() {
            let is_shown = state.screen == screen;
            // Where there is little room only the shown one has its name.
            let name = if is_shown || width >= 100 { format!(" {}", screen.name()) } else { String::new() };
            let (open, close) = if is_shown { ("[", "]") } else { (" ", " ") };
            let style = if is_shown { theme.title() } else { theme.dim() };
            parts.push((Span::styled(format!("{open}{}{name}{close}", idx + 1), style), Some(screen)));
        }
    }
    parts
}

/// The screen whose tab stands in a column.
pub fn tab_at(state: &State, width: u16, column: u16) -> Option<Screen> {
    let plain = Theme::new(crate::tui::theme::Colors::None, crate::tui::theme::Glyphs::Unicode);
    let mut end = 0;
    parts(state, plain, width).into_iter().find_map(|(span, screen)| {
        let start = end;
        end += span.width() as u16;
        screen.filter(|_| (start..end).contains(&column))
    })
}

/// How a status is told.
#[derive(Clone, Copy)]
enum Words {
    Long,
    Short,
    Glyphs,
}

/// How many of the runs in focus have which status, in the order of a run's life.
fn counts(state: &State) -> Vec<(RunStatus, usize)> {
    let mut counts: Vec<(RunStatus, usize)> = Vec::new();
    for run in state.visible() {
        match counts.iter_mut().find(|(status, _)| *status == run.status) {
            Some((_, count)) => *count += 1,
            None => counts.push((run.status, 1)),
        }
    }
    counts.sort_by_key(|(status, _)| *status);
    counts
}

fn tally(counts: &[(RunStatus, usize)], theme: Theme, words: Words) -> Line<'static> {
    let mut spans: Vec<Span> = Vec::new();
    for (status, count) in counts {
        let what = match words {
            Words::Long => status.name(),
            Words::Short => short_name(*status),
            Words::Glyphs => theme.status_glyph(*status),
        };
        spans.push(Span::styled(format!("{count} {what}"), theme.status(*status)));
        spans.push(Span::raw("  "));
    }
    Line::from(spans)
}

const fn short_name(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Queued => "queue",
        RunStatus::Starting => "start",
        RunStatus::Running => "run",
        RunStatus::Paused => "pause",
        RunStatus::Stalled => "stall",
        RunStatus::Finished => "done",
        RunStatus::Stopped => "stop",
        RunStatus::Failed => "fail",
        RunStatus::Diverged => "NaN",
        RunStatus::Lost => "lost",
    }
}
