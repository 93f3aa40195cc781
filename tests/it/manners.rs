//! How the dashboard behaves in terminals of all kinds: without abilities, in multiplexers, stopped from outside.

use std::fs;
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::pty::{is_on_other_screen, process, start};
use crate::support::wait_until;
use crate::terminal::Terminal;

const PROGRAM: &str = env!("CARGO_BIN_EXE_finetop");

/// Takes the other screen.
const ENTER: &str = "\x1b[?1049h";

#[test]
fn a_terminal_that_can_do_nothing_gets_a_sentence_and_no_escape_sequence() {
    let mut terminal = start(&[], &[("TERM", "dumb")]);
    assert_eq!(terminal.assert_restored(), 2);
    terminal.wait_for("finetop list");
    assert_eq!(terminal.n_written("\x1b"), 0);
}

#[test]
fn the_screen_program_gets_sixteen_colours_and_its_terminal_back() {
    let mut terminal = start(&["demo", "--at", "20"], &[("TERM", "screen"), ("COLORTERM", "")]);
    terminal.wait_for("lora-r8");
    terminal.press("q");
    assert_eq!(terminal.assert_restored(), 0);
    assert_eq!(terminal.n_written("38;2;"), 0, "no colours of 24 bits");
    assert_eq!(terminal.n_written("\x1b]11;?"), 0, "no question where the answer would not be used");
}

/// A shell with the demonstration in it, and the process of that.
fn in_a_shell() -> (Terminal, Pid) {
    let mut terminal = Terminal::start("bash".as_ref(), &["--norc", "--noprofile", "-i"], &[("PS1", "shell> ")]);
    terminal.wait_for("shell>");
    terminal.press(&format!("{PROGRAM} demo --at 20\r"));
    terminal.wait_for("lora-r8");
    let shell = process(&terminal);
    let children = fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
    (terminal, Pid::from_raw(children.split_whitespace().next().unwrap().parse().unwrap()))
}

/// Lets the shell continue it, sees the other screen taken once more and drawn, and leaves.
fn continue_and_leave(mut terminal: Terminal) {
    terminal.press("fg\r");
    wait_until("the other screen is taken again", || terminal.n_written(ENTER) > 1);
    wait_until("it is drawn again", || is_on_other_screen(&terminal) && terminal.text().contains("lora-r8"));
    terminal.press("q");
    wait_until("the shell is back", || !is_on_other_screen(&terminal));
    terminal.press("exit\r");
    terminal.assert_restored();
}

#[test]
fn a_shell_suspends_the_dashboard_and_lets_it_go_on() {
    let (mut terminal, _) = in_a_shell();
    terminal.press("\u{1a}");
    terminal.wait_for("Stopped");
    assert!(!is_on_other_screen(&terminal));
    continue_and_leave(terminal);
}

#[test]
fn a_stop_from_outside_gives_the_terminal_back_until_it_goes_on() {
    let (terminal, process) = in_a_shell();
    kill(process, Signal::SIGTSTP).unwrap();
    terminal.wait_for("Stopped");
    assert!(!is_on_other_screen(&terminal));
    continue_and_leave(terminal);
}

#[test]
fn what_was_stopped_without_being_asked_draws_all_anew_when_it_goes_on() {
    let (terminal, process) = in_a_shell();
    kill(process, Signal::SIGSTOP).unwrap();
    wait_until("the shell notices", || terminal.n_written("Stopped") > 0);
    continue_and_leave(terminal);
}

/// A server of tmux of our own, ended with the test.
struct Multiplexer(String);

impl Multiplexer {
    fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.args(["-u", "-L", &self.0, "-f", "/dev/null"]).args(arguments);
        command.env_remove("TMUX").env_remove("CI").env_remove("NO_COLOR").env("LC_ALL", "C.UTF-8").env("TERM", "xterm-256color");
        String::from_utf8_lossy(&command.output().unwrap().stdout).into_owned()
    }

    fn wait_for(&self, text: &str) {
        wait_until(&format!("tmux shows {text:?}"), || self.run(&["capture-pane", "-p"]).contains(text));
    }
}

impl Drop for Multiplexer {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

#[test]
fn in_tmux_it_is_resized_left_and_found_again() {
    if Command::new("tmux").arg("-V").output().is_err() {
        // Nothing to try it in.
        return;
    }
    let tmux = Multiplexer(format!("finetop-test-{}", std::process::id()));
    tmux.run(&["new-session", "-d", "-x", "80", "-y", "24", PROGRAM, "demo", "--at", "20"]);
    tmux.wait_for("lora-r8");
    tmux.run(&["resize-window", "-x", "120", "-y", "40"]);
    tmux.wait_for(" alerts ");
    let attach = ["-u", "-L", &tmux.0, "attach"];
    let mut first = Terminal::start("tmux".as_ref(), &attach, &[]);
    first.wait_for("lora-r8");
    first.press("\u{2}d");
    first.assert_restored();
    tmux.wait_for("lora-r8");
    let mut again = Terminal::start("tmux".as_ref(), &attach, &[]);
    again.wait_for("lora-r8");
    again.press("3");
    again.wait_for("parameters");
    again.press("q");
    again.assert_restored();
}
