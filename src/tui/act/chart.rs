//! How charts are drawn: axes, smoothing, metric, crosshair. Pure.

use crate::curve::window::{self, Zoom};
use crate::tui::effect::Effect;
use crate::tui::keys::action::Action;
use crate::tui::state::{SMOOTHING, State};
use crate::tui::text;
use crate::tui::update::{follow_all, notice, refresh};

/// Positions of the crosshair across a chart.
const CROSSHAIR_STEPS: f64 = 50.0;

/// How much wider or narrower one zoom makes the window.
const ZOOM: f64 = 2.0;

/// Share of the window that one pan moves it by.
const PAN: f64 = 0.25;

/// Changes how charts are drawn.
pub fn act(state: &mut State, action: Action) {
    let chart = &mut state.chart;
    let scale = |is_log: bool| if is_log { "logarithmic" } else { "linear" };
    let text = match action {
        Action::Log => {
            chart.is_log = !chart.is_log;
            format!("y axis of losses: {}", scale(chart.is_log))
        }
        Action::LogX => {
            chart.is_x_log = !chart.is_x_log;
            format!("x axis: {}", scale(chart.is_x_log))
        }
        Action::XAxis => {
            chart.x_axis = chart.x_axis.next();
            // A stretch of steps is none of seconds.
            chart.zoom = None;
            format!("x axis: {}", chart.x_axis.name())
        }
        Action::Clip => {
            chart.clips = !chart.clips;
            format!("outliers are {}", if chart.clips { "cut off" } else { "shown" })
        }
        Action::ShareY => {
            chart.shares_y = !chart.shares_y;
            format!("charts of metrics have {} y axis", if chart.shares_y { "one" } else { "each their own" })
        }
        Action::Best => {
            chart.shows_best = !chart.shows_best;
            format!("best evaluations are {}", if chart.shows_best { "marked" } else { "not marked" })
        }
        _ => next_metric(state),
    };
    if action == Action::XAxis {
        follow_all(state);
    }
    notice(state, text);
}

/// Draws charts as images, once the terminal has said that it shows them, or as characters again.
pub fn images(state: &mut State) -> Vec<Effect> {
    if !state.chart.draws_images {
        return vec![Effect::AskForImages];
    }
    state.chart.draws_images = false;
    notice(state, "charts are drawn with characters".to_owned());
    Vec::new()
}

/// Smooths more or less.
pub fn smooth(state: &mut State, action: Action) {
    let idx = state.chart.smoothing_idx;
    state.chart.smoothing_idx = if action == Action::SmoothLess { idx.saturating_sub(1) } else { (idx + 1).min(SMOOTHING.len() - 1) };
    follow_all(state);
    notice(state, format!("smoothing {}", SMOOTHING[state.chart.smoothing_idx]));
}

/// Shows less, more, or another part of the x axis.
pub fn zoom(state: &mut State, action: Action) {
    let runs = state.charted_here();
    let (full, window) = (state.whole_axis(&runs), state.window(&runs));
    let around = state.chart.crosshair.unwrap_or(0.5);
    let zoom = match action {
        Action::ZoomIn => window::zoomed(window, full, 1.0 / ZOOM, around),
        Action::ZoomOut => window::zoomed(window, full, ZOOM, around),
        Action::PanLeft => window::panned(window, full, -PAN),
        Action::PanRight => window::panned(window, full, PAN),
        _ => None,
    };
    let (shown, x_axis) = (window::shown(zoom, full, &runs, state.chart.x_axis), state.chart.x_axis.name());
    let text = match zoom {
        None if matches!(action, Action::PanLeft | Action::PanRight) => format!("all of the {x_axis} axis is shown: + zooms in"),
        None => format!("all of the {x_axis} axis"),
        Some(Zoom { follows, .. }) => {
            let follows = if follows { ", and what follows" } else { "" };
            format!("{x_axis} {} to {}{follows}; 0 shows all", text::value(shown.low), text::value(shown.high))
        }
    };
    state.chart.zoom = zoom;
    notice(state, text);
}

fn next_metric(state: &mut State) -> String {
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

/// Shows, moves or hides the crosshair.
pub fn crosshair(state: &mut State, action: Action) {
    let current = state.chart.crosshair;
    state.chart.crosshair = match (action, current) {
        (Action::Crosshair, Some(_)) => None,
        (Action::CrosshairLeft, Some(x)) => Some((x - 1.0 / CROSSHAIR_STEPS).max(0.0)),
        (Action::CrosshairRight, Some(x)) => Some((x + 1.0 / CROSSHAIR_STEPS).min(1.0)),
        _ => Some(if action == Action::CrosshairLeft { 1.0 } else { 0.5 }),
    };
}
