//! What is asked of runs: of the marked ones, or of the one under the cursor. Pure.

use crate::run::catalog::RunView;
use crate::run::request::RequestKind;
use crate::run::status::RunStatus;
use crate::tui::act::overlay;
use crate::tui::effect::Effect;
use crate::tui::keys::action::Action;
use crate::tui::overlay::{Overlay, PromptKind, Question};
use crate::tui::state::State;
use crate::tui::update::{notice, problem};
use crate::tui::view::table;

/// Asks something of the runs that are meant.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    let runs = state.targets();
    let Some(first) = runs.first().copied() else {
        problem(state, "there is no run");
        return Vec::new();
    };
    let going: Vec<&RunView> = runs.iter().copied().filter(|run| !run.status.is_over()).collect();
    if going.is_empty() {
        let text = match runs.len() {
            1 => format!("{} is {} already", first.id.run(), first.status.name()),
            n_runs => format!("all {n_runs} marked runs are over already"),
        };
        problem(state, &text);
        return Vec::new();
    }
    if action == Action::Pause {
        // All go the same way: on, where all are paused.
        let all_paused = going.iter().all(|run| run.status == RunStatus::Paused);
        let request = if all_paused { RequestKind::Resume } else { RequestKind::Pause };
        return going.iter().map(|run| Effect::Request(run.id.clone(), request)).collect();
    }
    let request = if action == Action::Stop { RequestKind::Stop } else { RequestKind::Kill };
    let (text, otherwise) = match going.as_slice() {
        [run] => (question(run, request), format!("{} goes on", run.id.run())),
        many => {
            let what = if request == RequestKind::Stop { "stop" } else { "kill" };
            let names: Vec<&str> = many.iter().map(|run| run.id.run()).take(4).collect();
            let more = if many.len() > names.len() { ", …" } else { "" };
            (format!("{what} {} runs ({}{more})?", many.len(), names.join(", ")), "they go on".to_owned())
        }
    };
    let announced = (request == RequestKind::Stop).then(|| match going.as_slice() {
        [run] => format!("stopping {}", run.id.run()),
        many => format!("stopping {} runs", many.len()),
    });
    let then = going.iter().map(|run| Effect::Request(run.id.clone(), request)).collect();
    state.overlay = Some(Overlay::Question(Question { text, then, otherwise, announced }));
    Vec::new()
}

fn question(run: &RunView, request: RequestKind) -> String {
    let name = run.id.run();
    match (request, run.state.best()) {
        (RequestKind::Stop, _) if run.status == RunStatus::Queued => format!("take {name} off the queue?"),
        (RequestKind::Stop, Some(best)) => format!("stop {name} now? its best so far, step {}, is kept", best.step),
        (RequestKind::Stop, None) => format!("stop {name} now? it is evaluated once and kept"),
        _ => format!("kill {name}? its worker ends now and can be started again from its last checkpoint"),
    }
}

/// Seconds in which a stop can be taken back.
pub const UNDO_SECONDS: f64 = 5.0;

/// Takes back what is announced.
pub fn undo(state: &mut State) {
    match state.pending.take() {
        Some(pending) => notice(state, format!("taken back: {}", pending.text)),
        None => problem(state, "there is nothing to take back"),
    }
}

/// Asks for how many more epochs.
pub fn extend(state: &mut State) {
    let ids: Vec<_> = state.targets().iter().filter(|run| run.status.is_over()).map(|run| run.id.clone()).collect();
    if ids.is_empty() {
        return problem(state, "only a run that has ended can be extended");
    }
    overlay::open_prompt(state, PromptKind::Extend(ids));
}

/// Copies something of the run under the cursor.
pub fn copy(state: &mut State, action: Action) -> Vec<Effect> {
    let Some(run) = state.selected() else {
        problem(state, "there is no run to copy anything of");
        return Vec::new();
    };
    let text = match action {
        Action::CopyId => run.id.0.clone(),
        Action::CopyPath => format!("{}/{}", state.root, run.id),
        Action::CopyCommand => format!("finetop show {}", run.id),
        _ => table::tabbed(state, run),
    };
    vec![Effect::Copy(crate::tui::text::clean(&text))]
}
