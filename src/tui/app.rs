//! The dashboard's life: one `select!`, one `draw`, and the effects. The only place where it touches the world.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossterm::event::EventStream;
use futures_core::Stream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::launch::machine::Sampler;
use crate::launch::{control, outlook, start};
use crate::run::catalog::RunId;
use crate::run::clock;
use crate::run::request::RequestKind;
use crate::tui::effect::Effect;
use crate::tui::figures;
use crate::tui::image::Surroundings;
use crate::tui::image::pictures::Pictures;
use crate::tui::input;
use crate::tui::message::Message;
use crate::tui::outside;
use crate::tui::pace::Pace;
use crate::tui::reading;
use crate::tui::settings::{BackgroundChoice, Settings};
use crate::tui::source::{self, Source};
use crate::tui::state::State;
use crate::tui::suspend::{self, Signals};
use crate::tui::terminal::Screen;
use crate::tui::theme::{Background, Colors, Theme};
use crate::tui::title;
use crate::tui::update::update;
use crate::tui::{background, drafting, editor};

/// Time for the thread that reads events to end, and for a signal to be heard.
const EVENTS_END: Duration = Duration::from_millis(40);

/// Messages that may wait; those who send more wait too. Some hold thousands of events.
const BACKLOG: usize = 8;

/// What the dashboard opens on.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// What is watched.
    pub source: Source,
    /// The experiment shown first; else the newest.
    pub focus: Option<String>,
    /// Colours and characters, as the environment has them.
    pub environment: Theme,
    /// What a person has set.
    pub settings: Settings,
    /// Where it was read from.
    pub settings_file: Option<PathBuf>,
    /// What the environment says of what shows images.
    pub surroundings: Surroundings,
    /// Whether the terminal is reached over a network.
    pub is_remote: bool,
}

/// Why the dashboard ended against the user's will.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The terminal cannot be used.
    #[error("cannot use the terminal: {0}")]
    Terminal(#[from] io::Error),
}

/// How the dashboard was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Runs that are not over and keep going.
    pub n_going: usize,
}

/// Shows the dashboard until it is quit or a signal ends it.
pub fn run(options: Options) -> Result<Left, AppError> {
    let mut screen = Screen::take(options.settings.mouse)?;
    let size = crossterm::terminal::size()?;
    let (root, shown) = match &options.source {
        Source::Folder(root) => (Some(root.clone()), root.display().to_string()),
        Source::Demo { .. } => (None, "the demonstration".to_owned()),
    };
    let mut state = State::new(crate::tui::text::clean(&shown), clock::now_seconds(), size, options.focus.clone());
    options.settings.apply(&mut state);
    let mut pictures = Pictures::new(options.surroundings, options.is_remote);
    let asked = options.settings.images.then(|| pictures.ask());
    let background = match (&asked, options.settings.background) {
        (Some(asked), _) => asked.background.unwrap_or_default(),
        (None, BackgroundChoice::Auto) if options.environment.colors == Colors::True => {
            background::ask(options.is_remote).unwrap_or_default()
        }
        _ => Background::Dark,
    };
    let look = Look { environment: options.environment, background, theme: options.settings.theme(options.environment, background) };
    if let Some(asked) = asked {
        update(&mut state, Pictures::told(&asked, look.theme));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let left = runtime.block_on(live(&mut screen, &mut state, look, options, root, pictures));
    // A plan still being made must not hold up the shell.
    runtime.shutdown_background();
    drop(screen);
    left?;
    Ok(Left { n_going: state.catalog.runs.iter().filter(|run| !run.status.is_over()).count() })
}

/// How things look, and from what that follows.
#[derive(Clone, Copy)]
struct Look {
    environment: Theme,
    background: Background,
    theme: Theme,
}

/// What effects need.
struct Outside {
    root: Option<PathBuf>,
    settings_file: Option<PathBuf>,
    messages: mpsc::Sender<Message>,
    requests: Sender<(RunId, RequestKind)>,
    sampler: Arc<Mutex<Sampler>>,
    /// Whether the next signal to go on is that after our own stop.
    is_continued: Cell<bool>,
}

/// Whether to go on.
#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    Quit,
}

async fn live(
    screen: &mut Screen,
    state: &mut State,
    mut look: Look,
    options: Options,
    root: Option<PathBuf>,
    mut pictures: Pictures,
) -> Result<(), AppError> {
    // The first frame comes before anything slow.
    pictures.draw(screen, state, look.theme)?;
    let (messages, mut inbox) = mpsc::channel(BACKLOG);
    let requests = source::watch(options.source, messages.clone());
    let outside =
        Outside { root, settings_file: options.settings_file, messages, requests, sampler: Arc::default(), is_continued: Cell::default() };
    let mut events = EventStream::new();
    let mut ends = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()].map(signal);
    let mut job = Signals::hear();
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut pace = Pace::new(Instant::now());
    loop {
        let is_due = state.is_dirty;
        let message = tokio::select! {
            // Keys come first, however much the runs have to tell.
            biased;
            event = poll_fn(|context| Pin::new(&mut events).poll_next(context)) => match event {
                Some(Ok(event)) => input::message_of(event),
                // The terminal is gone: its shell was closed.
                Some(Err(_)) | None => return Ok(()),
            },
            _ = seconds.tick() => Some(Message::Tick(clock::now_seconds())),
            () = suspend::any_signal(&mut ends) => return Ok(()),
            () = pictures.done() => {
                state.is_dirty = true;
                None
            }
            () = suspend::any_signal(&mut job.stop) => {
                suspend::here(screen, state, &outside.is_continued)?;
                None
            }
            () = suspend::any_signal(&mut job.go_on) => {
                // Unless we stopped ourselves, nobody gave the terminal back, and a shell has had it.
                if !outside.is_continued.take() {
                    screen.leave();
                    suspend::go_on(screen, state)?;
                }
                None
            }
            Some(message) = inbox.recv() => Some(message),
            () = sleep_until(pace.next()), if is_due => None,
        };
        if let Some(message) = message {
            if !matches!(message, Message::Updates(_) | Message::Part(_) | Message::Tick(_)) {
                pace.hurry();
            }
            let was_loaded = state.is_loaded;
            state.is_dirty |= pictures.is_behind() && matches!(message, Message::Tick(_));
            if let Message::Settings(settings) = &message {
                look.theme = settings.theme(look.environment, look.background);
                screen.hear_mouse(settings.mouse)?;
            }
            for effect in update(state, message) {
                if matches!(effect, Effect::EditDraft { .. } | Effect::EditFile(_) | Effect::AskForImages) {
                    // The editor, or who waits for the terminal's answers, must read alone what is typed now, so the stream of events ends and begins anew.
                    drop(events);
                    tokio::time::sleep(EVENTS_END).await;
                    let edited = if effect == Effect::AskForImages {
                        Pictures::told(&pictures.ask(), look.theme)
                    } else {
                        edit(effect, screen, state)?
                    };
                    // An interrupt or a stop that was meant for the editor is heard and passed over.
                    tokio::time::sleep(EVENTS_END).await;
                    (ends[2], job) = (signal(SignalKind::interrupt()), Signals::hear());
                    events = EventStream::new();
                    for effect in update(state, edited) {
                        perform(effect, screen, state, look.theme, &outside)?;
                    }
                    continue;
                }
                if perform(effect, screen, state, look.theme, &outside)? == Next::Quit {
                    return Ok(());
                }
            }
            if state.is_loaded != was_loaded {
                pace.hurry();
            }
        }
        if state.is_dirty && Instant::now() >= pace.next() {
            state.is_dirty = false;
            pictures.draw(screen, state, look.theme)?;
            screen.title(&title::title(state))?;
            pace.drawn(Instant::now());
        }
    }
}

fn perform(effect: Effect, screen: &mut Screen, state: &mut State, theme: Theme, outside: &Outside) -> Result<Next, AppError> {
    match effect {
        Effect::Quit => return Ok(Next::Quit),
        effect @ (Effect::PlanDraft { .. }
        | Effect::Complete { .. }
        | Effect::SaveDraft { .. }
        | Effect::LaunchDraft { .. }
        | Effect::OpenFile(_)
        | Effect::OpenExperiment(_)
        | Effect::CloneRun(_)
        | Effect::OpenWaiting(_)
        | Effect::Amend { .. }
        | Effect::Rerun(_)) => {
            let root = outside.root.clone();
            // A plan that is asked for takes the place of the one before; nothing else does.
            let number = if matches!(effect, Effect::PlanDraft { .. }) { drafting::next_number() } else { 0 };
            spawn(outside, move || drafting::perform(effect, root.as_deref(), number));
        }
        Effect::EditDraft { .. } | Effect::EditFile(_) | Effect::AskForImages => {}
        Effect::Suspend => suspend::here(screen, state, &outside.is_continued)?,
        Effect::Redraw => screen.clear()?,
        Effect::Request(id, kind) => ask(state, outside, &[id], kind),
        Effect::RequestAll(ids, kind) => ask(state, outside, &ids, kind),
        Effect::Requeue(ids) => requeue(state, outside, &ids),
        Effect::LookWhetherHeard(id, what) => {
            if outside.root.as_ref().is_some_and(|root| outside::is_unheard(root, &id)) {
                update(state, Message::Unheard(id, what));
            }
        }
        Effect::EnsureQueue => {
            if let Some(root) = &outside.root
                && let Err(error) = start::ensure_queue(root, &state.catalog)
            {
                update(state, Message::Failed(error.to_string()));
            }
        }
        Effect::Wish(..) | Effect::LookAtQueue | Effect::LookAtMachine => look(effect, state, outside),
        Effect::LookAhead(id, epochs) => {
            if let Some((root, run)) = outside.root.clone().zip(state.catalog.run(&id).cloned()) {
                spawn(outside, move || outside::look_ahead(&root, &run, epochs));
            }
        }
        Effect::Extend(id, epochs) => {
            if let Some((root, run)) = outside.root.clone().zip(state.catalog.run(&id).cloned()) {
                spawn(outside, move || Message::Requested(outside::extend(&root, &run, epochs)));
            }
        }
        Effect::Copy(text) => {
            screen.copy(&text)?;
            update(state, Message::Requested(Ok(format!("copied: {text}"))));
        }
        Effect::ExportCharts { is_vector } => {
            let figure = figures::of_charts(state);
            spawn(outside, move || Message::Requested(outside::export_charts(&figure, is_vector)));
        }
        Effect::ExportScreen { is_picture } => {
            let written = outside::export_screen(state, theme, is_picture);
            update(state, Message::Requested(written));
        }
        Effect::Notify(text) => screen.notify(&text)?,
        Effect::ReloadSettings => {
            let file = outside.settings_file.clone();
            spawn(outside, move || match outside::settings(file.as_deref()) {
                Ok(settings) => Message::Settings(Box::new(settings)),
                Err(why) => Message::Failed(why),
            });
        }
        Effect::ListFiles => spawn(outside, || Message::Files(outside::experiment_files())),
        Effect::Plan(path) => spawn(outside, move || {
            let plan = outside::plan(&path);
            Message::Planned(path, plan)
        }),
        Effect::Launch(path) => {
            if let Some(root) = outside.root.clone() {
                spawn(outside, move || {
                    let launched = outside::launch(&root, &path);
                    Message::Launched(path, launched)
                });
            } else {
                let why = "the demonstration trains nothing; run finetop without demo".to_owned();
                update(state, Message::Launched(path, Err(why)));
            }
        }
        Effect::ReadStderr(_) | Effect::ReadMistakes(_) | Effect::ReadOutput(..) | Effect::PlanMemory(_) => {
            if let Some(work) = reading::work(effect, state, outside.root.as_deref()) {
                spawn(outside, work);
            }
        }
    }
    Ok(Next::GoOn)
}

/// Gives the terminal to the editor until it ends.
fn edit(effect: Effect, screen: &mut Screen, state: &mut State) -> io::Result<Message> {
    screen.leave();
    let message = match effect {
        Effect::EditFile(path) => {
            let edited = editor::edit(&path);
            Message::EditedFile(path, edited)
        }
        Effect::EditDraft { name, text } => Message::Edited(editor::edit_text(&name, &text)),
        _ => Message::Resumed,
    };
    screen.come_back()?;
    state.size = crossterm::terminal::size()?;
    state.is_dirty = true;
    Ok(message)
}

/// Asks runs something, and tells what they answer.
fn ask(state: &mut State, outside: &Outside, ids: &[RunId], kind: RequestKind) {
    let Some(root) = &outside.root else {
        for id in ids {
            if outside.requests.send((id.clone(), kind)).is_err() {
                update(state, Message::Failed("the demonstration is over".to_owned()));
            }
        }
        return;
    };
    let answers = outside::answers(state, ids, |run| control::ask(root, run, kind));
    update(state, Message::Asked(kind.in_words(), answers));
}

/// Puts runs back into the queue, and tells what came of it.
fn requeue(state: &mut State, outside: &Outside, ids: &[RunId]) {
    let Some(root) = &outside.root else {
        update(state, Message::Failed("the demonstration has no queue".to_owned()));
        return;
    };
    let answers = outside::answers(state, ids, |run| control::requeue(root, run));
    update(state, Message::Asked("requeue".to_owned(), answers));
}

/// Looks at the queue or at the machine, or says what is wished of the queue.
fn look(effect: Effect, state: &mut State, outside: &Outside) {
    match effect {
        Effect::Wish(wishes, text) => {
            let answer = outside.root.as_ref().map(|root| outside::wish(root, &wishes, text));
            update(state, Message::Requested(answer.unwrap_or_else(|| Err("the demonstration keeps its own order".to_owned()))));
        }
        Effect::LookAtQueue => {
            let outlook =
                outside.root.as_ref().map_or_else(|| outside::demonstrated(&state.catalog), |root| outlook::outlook(root, &state.catalog));
            update(state, Message::Queue(outlook));
        }
        Effect::LookAtMachine => {
            let root = outside.root.clone().unwrap_or_else(|| PathBuf::from("."));
            let (sampler, workers) = (outside.sampler.clone(), outside::workers(&state.catalog));
            spawn(outside, move || outside::machine(&sampler, &root, &workers));
        }
        _ => {}
    }
}

/// Does what may be slow on another thread; its message comes back, also where it panics.
fn spawn(outside: &Outside, work: impl FnOnce() -> Message + Send + 'static) {
    let messages = outside.messages.clone();
    tokio::task::spawn_blocking(move || {
        let message = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
            .unwrap_or_else(|_| Message::Failed("this failed inside finetop; please report it".to_owned()));
        // Nobody listens after quitting.
        let _ = messages.blocking_send(message);
    });
}
