//! The form of an experiment: its rows, beside them plan and file where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::spec::experiment::document::Node;
use crate::tui::form::draft;
use crate::tui::form::field::{self, Field, Kind};
use crate::tui::form::{Form, Page};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::{draw, form_fitting, form_plan, form_text};

/// Columns from which on the plan stands beside the form.
const WIDE: u16 = 110;

/// Columns of the labels.
const LABEL: usize = 18;

/// Draws the form.
pub fn draw(form: &Form, theme: Theme, area: Rect, buffer: &mut Buffer) {
    match form.page {
        Page::Plan => form_plan::full(form, theme, area, buffer),
        Page::File => form_text::draw(form, theme, area, buffer, form.scroll),
        Page::Fields if area.width >= WIDE => {
            let below = if area.height >= 28 { area.height / 3 } else { 0 };
            let [above, file] = Layout::vertical([Constraint::Fill(1), Constraint::Length(below)]).areas(area);
            let [left, right] = Layout::horizontal([Constraint::Percentage(50), Constraint::Fill(1)]).areas(above);
            panel(form, theme, left, buffer);
            beside(form, theme, right, buffer);
            form_text::draw(form, theme, file, buffer, form_text::around_cursor(form, file.height));
        }
        Page::Fields => {
            let n_plan = match fitting(form) {
                Some((fitting, typed)) => form_fitting::n_rows(fitting, &typed, area.width).clamp(4, (area.height / 2).max(4)),
                None => (form_plan::n_lines(form) as u16 + 2).clamp(4, (area.height / 3).max(4)),
            };
            let [above, below] = Layout::vertical([Constraint::Fill(1), Constraint::Length(n_plan)]).areas(area);
            panel(form, theme, above, buffer);
            beside(form, theme, below, buffer);
        }
    }
}

/// Lines of plan or file that lie out of sight.
pub fn n_hidden(form: &Form, area: Rect) -> usize {
    match form.page {
        Page::Fields => 0,
        Page::Plan => form_plan::n_hidden(form, area),
        Page::File => form_text::n_hidden(form, area),
    }
}

/// What the typed path may go on with, where that was asked, and what is typed.
fn fitting(form: &Form) -> Option<(&[String], String)> {
    let editing = form.editing.as_ref()?;
    Some((editing.fitting.as_deref()?, editing.input.halves().0))
}

/// What stands beside the rows: what fits while a path is completed, else the plan.
fn beside(form: &Form, theme: Theme, area: Rect, buffer: &mut Buffer) {
    match fitting(form) {
        Some((fitting, typed)) => form_fitting::draw(fitting, &typed, theme, area, buffer),
        None => form_plan::draw(form, theme, area, buffer),
    }
}

fn panel(form: &Form, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let file = text::clean(&form.title());
    let title = text::middle(&file, usize::from(area.width).saturating_sub(24));
    let inner = draw::panel(buffer, area, theme, &Line::styled(format!(" {title} "), theme.title()), form.standing());
    let [body, about] = Layout::vertical([Constraint::Fill(1), Constraint::Length(u16::from(inner.height > 3))]).areas(inner);
    rows(form, theme, body, buffer);
    let Some(field) = form.field() else { return };
    match form.problem(&field) {
        Some(problem) => {
            let hint = problem.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
            let said = text::clean(&format!("{}{hint}", problem.message)).replace('\n', " ");
            draw::put(buffer, about, 1, 0, &format!("{} {said}", theme.choose("✗", "x")), theme.bad());
        }
        None => draw::put(buffer, about, 1, 0, &text::clean(&field.about), theme.dim()),
    }
}

/// The rows, as many as fit, the one under the cursor among them.
pub fn rows(form: &Form, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let Ok(document) = &form.document else {
        let why = form.document.as_ref().err().map(String::as_str).unwrap_or_default();
        draw::put(buffer, area, 0, 0, &text::clean(&format!("only for the editor (F4): {why}")), theme.warn());
        return;
    };
    let fields = form.fields();
    let n_rows = usize::from(area.height);
    // A row below the one under the cursor is seen too, where there is one.
    let first = (form.cursor + 2).min(fields.len()).saturating_sub(n_rows);
    for (row, (idx, field)) in fields.iter().enumerate().skip(first).take(n_rows).enumerate() {
        let is_selected = idx == form.cursor;
        let row = row as u16;
        if is_selected {
            let band = Rect { y: area.y + row, height: 1, ..area };
            buffer.set_style(band.intersection(buffer.area), theme.selected());
            draw::put(buffer, area, 0, row, theme.choose("▌", "|"), theme.accent());
        }
        let mut line = match &field.kind {
            Kind::Run(idx) => run(form, document, *idx, field, theme),
            Kind::Absent(_) => method("[ ]", field, vec![Span::styled(field.about.clone(), theme.dim())]),
            Kind::All(_) => Line::styled(format!(" {} {}", theme.choose("▸", ">"), field.label), theme.accent()),
            _ => value(form, document, field, theme, is_selected, area.width),
        };
        if form.problem(field).is_some() && !is_selected {
            line.push_span(Span::styled(format!("  {}", theme.choose("✗", "x")), theme.bad()));
        }
        draw::line(buffer, Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area }, row, &line);
        // What is cut says so; while it is typed the end is where the cursor stands.
        let is_typed = is_selected && form.editing.is_some();
        if !is_typed && line.width() >= usize::from(area.width) {
            draw::put(buffer, area, area.width.saturating_sub(1), row, theme.choose("…", "~"), theme.dim());
        }
    }
}

fn method(sign: &str, field: &Field, rest: Vec<Span<'static>>) -> Line<'static> {
    let head = Span::raw(format!(" {sign} {:<LABEL$} ", field.label));
    Line::from(std::iter::once(head).chain(rest).collect::<Vec<_>>())
}

/// A run: what it says for itself.
fn run(form: &Form, document: &Node, idx: usize, field: &Field, theme: Theme) -> Line<'static> {
    let said: Vec<String> = match draft::runs(document).get(idx) {
        Some(Node::Map(entries)) => {
            entries.iter().filter(|(key, _)| key != "method").map(|(key, value)| format!("{key} {}", field::shown(value))).collect()
        }
        _ => Vec::new(),
    };
    let said = if said.is_empty() { "all by default".to_owned() } else { text::clean(&said.join(", ")) };
    let open = form.open == Some(idx);
    let sign = if open { theme.choose("▾", "v") } else { theme.choose("▸", ">") };
    method("[x]", field, vec![Span::styled(format!("{sign} "), theme.accent()), Span::raw(said)])
}

fn value(form: &Form, document: &Node, field: &Field, theme: Theme, is_selected: bool, width: u16) -> Line<'static> {
    let label = format!("{:indent$} {:<LABEL$}", "", field.label, indent = field.indent());
    let mut spans = vec![Span::styled(format!("{label} "), theme.dim())];
    if let Some(editing) = form.editing.as_ref().filter(|_| is_selected) {
        let (before, after) = editing.input.halves();
        let under = after.chars().next().map_or_else(|| " ".to_owned(), String::from);
        // The end of what stands before the cursor is seen, however long it is.
        let room = usize::from(width).saturating_sub(text::width(&label) + 4);
        spans.push(Span::raw(text::end(&text::clean(&before), room)));
        spans.push(Span::styled(text::clean(&under), Style::new().add_modifier(Modifier::REVERSED)));
        spans.push(Span::raw(text::clean(&after.chars().skip(1).collect::<String>())));
        return Line::from(spans);
    }
    match field.value(document).filter(|value| !value.is_empty()) {
        Some(value) => spans.push(Span::styled(text::clean(&value), theme.title())),
        None if field.default.is_empty() => spans.push(Span::styled("enter types it", theme.warn())),
        None => spans.push(Span::styled(format!("({})", field.default), theme.dim())),
    }
    if is_selected && !field.choices().is_empty() {
        spans.push(Span::styled(format!("  {}", field.choices().join(" ")), theme.dim()));
    }
    Line::from(spans)
}
