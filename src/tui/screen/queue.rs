//! The screen of what waits, runs and why: its state and what its actions do. Pure.

use crate::launch::outlook::Outlook;
use crate::launch::queue::{self, Entry, Place};
use crate::launch::wishes::{MOST_AT_ONCE, Wishes};
use crate::run::catalog::RunId;
use crate::run::request::RequestKind;
use crate::run::status::RunStatus;
use crate::spec::run::Device;
use crate::tui::act::moved;
use crate::tui::effect::Effect;
use crate::tui::keys::action::Action;
use crate::tui::overlay::{Overlay, Question};
use crate::tui::state::State;
use crate::tui::update::{notice, problem};

/// What the screen remembers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QueueState {
    /// The row under the cursor.
    pub cursor: usize,
    /// The queue when it was looked at last; `None` before.
    pub outlook: Option<Outlook>,
}

/// A row of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which run.
    pub id: RunId,
    /// How it stands.
    pub standing: Standing,
    /// How many runs may be active where it is one of them.
    pub allowed: usize,
}

/// How a run stands in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It has a worker.
    Runs,
    /// It waits for its turn.
    Waits,
    /// It waits, held back by request.
    Held,
}

impl QueueState {
    /// The rows: what runs, what waits, what is held back, each in the order of the queue.
    pub fn rows(&self) -> Vec<Row> {
        let row = |entry: &Entry| {
            let standing = match entry.place {
                Place::Active => Standing::Runs,
                Place::Waiting => Standing::Waits,
                Place::Held => Standing::Held,
                Place::Over => return None,
            };
            Some(Row { id: entry.id.clone(), standing, allowed: entry.runs_at_once })
        };
        let mut rows: Vec<Row> = self.outlook.iter().flat_map(|outlook| &outlook.entries).filter_map(row).collect();
        rows.sort_by_key(|row| row.standing);
        rows
    }

    /// How many may run at once now.
    pub fn at_once(&self) -> usize {
        let Some(outlook) = &self.outlook else { return 1 };
        let own = outlook.entries.iter().map(|entry| entry.runs_at_once).max().unwrap_or(1);
        outlook.wishes.runs_at_once.unwrap_or(own)
    }
}

/// Takes in another look at the queue.
pub fn take_in(state: &mut State, outlook: Outlook) {
    state.queue.outlook = Some(outlook);
    state.queue.cursor = state.queue.cursor.min(state.queue.rows().len().saturating_sub(1));
}

/// Moves the cursor.
pub fn travel(state: &mut State, by: i64) {
    state.queue.cursor = moved(state.queue.cursor, by, state.queue.rows().len().saturating_sub(1));
}

/// Does what was asked of the queue.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    match action {
        Action::QueueEarlier => reorder(state, -1),
        Action::QueueLater => reorder(state, 1),
        Action::QueueMore => at_once(state, 1),
        Action::QueueFewer => at_once(state, -1),
        Action::QueueUsual => usual(state),
        Action::QueueHold => hold(state),
        Action::QueueCancel => cancel(state),
        _ => Vec::new(),
    }
}

fn under_cursor(state: &mut State) -> Option<Row> {
    let row = state.queue.rows().into_iter().nth(state.queue.cursor);
    if row.is_none() {
        problem(state, "nothing runs and nothing waits");
    }
    row
}

fn reorder(state: &mut State, by: i64) -> Vec<Effect> {
    let Some(row) = under_cursor(state) else { return Vec::new() };
    if row.standing != Standing::Waits {
        problem(state, "only a run that waits has a place to change");
        return Vec::new();
    }
    let mut order: Vec<RunId> = state.queue.rows().into_iter().filter(|row| row.standing == Standing::Waits).map(|row| row.id).collect();
    let Some(from) = order.iter().position(|id| *id == row.id) else { return Vec::new() };
    let to = moved(from, by, order.len() - 1);
    if to == from {
        notice(state, format!("{} is the {} already", row.id.run(), if by < 0 { "first" } else { "last" }));
        return Vec::new();
    }
    let text = format!("{} now waits {} {}", row.id.run(), if by < 0 { "before" } else { "after" }, order[to].run());
    order.swap(from, to);
    state.queue.cursor = moved(state.queue.cursor, by, usize::MAX >> 1);
    let wishes = Wishes { order, ..wishes(state) };
    wish(state, wishes, text)
}

fn at_once(state: &mut State, by: i64) -> Vec<Effect> {
    let now = state.queue.at_once();
    let then = moved(now, by, MOST_AT_ONCE).max(1);
    if then == now {
        notice(state, format!("{now} at once is the {}", if by < 0 { "least" } else { "most" }));
        return Vec::new();
    }
    let text = match then {
        1 => "one run at a time from now on; those that run go on".to_owned(),
        many => match crowd(state, many) {
            Some((threads, cores)) => {
                format!(
                    "up to {many} runs at once: {threads} threads will share {cores} cores and slow each other; E gives a waiting run fewer"
                )
            }
            None => format!("up to {many} runs at once from now on; each keeps the threads that it was given"),
        },
    };
    let wishes = Wishes { runs_at_once: Some(then), ..wishes(state) };
    wish(state, wishes, text)
}

/// The threads of the first `n_runs` runs, paused ones aside, and the cores, where those are fewer: each keeps the threads that it was given, since its bits depend
/// on them.
pub fn crowd(state: &State, n_runs: usize) -> Option<(usize, usize)> {
    let n_cores = state.queue.outlook.as_ref()?.n_cores;
    let rows = state.queue.rows();
    let going = rows.iter().filter(|row| row.standing != Standing::Held).filter_map(|row| state.catalog.run(&row.id));
    let specs = going.filter(|run| run.status != RunStatus::Paused).filter_map(|run| run.spec.as_ref().ok());
    let on_processor = specs.take(n_runs).filter(|spec| !matches!(spec.device, Device::Cuda(_)));
    let threads: Vec<usize> = on_processor.map(|spec| spec.threads).collect();
    let sum = threads.iter().sum();
    (threads.len() > 1 && n_cores > 0 && sum > n_cores).then_some((sum, n_cores))
}

fn usual(state: &mut State) -> Vec<Effect> {
    wish(state, Wishes::default(), "the queue keeps to what the experiments say".to_owned())
}

fn wishes(state: &State) -> Wishes {
    state.queue.outlook.as_ref().map(|outlook| outlook.wishes.clone()).unwrap_or_default()
}

/// Shows at once what will be, and has it written.
fn wish(state: &mut State, wishes: Wishes, text: String) -> Vec<Effect> {
    if let Some(outlook) = &mut state.queue.outlook {
        outlook.wishes = wishes.clone();
        queue::arrange(&mut outlook.entries, &wishes);
    }
    vec![Effect::Wish(wishes, text), Effect::LookAtQueue]
}

fn hold(state: &mut State) -> Vec<Effect> {
    let Some(row) = under_cursor(state) else { return Vec::new() };
    let is_paused = state.catalog.run(&row.id).is_some_and(|run| run.status == RunStatus::Paused);
    let request = if row.standing == Standing::Held || is_paused { RequestKind::Resume } else { RequestKind::Pause };
    vec![Effect::Request(row.id, request), Effect::LookAtQueue]
}

fn cancel(state: &mut State) -> Vec<Effect> {
    let Some(row) = under_cursor(state) else { return Vec::new() };
    let name = row.id.run();
    let text = match row.standing {
        Standing::Runs => format!("stop {name} now? it evaluates and keeps its best"),
        _ => format!("take {name} off the queue?"),
    };
    let otherwise = format!("{name} stays");
    let then = vec![Effect::Request(row.id.clone(), RequestKind::Stop), Effect::LookAtQueue];
    state.overlay = Some(Overlay::Question(Question { text, then, otherwise, announced: None }));
    Vec::new()
}
