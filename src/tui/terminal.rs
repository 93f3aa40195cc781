//! The terminal: taken at the start, given back whatever happens. Knows nothing of runs.

use std::io::{self, BufWriter, Stdout, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::thread;

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange};
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, SetTitle,
};
use crossterm::{execute, queue, terminal};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal};

/// Whether the terminal is ours now, so that it is given back once.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Written before the terminal is given back: takes off what would stay.
static AT_END: Mutex<String> = Mutex::new(String::new());

/// Presses and drags of the mouse, and its wheel, but not every move; positions in decimal (xterm modes 1000, 1002 and 1006).
const HEAR_MOUSE: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";

/// Undoes [`HEAR_MOUSE`].
const IGNORE_MOUSE: &str = "\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// Keeps the title of the window and brings it back (xterm window operations 22 and 23).
const KEEP_TITLE: &str = "\x1b[22;0t";

/// See [`KEEP_TITLE`].
const RESTORE_TITLE: &str = "\x1b[23;0t";

/// The terminal while it is ours; dropping it gives it back.
#[derive(Debug)]
pub struct Screen {
    hears_mouse: bool,
    title: String,
    n_cleared: u64,
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl Screen {
    /// Takes the terminal: raw mode, alternate screen, no cursor. A panic of this thread gives it back first.
    pub fn take(hears_mouse: bool) -> io::Result<Self> {
        hook_panics();
        enter(hears_mouse)?;
        let backend = CrosstermBackend::new(BufWriter::with_capacity(1 << 16, io::stdout()));
        match Terminal::new(backend) {
            Ok(terminal) => Ok(Self { hears_mouse, title: String::new(), n_cleared: 0, terminal }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// Draws a frame at once (DEC private mode 2026), so that it is never seen half done.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame)) -> io::Result<()> {
        self.draw_between("", view, "")
    }

    /// The same, with sequences written before the frame and after it.
    pub fn draw_between(&mut self, before: &str, view: impl FnOnce(&mut Frame), after: &str) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.backend_mut().write_all(before.as_bytes())?;
        self.terminal.draw(view)?;
        self.terminal.backend_mut().write_all(after.as_bytes())?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        self.terminal.backend_mut().flush()
    }

    /// Forgets what is on the screen, so that the next frame draws every cell.
    pub fn clear(&mut self) -> io::Result<()> {
        // `Terminal::clear` asks the terminal for its cursor and waits for an answer that the event stream would read.
        let size = self.terminal.size()?;
        self.n_cleared += 1;
        self.terminal.resize(Rect::new(0, 0, size.width, size.height))
    }

    /// How often the screen was cleared.
    pub const fn n_cleared(&self) -> u64 {
        self.n_cleared
    }

    /// What is written before the terminal is given back, to take off what would stay.
    pub fn write_at_end(&mut self, sequence: String) {
        *AT_END.lock().unwrap_or_else(PoisonError::into_inner) = sequence;
    }

    /// Puts text on the clipboard of whoever looks at this terminal, also over SSH (OSC 52).
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(self.terminal.backend_mut(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Gives the terminal back for a while.
    pub fn leave(&mut self) {
        give_back();
    }

    /// Takes the terminal again.
    pub fn come_back(&mut self) -> io::Result<()> {
        enter(self.hears_mouse)?;
        self.title.clear();
        self.clear()
    }

    /// Hears the mouse or leaves it to the terminal, which then selects text with it.
    pub fn hear_mouse(&mut self, hears_mouse: bool) -> io::Result<()> {
        self.hears_mouse = hears_mouse;
        execute!(self.terminal.backend_mut(), Print(if hears_mouse { HEAR_MOUSE } else { IGNORE_MOUSE }))
    }

    /// Names the window; the text must be fit for a terminal.
    pub fn title(&mut self, title: &str) -> io::Result<()> {
        if self.title != title {
            title.clone_into(&mut self.title);
            execute!(self.terminal.backend_mut(), SetTitle(title))?;
        }
        Ok(())
    }

    /// Tells a person who looks elsewhere: a notification where the terminal has them (OSC 9), and its bell.
    pub fn notify(&mut self, what: &str) -> io::Result<()> {
        let what: String = what.chars().filter(|c| !c.is_control()).collect();
        execute!(self.terminal.backend_mut(), Print(format!("\x1b]9;{what}\x1b\\\x07")))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn enter(hears_mouse: bool) -> io::Result<()> {
    terminal::enable_raw_mode()?;
    IS_TAKEN.store(true, Ordering::SeqCst);
    let entered = execute!(
        io::stdout(),
        Print(KEEP_TITLE),
        EnterAlternateScreen,
        EnableBracketedPaste,
        EnableFocusChange,
        Print(if hears_mouse { HEAR_MOUSE } else { "" }),
        DisableLineWrap,
        Hide
    );
    if entered.is_err() {
        give_back();
    }
    entered
}

/// Gives the terminal back, once; what fails is passed over, since there is nobody left to tell.
fn give_back() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        let at_end = std::mem::take(&mut *AT_END.lock().unwrap_or_else(PoisonError::into_inner));
        let _ = execute!(
            io::stdout(),
            Print(at_end),
            EndSynchronizedUpdate,
            EnableLineWrap,
            Print(IGNORE_MOUSE),
            DisableFocusChange,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Print(RESTORE_TITLE),
            Show
        );
        let _ = terminal::disable_raw_mode();
    }
}

/// A panic of the thread that draws ends the program, so the terminal is given back before it is told. A panic of
/// another thread is caught there; telling it would scribble over the screen.
fn hook_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let drawing = thread::current().id();
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let is_taken = IS_TAKEN.load(Ordering::SeqCst);
            if thread::current().id() == drawing {
                give_back();
            }
            if !is_taken || thread::current().id() == drawing {
                before(info);
            }
        }));
    });
}
