//! The one key table: dispatch, footer and help are made from it.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key as the dashboard knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A character; upper case where shifted.
    Char(char),
    /// A character with Control.
    Ctrl(char),
    /// Return.
    Enter,
    /// Escape.
    Escape,
    /// Tabulator.
    Tab,
    /// Shift and tabulator.
    BackTab,
    /// Arrow.
    Up,
    /// Arrow.
    Down,
    /// Arrow.
    Left,
    /// Arrow.
    Right,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Home.
    Home,
    /// End.
    End,
    /// A function key.
    Function(u8),
}

/// Where a binding holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everywhere but in questions.
    Global,
    /// The list of runs.
    Overview,
    /// One run.
    Run,
    /// Both of these: charts and control of runs.
    Runs,
    /// The launch screen.
    Launch,
    /// While the help is open.
    Help,
    /// While a question waits.
    Question,
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table below says what each does")]
pub enum Action {
    Quit,
    Back,
    Help,
    Overview,
    Run,
    Launch,
    Down,
    Up,
    PageDown,
    PageUp,
    Top,
    Bottom,
    Mark,
    MarkAll,
    MarkNone,
    Open,
    Sort,
    SortReverse,
    Stop,
    Pause,
    Kill,
    Log,
    XAxis,
    SmoothLess,
    SmoothMore,
    Clip,
    Metric,
    Crosshair,
    CrosshairLeft,
    CrosshairRight,
    Best,
    NextPane,
    PreviousPane,
    NextExperiment,
    PreviousExperiment,
    NextRun,
    PreviousRun,
    Start,
    Plan,
    Reload,
    Redraw,
    Suspend,
    Yes,
    No,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// The keys, any of which does it.
    pub keys: &'static [Key],
    /// How they are written.
    pub shown: &'static str,
    /// Where it holds.
    pub scope: Scope,
    /// What it does.
    pub action: Action,
    /// A word or two for the footer; empty where it is not shown there.
    pub short: &'static str,
    /// A line for the help.
    pub about: &'static str,
}

const fn bind(
    keys: &'static [Key],
    shown: &'static str,
    scope: Scope,
    action: Action,
    short: &'static str,
    about: &'static str,
) -> Binding {
    Binding { keys, shown, scope, action, short, about }
}

/// Every binding, the most needed first: the footer is cut at the right.
pub const KEYS: &[Binding] = &[
    bind(&[Key::Enter], "enter", Scope::Overview, Action::Open, "open", "open the run under the cursor"),
    bind(&[Key::Char(' ')], "space", Scope::Overview, Action::Mark, "mark", "mark the run for the charts, or take the mark off"),
    bind(&[Key::Escape], "esc", Scope::Run, Action::Back, "back", "back to all runs"),
    bind(&[Key::Enter], "enter", Scope::Launch, Action::Plan, "plan, then start", "show the plan of the file; again: start it"),
    bind(&[Key::Function(5)], "F5", Scope::Launch, Action::Start, "start", "start the experiment under the cursor at once"),
    bind(&[Key::Char('r')], "r", Scope::Launch, Action::Reload, "reload", "look for experiment files again"),
    bind(&[Key::Escape], "esc", Scope::Launch, Action::Back, "back", "back to the files, then to all runs"),
    bind(&[Key::Char('t')], "t", Scope::Runs, Action::Stop, "stop", "stop early: finish the step, evaluate, keep the best (asks once)"),
    bind(&[Key::Char('p')], "p", Scope::Runs, Action::Pause, "pause", "pause at the next step, or go on"),
    bind(&[Key::Tab], "tab", Scope::Runs, Action::NextPane, "pane", "next chart or pane"),
    bind(&[Key::Char('m')], "m", Scope::Runs, Action::Metric, "metric", "next metric in table and chart"),
    bind(&[Key::Char('y')], "y", Scope::Runs, Action::Log, "log", "logarithmic y axis"),
    bind(&[Key::Char('x')], "x", Scope::Runs, Action::XAxis, "x axis", "x axis: step, epoch, examples, training time"),
    bind(&[Key::Char('n')], "n", Scope::Global, Action::Launch, "new", "start an experiment"),
    bind(&[Key::Char('?'), Key::Function(1)], "?", Scope::Global, Action::Help, "help", "this help"),
    bind(&[Key::Char('q'), Key::Ctrl('c')], "q ^C", Scope::Global, Action::Quit, "quit", "quit the viewer; the runs keep going"),
    bind(&[Key::Char('s')], "s", Scope::Overview, Action::Sort, "sort", "sort by the next column"),
    bind(&[Key::Char('S')], "S", Scope::Overview, Action::SortReverse, "", "turn the order round"),
    bind(&[Key::Char('c')], "c", Scope::Runs, Action::Crosshair, "crosshair", "read values off the charts"),
    bind(&[Key::Left], "←", Scope::Runs, Action::CrosshairLeft, "", "move the crosshair left"),
    bind(&[Key::Right], "→", Scope::Runs, Action::CrosshairRight, "", "move the crosshair right"),
    bind(&[Key::Char('[')], "[", Scope::Runs, Action::SmoothLess, "", "smooth the training curves less"),
    bind(&[Key::Char(']')], "]", Scope::Runs, Action::SmoothMore, "smooth", "smooth the training curves more"),
    bind(&[Key::Char('\\')], "\\", Scope::Runs, Action::Clip, "", "clip outliers off the charts, or show them"),
    bind(&[Key::Char('b')], "b", Scope::Runs, Action::Best, "", "show where each run was best"),
    bind(&[Key::BackTab], "S-tab", Scope::Runs, Action::PreviousPane, "", "previous chart or pane"),
    bind(&[Key::Char('K')], "K", Scope::Runs, Action::Kill, "", "kill: end the worker now, resumable (asks once)"),
    bind(&[Key::Char('a')], "a", Scope::Overview, Action::MarkAll, "", "mark all runs"),
    bind(&[Key::Char('u')], "u", Scope::Overview, Action::MarkNone, "", "mark none: the charts show the run under the cursor"),
    bind(&[Key::Char('}')], "}", Scope::Overview, Action::NextExperiment, "", "next experiment; after the last one: all runs"),
    bind(&[Key::Char('{')], "{", Scope::Overview, Action::PreviousExperiment, "", "previous experiment"),
    bind(&[Key::Char('l')], "l", Scope::Run, Action::NextRun, "", "next run"),
    bind(&[Key::Char('h')], "h", Scope::Run, Action::PreviousRun, "", "previous run"),
    bind(&[Key::Char('1')], "1", Scope::Global, Action::Overview, "", "all runs, compared"),
    bind(&[Key::Char('2')], "2", Scope::Global, Action::Run, "", "the run under the cursor"),
    bind(&[Key::Char('3')], "3", Scope::Global, Action::Launch, "", "start an experiment"),
    bind(&[Key::Char('j'), Key::Down], "j ↓", Scope::Global, Action::Down, "", "down; in a log: towards the newest line"),
    bind(&[Key::Char('k'), Key::Up], "k ↑", Scope::Global, Action::Up, "", "up"),
    bind(&[Key::Ctrl('d'), Key::PageDown], "^d PgDn", Scope::Global, Action::PageDown, "", "half a page down"),
    bind(&[Key::Ctrl('u'), Key::PageUp], "^u PgUp", Scope::Global, Action::PageUp, "", "half a page up"),
    bind(&[Key::Char('g'), Key::Home], "g", Scope::Global, Action::Top, "", "to the first"),
    bind(&[Key::Char('G'), Key::End], "G", Scope::Global, Action::Bottom, "", "to the last"),
    bind(&[Key::Ctrl('l')], "^l", Scope::Global, Action::Redraw, "", "draw the screen anew"),
    bind(&[Key::Ctrl('z')], "^z", Scope::Global, Action::Suspend, "", "suspend the viewer; fg brings it back"),
    bind(&[Key::Escape], "esc", Scope::Overview, Action::Back, "", "crosshair off"),
    bind(
        &[Key::Escape, Key::Char('?'), Key::Char('q'), Key::Function(1)],
        "esc",
        Scope::Help,
        Action::Back,
        "close help",
        "close the help",
    ),
    bind(&[Key::Char('y'), Key::Char('Y')], "y", Scope::Question, Action::Yes, "yes", "do it"),
    bind(&[Key::Char('n'), Key::Char('N'), Key::Escape, Key::Char('q')], "n", Scope::Question, Action::No, "no", "leave it"),
    bind(&[Key::Ctrl('c')], "^C", Scope::Question, Action::Quit, "", "quit the viewer"),
];

/// What `key` does where `scopes` hold, the first scope first.
pub fn action(key: Key, scopes: &[Scope]) -> Option<Action> {
    scopes
        .iter()
        .find_map(|scope| KEYS.iter().find(|binding| binding.scope == *scope && binding.keys.contains(&key)))
        .map(|binding| binding.action)
}

/// The key of a terminal event; `None` for releases, modifiers alone and what the dashboard does not know.
pub fn from_event(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release || event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::META) {
        return None;
    }
    Some(match event.code {
        KeyCode::Char(c) if event.modifiers.contains(KeyModifiers::CONTROL) => Key::Ctrl(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::F(number) => Key::Function(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_does_two_things_in_one_place() {
        let places: [&[Scope]; 5] = [
            &[Scope::Overview, Scope::Runs, Scope::Global],
            &[Scope::Run, Scope::Runs, Scope::Global],
            &[Scope::Launch, Scope::Global],
            &[Scope::Help],
            &[Scope::Question],
        ];
        for place in places {
            let mut seen: Vec<Key> = Vec::new();
            for binding in KEYS.iter().filter(|binding| place.contains(&binding.scope)) {
                for key in binding.keys {
                    assert!(!seen.contains(key), "{key:?} is bound twice where {place:?} hold");
                    seen.push(*key);
                }
            }
        }
    }

    #[test]
    fn every_binding_says_what_it_does() {
        for binding in KEYS {
            assert!(!binding.about.is_empty() && !binding.shown.is_empty() && !binding.keys.is_empty(), "{binding:?}");
        }
    }
}
