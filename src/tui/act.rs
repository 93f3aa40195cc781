//! What each action does to the state. No input or output.

use crate::run::request::RequestKind;
use crate::run::status::RunStatus;
use crate::tui::effect::Effect;
use crate::tui::keys::{Action, KEYS, Scope};
use crate::tui::state::{Focus, Question, SMOOTHING, Screen, State};
use crate::tui::update::{notice, problem, refresh};

/// Positions of the crosshair across a chart.
const CROSSHAIR_STEPS: f64 = 50.0;

/// Panes of the run screen where there is room for one: loss, metric, parameters, health, system, log.
pub const N_RUN_PANES: usize = 6;

/// Charts of the overview where there is room for one: loss, metric.
pub const N_OVERVIEW_PANES: usize = 2;

/// Where bindings hold now, the nearest first.
pub fn scopes(state: &State) -> Vec<Scope> {
    if state.question.is_some() {
        return vec![Scope::Question];
    }
    if state.help.is_some() {
        return vec![Scope::Help, Scope::Global];
    }
    match state.screen {
        Screen::Overview => vec![Scope::Overview, Scope::Runs, Scope::Global],
        Screen::Run => vec![Scope::Run, Scope::Runs, Scope::Global],
        Screen::Launch => vec![Scope::Launch, Scope::Global],
    }
}

/// Does what was asked.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    match action {
        Action::Quit => return vec![Effect::Quit],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        Action::Help => state.help = if state.help.is_some() { None } else { Some(0) },
        Action::Back => back(state),
        Action::Overview => show(state, Screen::Overview),
        Action::Run | Action::Open => return open(state),
        Action::Launch => {
            show(state, Screen::Launch);
            return vec![Effect::ListFiles];
        }
        Action::Down => travel(state, 1),
        Action::Up => travel(state, -1),
        Action::PageDown => travel(state, i64::from(state.size.1 / 2).max(1)),
        Action::PageUp => travel(state, -i64::from(state.size.1 / 2).max(1)),
        Action::Top => travel(state, i64::from(i32::MIN)),
        Action::Bottom => travel(state, i64::from(i32::MAX)),
        Action::Mark | Action::MarkAll | Action::MarkNone => mark(state, action),
        Action::Sort => {
            state.sort.by = state.sort.by.next();
            notice(state, format!("sorted by {}", state.sort.by.name()));
        }
        Action::SortReverse => {
            state.sort.is_reversed = !state.sort.is_reversed;
            let way = if state.sort.is_reversed { ", reversed" } else { "" };
            notice(state, format!("sorted by {}{way}", state.sort.by.name()));
        }
        Action::Stop => ask(state, RequestKind::Stop),
        Action::Kill => ask(state, RequestKind::Kill),
        Action::Pause => return pause(state),
        Action::Yes => return answer(state),
        Action::No => {
            if let Some(question) = state.question.take() {
                notice(state, format!("{} goes on", question.id.run()));
            }
        }
        Action::Log | Action::XAxis | Action::SmoothLess | Action::SmoothMore | Action::Clip | Action::Metric | Action::Best => {
            chart(state, action);
        }
        Action::Crosshair | Action::CrosshairLeft | Action::CrosshairRight => crosshair(state, action),
        Action::NextPane => turn(state, 1),
        Action::PreviousPane => turn(state, -1),
        Action::NextExperiment => focus(state, 1),
        Action::PreviousExperiment => focus(state, -1),
        Action::NextRun => return neighbour(state, 1),
        Action::PreviousRun => return neighbour(state, -1),
        Action::Plan => return plan(state),
        Action::Start => return start(state),
        Action::Reload => return vec![Effect::ListFiles],
    }
    Vec::new()
}

fn show(state: &mut State, screen: Screen) {
    state.screen = screen;
    state.help = None;
    state.pane = 0;
}

fn back(state: &mut State) {
    if state.help.is_some() {
        state.help = None;
    } else if state.screen == Screen::Launch && state.launch.plan.is_some() {
        state.launch.plan = None;
    } else if state.chart.crosshair.is_some() && state.screen != Screen::Launch {
        state.chart.crosshair = None;
    } else {
        show(state, Screen::Overview);
    }
}

fn open(state: &mut State) -> Vec<Effect> {
    let Some(id) = state.selected().map(|run| run.id.clone()) else {
        problem(state, "there is no run to open; n starts an experiment");
        return Vec::new();
    };
    show(state, Screen::Run);
    state.cursor = Some(id.clone());
    state.log_scroll = 0;
    vec![Effect::ReadStderr(id)]
}

fn neighbour(state: &mut State, by: i64) -> Vec<Effect> {
    move_cursor(state, by);
    state.log_scroll = 0;
    state.cursor.clone().map(Effect::ReadStderr).into_iter().collect()
}

/// Moves what the arrows move on this screen.
fn travel(state: &mut State, by: i64) {
    let moved = |from: usize, by: i64, max: usize| (from as i64).saturating_add(by).clamp(0, max as i64) as usize;
    if let Some(scroll) = state.help {
        state.help = Some(moved(scroll, by, KEYS.len()));
        return;
    }
    match state.screen {
        Screen::Overview => move_cursor(state, by),
        Screen::Run => {
            let n_lines = state.selected().map_or(0, |run| run.state.log.len()) + state.stderr.as_ref().map_or(0, |(_, lines)| lines.len());
            state.log_scroll = moved(state.log_scroll, by.saturating_neg(), n_lines.saturating_sub(1));
        }
        Screen::Launch if state.launch.plan.is_some() => {
            let text = state.launch.plan.as_ref().map_or("", |(_, plan)| plan.as_ref().unwrap_or_else(|errors| errors));
            state.launch.scroll = moved(state.launch.scroll, by, text.lines().count());
        }
        Screen::Launch => {
            let n_files = state.launch.files.as_ref().map_or(0, Vec::len);
            state.launch.cursor = moved(state.launch.cursor, by, n_files.saturating_sub(1));
        }
    }
}

fn move_cursor(state: &mut State, by: i64) {
    let visible = state.visible();
    let position = visible.iter().position(|run| Some(&run.id) == state.cursor.as_ref()).unwrap_or(0) as i64;
    let target = position.saturating_add(by).clamp(0, (visible.len() as i64 - 1).max(0)) as usize;
    state.cursor = visible.get(target).map(|run| run.id.clone());
}

fn mark(state: &mut State, action: Action) {
    let ids: Vec<_> = state.visible().iter().map(|run| run.id.clone()).collect();
    match action {
        Action::MarkAll => {
            state.unmarked.retain(|id| !ids.contains(id));
            notice(state, format!("{} runs in the charts", ids.len()));
        }
        Action::MarkNone => {
            state.unmarked.extend(ids);
            notice(state, "no run is marked: the charts show the one under the cursor".to_owned());
        }
        _ => {
            let Some(id) = state.selected().map(|run| run.id.clone()) else { return };
            let is_marked = state.unmarked.remove(&id);
            notice(state, format!("{} is {} the charts", id.run(), if is_marked { "in" } else { "out of" }));
            if !is_marked {
                state.unmarked.insert(id);
            }
            move_cursor(state, 1);
        }
    }
}

fn ask(state: &mut State, request: RequestKind) {
    let Some(run) = state.selected() else { return problem(state, "there is no run") };
    let name = run.id.run();
    if run.status.is_over() {
        let text = format!("{name} is {} already", run.status.name());
        return problem(state, &text);
    }
    let text = match (request, run.state.best()) {
        (RequestKind::Stop, _) if run.status == RunStatus::Queued => format!("take {name} off the queue?"),
        (RequestKind::Stop, Some(best)) => format!("stop {name} now? its best so far, step {}, is kept", best.step),
        (RequestKind::Stop, None) => format!("stop {name} now? it is evaluated once and kept"),
        _ => format!("kill {name}? its worker ends now and can be started again from its last checkpoint"),
    };
    state.question = Some(Question { id: run.id.clone(), request, text });
}

fn answer(state: &mut State) -> Vec<Effect> {
    state.question.take().map(|question| Effect::Request(question.id, question.request)).into_iter().collect()
}

fn pause(state: &mut State) -> Vec<Effect> {
    let Some(run) = state.selected() else { return Vec::new() };
    if run.status.is_over() {
        let text = format!("{} is {} already", run.id.run(), run.status.name());
        problem(state, &text);
        return Vec::new();
    }
    let request = if run.status == RunStatus::Paused { RequestKind::Resume } else { RequestKind::Pause };
    vec![Effect::Request(run.id.clone(), request)]
}

fn chart(state: &mut State, action: Action) {
    let chart = &mut state.chart;
    let text = match action {
        Action::Log => {
            chart.is_log = !chart.is_log;
            format!("y axis of losses: {}", if chart.is_log { "logarithmic" } else { "linear" })
        }
        Action::XAxis => {
            chart.x_axis = chart.x_axis.next();
            format!("x axis: {}", chart.x_axis.name())
        }
        Action::SmoothLess | Action::SmoothMore => {
            let idx = chart.smoothing_idx;
            chart.smoothing_idx = if action == Action::SmoothLess { idx.saturating_sub(1) } else { (idx + 1).min(SMOOTHING.len() - 1) };
            format!("smoothing {}", SMOOTHING[chart.smoothing_idx])
        }
        Action::Clip => {
            chart.clips = !chart.clips;
            format!("outliers are {}", if chart.clips { "cut off" } else { "shown" })
        }
        Action::Best => {
            chart.shows_best = !chart.shows_best;
            format!("best evaluations are {}", if chart.shows_best { "marked" } else { "not marked" })
        }
        _ => {
            let metrics = state.metrics();
            let current = state.metric();
            let idx = metrics.iter().position(|metric| *metric == current).map_or(0, |idx| (idx + 1) % metrics.len());
            state.chart.metric = Some(metrics[idx]);
            let ids: Vec<_> = state.insights.iter().map(|(id, insight)| (id.clone(), insight.heard)).collect();
            for (id, heard) in ids {
                refresh(state, id.clone());
                // Nothing was heard of the run: only the question has changed.
                if let Some(insight) = state.insights.get_mut(&id) {
                    insight.heard = heard;
                }
            }
            format!("metric: {}", metrics[idx].name())
        }
    };
    notice(state, text);
}

fn crosshair(state: &mut State, action: Action) {
    let current = state.chart.crosshair;
    state.chart.crosshair = match (action, current) {
        (Action::Crosshair, Some(_)) => None,
        (Action::CrosshairLeft, Some(x)) => Some((x - 1.0 / CROSSHAIR_STEPS).max(0.0)),
        (Action::CrosshairRight, Some(x)) => Some((x + 1.0 / CROSSHAIR_STEPS).min(1.0)),
        _ => Some(if action == Action::CrosshairLeft { 1.0 } else { 0.5 }),
    };
}

fn turn(state: &mut State, by: i64) {
    let n_panes = match state.screen {
        Screen::Overview => N_OVERVIEW_PANES,
        Screen::Run => N_RUN_PANES,
        Screen::Launch => return,
    };
    state.pane = (state.pane as i64 + by).rem_euclid(n_panes as i64) as usize;
}

fn focus(state: &mut State, by: i64) {
    let experiments = state.experiments();
    let position = match state.experiment() {
        Some(name) => experiments.iter().position(|experiment| *experiment == name).unwrap_or(0),
        None => experiments.len(),
    };
    let next = (position as i64 + by).rem_euclid(experiments.len() as i64 + 1) as usize;
    let (next, text) = match experiments.get(next) {
        Some(name) => (Focus::Named((*name).to_owned()), format!("experiment {name}")),
        None => (Focus::All, "all experiments".to_owned()),
    };
    state.focus = next;
    state.cursor = None;
    notice(state, text);
}

fn plan(state: &mut State) -> Vec<Effect> {
    let file = state.launch.files.as_ref().and_then(|files| files.get(state.launch.cursor)).cloned();
    let Some(file) = file else { return Vec::new() };
    let is_planned = matches!(&state.launch.plan, Some((planned, Ok(_))) if *planned == file);
    if is_planned {
        return start(state);
    }
    state.launch.waiting = Some("reading the experiment and its data");
    vec![Effect::Plan(file)]
}

fn start(state: &mut State) -> Vec<Effect> {
    let file = state.launch.files.as_ref().and_then(|files| files.get(state.launch.cursor)).cloned();
    let Some(file) = file.filter(|_| state.launch.waiting.is_none()) else { return Vec::new() };
    state.launch.waiting = Some("starting");
    vec![Effect::Launch(file)]
}
