//! What one, ten, a hundred, a thousand tasks would store.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::report::compare::storage::{Stored, TASKS, stored};
use crate::tui::text;
use crate::tui::view::compare::{Compared, open};
use crate::tui::view::grid::{self, Align, Column};

/// Draws the pane.
pub fn draw(compared: &Compared, area: Rect, buffer: &mut Buffer, note: &str) {
    let theme = compared.theme;
    let inner = open(compared, area, buffer, "stored for many tasks", "one base and a file for each", note);
    let found: Vec<Option<Stored>> = compared.runs.iter().map(|run| stored(run)).collect();
    let mut run = Column::new("  RUN", Align::Left);
    let mut task = Column::new("PER TASK", Align::Right);
    let mut base = Column::new("BASE", Align::Right);
    let mut many = TASKS.map(|tasks| {
        let name = if tasks == 1 { "1 TASK".to_owned() } else { format!("{} TASKS", text::grouped(tasks)) };
        Column::new(name, Align::Right)
    });
    for (idx, found) in found.iter().enumerate() {
        run.cells.push(compared.name(idx));
        let cell = |bytes: Option<u64>| match bytes {
            Some(bytes) => (text::bytes(bytes), Style::new()),
            None => ("--".to_owned(), theme.dim()),
        };
        task.cells.push(cell(found.map(|found| found.task_bytes)));
        base.cells.push(cell(found.map(|found| found.base_bytes).filter(|bytes| *bytes > 0)));
        for (tasks, column) in many.iter_mut().enumerate() {
            column.cells.push(cell(found.map(|found| found.bytes[tasks])));
        }
    }
    for (tasks, column) in many.iter_mut().enumerate() {
        let least = found.iter().flatten().map(|found| found.bytes[tasks]).min();
        for (cell, found) in column.cells.iter_mut().zip(&found) {
            if found.is_some() && found.map(|found| found.bytes[tasks]) == least {
                cell.1 = theme.good().add_modifier(Modifier::BOLD);
            }
        }
    }
    if let Some(whole) = found.iter().flatten().next() {
        run.push("  whole models", theme.dim());
        task.push(text::bytes(whole.whole_models_bytes[0]), theme.dim());
        base.push("--", theme.dim());
        for (column, bytes) in many.iter_mut().zip(whole.whole_models_bytes) {
            column.push(text::bytes(bytes), theme.dim());
        }
    }
    let columns: Vec<Column> = [run, task, base].into_iter().chain(many).collect();
    grid::draw(buffer, inner, theme, &columns, compared.state.compare.scroll);
}
