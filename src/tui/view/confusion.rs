//! The confusion matrix of a run's best evaluation: true labels in rows, predicted ones in columns.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use crate::run::catalog::RunView;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::draw;
use crate::tui::view::grid::{self, Align, Column};

/// Widest name of a label.
const LABEL_WIDTH: usize = 14;

/// Draws the pane.
pub fn draw(theme: Theme, area: Rect, buffer: &mut Buffer, run: &RunView, note: &str) {
    let best = run.state.best().or(run.state.evaluations.last());
    let title = best.map_or_else(|| " confusion ".to_owned(), |best| format!(" confusion at step {} ", best.step));
    let inner = draw::panel(buffer, area, theme, &Line::styled(title, theme.title()), note);
    let Some(best) = best else { return draw::put(buffer, inner, 1, 0, "not evaluated yet", theme.dim()) };
    let Some(confusion) = &best.confusion else {
        return draw::put(buffer, inner, 1, 0, "a regression has no labels to confuse", theme.dim());
    };
    let labels = run.state.training.as_ref().map_or(&[][..], |training| &training.labels);
    let label = |idx: usize| {
        let name = labels.get(idx).map_or_else(|| idx.to_string(), |name| text::clean(name).replace('\n', " "));
        text::middle(&name, LABEL_WIDTH)
    };
    let n_labels = confusion.counts.len();
    let mut truth = Column::new(theme.choose("TRUE ↓  PREDICTED →", "TRUE v  PREDICTED >"), Align::Left);
    let mut found = Column::new("FOUND", Align::Right);
    let mut columns: Vec<Column> = (0..n_labels).map(|idx| Column::new(label(idx), Align::Right)).collect();
    for (row, counts) in confusion.counts.iter().enumerate() {
        truth.push(label(row), theme.title());
        let sum: u64 = counts.iter().sum();
        for (column, count) in counts.iter().enumerate().take(n_labels) {
            // The worst confusions stand out: a tenth of the label's rows or more.
            let style = match (row == column, *count) {
                (true, _) => theme.good().add_modifier(Modifier::BOLD),
                (false, 0) => theme.dim(),
                (false, count) if count * 10 >= sum => theme.warn(),
                (false, _) => Style::new(),
            };
            columns[column].push(count.to_string(), style);
        }
        let hits = counts.get(row).copied().unwrap_or(0);
        found.push(if sum == 0 { "--".to_owned() } else { format!("{:.0}%", hits as f64 / sum as f64 * 100.0) }, Style::new());
    }
    let columns: Vec<Column> = [truth, found].into_iter().chain(columns).collect();
    grid::draw(buffer, inner, theme, &columns, 0);
}
