//! What each action does to the state. No input or output.

pub mod chart;
pub mod control;
pub mod heard;
pub mod list;
pub mod overlay;
pub mod pointer;

use crate::tui::effect::Effect;
use crate::tui::form;
use crate::tui::keys::action::{Action, Scope};
use crate::tui::overlay::alert_list::{self, AlertList};
use crate::tui::overlay::{Help, Overlay, PromptKind, Question};
use crate::tui::screen::run::Pane;
use crate::tui::screen::{compare, launch, log, mistakes, queue, run, system};
use crate::tui::state::{Screen, State};
use crate::tui::update::problem;
use crate::tui::view::layers;

/// Where bindings hold now, the nearest first.
pub fn scopes(state: &State) -> Vec<Scope> {
    match &state.overlay {
        Some(overlay) => overlay.scopes(),
        None if form::act::is_typing(state) => vec![Scope::Input],
        None => here(state),
    }
}

/// Where bindings hold with nothing over the screen.
pub fn here(state: &State) -> Vec<Scope> {
    match form::act::shown(state) {
        Some(form) if form.amends.is_some() => vec![Scope::Waiting, Scope::Form, Scope::Global],
        Some(_) => vec![Scope::Form, Scope::Global],
        None => screen_scopes(state),
    }
}

/// Where bindings hold on a screen with nothing over it.
pub fn screen_scopes(state: &State) -> Vec<Scope> {
    match state.screen {
        Screen::Overview => vec![Scope::Overview, Scope::Runs, Scope::Global],
        Screen::Compare => vec![Scope::Compare, Scope::Runs, Scope::Global],
        Screen::Run => {
            let of_pane: &[Scope] = match run::pane(state) {
                Pane::Mistakes => &[Scope::Mistakes],
                Pane::Log if !state.log.search.is_empty() => &[Scope::Found, Scope::Log],
                Pane::Log => &[Scope::Log],
                _ => &[],
            };
            of_pane.iter().copied().chain([Scope::Run, Scope::Runs, Scope::Global]).collect()
        }
        Screen::Launch => vec![Scope::Launch, Scope::Global],
        Screen::Queue => vec![Scope::Queue, Scope::Global],
        Screen::System => vec![Scope::System, Scope::Global],
    }
}

/// Does what was asked.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    // What a menu or the palette was asked for is done without it.
    if matches!(state.overlay, Some(Overlay::Menu(_))) {
        state.overlay = None;
        if action == Action::Back {
            return Vec::new();
        }
    }
    if state.is_read_only && action.changes_runs() {
        problem(state, "read-only: runs can be looked at, not changed");
        return Vec::new();
    }
    if is_of_form(state, action) {
        return form::act::act(state, action);
    }
    match action {
        Action::Quit => return leave(state),
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        Action::ReloadSettings => return vec![Effect::ReloadSettings],
        Action::Help => state.overlay = Some(Overlay::Help(Help::default())),
        Action::Palette => overlay::open_palette(state),
        Action::Alerts | Action::OpenAlert | Action::MuteAlert => return of_alerts(state, action),
        Action::RunMenu => overlay::open_menu(state, Scope::RunMenu),
        Action::CopyMenu => overlay::open_menu(state, Scope::CopyMenu),
        Action::ExportMenu => overlay::open_menu(state, Scope::ExportMenu),
        Action::Columns | Action::Group | Action::Charts => overlay::open_picker(state, action),
        Action::Filter => overlay::open_prompt(state, PromptKind::Filter { before: state.filter.text.clone() }),
        Action::Accept => return overlay::accept(state),
        Action::Toggle => return overlay::toggle(state),
        Action::Yes | Action::No => return overlay::answer(state, action == Action::Yes),
        Action::Back => back(state),
        Action::Overview => show(state, Screen::Overview),
        Action::Compare => show(state, Screen::Compare),
        Action::Run | Action::Open => return open(state),
        Action::Launch => return look(state, Screen::Launch, Effect::ListFiles),
        Action::Queue => return look(state, Screen::Queue, Effect::LookAtQueue),
        Action::System => return look(state, Screen::System, Effect::LookAtMachine),
        Action::QueueEarlier
        | Action::QueueLater
        | Action::QueueMore
        | Action::QueueFewer
        | Action::QueueUsual
        | Action::QueueHold
        | Action::QueueCancel => return queue::act(state, action),
        Action::Down => travel(state, 1),
        Action::Up => travel(state, -1),
        Action::PageDown => travel(state, i64::from(state.size.1 / 2).max(1)),
        Action::PageUp => travel(state, -i64::from(state.size.1 / 2).max(1)),
        Action::Top => travel(state, i64::from(i32::MIN)),
        Action::Bottom => travel(state, i64::from(i32::MAX)),
        Action::Mark | Action::MarkRange | Action::MarkAll | Action::MarkNone => list::mark(state, action),
        Action::Sort | Action::SortReverse | Action::SortLeft | Action::SortRight => list::sort(state, action),
        Action::NextExperiment => list::focus(state, 1),
        Action::PreviousExperiment => list::focus(state, -1),
        Action::NextRun => return neighbour(state, 1),
        Action::PreviousRun => return neighbour(state, -1),
        Action::Search => search(state),
        Action::Pair => mistakes::next_pair(state),
        Action::Follow | Action::Output | Action::NextMatch | Action::PreviousMatch => log::act(state, action),
        Action::NextPane | Action::PreviousPane => turn(state, if action == Action::NextPane { 1 } else { -1 }),
        Action::Expand => state.is_expanded = !state.is_expanded,
        Action::Log | Action::LogX | Action::XAxis | Action::Clip | Action::ShareY | Action::Metric | Action::Best => {
            chart::act(state, action);
        }
        Action::Images => return chart::images(state),
        Action::SmoothLess | Action::SmoothMore => chart::smooth(state, action),
        Action::ZoomIn | Action::ZoomOut | Action::PanLeft | Action::PanRight | Action::Fit => chart::zoom(state, action),
        Action::Crosshair | Action::CrosshairLeft | Action::CrosshairRight => chart::crosshair(state, action),
        Action::Budget | Action::CostAxis | Action::ColumnLeft | Action::ColumnRight => compare::act(state, action),
        Action::Undo => control::undo(state),
        Action::Extend => control::extend(state),
        Action::Stop | Action::Kill | Action::Pause => return control::act(state, action),
        Action::StopAtEpochEnd => control::stop_at_epoch_end(state),
        Action::StopWhen | Action::LearningRate | Action::Patience => control::ask_for(state, action),
        Action::KeepGoing | Action::Release => return control::going(state, action),
        Action::Resume | Action::Requeue => return control::again(state, action),
        Action::Mute => control::mute(state),
        Action::CopyId | Action::CopyPath | Action::CopyCommand | Action::CopyRow => return control::copy(state, action),
        Action::ExportChartsPng => return vec![Effect::ExportCharts { is_vector: false }],
        Action::ExportChartsSvg => return vec![Effect::ExportCharts { is_vector: true }],
        Action::ExportScreenSvg => return vec![Effect::ExportScreen { is_picture: true }],
        Action::ExportScreenText => return vec![Effect::ExportScreen { is_picture: false }],
        Action::Clone => return launch::from_run(state),
        Action::Edit => return if state.screen == Screen::Launch { launch::edit(state) } else { launch::edit_run(state) },
        Action::Rerun => return rerun(state),
        Action::EditFile => return launch::edit_file(state),
        Action::Complete
        | Action::FormEnter
        | Action::FormToggle
        | Action::FormLess
        | Action::FormMore
        | Action::FormDefault
        | Action::FormAnother
        | Action::FormPage
        | Action::DryRun
        | Action::Save => return form::act::act(state, action),
        Action::Plan => return launch::plan(state),
        Action::Start => return launch::start(state),
        Action::Reload => return vec![Effect::ListFiles],
    }
    Vec::new()
}

/// Whether the form does something of its own with what elsewhere means something else.
fn is_of_form(state: &State, action: Action) -> bool {
    let is_typed = matches!(action, Action::Accept | Action::Up | Action::Down) && form::act::is_typing(state);
    let is_shown = state.overlay.is_none() && form::act::shown(state).is_some();
    is_shown && (is_typed || matches!(action, Action::Back | Action::Start | Action::EditFile))
}

/// Quits; what waits to be taken back is done first.
fn leave(state: &mut State) -> Vec<Effect> {
    let pending = state.pending.take().map(|pending| pending.effects).unwrap_or_default();
    pending.into_iter().chain([Effect::Quit]).collect()
}

/// Asks whether the chosen run is to be run again.
fn rerun(state: &mut State) -> Vec<Effect> {
    let chosen = state.selected().map(|run| (run.id.run().to_owned(), run.spec.clone()));
    if let Some((name, Ok(spec))) = chosen {
        state.overlay = Some(Overlay::Question(Question {
            text: format!("run {name} again, as an experiment of its own?"),
            then: vec![Effect::Rerun(Box::new(spec))],
            otherwise: format!("{name} is not run again"),
            announced: None,
        }));
    }
    Vec::new()
}

/// Shows a screen.
pub fn show(state: &mut State, screen: Screen) {
    state.screen = screen;
    state.overlay = None;
    state.pane = 0;
    state.is_expanded = false;
}

/// Shows a screen, and looks at what it tells of.
fn look(state: &mut State, screen: Screen, at: Effect) -> Vec<Effect> {
    show(state, screen);
    vec![at]
}

/// Steps out one layer.
fn back(state: &mut State) {
    if state.overlay.is_some() {
        overlay::close(state);
    } else if state.screen == Screen::Run && run::pane(state) == Pane::Mistakes && mistakes::is_filtered(state) {
        mistakes::show_all(state);
    } else if state.screen == Screen::Run && run::pane(state) == Pane::Log && !state.log.search.is_empty() {
        log::search(state, "");
    } else if state.is_expanded {
        state.is_expanded = false;
    } else if state.screen == Screen::Launch && state.launch.plan.is_some() {
        state.launch.plan = None;
    } else if state.chart.crosshair.is_some() && matches!(state.screen, Screen::Overview | Screen::Run | Screen::Compare) {
        state.chart.crosshair = None;
    } else if state.screen == Screen::Overview && !state.filter.is_empty() {
        state.filter = crate::tui::filter::Filter::default();
    } else {
        show(state, Screen::Overview);
    }
}

/// Asks what is looked for in the pane that keys are meant for.
fn search(state: &mut State) {
    if run::pane(state) == Pane::Mistakes {
        return overlay::open_prompt(state, PromptKind::Mistakes { before: state.mistakes.words.clone() });
    }
    // All other panes have nothing to look for.
    state.pane = run::turning(state.size).iter().position(|pane| *pane == Pane::Log).unwrap_or(0);
    overlay::open_prompt(state, PromptKind::Log { before: state.log.search.clone() });
}

/// Opens the list of alerts; mutes the one under the cursor there, or opens its run.
fn of_alerts(state: &mut State, action: Action) -> Vec<Effect> {
    match action {
        Action::MuteAlert => return control::mute_alert(state),
        Action::OpenAlert => {
            let entry = alert_list::under_cursor(state);
            state.overlay = None;
            let Some(entry) = entry else { return Vec::new() };
            state.cursor = Some(entry.id);
            return open(state);
        }
        _ => state.overlay = Some(Overlay::Alerts(AlertList::default())),
    }
    Vec::new()
}

fn open(state: &mut State) -> Vec<Effect> {
    let Some(id) = state.selected().map(|run| run.id.clone()) else {
        let how = if state.filter.is_empty() { "n starts an experiment" } else { "esc takes the filter off" };
        problem(state, &format!("there is no run to open; {how}"));
        return Vec::new();
    };
    show(state, Screen::Run);
    state.cursor = Some(id.clone());
    log::start_over(state);
    vec![Effect::ReadStderr(id)]
}

fn neighbour(state: &mut State, by: i64) -> Vec<Effect> {
    list::move_cursor(state, by);
    log::start_over(state);
    state.cursor.clone().map(Effect::ReadStderr).into_iter().collect()
}

/// An index moved within `0..=max`.
pub fn moved(from: usize, by: i64, max: usize) -> usize {
    (from as i64).saturating_add(by).clamp(0, max as i64) as usize
}

/// Moves what the arrows move here.
pub fn travel(state: &mut State, by: i64) {
    if state.overlay.is_some() {
        return overlay::travel(state, by);
    }
    match state.screen {
        Screen::Overview => list::move_cursor(state, by),
        Screen::Compare => compare::travel(state, by),
        Screen::Run if run::pane(state) == Pane::Layers => {
            let n_rows = state.selected().map_or(0, layers::n_rows);
            state.layer_scroll = moved(state.layer_scroll, by, n_rows.saturating_sub(1));
        }
        Screen::Run if run::pane(state) == Pane::Mistakes => mistakes::travel(state, by),
        Screen::Run => log::travel(state, by),
        Screen::Launch => launch::travel(state, by),
        Screen::Queue => queue::travel(state, by),
        Screen::System => system::travel(state, by),
    }
}

fn turn(state: &mut State, by: i64) {
    let n_panes = match state.screen {
        Screen::Overview => state.chart.quantities.len().max(1),
        Screen::Run => run::turning(state.size).len(),
        Screen::Compare => compare::N_PANES,
        _ => return,
    };
    state.pane = (state.pane as i64 + by).rem_euclid(n_panes as i64) as usize;
}
