//! What one run takes: time and where it goes, processor, memory against what was planned, graphics card, disk.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::run::catalog::RunView;
use crate::run::event::CheckpointKind;
use crate::run::machine::Worker;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::draw;
use crate::tui::view::health::{Fact, draw_facts};

/// Draws the pane.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer, run: &RunView, note: &str) {
    let inner = draw::panel(buffer, area, theme, &Line::styled(" system ", theme.title()), note);
    let last = run.state.steps.last();
    let text_of = |text: Option<String>| text.unwrap_or_else(|| "--".to_owned());
    let speed = run.state.examples_per_second().map(|speed| {
        let tokens = last.as_ref().map_or(0.0, |step| step.tokens as f64 / step.training_seconds.max(1e-9));
        format!("{} ex/s  {} tokens/s", text::count(speed.round() as u64), text::count(tokens as u64))
    });
    let disk = run.state.checkpoints.get(&CheckpointKind::Best);
    let disk = disk.map(|checkpoint| format!("{}  best, step {}", text::bytes(checkpoint.bytes), checkpoint.step));
    let training = run.state.training.as_ref();
    let device = training.map(|training| format!("{}  {} threads", text::clean(&training.device), training.threads));
    let elapsed = run.state.first_time.zip(run.state.last_time).map(|(first, last)| text::duration(last - first));
    let trained = last.as_ref().map(|step| format!("  training {}", text::duration(step.training_seconds)));
    let who = run
        .state
        .attempt
        .as_ref()
        .map(|attempt| format!("{}  process {}  attempt {}", text::clean(&attempt.host), attempt.process_id, attempt.attempt));
    let mut facts: Vec<Fact> = vec![
        ("throughput", text_of(speed), Style::new()),
        ("step", text_of(last.as_ref().map(|step| format!("{:.0} ms", step.seconds * 1e3))), Style::new()),
        ("time in", text_of(shares(run)), Style::new()),
        ("processor", processor(state, run), Style::new()),
        memory(state, theme, run),
    ];
    facts.extend(card(state, run).map(|card| ("gpu", card, Style::new())));
    facts.extend([
        ("checkpoint", text_of(disk), Style::new()),
        ("elapsed", text_of(elapsed.map(|elapsed| elapsed + &trained.unwrap_or_default())), Style::new()),
        ("device", text_of(device), theme.dim()),
        ("worker", text_of(who), theme.dim()),
    ]);
    draw_facts(theme, inner, buffer, &facts);
}

/// Shares of the time since the run began: training steps, evaluations, checkpoints, and all else (loading, pauses).
fn shares(run: &RunView) -> Option<String> {
    let all = run.state.last_time? - run.state.first_time?;
    let steps = run.state.steps.last()?.training_seconds;
    let evaluations: f64 = run.state.evaluations.iter().chain(&run.state.test).map(|evaluation| evaluation.seconds).sum();
    let checkpoints = run.state.checkpoint_seconds;
    let rest = (all - steps - evaluations - checkpoints).max(0.0);
    let share = |seconds: f64| format!("{:.0}%", seconds / all.max(1e-9) * 100.0);
    Some(format!("steps {} eval {} save {} rest {}", share(steps), share(evaluations), share(checkpoints), share(rest)))
}

fn worker<'a>(state: &'a State, run: &RunView) -> Option<&'a Worker> {
    state.system.machine.as_ref()?.workers.iter().find(|worker| worker.id == run.id)
}

/// What its worker uses now, as far as it runs on this host.
fn processor(state: &State, run: &RunView) -> String {
    let threads = run.state.training.as_ref().map_or(1, |training| training.threads);
    match worker(state, run).map(|worker| worker.processors) {
        Some(Some(used)) => format!("{:.0}% of {}%", used * 100.0, threads * 100),
        Some(None) => "measured from the next second on".to_owned(),
        None if run.status.is_over() => "its worker has ended".to_owned(),
        None => "not seen on this host".to_owned(),
    }
}

/// Resident memory now and at most, and what the plan said.
fn memory(state: &State, theme: Theme, run: &RunView) -> Fact {
    let Some(last) = run.state.steps.last() else { return ("memory", "--".to_owned(), Style::new()) };
    let of_steps = (0..run.state.steps.len()).map(|idx| run.state.steps.rss_bytes(idx)).max();
    let peak = of_steps.into_iter().chain(run.state.finished.as_ref().map(|end| end.peak_rss_bytes)).max().unwrap_or(0);
    let planned = state.planned_memory.as_ref().filter(|(id, _)| *id == run.id).and_then(|(_, bytes)| *bytes);
    // The prediction's own error is below a quarter where it was measured.
    let is_over = planned.is_some_and(|planned| peak as f64 > planned as f64 * 1.25);
    let planned = planned.map_or_else(String::new, |bytes| format!("  plan {}", text::bytes(bytes)));
    let style = if is_over { theme.warn() } else { Style::new() };
    ("memory", format!("{}  peak {}{planned}", text::bytes(last.rss_bytes), text::bytes(peak)), style)
}

/// The graphics card that the run is on.
fn card(state: &State, run: &RunView) -> Option<String> {
    let idx: usize = run.state.training.as_ref()?.device.strip_prefix("cuda:")?.parse().ok()?;
    let card = state.system.machine.as_ref()?.cards.get(idx)?;
    Some(format!("{:.0}%  {} of {}", card.used * 100.0, text::bytes(card.memory.0), text::bytes(card.memory.1)))
}
