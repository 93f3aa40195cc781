//! Screen 5: what runs, what waits and why.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use crate::run::catalog::RunView;
use crate::run::status::RunStatus;
use crate::tui::screen::queue::{self, Row, Standing};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::draw;
use crate::tui::view::grid::{self, Align, Column};

/// Draws the screen.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let Some(outlook) = &state.queue.outlook else {
        let inner = draw::panel(buffer, area, theme, &Line::styled(" queue ", theme.title()), "");
        return draw::put(buffer, inner, 1, 0, "looking at the queue …", theme.dim());
    };
    let rows = state.queue.rows();
    let count = |standing| rows.iter().filter(|row| row.standing == standing).count();
    let (n_active, n_waiting, n_held) = (count(Standing::Runs), count(Standing::Waits), count(Standing::Held));
    let title = format!(" queue: {n_active} running, {n_waiting} waiting, {n_held} held back ");
    let whose = if outlook.wishes.runs_at_once.is_some() { "as wished, 0 undoes it" } else { "as the experiments say" };
    let note = format!("+ -: {} at once, {whose}", state.queue.at_once());
    let inner = draw::panel(buffer, area, theme, &Line::styled(title, theme.title()), &note);
    if rows.is_empty() {
        return draw::put(buffer, inner, 1, 0, "nothing runs and nothing waits; n starts an experiment", theme.dim());
    }
    let process = match outlook.process {
        Some(id) => format!("the queue is process {id}; it goes on when you quit"),
        None if n_waiting > 0 => "the queue's process is not there; it is started by itself".to_owned(),
        None => "nothing waits, so the queue's process has ended".to_owned(),
    };
    let table = Rect { height: inner.height.saturating_sub(2), ..inner };
    let n_shown = usize::from(table.height.saturating_sub(1));
    let cursor = state.queue.cursor.min(rows.len() - 1);
    let first = (cursor + 1).saturating_sub(n_shown).min(rows.len().saturating_sub(n_shown));
    grid::draw(buffer, table, theme, &columns(state, theme, &rows, n_active), first);
    let row = (cursor - first) as u16 + 1;
    if row < table.height {
        let band = Rect { y: table.y + row, height: 1, ..table };
        buffer.set_style(band.intersection(buffer.area), theme.selected());
        draw::put(buffer, table, 0, row, theme.choose("▌", "|"), theme.accent());
    }
    if let Some((threads, cores)) = queue::crowd(state, n_active).filter(|_| inner.height > 3) {
        let shared = format!("the {n_active} that run have {threads} threads on {cores} cores: they share them, so each is slower");
        draw::put(buffer, inner, 1, inner.height - 2, &shared, theme.warn());
    }
    draw::put(buffer, inner, 1, inner.height.saturating_sub(1), &process, theme.dim());
}

fn columns(state: &State, theme: Theme, rows: &[Row], n_active: usize) -> Vec<Column> {
    let mut number = Column::new("#", Align::Right);
    let mut run = Column::new("RUN", Align::Left);
    let mut status = Column::new("STATE", Align::Left);
    let mut why = Column::new("WHY", Align::Left);
    let mut progress = Column::new("STEPS", Align::Right);
    let mut left = Column::new("ETA", Align::Right);
    why.most = 64;
    let mut before: Option<&Row> = None;
    let mut n_waiting = 0;
    let is_one_experiment = rows.iter().all(|row| row.id.experiment() == rows[0].id.experiment());
    for entry in rows {
        let view = state.catalog.run(&entry.id);
        let is_waiting = entry.standing == Standing::Waits;
        n_waiting += usize::from(is_waiting);
        number.push(if is_waiting { n_waiting.to_string() } else { String::new() }, theme.dim());
        let color = Style::new().fg(theme.series_color(state.slot(&entry.id)));
        let name = if is_one_experiment { entry.id.run() } else { &entry.id.0 };
        run.push(text::clean(name).replace('\n', " "), color.add_modifier(Modifier::BOLD));
        let state_of = view.map_or(RunStatus::Queued, |run| run.status);
        let word = if entry.standing == Standing::Held { "held" } else { state_of.name() };
        status.push(format!("{} {word}", theme.status_glyph(state_of)), theme.status(state_of));
        why.push(reason(state, view, entry, before, n_active), Style::new());
        let steps = view.and_then(|run| Some(format!("{}/{}", run.state.step(), run.state.training.as_ref()?.total_steps)));
        progress.push(steps.unwrap_or_else(|| "--".to_owned()), theme.dim());
        let seconds = view.and_then(|run| state.seconds_left(run));
        left.push(seconds.map_or_else(|| "--".to_owned(), text::duration), theme.dim());
        if is_waiting {
            before = Some(entry);
        }
    }
    vec![number, run, status, progress, left, why]
}

/// Why a run is where it is.
fn reason(state: &State, view: Option<&RunView>, entry: &Row, before: Option<&Row>, n_active: usize) -> String {
    let allowed = entry.allowed;
    match (entry.standing, view) {
        (Standing::Held, Some(run)) if run.state.finished.is_some() => "paused without a process; p lets it go on".to_owned(),
        (Standing::Held, _) => "held back; p lets it go on".to_owned(),
        (Standing::Waits, Some(run)) if run.job.is_some() => format!("another attempt; {}", turn(before, n_active, allowed)),
        (Standing::Waits, _) => turn(before, n_active, allowed),
        (_, Some(run)) if run.status == RunStatus::Paused => "paused, keeps its place and its memory; p lets it go on".to_owned(),
        (_, Some(run)) => match (&run.state.preparing, run.job.as_ref()) {
            (Some(preparing), _) => text::clean(&preparing.what).replace('\n', " "),
            (None, Some(job)) => format!("attempt {}, for {}", job.attempt, text::duration((state.now - job.started).max(0.0))),
            (None, None) => "runs".to_owned(),
        },
        (_, None) => String::new(),
    }
}

fn turn(before: Option<&Row>, n_active: usize, allowed: usize) -> String {
    match before {
        None if n_active < allowed => "its turn: it starts now".to_owned(),
        None => format!("first; {n_active} of at most {allowed} run"),
        Some(before) => format!("after {}", text::clean(before.id.run()).replace('\n', " ")),
    }
}
