//! What the experiment of the form would cost: a line for each run, sums, warnings; or what is wrong with it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::report::number::{bytes, grouped};
use crate::tui::form::Form;
use crate::tui::form::estimate::{DraftPlan, DraftRun};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::draw;

/// Lines that the short plan would fill.
pub fn n_lines(form: &Form) -> usize {
    match form.current_plan() {
        Some(plan) if form.problems.is_empty() => plan.runs.len() + plan.warnings.len() + 2,
        _ => form.problems.len().max(1) + 1,
    }
}

/// The short plan in its panel.
pub fn draw(form: &Form, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let has_problems = !form.problems.is_empty();
    let title = if has_problems { Line::styled(" not yet ", theme.warn()) } else { Line::styled(" plan ", theme.title()) };
    let inner = draw::panel(buffer, area, theme, &title, &note(form));
    let width = usize::from(inner.width).saturating_sub(1);
    let lines: Vec<(String, Style)> = if has_problems {
        problems(form, theme, width)
    } else {
        form.current_plan().map(|plan| short(plan, theme, width)).unwrap_or_default()
    };
    for (row, (line, style)) in lines.iter().take(usize::from(inner.height)).enumerate() {
        draw::put(buffer, inner, 1, row as u16, line, *style);
    }
    let hidden = lines.len().saturating_sub(usize::from(inner.height));
    if hidden > 0 && inner.height > 0 {
        // While something is typed that key has another meaning.
        let key = if form.editing.is_some() { "" } else { ": tab" };
        draw::right(buffer, inner, inner.height - 1, 0, &Line::styled(format!(" +{hidden} lines{key} "), theme.dim()));
    }
}

/// What stands in the frame: how many warnings there are, since the small panel may not have room for them.
fn note(form: &Form) -> String {
    if form.is_planning {
        return "reading data and model …".to_owned();
    }
    let key = form.what_start_does();
    match form.current_plan().filter(|_| form.problems.is_empty()).map(|plan| plan.warnings.len()) {
        None => String::new(),
        Some(0) => key.to_owned(),
        Some(1) => format!("! 1 warning   {key}"),
        Some(n) => format!("! {n} warnings   {key}"),
    }
}

/// The whole plan, scrolled.
pub fn full(form: &Form, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let Some(plan) = form.current_plan().filter(|_| form.problems.is_empty()) else { return draw(form, theme, area, buffer) };
    let inner = draw::panel(buffer, area, theme, &Line::styled(" dry run: what would run ", theme.title()), form.what_start_does());
    let lines = wrapped(plan, area);
    let n_shown = usize::from(inner.height);
    let first = form.scroll.min(lines.len().saturating_sub(n_shown));
    for (row, line) in lines.iter().skip(first).take(n_shown).enumerate() {
        draw::put(buffer, inner, 1, row as u16, line, Style::new());
    }
    draw::scrolled(buffer, area, theme, first, lines.len().saturating_sub(first + n_shown));
}

/// Lines of the whole plan that lie out of sight.
pub fn n_hidden(form: &Form, area: Rect) -> usize {
    let lines = form.current_plan().map_or(0, |plan| wrapped(plan, area).len());
    lines.saturating_sub(usize::from(draw::inside(area).height))
}

fn wrapped(plan: &DraftPlan, area: Rect) -> Vec<String> {
    text::wrap(&text::clean(&plan.full), usize::from(draw::inside(area).width).saturating_sub(1))
}

fn problems(form: &Form, theme: Theme, width: usize) -> Vec<(String, Style)> {
    let said = |problem: &crate::spec::experiment::problem::Problem| {
        let place = problem.location.map(|(line, _)| format!("line {line}: ")).unwrap_or_default();
        let hint = problem.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        text::clean(&format!("{} {place}{}{hint}", theme.choose("✗", "x"), problem.message))
    };
    form.problems.iter().flat_map(|problem| text::wrap(&said(problem), width.max(1))).map(|line| (line, theme.bad())).collect()
}

fn short(plan: &DraftPlan, theme: Theme, width: usize) -> Vec<(String, Style)> {
    let name_width = plan.runs.iter().map(|run| text::width(&run.name)).max().unwrap_or(0).clamp(4, width.saturating_sub(48).max(8));
    let head = format!("{:<name_width$} {:>11} {:>6} {:>8} {:>7} {:>8}", "RUN", "TRAINABLE", "%", "MEMORY", "TIME", "DISK");
    let mut lines = vec![(head, theme.dim())];
    let of_run = |run: &DraftRun| {
        let name = text::middle(&text::clean(&run.name), name_width);
        let time = run.seconds.map_or_else(|| "?".to_owned(), about);
        let percent = text::percent(run.percent / 100.0);
        let (memory, disk) = (bytes(run.memory_bytes), bytes(run.disk_bytes));
        format!("{name:<name_width$} {:>11} {percent:>6} {memory:>8} {time:>7} {disk:>8}", grouped(run.trainable))
    };
    lines.extend(plan.runs.iter().map(|run| (of_run(run), Style::new())));
    lines.extend(text::wrap(&sums(plan), width.max(1)).into_iter().map(|line| (line, theme.accent())));
    for (line, warning) in &plan.warnings {
        let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        let said = text::clean(&format!("! {place}{warning}"));
        lines.extend(text::wrap(&said, width.max(1)).into_iter().map(|line| (line, theme.warn())));
    }
    lines
}

/// All runs together, as far as it can be told.
fn sums(plan: &DraftPlan) -> String {
    let n_known = plan.runs.iter().filter(|run| run.seconds.is_some()).count();
    let time = match plan.seconds() {
        Some(seconds) => format!("training about {}, as earlier runs went", about(seconds)),
        None if n_known == 0 => "time unknown: no earlier run of this model and these methods".to_owned(),
        None => match plan.runs.len() - n_known {
            1 => "time of 1 run unknown: no earlier run like it".to_owned(),
            several => format!("time of {several} runs unknown: no earlier run like them"),
        },
    };
    let mut memory: Vec<u64> = plan.runs.iter().map(|run| run.memory_bytes).collect();
    memory.sort_unstable_by(|a, b| b.cmp(a));
    let at_once: u64 = memory.iter().take(plan.runs_at_once.max(1)).sum();
    let disk: u64 = plan.runs.iter().map(|run| run.disk_bytes).sum();
    let free = plan.free_bytes.map(|free| format!(" of {} free", bytes(free))).unwrap_or_default();
    let runs = if plan.runs.len() == 1 { "1 run".to_owned() } else { format!("{} runs", plan.runs.len()) };
    format!("{runs}, {} at once; {time}; memory {}; keeps {}{free}", plan.runs_at_once, bytes(at_once), bytes(disk))
}

/// A time in its largest unit.
fn about(seconds: f64) -> String {
    if seconds < 90.0 {
        format!("{:.0} s", seconds.max(1.0))
    } else if seconds < 5400.0 {
        format!("{:.0} min", seconds / 60.0)
    } else {
        format!("{:.1} h", seconds / 3600.0)
    }
}
