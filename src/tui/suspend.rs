//! Stopping as a shell expects it of a program in its foreground, and hearing that a shell has done so. The terminal is given back meanwhile.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::task::Poll;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getppid, getsid};
use tokio::signal::unix::{SignalKind, signal};

use crate::tui::message::Message;
use crate::tui::state::State;
use crate::tui::terminal::Screen;
use crate::tui::update::update;

/// Signals that stop the dashboard from outside, and that let it go on.
pub struct Signals {
    /// `SIGTSTP`: to stop, with the terminal given back first.
    pub stop: [io::Result<tokio::signal::unix::Signal>; 1],
    /// `SIGCONT`: it goes on, whoever had the terminal meanwhile.
    pub go_on: [io::Result<tokio::signal::unix::Signal>; 1],
}

impl Signals {
    /// Hears them from now on.
    pub fn hear() -> Self {
        let heard = |name: Signal| [signal(SignalKind::from_raw(name as i32))];
        Self { stop: heard(Signal::SIGTSTP), go_on: heard(Signal::SIGCONT) }
    }
}

/// Stops the whole job until somebody lets it go on, as the key does where a terminal handles it itself; `false` at once where nobody could:
/// without a parent in the same session there is no shell that knows of the job.
fn stop() -> bool {
    let has_shell = getsid(Some(getppid())).is_ok_and(|session| getsid(None) == Ok(session));
    // Not SIGTSTP, which is heard here and would stop nothing.
    has_shell && kill(Pid::from_raw(0), Signal::SIGSTOP).is_ok()
}

/// Waits for a program that has the terminal meanwhile, and stops with it, so that the shell sees the whole job stopped.
pub fn wait(child: &Child) -> io::Result<ExitStatus> {
    let id = Pid::from_raw(child.id().cast_signed());
    loop {
        match waitpid(id, Some(WaitPidFlag::WUNTRACED)) {
            Ok(WaitStatus::Exited(_, code)) => return Ok(ExitStatus::from_raw(code << 8)),
            Ok(WaitStatus::Signaled(_, signal, _)) => return Ok(ExitStatus::from_raw(signal as i32)),
            Ok(WaitStatus::Stopped(..)) if !stop() => kill(id, Signal::SIGCONT)?,
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Gives the terminal back and stops until a shell lets the program go on; where none could, it just goes on.
/// `is_continued` is whether the next signal to go on is that after our own stop.
pub fn here(screen: &mut Screen, state: &mut State, is_continued: &Cell<bool>) -> io::Result<()> {
    screen.leave();
    is_continued.set(stop());
    go_on(screen, state)
}

/// Takes the terminal again, whatever has become of it.
pub fn go_on(screen: &mut Screen, state: &mut State) -> io::Result<()> {
    screen.come_back()?;
    state.size = crossterm::terminal::size()?;
    update(state, Message::Resumed);
    Ok(())
}

/// Waits for one of these signals.
pub async fn any_signal(signals: &mut [io::Result<tokio::signal::unix::Signal>]) {
    poll_fn(|context| {
        let is_any = signals.iter_mut().flatten().any(|signal| signal.poll_recv(context).is_ready());
        if is_any { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
