//! The requests of a run: a file each, created whole, read in the order of their names. Must not know who asks or obeys.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::run::clock;
use crate::run::dir::{self, DirError, RunDir};
use crate::run::request::{Request, RequestKind};

/// A request that lies in the folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// Its file.
    pub path: PathBuf,
    /// What is asked.
    pub request: Request,
}

/// What is asked of the worker.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Heard {
    /// What was asked, oldest first; each is to be removed once it is written down that it was heard.
    pub requests: Vec<Pending>,
    /// A line for each file that could not be understood; it is removed too.
    pub notes: Vec<String>,
}

/// Asks something of the run.
pub fn send(dir: &RunDir, kind: RequestKind) -> Result<(), DirError> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let folder = dir.requests_dir();
    match fs::create_dir(&folder) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => return Err(DirError::Write { path: folder, source }),
        _ => {}
    }
    let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_nanos());
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = format!("{nanoseconds:020}-{}-{count}.json", std::process::id());
    dir::write_json(&folder.join(name), &Request { request: kind, time: clock::now_seconds() })
}

/// The requests that nobody has taken yet, oldest first; unreadable files are passed over.
pub fn pending(dir: &RunDir) -> Vec<Pending> {
    files(dir)
        .into_iter()
        .filter_map(|path| {
            let request = dir::read_json(&path).ok()??;
            Some(Pending { path, request })
        })
        .collect()
}

/// What is asked of the worker. Requests to kill are left out: they are the supervisor's to obey, also when the worker hangs.
pub fn hear(dir: &RunDir) -> Heard {
    let mut heard = Heard::default();
    for path in files(dir) {
        match dir::read_json::<Request>(&path) {
            Ok(Some(request)) if request.request != RequestKind::Kill => heard.requests.push(Pending { path, request }),
            Ok(_) => {}
            Err(problem) => {
                heard.notes.push(format!("ignored a request: {problem}"));
                // Where it cannot be removed it is ignored again at every step; better that than to end.
                let _ = fs::remove_file(&path);
            }
        }
    }
    heard
}

/// Takes requests to kill; whether there was one. The supervisor's side.
pub fn take_kill(dir: &RunDir) -> bool {
    pending(dir).iter().filter(|pending| pending.request.request == RequestKind::Kill).fold(false, |_, pending| {
        remove(std::slice::from_ref(pending));
        true
    })
}

/// Removes requests that were obeyed.
pub fn remove(obeyed: &[Pending]) {
    for pending in obeyed {
        // Another reader may have taken it first.
        let _ = fs::remove_file(&pending.path);
    }
}

/// What requests leave standing for a run that no worker obeys yet: the last of them that decides whether it lives counts.
pub fn standing(pending: &[Pending]) -> Option<RequestKind> {
    pending.iter().rev().map(|pending| pending.request.request).find(|request| request.is_of_life())
}

fn files(dir: &RunDir) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir.requests_dir()) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .filter_map(|entry| {
            let entry = entry.ok().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))?;
            let path = entry.path();
            let is_hidden = path.file_name()?.to_str()?.starts_with('.');
            (!is_hidden && path.extension() == Some("json".as_ref())).then_some(path)
        })
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_heard_in_order_until_they_are_removed_and_a_kill_is_left_for_the_supervisor() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::new(folder.path());
        assert_eq!(hear(&dir), Heard::default());
        for kind in [RequestKind::Pause, RequestKind::Kill, RequestKind::Resume, RequestKind::Stop] {
            send(&dir, kind).unwrap();
        }
        assert_eq!(standing(&pending(&dir)), Some(RequestKind::Stop));
        let heard = hear(&dir).requests;
        let kinds: Vec<_> = heard.iter().map(|pending| pending.request.request).collect();
        assert_eq!(kinds, [RequestKind::Pause, RequestKind::Resume, RequestKind::Stop]);
        assert_eq!(hear(&dir).requests.len(), 3, "nobody has removed them");
        remove(&heard);
        assert!(hear(&dir).requests.is_empty());
        assert!(take_kill(&dir));
        assert!(!take_kill(&dir));
    }

    #[test]
    fn rubbish_is_removed_with_a_note_and_half_written_files_are_not_seen() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::new(folder.path());
        fs::create_dir(dir.requests_dir()).unwrap();
        fs::write(dir.requests_dir().join("1.json"), b"\xff\x00").unwrap();
        fs::write(dir.requests_dir().join(".2.json.7.0.tmp"), b"{").unwrap();
        fs::create_dir(dir.requests_dir().join("3.json")).unwrap();
        let heard = hear(&dir);
        assert!(heard.requests.is_empty());
        assert_eq!(heard.notes.len(), 1, "{:?}", heard.notes);
        assert!(!dir.requests_dir().join("1.json").exists());
        assert!(dir.requests_dir().join(".2.json.7.0.tmp").exists());
    }
}
