//! A hub on this machine: the listing and the files of repositories as the real one serves them, and the ways in which it can fail.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use sha2::{Digest, Sha256};

/// The commit of every repository.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What is served, and how badly.
#[derive(Debug, Default)]
pub struct Content {
    /// Path of a repository and revision, such as `models/org/name@main`, to its files.
    pub repositories: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    /// Answers with this status, error code and number of times, before all else.
    pub refuse: Option<(u16, &'static str, usize)>,
    /// Bytes after which each of the next answers of the second host breaks off.
    pub cuts: Vec<usize>,
    /// Flips a bit of what the second host sends.
    pub is_damaged: bool,
    /// Every request: method, path, and its `authorization` and `range`.
    pub asked: Vec<Asked>,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Whether it came to the host that large files are redirected to.
    pub is_second_host: bool,
    pub method: String,
    pub path: String,
    pub authorization: Option<String>,
    pub range: Option<String>,
}

/// The hub and the host that large files lie on; they end with the test.
pub struct FakeHub {
    pub address: String,
    pub content: Arc<Mutex<Content>>,
}

impl FakeHub {
    /// A hub with one repository; large are the files that end in `.safetensors` or `.parquet`.
    pub fn new(repository: &str, files: &[(&str, &[u8])]) -> Self {
        let content = Arc::new(Mutex::new(Content::default()));
        let (hub, second) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
        let (address, second_address) = [&hub, &second].map(|host| format!("http://{}", host.local_addr().unwrap())).into();
        for (listener, is_second_host) in [(hub, false), (second, true)] {
            let (content, second_address) = (Arc::clone(&content), second_address.clone());
            thread::spawn(move || {
                for stream in listener.incoming() {
                    let (content, second_address) = (Arc::clone(&content), second_address.clone());
                    thread::spawn(move || serve(stream.unwrap(), is_second_host, &second_address, &content));
                }
            });
        }
        let hub = Self { address, content };
        hub.add(repository, files);
        hub
    }

    pub fn add(&self, repository: &str, files: &[(&str, &[u8])]) {
        let files = files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())).collect();
        self.content.lock().unwrap().repositories.insert(repository.to_owned(), files);
    }

    pub fn change(&self, change: impl FnOnce(&mut Content)) {
        change(&mut self.content.lock().unwrap());
    }

    /// What was asked since the last time.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.content.lock().unwrap().asked)
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// One request on one connection.
fn serve(mut stream: TcpStream, is_second_host: bool, second_address: &str, content: &Mutex<Content>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let headers: BTreeMap<String, String> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(": ").map(|(k, v)| (k.to_lowercase(), v.to_owned())))
        .collect();
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap(), words.next().unwrap().replace("%2F", "/"));
    let mut content = content.lock().unwrap();
    let header = |name: &str| headers.get(name).cloned();
    content.asked.push(Asked {
        is_second_host,
        method: method.clone(),
        path: path.clone(),
        authorization: header("authorization"),
        range: header("range"),
    });
    let (head, body) = answer(&mut content, is_second_host, second_address, &path, headers.get("range").map(String::as_str));
    let cut = (is_second_host && !content.cuts.is_empty()).then(|| content.cuts.remove(0));
    drop(content);
    let length = if head.contains("302") { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let body = if method == "HEAD" { &[] } else { &body[..cut.unwrap_or(body.len()).min(body.len())] };
    // The other side may have gone.
    let _ = stream.write_all(format!("HTTP/1.1 {head}{length}connection: close\r\n\r\n").as_bytes()).and_then(|()| stream.write_all(body));
}

/// Status line with headers, and body.
fn answer(content: &mut Content, is_second_host: bool, second_address: &str, path: &str, range: Option<&str>) -> (String, Vec<u8>) {
    if let Some((status, code, n_times)) = content.refuse.as_mut().filter(|(_, _, n_times)| *n_times > 0) {
        *n_times -= 1;
        return (format!("{status} No\r\nx-error-code: {code}\r\n"), Vec::new());
    }
    if is_second_host {
        let all = content.repositories.values().flat_map(BTreeMap::values);
        let mut bytes = all.into_iter().find(|bytes| path.ends_with(&sha256(bytes))).unwrap().clone();
        if content.is_damaged {
            bytes[0] ^= 1;
        }
        let from = range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
        return match from {
            Some(from) => {
                (format!("206 Partial\r\ncontent-range: bytes {from}-{}/{}\r\n", bytes.len() - 1, bytes.len()), bytes[from..].to_vec())
            }
            None => ("200 OK\r\n".to_owned(), bytes),
        };
    }
    let not_found = |code: &str| (format!("404 Not Found\r\nx-error-code: {code}\r\n"), Vec::new());
    if let Some((id, revision)) = path.strip_prefix("/api/").and_then(|rest| rest.split_once("/revision/")) {
        let Some(files) = content.repositories.get(&format!("{id}@{revision}")) else {
            let is_known = content.repositories.keys().any(|key| key.starts_with(&format!("{id}@")));
            return not_found(if is_known { "RevisionNotFound" } else { "RepoNotFound" });
        };
        let siblings: Vec<_> = files.keys().map(|file| serde_json::json!({"rfilename": file})).collect();
        return ("200 OK\r\n".to_owned(), serde_json::json!({"sha": COMMIT, "siblings": siblings}).to_string().into_bytes());
    }
    let Some((id, file)) = path.split_once(&format!("/resolve/{COMMIT}/")) else { return not_found("RepoNotFound") };
    let id = if id.starts_with("/datasets/") { id[1..].to_owned() } else { format!("models{id}") };
    let mut repositories = content.repositories.iter().filter(|(key, _)| key.starts_with(&format!("{id}@")));
    let Some(bytes) = repositories.find_map(|(_, files)| files.get(file)) else { return not_found("EntryNotFound") };
    let described = format!("x-repo-commit: {COMMIT}\r\n");
    if file.ends_with(".safetensors") || file.ends_with(".parquet") {
        let (hash, size) = (sha256(bytes), bytes.len());
        let head = format!(
            "302 Found\r\nlocation: {second_address}/store/{hash}\r\nx-linked-etag: \"{hash}\"\r\nx-linked-size: {size}\r\n{described}"
        );
        return (head, Vec::new());
    }
    // Not git's hash, and yet one of its form.
    (format!("200 OK\r\netag: \"{}\"\r\n{described}", &sha256(bytes)[..40]), bytes.clone())
}
