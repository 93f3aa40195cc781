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
use crate::tui::view::health::{Fact, NAME_WIDTH, draw_facts};
use crate::tui::view::step_split;

/// Draws the pane.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer, run: &RunView, note: &str) {
    let inner = draw::panel(buffer, area, theme, &Line::styled(" system ", theme.title()), note);
    let facts = facts(state, theme, run, usize::from(inner.width).saturating_sub(NAME_WIDTH + 1));
    draw_facts(theme, inner, buffer, &facts);
}

/// What is told where there are so many columns for it.
fn facts(state: &State, theme: Theme, run: &RunView, width: usize) -> Vec<Fact> {
    let last = run.state.steps.last();
    let text_of = |text: Option<String>| text.unwrap_or_else(|| "--".to_owned());
    let speed = run.state.examples_per_second().map(|speed| {
        let tokens = last.as_ref().map_or(0.0, |step| step.tokens as f64 / step.training_seconds.max(1e-9));
        let (examples, tokens) = (text::count(speed.round() as u64), text::count(tokens as u64));
        fitting(
            width,
            [format!("{examples} ex/s  {tokens} tokens/s"), format!("{examples} ex/s {tokens} tok/s"), format!("{examples} ex/s")],
        )
    });
    let disk = run.state.checkpoints.get(&CheckpointKind::Best);
    let disk = disk.map(|checkpoint| {
        let (bytes, step) = (text::bytes(checkpoint.bytes), checkpoint.step);
        fitting(width, [format!("{bytes}  best, step {step}"), format!("{bytes}  step {step}"), bytes.clone()])
    });
    let training = run.state.training.as_ref();
    let device = training.map(|training| {
        format!("{}  {} {}", text::clean(&training.device), training.threads, if training.threads == 1 { "thread" } else { "threads" })
    });
    let elapsed = run.state.first_time.zip(run.state.last_time).map(|(first, last)| text::duration(last - first));
    let trained = last.as_ref().map(|step| format!("  training {}", text::duration(step.training_seconds)));
    let elapsed = elapsed.map(|elapsed| fitting(width, [elapsed.clone() + &trained.unwrap_or_default(), elapsed]));
    let who = run.state.attempt.as_ref().map(|attempt| {
        let (host, process, number) = (text::clean(&attempt.host), attempt.process_id, attempt.attempt);
        let long = format!("{host}  process {process}  attempt {number}");
        fitting(width, [long, format!("process {process}, attempt {number}"), format!("process {process}")])
    });
    let mut facts: Vec<Fact> = vec![("throughput", text_of(speed), Style::new())];
    facts.extend(step_split::facts(theme, last.as_ref().map(|step| step.seconds), run.state.split.as_ref(), width));
    facts.extend(shares(run, width).into_iter().map(|(name, shares)| (name, shares, Style::new())));
    facts.extend([("processor", fitting(width, processor(state, run)), Style::new()), memory(state, theme, run, width)]);
    facts.extend(card(state, run).map(|card| ("gpu", card, Style::new())));
    facts.extend([
        ("checkpoint", text_of(disk), Style::new()),
        ("elapsed", text_of(elapsed), Style::new()),
        ("device", text_of(device), theme.dim()),
        ("worker", text_of(who), theme.dim()),
    ]);
    facts
}

/// The first of several ways to say something that fits so many columns; where none does, the last, which is the shortest.
fn fitting<const N: usize>(width: usize, ways: [String; N]) -> String {
    let fits = ways.iter().position(|way| text::width(way) <= width).unwrap_or(N.saturating_sub(1));
    ways.into_iter().nth(fits).unwrap_or_default()
}

/// Shares of the time since the run began: training steps, evaluations, checkpoints, and all else (loading, pauses); in one row or two.
fn shares(run: &RunView, width: usize) -> Vec<(&'static str, String)> {
    let Some([steps, evaluations, checkpoints, rest]) = shares_of(run) else { return vec![("time in", "--".to_owned())] };
    let (first, second) = (format!("steps {steps} eval {evaluations}"), format!("save {checkpoints} rest {rest}"));
    let both = format!("{first} {second}");
    if text::width(&both) <= width { vec![("time in", both)] } else { vec![("time in", first), ("", second)] }
}

fn shares_of(run: &RunView) -> Option<[String; 4]> {
    let all = run.state.last_time? - run.state.first_time?;
    let steps = run.state.steps.last()?.training_seconds;
    let evaluations: f64 = run.state.evaluations.iter().chain(&run.state.test).map(|evaluation| evaluation.seconds).sum();
    let checkpoints = run.state.checkpoint_seconds;
    let rest = (all - steps - evaluations - checkpoints).max(0.0);
    Some([steps, evaluations, checkpoints, rest].map(|seconds| format!("{:.0}%", seconds / all.max(1e-9) * 100.0)))
}

fn worker<'a>(state: &'a State, run: &RunView) -> Option<&'a Worker> {
    state.system.machine.as_ref()?.workers.iter().find(|worker| worker.id == run.id)
}

/// What its worker uses now, as far as it runs on this host, at length and in short.
fn processor(state: &State, run: &RunView) -> [String; 2] {
    let threads = run.state.training.as_ref().map_or(1, |training| training.threads);
    let words = match worker(state, run).map(|worker| worker.processors) {
        Some(Some(used)) => {
            let used = format!("{:.0}%", used * 100.0);
            return [format!("{used} of {}%", threads * 100), used];
        }
        Some(None) => ["measured from the next second on", "in a second"],
        None if run.status.is_over() => ["its worker has ended", "has ended"],
        None => ["not seen on this host", "not seen here"],
    };
    words.map(str::to_owned)
}

/// Resident memory now and at most, and what the plan said.
fn memory(state: &State, theme: Theme, run: &RunView, width: usize) -> Fact {
    let Some(last) = run.state.steps.last() else { return ("memory", "--".to_owned(), Style::new()) };
    let of_steps = (0..run.state.steps.len()).map(|idx| run.state.steps.rss_bytes(idx)).max();
    let peak = of_steps.into_iter().chain(run.state.finished.as_ref().map(|end| end.peak_rss_bytes)).max().unwrap_or(0);
    let planned = state.planned_memory.as_ref().filter(|(id, _)| *id == run.id).and_then(|(_, bytes)| *bytes);
    // The prediction's own error is below a quarter where it was measured.
    let is_over = planned.is_some_and(|planned| peak as f64 > planned as f64 * 1.25);
    let planned = planned.map_or_else(String::new, |bytes| format!(" plan {}", text::bytes(bytes)));
    let style = if is_over { theme.warn() } else { Style::new() };
    let (now, peak) = (text::bytes(last.rss_bytes), format!("peak {}", text::bytes(peak)));
    let most = format!("{peak}{planned}");
    let spaced = format!("{now}  {}", most.replace(" plan", "  plan"));
    ("memory", fitting(width, [spaced, format!("{now} {most}"), most, peak]), style)
}

/// The graphics card that the run is on.
fn card(state: &State, run: &RunView) -> Option<String> {
    let idx: usize = run.state.training.as_ref()?.device.strip_prefix("cuda:")?.parse().ok()?;
    let card = state.system.machine.as_ref()?.cards.get(idx)?;
    Some(format!("{:.0}%  {} of {}", card.used * 100.0, text::bytes(card.memory.0), text::bytes(card.memory.1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::keys::Key;
    use crate::tui::view::tests::{PLAIN, press, state};

    #[test]
    fn nothing_is_cut_from_the_narrowest_pane_on() {
        let mut state = state(45.0, (120, 40));
        press(&mut state, &[Key::Enter]);
        let mut run = state.selected().unwrap().clone();
        state.planned_memory = Some((run.id.clone(), Some(987_654_321)));
        let attempt = run.state.attempt.as_mut().unwrap();
        (attempt.host, attempt.process_id, attempt.attempt) = ("a-host-of-a-long-name.example.org".to_owned(), 4_194_304, 12);
        // A third of 100 columns, of 120, of 150; all of 80.
        for (width, n_rows) in [(18, 11), (25, 11), (35, 10), (65, 10)] {
            let facts = facts(&state, PLAIN, &run, width);
            let cut: Vec<_> = facts.iter().filter(|(_, value, _)| text::width(value) > width).collect();
            assert!(cut.is_empty(), "{cut:?} in {width} columns");
            assert!(facts.len() == n_rows && facts.iter().any(|(_, value, _)| value.contains("peak")), "{facts:?}");
        }
    }
}
