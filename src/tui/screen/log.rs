//! The log of a run: events or output, followed or held still, searched. Pure.

use crate::run::catalog::{RunId, RunView};
use crate::run::tail::{News, Tail};
use crate::tui::act::moved;
use crate::tui::effect::Effect;
use crate::tui::keys::action::Action;
use crate::tui::state::{Screen, State};
use crate::tui::text;
use crate::tui::update::notice;
use crate::tui::view;

/// Seconds between two looks at a file of output.
const LOOK_SECONDS: f64 = 1.0;

/// Positions of what a worker said last of its errors, behind all events.
const AFTER_EVENTS: u64 = 1 << 60;

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogSource {
    /// Events in words, then the last lines of stderr.
    #[default]
    Events,
    /// What the worker printed.
    Stdout,
    /// What the worker complained of.
    Stderr,
}

impl LogSource {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Events, Self::Stdout, Self::Stderr];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// What the pane remembers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogState {
    /// What is shown.
    pub source: LogSource,
    /// Position of the last line that is shown, where the log is held still; else it follows.
    pub held_at: Option<u64>,
    /// What is looked for; empty where nothing is.
    pub search: String,
    /// Positions of the lines in which it occurs.
    pub matches: Vec<u64>,
    /// Which of them is looked at.
    pub current: Option<u64>,
    /// The end of a run's output.
    pub tail: Option<(RunId, LogSource, Tail)>,
    /// Which output was looked at last, and when.
    pub asked: Option<(RunId, LogSource, f64)>,
}

/// A line of the log.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogLine<'a> {
    /// Where it stands: lines after it stand higher, whatever is forgotten before it.
    pub at: u64,
    /// When, in seconds since the run's first event; `None` of output.
    pub seconds: Option<f64>,
    /// Its text.
    pub text: &'a str,
}

/// All lines that are at hand of a run.
pub fn lines<'a>(state: &'a State, run: &'a RunView) -> Vec<LogLine<'a>> {
    if state.log.source != LogSource::Events {
        return tail(state, run).map_or_else(Vec::new, |tail| {
            tail.lines.iter().map(|line| LogLine { at: line.at, seconds: None, text: &line.text }).collect()
        });
    }
    let start = run.state.first_time.unwrap_or(0.0);
    let first = run.state.n_logged.saturating_sub(run.state.log.len() as u64);
    let events = run.state.log.iter().zip(first..).map(|((time, words), at)| LogLine { at, seconds: Some(time - start), text: words });
    let stderr = state.stderr.as_ref().filter(|(id, _)| *id == run.id).map_or(&[][..], |(_, lines)| lines);
    let stderr = stderr.iter().zip(AFTER_EVENTS..).map(|(text, at)| LogLine { at, seconds: None, text });
    events.chain(stderr).collect()
}

/// The end of the output that is shown, where it has been read.
pub fn tail<'a>(state: &'a State, run: &RunView) -> Option<&'a Tail> {
    let (_, _, tail) = state.log.tail.as_ref().filter(|(id, source, _)| *id == run.id && *source == state.log.source)?;
    Some(tail)
}

/// How many of the lines are not below what is shown.
pub fn end(log: &LogState, lines: &[LogLine]) -> usize {
    log.held_at.map_or(lines.len(), |at| lines.partition_point(|line| line.at <= at))
}

/// One character for one, small letters for capitals: what is looked for is found in either.
pub fn folded(text: &str) -> String {
    text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect()
}

/// A line as it is shown.
pub fn shown(text: &str) -> String {
    text::clean(text).replace('\n', " ")
}

/// Moves what is shown; at the end it follows again.
pub fn travel(state: &mut State, by: i64) {
    let held_at = state.selected().and_then(|run| {
        let lines = lines(state, run);
        let least = view::run::log_rows(state).min(lines.len());
        let target = moved(end(&state.log, &lines).max(least), by, lines.len()).max(least);
        (target < lines.len() && target > 0).then(|| lines[target - 1].at)
    });
    state.log.held_at = held_at;
}

/// Does what keys of the pane are meant for.
pub fn act(state: &mut State, action: Action) {
    match action {
        Action::Follow => {
            let held_at =
                state.selected().filter(|_| state.log.held_at.is_none()).and_then(|run| lines(state, run).last().map(|line| line.at));
            state.log.held_at = held_at;
            notice(state, if held_at.is_some() { "the log stands still; f follows" } else { "the log follows" }.to_owned());
        }
        Action::Output => {
            let at = LogSource::ALL.iter().position(|source| *source == state.log.source).unwrap_or(0);
            state.log.source = LogSource::ALL[(at + 1) % LogSource::ALL.len()];
            (state.log.held_at, state.log.current) = (None, None);
            look_through(state);
        }
        Action::NextMatch => jump(state, 1),
        _ => jump(state, -1),
    }
}

/// Looks for something else, and goes to the last place where it occurs up to the end of what is shown.
pub fn search(state: &mut State, text: &str) {
    text.clone_into(&mut state.log.search);
    state.log.current = None;
    look_through(state);
    if text.is_empty() {
        return;
    }
    let bottom = state.log.held_at.unwrap_or(u64::MAX);
    let n_before = state.log.matches.partition_point(|at| *at <= bottom);
    if let Some(at) = state.log.matches.get(n_before.saturating_sub(1)).copied() {
        go_to(state, at);
    }
}

/// Finds the lines in which it occurs, after lines have come or gone.
pub fn look_through(state: &mut State) {
    let needle = folded(&state.log.search);
    let matches = match state.selected() {
        Some(run) if !needle.is_empty() => {
            let lines = lines(state, run).into_iter().filter(|line| folded(&shown(line.text)).contains(&needle));
            lines.map(|line| line.at).collect()
        }
        _ => Vec::new(),
    };
    state.log.matches = matches;
}

/// Goes to the next place or the one before; from the last to the first.
fn jump(state: &mut State, by: i64) {
    let LogState { matches, current, search, .. } = &state.log;
    let n_matches = matches.len();
    if n_matches == 0 {
        let text = format!("{:?} does not occur", text::clean(search));
        return notice(state, text);
    }
    let at = current.map_or(n_matches, |at| matches.partition_point(|other| *other < at)) as i64;
    let next = if by < 0 && at == 0 { n_matches as i64 - 1 } else { (at + by).max(0) };
    let next = if next >= n_matches as i64 { 0 } else { next };
    let target = matches[next as usize];
    go_to(state, target);
}

/// Shows a line in the middle, or where it is seen already nothing else.
fn go_to(state: &mut State, at: u64) {
    let held_at = state.selected().and_then(|run| {
        let lines = lines(state, run);
        let rows = view::run::log_rows(state).max(1);
        let idx = lines.partition_point(|line| line.at < at);
        let bottom = end(&state.log, &lines).max(rows.min(lines.len()));
        let is_seen = idx < bottom && idx + rows >= bottom;
        let target = if is_seen { bottom } else { (idx + rows.div_ceil(2)).clamp(rows.min(lines.len()), lines.len()) };
        lines.get(target.wrapping_sub(1)).map(|line| line.at)
    });
    state.log.current = Some(at);
    state.log.held_at = held_at;
}

/// What another run has is not held still, and not looked through yet.
pub fn start_over(state: &mut State) {
    let LogState { source, search, .. } = std::mem::take(&mut state.log);
    state.log = LogState { source, search, ..LogState::default() };
    look_through(state);
}

/// Asks for the output that is shown, a second after it was looked at last.
pub fn lacking(state: &mut State) -> Vec<Effect> {
    let source = state.log.source;
    if source == LogSource::Events || state.screen != Screen::Run {
        return Vec::new();
    }
    let Some(id) = state.selected().map(|run| run.id.clone()) else { return Vec::new() };
    let now = state.now;
    let is_fresh = |(of, what, when): &(RunId, LogSource, f64)| *of == id && *what == source && (now - when).abs() < LOOK_SECONDS;
    if state.log.asked.as_ref().is_some_and(is_fresh) {
        return Vec::new();
    }
    state.log.asked = Some((id.clone(), source, now));
    let known = state.log.tail.as_ref().filter(|(of, what, _)| *of == id && *what == source);
    let from = known.and_then(|(_, _, tail)| tail.goes_on_at());
    vec![Effect::ReadOutput(id, source, from)]
}

/// Takes in output that was read; whether anything is new.
pub fn take_in(state: &mut State, id: RunId, source: LogSource, news: News) -> bool {
    let known = state.log.tail.take().filter(|(of, what, _)| *of == id && *what == source);
    let is_first = known.is_none();
    let mut tail = known.map(|(_, _, tail)| tail).unwrap_or_default();
    let is_new = tail.take_in(news);
    state.log.tail = Some((id, source, tail));
    if is_new && !state.log.search.is_empty() {
        look_through(state);
    }
    is_new || is_first
}
