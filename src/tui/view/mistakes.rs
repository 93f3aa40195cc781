//! Validation rows that a run gets wrong, the most confident first, and the whole text of the one under the cursor.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::report::mistakes::{Figure, Listing, Mistake};
use crate::run::catalog::RunView;
use crate::tui::screen::mistakes;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::draw;

/// Widest name of a label.
const LABEL_WIDTH: usize = 14;

/// Rows from which there is room for the whole text of a row.
const DETAIL_FROM: u16 = 9;

/// Draws the pane.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer, run: &RunView, note: &str) {
    let listing = mistakes::listing(state, &run.id);
    let Some(Ok(Some(listing))) = listing else {
        let inner = draw::panel(buffer, area, theme, &Line::styled(" mistakes ", theme.title()), note);
        let why = match listing {
            None => "reading …".to_owned(),
            Some(Err(why)) => text::clean(why).replace('\n', " "),
            Some(Ok(_)) if run.state.best().is_none() => "kept at the best evaluation; there is none yet".to_owned(),
            Some(Ok(_)) => "this run kept none; workers of this version do".to_owned(),
        };
        return draw::put(buffer, inner, 1, 0, &why, theme.dim());
    };
    let rows = mistakes::shown(state, listing);
    let inner = draw::panel(buffer, area, theme, &title(theme, state, run, listing, rows.len()), note);
    let detail_rows = if inner.height >= DETAIL_FROM { (inner.height / 4).clamp(2, 5) } else { 0 };
    let why_rows = u16::from(listing.no_texts.is_some());
    let parts = [Constraint::Length(why_rows), Constraint::Fill(1), Constraint::Length(detail_rows)];
    let [why, list, detail] = Layout::vertical(parts).areas(inner);
    if let Some(problem) = &listing.no_texts {
        draw::put(buffer, why, 1, 0, &clean(problem), theme.warn());
    }
    let cursor = state.mistakes.cursor.min(rows.len().saturating_sub(1));
    draw_list(theme, list, buffer, &rows, cursor);
    if rows.is_empty() {
        let all = if listing.n_wrong == 0 { "no validation row is labelled wrongly" } else { "no row fits the filter; esc takes it off" };
        draw::put(buffer, list, 1, 1, all, theme.dim());
    }
    if let Some(mistake) = rows.get(cursor) {
        for (row, line) in text::wrap(&clean(&mistake.joined()), usize::from(detail.width).saturating_sub(2)).iter().enumerate() {
            draw::put(buffer, detail, 1, row as u16, line, theme.accent());
        }
    }
}

fn title(theme: Theme, state: &State, run: &RunView, listing: &Listing, n_shown: usize) -> Line<'static> {
    let Listing { step, n_rows, n_wrong, rows, .. } = listing;
    let is_of_best = run.state.best().is_none_or(|best| best.step == *step);
    let which = if is_of_best { "" } else { ", not of the best" };
    let some = if (rows.len() as u64) < *n_wrong { format!(", the worst {}", rows.len()) } else { String::new() };
    let words = format!("{n_wrong} of {n_rows} at step {step}{which}{some}");
    let pane = &state.mistakes;
    let pair = pane.pair.as_ref().map(|(truth, predicted)| format!("{} as {}", clean(truth), clean(predicted)));
    let words_of_filter = (!pane.words.is_empty()).then(|| format!("/{}", text::clean(&pane.words)));
    let filter: Vec<String> = pair.into_iter().chain(words_of_filter).collect();
    let filter = if filter.is_empty() { String::new() } else { format!("{}: {n_shown} · ", filter.join(" ")) };
    Line::from(vec![
        Span::styled(" mistakes ", theme.title()),
        Span::styled(filter, theme.accent()),
        Span::styled(format!("{words} "), theme.dim()),
    ])
}

fn draw_list(theme: Theme, area: Rect, buffer: &mut Buffer, rows: &[&Mistake], cursor: usize) {
    let is_values = rows.first().is_some_and(|row| matches!(row.figure, Figure::Residual(_)));
    let heads = ["LINE", if is_values { "RESIDUAL" } else { "PROB." }, "TRUE", "PREDICTED"];
    let n_shown = usize::from(area.height).saturating_sub(1);
    let first = (cursor + 1).saturating_sub(n_shown);
    let visible: Vec<&&Mistake> = rows.iter().skip(first).take(n_shown).collect();
    let cells = |mistake: &Mistake| {
        let line = mistake.line.map_or_else(|| format!("#{}", mistake.row), |line| line.to_string());
        let label = |name: &str| text::middle(&clean(name), LABEL_WIDTH);
        [line, mistake.figure.in_words(), label(&mistake.truth), label(&mistake.predicted)]
    };
    let widths: Vec<usize> = (0..heads.len())
        .map(|column| visible.iter().map(|row| text::width(&cells(row)[column])).chain([text::width(heads[column])]).max().unwrap_or(0))
        .collect();
    let line = |cells: [&str; 4], text: &str, styles: [Style; 3]| {
        let left = |idx: usize| format!("{}{}  ", cells[idx], " ".repeat(widths[idx].saturating_sub(text::width(cells[idx]))));
        Line::from(vec![
            Span::styled(format!(" {:>1$}  ", cells[0], widths[0]), styles[0]),
            Span::styled(format!("{:>1$}  ", cells[1], widths[1]), styles[1]),
            Span::styled(left(2), styles[2]),
            Span::styled(left(3), styles[2]),
            Span::styled(text.to_owned(), styles[1]),
        ])
    };
    draw::line(buffer, area, 0, &line(heads, "TEXT", [theme.dim(); 3]));
    for (row, mistake) in visible.iter().enumerate() {
        let [number, figure, truth, predicted] = cells(mistake);
        let shown = line([&number, &figure, &truth, &predicted], &clean(&mistake.joined()), [theme.dim(), Style::new(), theme.warn()]);
        if first + row == cursor {
            let band = Rect { y: area.y + row as u16 + 1, height: 1, ..area };
            buffer.set_style(band.intersection(buffer.area), theme.selected());
        }
        draw::line(buffer, area, row as u16 + 1, &shown);
        if first + row == cursor {
            draw::put(buffer, area, 0, row as u16 + 1, theme.choose("▌", "|"), theme.accent());
        }
    }
}

fn clean(text: &str) -> String {
    text::clean(text).replace('\n', " ")
}
