//! Screen 6: the machine and the workers on it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::run::machine::Machine;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::draw;
use crate::tui::view::grid::{self, Align, Column};

/// Width of the names at the left.
const NAME_WIDTH: usize = 11;

/// Columns of a processor's bar with its name.
const CORE_WIDTH: u16 = 26;

/// From this share on a bar warns.
const NEARLY_FULL: f64 = 0.9;

/// Draws the screen.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let Some(machine) = &state.system.machine else {
        let inner = draw::panel(buffer, area, theme, &Line::styled(" system ", theme.title()), "");
        return draw::put(buffer, inner, 1, 0, "looking at the machine …", theme.dim());
    };
    let across = usize::from((area.width.saturating_sub(2) / CORE_WIDTH).max(1));
    let core_rows = (machine.cores.len().div_ceil(across).max(1) as u16).min(area.height / 3);
    let fact_rows = (resources(theme, machine, usize::from(area.width)).len() as u16).min(area.height / 2);
    let rows = [Constraint::Length(core_rows + 2), Constraint::Length(fact_rows + 2), Constraint::Fill(1)];
    let [processors, facts, workers] = Layout::vertical(rows).areas(area);
    draw_cores(theme, processors, buffer, machine, across);
    let inner = draw::panel(buffer, facts, theme, &Line::styled(" resources ", theme.title()), "");
    for (row, line) in resources(theme, machine, usize::from(inner.width)).iter().enumerate() {
        draw::line(buffer, inner, row as u16, line);
    }
    draw_workers(state, theme, workers, buffer, machine);
}

fn draw_cores(theme: Theme, area: Rect, buffer: &mut Buffer, machine: &Machine, across: usize) {
    let load = machine.load.map_or_else(String::new, |[one, five, fifteen]| format!("load {one:.2} {five:.2} {fifteen:.2}"));
    let limit = machine.processor_limit.map_or_else(String::new, |limit| format!("limited to {limit:.1} · "));
    let title = format!(" processors: {} ", machine.cores.len());
    let inner = draw::panel(buffer, area, theme, &Line::styled(title, theme.title()), &format!("{limit}{load}"));
    if machine.cores.is_empty() {
        return draw::put(buffer, inner, 1, 0, "measured from the next second on", theme.dim());
    }
    for (idx, share) in machine.cores.iter().enumerate() {
        let (row, column) = (idx / across, idx % across);
        let place =
            Rect { x: inner.x + column as u16 * CORE_WIDTH, width: inner.width.saturating_sub(column as u16 * CORE_WIDTH), ..inner };
        let line = Line::from(vec![
            Span::styled(format!(" {idx:>3} "), theme.dim()),
            Span::styled(draw::bar(*share, 14, theme), used(theme, *share)),
            Span::raw(format!(" {:>3.0}%", share * 100.0)),
        ]);
        draw::line(buffer, place, row as u16, &line);
    }
}

fn used(theme: Theme, share: f64) -> Style {
    if share >= NEARLY_FULL { theme.warn() } else { theme.good() }
}

/// Memory, limits, disk and cards, a line each.
fn resources(theme: Theme, machine: &Machine, width: usize) -> Vec<Line<'static>> {
    let bar_width = (width / 4).clamp(8, 40);
    let line = |name: &str, taken: u64, total: u64, more: String| {
        let share = taken as f64 / total.max(1) as f64;
        Line::from(vec![
            Span::styled(format!(" {name:<NAME_WIDTH$}"), theme.dim()),
            Span::styled(draw::bar(share, bar_width, theme), used(theme, share)),
            Span::raw(format!(" {:>3.0}%  {} of {}", share * 100.0, text::bytes(taken), text::bytes(total))),
            Span::styled(more, theme.dim()),
        ])
    };
    let mut lines = Vec::new();
    if let Some((total, available)) = machine.memory {
        lines.push(line("memory", total.saturating_sub(available), total, format!("  {} available", text::bytes(available))));
    }
    if let Some((limit, taken)) = machine.memory_limit {
        lines.push(line("limit", taken, limit, "  of this control group".to_owned()));
    }
    if let Some((total, free)) = machine.disk {
        lines.push(line("disk", total.saturating_sub(free), total, format!("  {} free for the runs", text::bytes(free))));
    }
    for (idx, card) in machine.cards.iter().enumerate() {
        let temperature = card.temperature.map_or_else(String::new, |degrees| format!("  {degrees:.0} °C"));
        let more = format!("  {:.0}% busy{temperature}  {}", card.used * 100.0, text::clean(&card.name));
        lines.push(line(&format!("gpu {idx}"), card.memory.0, card.memory.1, more));
    }
    if machine.cards.is_empty() {
        lines.push(Line::styled(format!(" {:<NAME_WIDTH$}none that nvidia-smi tells of", "gpu"), theme.dim()));
    }
    lines
}

fn draw_workers(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer, machine: &Machine) {
    let sum: u64 = machine.workers.iter().map(|worker| worker.rss_bytes).sum();
    let note = format!("{} of memory together, shared pages counted in each", text::bytes(sum));
    let note = if machine.workers.is_empty() { String::new() } else { note };
    let title = format!(" workers: {} ", machine.workers.len());
    let inner = draw::panel(buffer, area, theme, &Line::styled(title, theme.title()), &note);
    if machine.workers.is_empty() {
        return draw::put(buffer, inner, 1, 0, "no worker runs on this host", theme.dim());
    }
    let mut run = Column::new("  RUN", Align::Left);
    let mut process = Column::new("PROCESS", Align::Right);
    let mut processors = Column::new("CPU%", Align::Right);
    let mut memory = Column::new("RSS", Align::Right);
    let mut threads = Column::new("THREADS", Align::Right);
    let mut speed = Column::new("EX/S", Align::Right);
    for worker in &machine.workers {
        let slot = state.slot(&worker.id);
        let color = Style::new().fg(theme.series_color(slot)).add_modifier(Modifier::BOLD);
        run.push(format!("{} {}", theme.marker(slot), text::clean(&worker.id.0).replace('\n', " ")), color);
        process.push(worker.process_id.to_string(), theme.dim());
        processors.push(worker.processors.map_or_else(|| "--".to_owned(), |used| format!("{:.0}", used * 100.0)), Style::new());
        memory.push(text::bytes(worker.rss_bytes), Style::new());
        threads.push(worker.threads.to_string(), theme.dim());
        let rate = state.catalog.run(&worker.id).and_then(|run| run.state.examples_per_second());
        speed.push(rate.map_or_else(|| "--".to_owned(), |rate| text::count(rate.max(0.0) as u64)), Style::new());
    }
    grid::draw(buffer, inner, theme, &[run, processors, memory, speed, threads, process], state.system.scroll);
}
