//! The last two rows: a question or a notice, which may reach further up, or the most urgent alert; and the keys that hold here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::run::status::RunStatus;
use crate::tui::act;
use crate::tui::alerts::{self, Alert, Urgency};
use crate::tui::form::complete;
use crate::tui::keys::action::Action;
use crate::tui::keys::keymap::Binding;
use crate::tui::overlay::{Overlay, Prompt};
use crate::tui::screen::queue::{Row, Standing};
use crate::tui::state::{Screen, State};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::{draw, message, overview};

/// Draws message row and key row.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width);
    if let Some(Overlay::Question(question)) = &state.overlay {
        message::question(&question.text, "y yes   n no", theme, Rect { height: 1, ..area }, buffer);
    } else if let Some(Overlay::Prompt(prompt)) = &state.overlay {
        draw_prompt(prompt, theme, area, buffer);
    } else if let Some(pending) = &state.pending {
        let left = (pending.due - state.now).ceil().max(0.0);
        let text = format!(" {} in {left:.0} s   {} takes it back ", text::clean(&pending.text), state.keymap.shown(Action::Undo));
        draw::put(buffer, area, 0, 0, &text, theme.question());
    } else if let Some(notice) = &state.notice {
        message::notice(notice, theme, Rect { height: 1, ..area }, buffer);
    } else if state.screen == Screen::Overview && area.y <= overview::TALL_ROWS {
        let alerts = alerts::alerts(state);
        if let Some(first) = alerts.first() {
            let more = if alerts.len() > 1 { format!(" +{} ", alerts.len() - 1) } else { String::new() };
            draw::line(buffer, area, 0, &line(theme, first, width.saturating_sub(text::width(&more))));
            draw::right(buffer, area, 0, 0, &Line::styled(more, theme.dim()));
        }
    }
    keys(state, theme, area, buffer);
}

/// A line being typed, with its cursor; what is wrong with it, or how it is written, behind it.
fn draw_prompt(prompt: &Prompt, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width);
    let label = format!(" {} ", prompt.kind.label());
    let room = width.saturating_sub(text::width(&label) + 4);
    let (before, after) = prompt.input.halves();
    // The end of what stands before the cursor is always seen.
    let skip = text::width(&before).saturating_sub(room);
    let before: String = before.chars().skip(skip).collect();
    let under = after.chars().next().map_or_else(|| " ".to_owned(), String::from);
    let rest: String = after.chars().skip(1).collect();
    let note = prompt.problem.clone().unwrap_or_else(|| prompt.kind.hint().to_owned());
    let note_style = if prompt.problem.is_some() { theme.bad() } else { theme.dim() };
    let line = Line::from(vec![
        Span::styled(label, theme.accent()),
        Span::raw(text::clean(&before)),
        Span::styled(text::clean(&under), Style::new().add_modifier(Modifier::REVERSED)),
        Span::raw(text::clean(&rest)),
        Span::styled(format!("   {}", text::clean(&note)), note_style),
    ]);
    draw::line(buffer, area, 0, &line);
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

/// The keys that do something here and now, as many as there is room for, the most needed first; that of the help always.
fn keys(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let scopes = act::scopes(state);
    let mut shown: Vec<&Binding> = Vec::new();
    for binding in state.keymap.of(&scopes).filter(|binding| !binding.short.is_empty() && !binding.keys.is_empty()) {
        // Where two scopes name one key the nearest counts.
        let holds = state.keymap.action(binding.keys[0], &scopes) == Some(binding.action);
        if holds && is_apt(state, binding.action) && !shown.iter().any(|other| other.keys[0] == binding.keys[0]) {
            shown.push(binding);
        }
    }
    let width = |binding: &Binding| text::width(&binding.keys[0].shown()) + text::width(binding.short) + 3;
    let fits = |shown: &[&Binding]| shown.iter().map(|binding| width(binding)).sum::<usize>() <= usize::from(area.width) + 1;
    while shown.len() > 1 && !fits(&shown) {
        let least = shown.iter().rposition(|binding| binding.action != Action::Help).unwrap_or(0);
        shown.remove(least);
    }
    let mut column = 1;
    for binding in shown {
        let keys = binding.keys[0].shown();
        draw::put(buffer, area, column, 1, &keys, theme.accent());
        draw::put(buffer, area, column + text::width(&keys) as u16 + 1, 1, binding.short, theme.dim());
        column += width(binding) as u16;
    }
}

/// Whether an action would do anything now.
fn is_apt(state: &State, action: Action) -> bool {
    let any = |holds: fn(RunStatus) -> bool| state.targets().iter().any(|run| holds(run.status));
    let is_queue = state.screen == Screen::Queue;
    let waits = |row: &Row| row.standing == Standing::Waits;
    let row = || state.queue.rows().into_iter().nth(state.queue.cursor);
    match action {
        _ if state.is_read_only && action.changes_runs() => false,
        // The comparison has no curves.
        Action::Charts | Action::Log | Action::XAxis | Action::ZoomIn | Action::SmoothMore | Action::Crosshair
            if state.screen == Screen::Compare =>
        {
            false
        }
        Action::QueueHold | Action::QueueCancel => row().is_some(),
        Action::QueueEarlier | Action::QueueLater => {
            row().is_some_and(|row| waits(&row)) && state.queue.rows().iter().filter(|row| waits(row)).count() > 1
        }
        Action::Edit if is_queue => state.selected().is_some_and(|run| run.status == RunStatus::Queued && run.job.is_none()),
        Action::Stop | Action::Pause => any(|status| !status.is_over()),
        Action::Complete => complete::is_apt(state),
        Action::Accept => !matches!(state.overlay, Some(Overlay::Help(_))),
        Action::Compare => matches!(state.screen, Screen::Overview | Screen::Run) && any(|_| true),
        Action::Launch => matches!(state.screen, Screen::Overview | Screen::Queue | Screen::System),
        Action::Open
        | Action::Mark
        | Action::RunMenu
        | Action::Charts
        | Action::Log
        | Action::XAxis
        | Action::NextPane
        | Action::ZoomIn
        | Action::SmoothMore
        | Action::Clone => any(|_| true),
        Action::Filter | Action::Sort | Action::Columns | Action::Group | Action::Crosshair => state.in_focus().next().is_some(),
        _ => true,
    }
}
