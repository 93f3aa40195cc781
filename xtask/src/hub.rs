//! Downloads files of a model from the hub, going on where an earlier attempt stopped.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use ureq::http::{Response, header};
use ureq::{Agent, Body};

use crate::model_files::ModelFile;
use crate::output::Track;

/// A closed network is noticed within this time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection on which nothing comes for this long is given up.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Hops from the hub to the machine that holds the file.
const MAX_REDIRECTS: usize = 5;
/// Attempts for one file, each of which goes on where the last one stopped.
const MAX_ATTEMPTS: usize = 5;

/// A hub and the way to it.
pub struct Hub {
    address: String,
    token: Option<String>,
    agent: Agent,
}

/// A response and the revision that the hub named on the way to it.
struct Answer {
    response: Response<Body>,
    revision: Option<String>,
}

impl Hub {
    /// The hub at an address without a slash at the end.
    pub fn new(address: &str, token: Option<&str>) -> Self {
        let config = Agent::config_builder()
            .timeout_resolve(Some(CONNECT_TIMEOUT))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(READ_TIMEOUT))
            .timeout_per_read(Some(READ_TIMEOUT))
            // Redirects are followed here: the first answer alone names the revision, and the token is for the hub alone.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent("finetop")
            .build();
        Self { address: address.to_owned(), token: token.map(str::to_owned), agent: config.into() }
    }

    /// Downloads a file until it has its pinned size; returns the revision it is of, if the hub says so.
    pub fn fetch(&self, model: &str, file: &ModelFile, path: &Path, track: &mut Track) -> Result<Option<String>> {
        let url = format!("{}/{model}/resolve/main/{}", self.address, file.name);
        let mut last_error = None;
        for _ in 0..MAX_ATTEMPTS {
            let n_before = size(path);
            match self.attempt(&url, file, path, track) {
                Ok(revision) => return Ok(revision),
                // Without progress another attempt is unlikely to do better.
                Err(error) if size(path) <= n_before => return Err(error),
                Err(error) => last_error = Some(error),
            }
        }
        Err(last_error.context("no attempt was made")?)
    }

    fn attempt(&self, url: &str, file: &ModelFile, path: &Path, track: &mut Track) -> Result<Option<String>> {
        if size(path) == file.pin.n_bytes {
            // An earlier attempt ended just before its content was checked; that comes next.
            return Ok(None);
        }
        if size(path) > file.pin.n_bytes {
            remove(path)?;
        }
        let n_before = size(path);
        let mut answer = self.request(url, n_before)?;
        let mut output = match answer.response.status().as_u16() {
            200 => File::create(path),
            206 if starts_at(&answer.response, n_before) => File::options().append(true).open(path),
            206 | 416 if n_before > 0 => {
                remove(path)?;
                return self.attempt(url, file, path, track);
            }
            status => bail!("{url} answered {status}"),
        }
        .with_context(|| format!("cannot write {}", path.display()))?;
        let mut body = answer.response.body_mut().as_reader();
        copy(&mut body, &mut output, file.pin.n_bytes, track).with_context(|| format!("{url} broke off"))?;
        match size(path) {
            n_bytes if n_bytes == file.pin.n_bytes => Ok(answer.revision),
            n_bytes => bail!("{url} sent {n_bytes} of {} bytes", file.pin.n_bytes),
        }
    }

    fn request(&self, url: &str, from: u64) -> Result<Answer> {
        let (mut url, mut revision) = (url.to_owned(), None);
        for _ in 0..MAX_REDIRECTS {
            let mut request = self.agent.get(&url);
            if from > 0 {
                request = request.header(header::RANGE, format!("bytes={from}-"));
            }
            if let Some(token) = self.token.as_ref().filter(|_| origin(&url) == origin(&self.address)) {
                request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
            }
            let response = request.call().with_context(|| format!("cannot reach {}", origin(&url)))?;
            let text = |name: &str| response.headers().get(name)?.to_str().ok().map(str::to_owned);
            revision = revision.or_else(|| text("x-repo-commit").filter(|revision| is_commit(revision)));
            let Some(location) = text("location").filter(|_| response.status().is_redirection()) else {
                return Ok(Answer { response, revision });
            };
            url = if location.starts_with('/') { format!("{}{location}", origin(&url)) } else { location };
        }
        bail!("{url} is one redirect too many")
    }
}

/// Copies a body to the end of a file, up to a size of the whole file.
fn copy(body: &mut dyn Read, output: &mut File, n_bytes: u64, track: &mut Track) -> io::Result<()> {
    let mut n_done = output.metadata()?.len();
    let mut buffer = vec![0; 1 << 16];
    while n_done < n_bytes {
        track.set(n_done);
        let n_read = body.read(&mut buffer)?;
        if n_read == 0 {
            break;
        }
        output.write_all(&buffer[..n_read])?;
        n_done += n_read as u64;
    }
    Ok(())
}

fn starts_at(response: &Response<Body>, offset: u64) -> bool {
    let range = response.headers().get(header::CONTENT_RANGE).and_then(|range| range.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {offset}-")))
}

/// Scheme, host and port of an address.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |idx| idx + 3);
    let end = url[host..].find('/').map_or(url.len(), |idx| host + idx);
    &url[..end]
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn remove(path: &Path) -> Result<()> {
    fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

#[cfg(test)]
#[path = "hub_tests.rs"]
mod tests;
