//! The table of runs: which columns fit, and what stands in them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::metric::MetricName;
use crate::run::catalog::RunView;
use crate::run::status::RunStatus;
use crate::tui::columns::{COLUMNS, Column, DROPS};
use crate::tui::group;
use crate::tui::order::SortBy;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::chart::STOP;
use crate::tui::view::draw;
use crate::verdict::overfitting::Level;

/// Columns at the left where a click marks a run.
pub const MARK_COLUMNS: u16 = 5;

/// Columns before the name: cursor, status, mark, marker, a later stop.
const PREFIX: usize = 6;

/// Least and greatest width of a name.
const NAME_WIDTH: (usize, usize) = (10, 26);

/// Draws heading and rows; scrolls so that the run under the cursor is seen.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let runs = state.visible();
    let longest = runs.iter().map(|run| text::width(run.id.run())).max().unwrap_or(0).clamp(NAME_WIDTH.0, NAME_WIDTH.1);
    let (columns, name_width) = fit(state, usize::from(area.width), longest);
    let metric = state.metric();
    heading(state, theme, area, buffer, &columns, name_width);
    let n_rows = usize::from(area.height.saturating_sub(1));
    let selected = state.selected().and_then(|selected| runs.iter().position(|run| run.id == selected.id)).unwrap_or(0);
    let rows = rows(state, &runs);
    let selected_row = rows.iter().position(|row| *row == Row::Run(selected)).unwrap_or(0);
    let first = first_row(selected_row, n_rows);
    let has_marked = runs.iter().any(|run| state.marked.contains(&run.id));
    let best_loss = best(&runs, MetricName::Loss);
    let best_metric = best(&runs, metric);
    for (offset, table_row) in rows.iter().skip(first).take(n_rows).enumerate() {
        let row = offset as u16 + 1;
        let idx = match table_row {
            Row::Group(name, members) => {
                let members: Vec<&RunView> = members.clone().map(|idx| runs[idx]).collect();
                draw_group(state, theme, area, buffer, row, name, &members);
                continue;
            }
            Row::Run(idx) => *idx,
        };
        let run = runs[idx];
        prefix(state, theme, area, buffer, row, run, idx == selected, has_marked, name_width);
        let mut x = PREFIX + name_width;
        for column in &columns {
            let (text, mut style) = cell(state, theme, run, *column);
            if *column == Column::ValidationLoss && best_loss == Some(idx) || *column == Column::Metric && best_metric == Some(idx) {
                style = theme.good().add_modifier(Modifier::BOLD);
            }
            place(buffer, area, x, row, *column, &text, style);
            x += column.width() + 1;
        }
    }
    if first + n_rows < rows.len() && n_rows > 0 {
        let more = format!("+{} ↓", rows.len() - first - n_rows);
        draw::put(buffer, area, 0, area.height - 1, theme.choose("▼", "v"), theme.dim());
        draw::right(buffer, area, 0, PREFIX + name_width, &ratatui::text::Line::styled(more, theme.dim()));
    }
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Row {
    /// The heading of a group, and which of the visible runs are in it.
    Group(String, std::ops::Range<usize>),
    /// One of the visible runs.
    Run(usize),
}

/// The rows below the heading, for these runs in their order.
fn rows(state: &State, runs: &[&RunView]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::with_capacity(runs.len());
    let mut heading: Option<usize> = None;
    for (idx, run) in runs.iter().enumerate() {
        if let Some(name) = state.group.of(run) {
            match heading.map(|heading| &mut rows[heading]) {
                Some(Row::Group(current, members)) if *current == name => members.end = idx + 1,
                _ => {
                    heading = Some(rows.len());
                    rows.push(Row::Group(name, idx..idx + 1));
                }
            }
        }
        rows.push(Row::Run(idx));
    }
    rows
}

/// How many rows the table of the visible runs needs, the heading not counted.
pub fn n_rows(state: &State) -> usize {
    rows(state, &state.visible()).len()
}

/// The first row shown, so that the selected one is seen.
const fn first_row(selected: usize, n_rows: usize) -> usize {
    (selected + 1).saturating_sub(n_rows)
}

/// The visible run that stands in a row of the table's area, the heading being row 0.
pub fn run_at(state: &State, area: Rect, row: u16) -> Option<crate::run::catalog::RunId> {
    let runs = state.visible();
    let rows = rows(state, &runs);
    let selected = state.selected()?;
    let selected_row = rows.iter().position(|row| matches!(row, Row::Run(idx) if runs[*idx].id == selected.id)).unwrap_or(0);
    let first = first_row(selected_row, usize::from(area.height.saturating_sub(1)));
    match rows.get(first + usize::from(row.checked_sub(1)?))? {
        Row::Run(idx) => Some(runs[*idx].id.clone()),
        Row::Group(..) => None,
    }
}

fn draw_group(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer, row: u16, name: &str, members: &[&RunView]) {
    let metric = state.metric();
    let count = if members.len() == 1 { "1 run".to_owned() } else { format!("{} runs", members.len()) };
    let spread = group::spread(members, metric).map_or_else(String::new, |spread| {
        let deviation = spread.deviation.map_or_else(String::new, |deviation| format!(" ± {}", text::value(deviation)));
        format!("  {} {}{deviation}", metric.name(), text::value(spread.mean))
    });
    let name = text::middle(&text::clean(name), usize::from(area.width) / 2);
    draw::put(buffer, area, 1, row, &name, theme.title());
    draw::put(buffer, area, 3 + text::width(&name) as u16, row, &format!("{count}{spread}"), theme.dim());
}

/// The row of a run with tabulators, for a spreadsheet: all columns, names first.
pub fn tabbed(state: &State, run: &RunView) -> String {
    let plain = Theme::new(crate::tui::theme::Colors::None, crate::tui::theme::Glyphs::Ascii);
    let cells = COLUMNS.iter().map(|column| cell(state, plain, run, *column).0);
    [run.id.0.clone()].into_iter().chain(cells).collect::<Vec<_>>().join("\t")
}

/// The columns that fit, and the width of the name.
fn fit(state: &State, width: usize, longest: usize) -> (Vec<Column>, usize) {
    let mut columns: Vec<Column> = COLUMNS.into_iter().filter(|column| !state.hidden_columns.contains(column)).collect();
    let needed = |columns: &[Column]| PREFIX + columns.iter().map(|column| column.width() + 1).sum::<usize>();
    for drop in DROPS {
        if needed(&columns) + longest.min(12) <= width {
            break;
        }
        columns.retain(|column| *column != drop);
    }
    let name_width = width.saturating_sub(needed(&columns)).clamp(NAME_WIDTH.0, longest);
    (columns, name_width)
}

fn heading(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer, columns: &[Column], name_width: usize) {
    let name_style = if state.sort.by == SortBy::Name { theme.accent() } else { theme.dim() };
    draw::put(buffer, area, PREFIX as u16 - 1, 0, "RUN", name_style);
    let mut x = PREFIX + name_width;
    for column in columns {
        let is_sorted = state.sort.by == SortBy::Column(*column);
        let style = if is_sorted { theme.accent().add_modifier(Modifier::UNDERLINED) } else { theme.dim() };
        place(buffer, area, x, 0, *column, column.head(state.metric()), style);
        x += column.width() + 1;
    }
}

fn place(buffer: &mut Buffer, area: Rect, x: usize, row: u16, column: Column, text: &str, style: Style) {
    let text = text::cut(text, column.width());
    let indent = if column.is_text() { 0 } else { column.width() - text::width(&text) };
    draw::put(buffer, area, (x + indent) as u16, row, &text, style);
}

#[expect(clippy::too_many_arguments, reason = "one call; a struct for it would say less")]
fn prefix(
    state: &State,
    theme: Theme,
    area: Rect,
    buffer: &mut Buffer,
    row: u16,
    run: &RunView,
    is_selected: bool,
    has_marked: bool,
    name_width: usize,
) {
    let slot = state.slot(&run.id);
    let color = Style::new().fg(theme.series_color(slot));
    if is_selected {
        let band = Rect { y: area.y + row, height: 1, ..area };
        buffer.set_style(band.intersection(buffer.area), theme.selected());
        draw::put(buffer, area, 0, row, theme.choose("▌", "|"), theme.accent());
    }
    draw::put(buffer, area, 1, row, theme.status_glyph(run.status), theme.status(run.status));
    let is_marked = state.marked.contains(&run.id);
    if is_marked {
        draw::put(buffer, area, 2, row, "*", theme.accent());
    }
    // As in `State::charted`: where none in view is marked, all are drawn.
    let is_charted = is_marked || !has_marked;
    let (marker, marker_style) = if is_charted { (theme.marker(slot), color) } else { ("·", theme.dim()) };
    draw::put(buffer, area, 3, row, marker, marker_style);
    if run.state.standing.stop_at.is_some() && !run.status.is_over() {
        draw::put(buffer, area, 4, row, theme.choose(STOP.0, STOP.1), theme.warn());
    }
    let name = text::middle(&text::clean(run.id.run()), name_width);
    let style = if is_selected { color.add_modifier(Modifier::BOLD) } else { color };
    draw::put(buffer, area, PREFIX as u16 - 1, row, &name, style);
}

/// The run with the best latest value, if there are two to compare.
fn best(runs: &[&RunView], metric: MetricName) -> Option<usize> {
    let sign = if metric.definition().higher_is_better { 1.0 } else { -1.0 };
    let values: Vec<(usize, f64)> = runs
        .iter()
        .enumerate()
        .filter_map(|(idx, run)| Some((idx, run.state.latest_validation(metric).filter(|value| value.is_finite())? * sign)))
        .collect();
    (values.len() > 1).then(|| values.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))).flatten().map(|(idx, _)| idx)
}

fn cell(state: &State, theme: Theme, run: &RunView, column: Column) -> (String, Style) {
    let none = || ("--".to_owned(), theme.dim());
    let plain = |text: String| (text, Style::new());
    let number = |value: Option<f64>| match value {
        Some(value) if value.is_finite() => (text::value(value), Style::new()),
        Some(value) => (text::value(value), theme.bad()),
        None => none(),
    };
    let training = run.state.training.as_ref();
    match column {
        Column::State => (run.status.name().to_owned(), theme.status(run.status)),
        Column::Method => match &run.spec {
            Ok(spec) => (spec.method.about().short.to_owned(), theme.dim()),
            Err(_) => none(),
        },
        Column::Trainable => training.map_or_else(none, |training| plain(text::count(training.ledger.trainable))),
        Column::Percent => {
            let share = training.map(|training| training.ledger.trainable as f64 / training.ledger.total.max(1) as f64);
            share.map_or_else(none, |share| plain(text::percent(share)))
        }
        Column::Progress => progress(theme, run),
        Column::Eta => match (run.status, state.seconds_left(run)) {
            (RunStatus::Paused, _) => ("paused".to_owned(), theme.warn()),
            (_, Some(left)) => plain(text::duration(left)),
            (status, None) => (end_word(status).to_owned(), theme.dim()),
        },
        Column::TrainLoss | Column::ValidationLoss | Column::Metric | Column::Test => number(column.number(run, state)),
        Column::Seed => run.spec.as_ref().map_or_else(|_| none(), |spec| (spec.seed.to_string(), theme.dim())),
        Column::LearningRate => column.number(run, state).map_or_else(none, |rate| plain(text::scientific(rate))),
        Column::Bytes => column.number(run, state).map_or_else(none, |bytes| plain(text::bytes(bytes as u64))),
        Column::Seconds => column.number(run, state).map_or_else(none, |seconds| plain(text::duration(seconds))),
        Column::Gap => {
            let Some(insight) = state.insights.get(&run.id) else { return none() };
            let (sign, style) = match insight.verdict.level {
                Level::Overfitting => ("!", theme.warn()),
                Level::Watch => ("~", theme.warn()),
                Level::None => ("", Style::new()),
            };
            let is_broken = run.state.steps.last().is_some_and(|step| !step.loss.0.is_finite());
            match insight.verdict.gap {
                Some(gap) if gap.is_finite() && !is_broken => (format!("{sign}{gap:+.2}"), style),
                _ => none(),
            }
        }
        Column::Best => run.state.best().map_or_else(none, |best| plain(best.step.to_string())),
        Column::Speed => run.state.examples_per_second().map_or_else(none, |speed| plain(text::count(speed.round() as u64))),
        Column::Memory => run.state.steps.last().map_or_else(none, |step| (text::bytes(step.rss_bytes), theme.dim())),
    }
}

/// What stands in place of a time left.
const fn end_word(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Finished => "done",
        RunStatus::Stopped => "stop",
        RunStatus::Failed => "failed",
        RunStatus::Diverged => "NaN",
        RunStatus::Lost => "lost",
        _ => "--",
    }
}

fn progress(theme: Theme, run: &RunView) -> (String, Style) {
    if let Some(training) = &run.state.training {
        let step = run.state.step();
        let epoch = (step / training.steps_per_epoch.max(1)).min(u64::from(training.epochs));
        let share = step as f64 / training.total_steps.max(1) as f64;
        let (epochs, percent) = (format!("{epoch}/{}", training.epochs), format!("{:.0}%", share * 100.0));
        // A number that is cut would be another number.
        let longest =
            [format!("{epochs} {percent}"), epochs, percent].into_iter().find(|text| text::width(text) <= Column::Progress.width());
        return (longest.unwrap_or_default(), Style::new());
    }
    match (&run.state.preparing, run.status) {
        (Some(preparing), RunStatus::Starting | RunStatus::Running) => {
            let word = preparing.what.split(' ').next().unwrap_or_default();
            (text::clean(word), theme.dim())
        }
        (_, RunStatus::Queued) => ("waits".to_owned(), theme.dim()),
        _ => ("--".to_owned(), theme.dim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::view::tests::{PLAIN, state};

    #[test]
    fn a_progress_that_does_not_fit_is_told_in_other_words_and_never_cut() {
        let mut state = state(20.0, (120, 40));
        let run = &mut state.catalog.runs[0];
        let step = run.state.step();
        let mut told = |epochs: u32| {
            let training = run.state.training.as_mut().unwrap();
            (training.epochs, training.steps_per_epoch, training.total_steps) = (epochs, step, step * u64::from(epochs));
            progress(PLAIN, run).0
        };
        assert_eq!([told(5), told(500), told(10_000), told(123_456_789)], ["1/5 20%", "1/500 0%", "1/10000", "0%"]);
    }
}
