//! A program in a pseudo-terminal, read back as cells. Knows no program.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A program in a terminal of its own.
pub struct Terminal {
    pub master: Box<dyn MasterPty + Send>,
    pub child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    pub parser: Arc<Mutex<vt100::Parser>>,
    /// All that was written to the terminal.
    pub written: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    /// Starts a program in a terminal of 80 columns and 24 rows.
    pub fn start(program: &std::ffi::OsStr, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let pty = native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        for name in ["CI", "NO_COLOR", "LC_ALL", "LC_CTYPE", "TMUX"] {
            command.env_remove(name);
        }
        for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("COLORTERM", "truecolor")].iter().chain(variables) {
            command.env(name, value);
        }
        let child = pty.slave.spawn_command(command).unwrap();
        let size = |value: u16| NonZeroU16::new(value).unwrap();
        let parser = Arc::new(Mutex::new(vt100::Parser::new(size(24), size(80), 0)));
        let written = Arc::new(Mutex::new(Vec::new()));
        let (mut reader, seen, kept) = (pty.master.try_clone_reader().unwrap(), Arc::clone(&parser), Arc::clone(&written));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                kept.lock().unwrap().extend_from_slice(&bytes[..count]);
                seen.lock().unwrap().process(&bytes[..count]);
            }
        });
        let writer = pty.master.take_writer().unwrap();
        Self { master: pty.master, child, writer, parser, written }
    }

    /// What stands on it.
    pub fn text(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }

    /// How often this was written.
    pub fn n_written(&self, sequence: &str) -> usize {
        self.written.lock().unwrap().windows(sequence.len()).filter(|window| *window == sequence.as_bytes()).count()
    }

    /// Makes it so large.
    pub fn resize(&self, rows: u16, cols: u16) {
        let size = |value: u16| NonZeroU16::new(value).unwrap();
        self.parser.lock().unwrap().set_size(size(rows), size(cols));
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    /// Types.
    pub fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Waits until this stands on it.
    pub fn wait_for(&self, text: &str) {
        self.wait_while(&format!("{text:?} is not on it"), |screen| !screen.contains(text));
    }

    /// Waits while this is so of what stands on it.
    pub fn wait_while(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while is_so(&self.text()) {
            assert!(start.elapsed() < PATIENCE, "waited in vain for another screen, {what}:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for the end; the terminal must be as it was.
    pub fn assert_restored(&mut self) -> u32 {
        let mut code = None;
        wait_until("the program ends", || {
            code = self.child.try_wait().unwrap();
            code.is_some()
        });
        wait_until("the terminal is as it was", || {
            let parser = self.parser.lock().unwrap();
            let screen = parser.screen();
            let has_mouse = screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
            !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste() && !has_mouse
        });
        code.unwrap().exit_code()
    }
}
