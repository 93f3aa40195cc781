//! How charts are drawn: axes, smoothing, metric, crosshair. Pure.

use crate::tui::keys::action::Action;
use crate::tui::state::{SMOOTHING, State};
use crate::tui::update::{notice, refresh};

/// Positions of the crosshair across a chart.
const CROSSHAIR_STEPS: f64 = 50.0;

/// Changes how charts are drawn.
pub fn act(state: &mut State, action: Action) {
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
        _ => next_metric(state),
    };
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
