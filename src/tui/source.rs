//! Where updates come from: a folder of runs or the demonstration, looked at by a thread of its own, so that a slow
//! file system never holds up a key.

use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::run::catalog::RunId;
use crate::run::clock;
use crate::run::request::RequestKind;
use crate::run::store::Store;
use crate::run::synthetic::Synthetic;
use crate::tui::message::Message;

/// Time between two looks.
const INTERVAL: Duration = Duration::from_millis(250);

/// Time between two looks at the demonstration, which costs nothing.
const DEMO_INTERVAL: Duration = Duration::from_millis(125);

/// What is watched.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// All runs in a folder.
    Folder(PathBuf),
    /// The demonstration, this many times as fast as life, from this second on.
    Demo {
        /// How many seconds pass in one.
        speed: f64,
        /// The second it starts at.
        from_seconds: f64,
    },
}

/// Starts watching; requests to the demonstration go into the returned channel, and dropping it ends the thread.
pub fn watch(source: Source, messages: mpsc::Sender<Message>) -> Sender<(RunId, RequestKind)> {
    let (requests, inbox) = channel();
    thread::spawn(move || {
        let watched = panic::catch_unwind(AssertUnwindSafe(|| match source {
            Source::Folder(root) => watch_folder(Store::open(root), &inbox, &messages),
            Source::Demo { speed, from_seconds } => play(speed, from_seconds, &inbox, &messages),
        }));
        if watched.is_err() {
            // Nobody is left to listen where this fails.
            let _ = messages.blocking_send(Message::Failed("reading the runs failed; quit and start again".to_owned()));
        }
    });
    requests
}

fn watch_folder(mut store: Store, inbox: &Receiver<(RunId, RequestKind)>, messages: &mpsc::Sender<Message>) {
    let mut is_first = true;
    loop {
        let mut updates = Vec::new();
        if !store.poll_part(clock::now_seconds(), &mut updates) {
            if messages.blocking_send(Message::Part(updates)).is_err() {
                return;
            }
            continue;
        }
        if (is_first || !updates.is_empty()) && messages.blocking_send(Message::Updates(updates)).is_err() {
            return;
        }
        is_first = false;
        if inbox.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

fn play(speed: f64, from_seconds: f64, inbox: &Receiver<(RunId, RequestKind)>, messages: &mpsc::Sender<Message>) {
    let start = Instant::now();
    let mut synthetic = Synthetic::new();
    loop {
        let updates = synthetic.poll(from_seconds + start.elapsed().as_secs_f64() * speed);
        if !updates.is_empty() && messages.blocking_send(Message::Updates(updates)).is_err() {
            return;
        }
        let wait = if synthetic.is_over() { Duration::from_hours(1) } else { DEMO_INTERVAL };
        match inbox.recv_timeout(wait) {
            Ok((id, request)) => {
                let answer = synthetic.request(&id, request);
                if messages.blocking_send(Message::Requested(answer)).is_err() {
                    return;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
