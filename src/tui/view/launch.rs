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
    let n_rows = state.launch.entries().len() as u16 + 2;
    // Where no plan is shown the list may have all the room but for what enter does.
    let most = if state.launch.plan.is_some() { area.height / 3 } else { area.height.saturating_sub(3) };
    let [files, plan] = if area.width >= 110 {
        Layout::horizontal([Constraint::Length(38), Constraint::Fill(1)]).areas(area)
    } else {
        Layout::vertical([Constraint::Length(n_rows.min(most).max(3)), Constraint::Fill(1)]).areas(area)
    };
    draw_files(state, theme, files, buffer);
    draw_plan(state, theme, plan, buffer);
}

fn draw_files(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let entries = state.launch.entries();
    let n_rows = usize::from(area.height.saturating_sub(2));
    let first = (state.launch.cursor + 1).saturating_sub(n_rows);
    let (above, below) = (first, entries.len().saturating_sub(first + n_rows));
    let note = match (&state.launch.files, above, below) {
        (None, ..) => "looking …".to_owned(),
        (_, 0, 0) => String::new(),
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
    let (title, style) = match plan {
        Some((_, Err(_))) => (" errors ", theme.bad()),
        _ => (" plan ", theme.title()),
    };
    let note = match (&state.launch.waiting, plan) {
        (Some(waiting), _) => format!("{waiting} …"),
        (None, Some((_, Ok(_)))) => "enter or F5 starts it".to_owned(),
        (None, Some((_, Err(_)))) => "mend the file, then enter".to_owned(),
        (None, None) => String::new(),
    };
    let inner = draw::panel(buffer, area, theme, &Line::styled(title, style), &note);
    let Some((path, plan)) = plan else {
        let hint = if state.launch.waiting.is_some() { "" } else { hint_of(state) };
        draw::put(buffer, inner, 1, 0, hint, theme.dim());
        return;
    };
    let content = plan.as_ref().unwrap_or_else(|errors| errors);
    let path = text::clean(&path.display().to_string());
    draw::put(buffer, inner, 1, 0, &path, theme.dim());
    let body = Rect { x: inner.x + 1, y: inner.y + 1, width: inner.width.saturating_sub(1), height: inner.height.saturating_sub(1) };
    let lines = text::wrap(&text::clean(content), usize::from(body.width));
    let first = state.launch.scroll.min(lines.len().saturating_sub(usize::from(body.height)));
    let below = lines.len().saturating_sub(first + usize::from(body.height));
    if first > 0 || below > 0 {
        let more = Line::styled(format!("j k scroll  {below} more lines "), theme.dim());
        draw::right(buffer, inner, 0, text::width(&path) + 3, &more);
    }
    for (row, line) in lines.iter().skip(first).take(usize::from(body.height)).enumerate() {
        draw::put(buffer, body, 0, row as u16, line, if plan.is_err() { theme.warn() } else { Style::new() });
    }
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
