//! The file of the form with its line numbers; what is wrong stands under the line that it is about.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::spec::experiment::locate::locate;
use crate::tui::form::{Form, Page, draft};
use crate::tui::text;
use crate::tui::theme::{Colors, Glyphs, Theme};
use crate::tui::view::draw;

/// The first line to show, so that what is wrong is seen, else the line of the row under the cursor.
pub fn around_cursor(form: &Form, height: u16) -> usize {
    let place = form.document.as_ref().ok().zip(form.field()).and_then(|(document, field)| draft::place(document, &field.path));
    let of_row = place.and_then(|place| locate(&form.text, &place)).map(|(line, _)| line);
    let wrong = || form.problems.iter().filter_map(|problem| problem.location).map(|(line, _)| line);
    let line = wrong().find(|line| Some(*line) == of_row).or(wrong().next()).or(of_row).unwrap_or(1);
    line.saturating_sub(usize::from(height) / 2)
}

/// Draws the file from line `first` on.
pub fn draw(form: &Form, theme: Theme, area: Rect, buffer: &mut Buffer, first: usize) {
    let n_problems = form.problems.len();
    let note = match (&form.document, n_problems) {
        (Err(_), _) => "no form can show it: F4 opens the editor".to_owned(),
        (_, 0) => "F4 opens the editor".to_owned(),
        (_, 1) => "1 error".to_owned(),
        (_, n) => format!("{n} errors"),
    };
    let file = text::middle(&text::clean(&form.path().display().to_string()), usize::from(area.width / 2));
    let inner = draw::panel(buffer, area, theme, &Line::styled(format!(" {file} "), theme.title()), &note);
    let lines = lines(form, theme, inner.width);
    let n_shown = usize::from(inner.height);
    let first = first.min(lines.len().saturating_sub(n_shown));
    for (row, line) in lines.iter().skip(first).take(n_shown).enumerate() {
        draw::line(buffer, inner, row as u16, line);
    }
    if form.page == Page::File {
        draw::scrolled(buffer, area, theme, first, lines.len().saturating_sub(first + n_shown));
    }
}

/// Lines of it that lie out of sight.
pub fn n_hidden(form: &Form, area: Rect) -> usize {
    let inner = draw::inside(area);
    lines(form, Theme::new(Colors::None, Glyphs::Unicode), inner.width).len().saturating_sub(usize::from(inner.height))
}

/// The file's lines, and under each what is wrong with it.
fn lines(form: &Form, theme: Theme, columns: u16) -> Vec<Line<'static>> {
    let width = usize::from(columns).saturating_sub(7);
    let mut lines: Vec<Line<'static>> = Vec::new();
    let said = |problem: &crate::spec::experiment::problem::Problem| {
        let hint = problem.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        text::clean(&format!("{}{hint}", problem.message)).replace('\n', " ")
    };
    if let Err(why) = &form.document {
        lines.extend(text::wrap(&text::clean(why), width.max(1)).into_iter().map(|line| Line::styled(line, theme.warn())));
    }
    for problem in form.problems.iter().filter(|problem| problem.location.is_none()) {
        lines.extend(text::wrap(&said(problem), width.max(1)).into_iter().map(|line| Line::styled(line, theme.bad())));
    }
    for (idx, line) in form.text.lines().enumerate() {
        let number = Span::styled(format!("{:>4}  ", idx + 1), theme.dim());
        lines.push(Line::from(vec![number, Span::styled(text::clean(line), Style::new())]));
        for problem in &form.problems {
            let Some((_, column)) = problem.location.filter(|(line, _)| *line == idx + 1) else { continue };
            let indent = 6 + column.saturating_sub(1).min(width / 2);
            let wrapped = text::wrap(&said(problem), (width + 6).saturating_sub(indent + 2).max(1));
            for (row, part) in wrapped.into_iter().enumerate() {
                let sign = if row == 0 { theme.choose("↑ ", "^ ") } else { "  " };
                lines.push(Line::styled(format!("{:indent$}{sign}{part}", ""), theme.bad()));
            }
        }
    }
    lines
}
