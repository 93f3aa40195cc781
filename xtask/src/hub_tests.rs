//! The hub's client against a server of a few lines, on this machine.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use super::*;
use crate::digest::{self, Pin};
use crate::output::Output;

const CONTENT: &str = "hello";
const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";
const FILE: ModelFile = ModelFile {
    name: "config.json",
    pin: Pin { n_bytes: 5, sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" },
    blob: "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0",
};

/// Answers connections in turn with the given texts; returns what was asked.
fn serve(answers: Vec<String>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || answers.iter().map(|answer| answer_one(&listener.accept().unwrap().0, answer)).collect());
    (address, server)
}

fn answer_one(mut stream: &TcpStream, answer: &str) -> String {
    let lines = BufReader::new(stream).lines().map(Result::unwrap);
    let request: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    stream.write_all(answer.as_bytes()).unwrap();
    request.join("\n").to_lowercase()
}

fn response(status: &str, headers: &str, n_announced: usize, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {n_announced}\r\n{headers}\r\n{body}")
}

fn fetch(address: &str, path: &Path) -> Result<Option<String>> {
    let hub = Hub::new(address, Some("secret"));
    hub.fetch("owner/name", &FILE, path, &mut Output::Plain.track("test", FILE.pin.n_bytes))
}

#[test]
fn a_file_comes_with_the_revision_of_the_hub() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let (address, server) = serve(vec![response("200 OK", &format!("X-Repo-Commit: {REVISION}\r\n"), 5, CONTENT)]);
    assert_eq!(fetch(&address, &path).unwrap().as_deref(), Some(REVISION));
    digest::check_or_remove(&path, &FILE.pin).unwrap();
    let request = &server.join().unwrap()[0];
    assert!(request.starts_with("get /owner/name/resolve/main/config.json "), "{request}");
    assert!(request.contains("authorization: bearer secret") && !request.contains("range:"), "{request}");
}

#[test]
fn a_file_goes_on_where_an_earlier_attempt_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "hel").unwrap();
    let (address, server) = serve(vec![response("206 Partial Content", "Content-Range: bytes 3-4/5\r\n", 2, "lo")]);
    fetch(&address, &path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), CONTENT);
    assert!(server.join().unwrap()[0].contains("range: bytes=3-"));
}

#[test]
fn a_server_without_ranges_sends_the_whole_file_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "xxx").unwrap();
    let (address, _server) = serve(vec![response("200 OK", "", 5, CONTENT)]);
    fetch(&address, &path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), CONTENT);
}

#[test]
fn a_range_that_the_server_refuses_starts_the_file_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "xxx").unwrap();
    let (address, server) = serve(vec![response("416 Range Not Satisfiable", "", 0, ""), response("200 OK", "", 5, CONTENT)]);
    fetch(&address, &path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), CONTENT);
    assert!(!server.join().unwrap()[1].contains("range:"));
}

#[test]
fn a_truncated_body_is_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let (address, server) =
        serve(vec![response("200 OK", "", 5, "hel"), response("206 Partial Content", "Content-Range: bytes 3-4/5\r\n", 2, "lo")]);
    fetch(&address, &path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), CONTENT);
    assert!(server.join().unwrap()[1].contains("range: bytes=3-"));
}

#[test]
fn a_body_that_stays_truncated_is_an_error_and_what_came_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let (address, _server) =
        serve(vec![response("200 OK", "", 5, "hel"), response("206 Partial Content", "Content-Range: bytes 3-4/5\r\n", 2, "")]);
    let error = format!("{:#}", fetch(&address, &path).unwrap_err());
    assert!(error.contains("config.json") && !error.contains('\n'), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "hel");
}

#[test]
fn the_token_is_not_carried_to_another_host() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let (store, store_server) = serve(vec![response("200 OK", "", 5, CONTENT)]);
    let headers = format!("Location: {store}/blob\r\nX-Repo-Commit: {REVISION}\r\n");
    let (address, server) = serve(vec![response("302 Found", &headers, 0, "")]);
    assert_eq!(fetch(&address, &path).unwrap().as_deref(), Some(REVISION));
    assert!(server.join().unwrap()[0].contains("bearer secret"));
    assert!(!store_server.join().unwrap()[0].contains("authorization"));
}

#[test]
fn an_unknown_file_is_an_error_with_the_status() {
    let folder = tempfile::tempdir().unwrap();
    let (address, _server) = serve(vec![response("404 Not Found", "", 0, "")]);
    let error = fetch(&address, &folder.path().join("file")).unwrap_err().to_string();
    assert!(error.ends_with("answered 404"), "{error}");
}
