//! Screen 4: pick an experiment file, see its plan or its errors, start it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::Line;

use crate::tui::form;
use crate::tui::screen::launch::Entry;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::{self, draw};

/// Draws the screen.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    if let Some(shown) = form::act::shown(state) {
        return view::form::draw(shown, theme, area, buffer);
    }
    let [files, plan] = areas(state, area);
    draw_files(state, theme, files, buffer);
    draw_plan(state, theme, plan, buffer);
}

/// The list, and the plan beside it or below.
fn areas(state: &State, area: Rect) -> [Rect; 2] {
    let n_rows = state.launch.entries().len() as u16 + 2;
    // Beside a plan the list has nothing to say but which is chosen; without one it may have all the room but for what enter does.
    let most = if state.launch.plan.is_some() { 3 } else { area.height.saturating_sub(3) };
    if area.width >= 110 {
        Layout::horizontal([Constraint::Length(38), Constraint::Fill(1)]).areas(area)
    } else {
        Layout::vertical([Constraint::Length(n_rows.min(most).max(3)), Constraint::Fill(1)]).areas(area)
    }
}

/// The plan's lines as wide as its panel, and how many of them are seen at once.
fn lines(content: &str, panel: Rect) -> (Vec<String>, usize) {
    let inner = draw::inside(panel);
    (text::wrap(&text::clean(content), usize::from(inner.width.saturating_sub(1))), usize::from(inner.height))
}

/// Lines of the plan that lie out of sight.
pub fn n_hidden(state: &State, area: Rect) -> usize {
    let content = state.launch.plan.as_ref().map_or("", |(_, plan)| plan.as_ref().unwrap_or_else(|errors| errors));
    let (lines, n_shown) = lines(content, areas(state, area)[1]);
    lines.len().saturating_sub(n_shown)
}

fn draw_files(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let entries = state.launch.entries();
    let n_rows = usize::from(area.height.saturating_sub(2));
    let first = (state.launch.cursor + 1).saturating_sub(n_rows);
    let (above, below) = (first, entries.len().saturating_sub(first + n_rows));
    let note = match (&state.launch.files, above, below) {
        (None, ..) => "looking …".to_owned(),
        (_, 0, 0) => String::new(),
        // Here the keys that move scroll the plan.
        _ if state.launch.plan.is_some() => format!("esc: all {}", entries.len()),
        (_, above, 0) => format!("↑ {above} more"),
        (_, _, below) => format!("↓ {below} more"),
    };
    let inner = draw::panel(buffer, area, theme, &Line::styled(" experiments ", theme.title()), &note);
    for (row, (idx, entry)) in entries.iter().enumerate().skip(first).take(n_rows).enumerate() {
        let is_selected = idx == state.launch.cursor;
        let style = if is_selected { theme.selected() } else { Style::new() };
        if is_selected {
            buffer.set_style(Rect { y: inner.y + row as u16, height: 1, ..inner }.intersection(buffer.area), style);
            draw::put(buffer, inner, 0, row as u16, theme.choose("▌", "|"), theme.accent());
        }
        let name = match entry {
            Entry::File(file) => text::clean(&file.display().to_string()),
            Entry::New => "+ new, in a form".to_owned(),
            Entry::FromRun => "+ from the chosen run".to_owned(),
            Entry::Continue => "+ the form that was left".to_owned(),
        };
        let name = text::middle(&name, usize::from(inner.width).saturating_sub(3));
        draw::put(buffer, inner, 2, row as u16, &name, style);
    }
}

fn draw_plan(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let plan = state.launch.plan.as_ref();
    let (what, style) = match plan {
        Some((_, Err(_))) => ("errors", theme.bad()),
        _ => ("plan", theme.title()),
    };
    let note = match (&state.launch.waiting, plan) {
        (Some(waiting), _) => format!("{waiting} …"),
        (None, Some((_, Ok(_)))) => "enter or F5 starts it".to_owned(),
        (None, Some((_, Err(_)))) => "mend the file, then enter".to_owned(),
        (None, None) => String::new(),
    };
    let path = plan.map_or_else(String::new, |(path, _)| format!("of {} ", text::clean(&path.display().to_string())));
    let title = text::middle(&format!(" {what} {path}"), usize::from(area.width).saturating_sub(text::width(&note) + 10));
    let inner = draw::panel(buffer, area, theme, &Line::styled(title, style), &note);
    let Some((_, plan)) = plan else {
        let hint = if state.launch.waiting.is_some() { "" } else { hint_of(state) };
        draw::put(buffer, inner, 1, 0, hint, theme.dim());
        return;
    };
    let (lines, n_shown) = lines(plan.as_ref().unwrap_or_else(|errors| errors), area);
    let first = state.launch.scroll.min(lines.len().saturating_sub(n_shown));
    for (row, line) in lines.iter().skip(first).take(n_shown).enumerate() {
        draw::put(buffer, inner, 1, row as u16, line, if plan.is_err() { theme.warn() } else { Style::new() });
    }
    draw::scrolled(buffer, area, theme, first, lines.len().saturating_sub(first + n_shown));
}

/// What enter does with the row under the cursor.
fn hint_of(state: &State) -> &'static str {
    match state.launch.entry() {
        Some(Entry::New) => "enter builds an experiment in a form: model, data, methods, what they cost",
        Some(Entry::FromRun) => "enter fills a form from the run under the cursor of the overview",
        Some(Entry::Continue) => "enter goes on with the form",
        _ => "enter shows what the file would run, without training; E opens it in a form",
    }
}
