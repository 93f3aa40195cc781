//! Asks the hub: what a repository holds, what a file is, and its bytes. Retries what may pass; says plainly what will not.

use std::io;
use std::time::Duration;

use serde::Deserialize;
use ureq::http::{HeaderMap, Response};
use ureq::{Agent, Body, Error, Timeout};

use crate::hub::error::HubError;
use crate::hub::progress::{Progress, Report};
use crate::hub::repository::{Repository, is_part, is_path};
use crate::hub::variables::{HubVariables, Token};

/// Hops from the hub to the machine that holds the file.
const MOST_REDIRECTS: usize = 5;
/// Times that one question is asked.
const MOST_ATTEMPTS: u32 = 5;
/// The longest wait that the hub may ask for.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// More bytes than a listing has.
const MOST_LISTING_BYTES: u64 = 64 << 20;

/// A hub and the way to it.
#[derive(Debug)]
pub struct Client {
    endpoint: String,
    token: Option<(Token, String)>,
    agent: Agent,
    /// Wait before the second attempt; it doubles with each.
    pub pause: Duration,
}

/// What a repository holds at a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The commit that the revision is.
    pub commit: String,
    /// Paths of its files.
    pub files: Vec<String>,
}

/// What a file of a commit is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHead {
    /// Its path in the repository.
    pub file: String,
    /// The name of its content: the SHA-256 of large files, git's hash of small ones.
    pub etag: String,
    /// Its size.
    pub n_bytes: u64,
}

impl FileHead {
    /// The SHA-256 of its content, where the hub says it.
    pub fn sha256(&self) -> Option<&str> {
        (self.etag.len() == 64 && self.etag.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(self.etag.as_str())
    }
}

/// What is asked.
#[derive(Clone, Copy)]
enum Ask {
    /// The answer's headers, from the hub alone.
    Head,
    /// The content from a byte on, from wherever it lies.
    Get { from: u64 },
}

impl Client {
    /// The hub that the environment names.
    pub fn new(variables: &HubVariables) -> Self {
        let config = Agent::config_builder()
            .timeout_resolve(Some(variables.answer_timeout()))
            .timeout_connect(Some(variables.answer_timeout()))
            .timeout_recv_response(Some(variables.answer_timeout()))
            .timeout_per_read(Some(variables.read_timeout()))
            // Redirects are followed here: the first answers describe the file, and the token is for the hub alone.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("finetop/", env!("CARGO_PKG_VERSION")))
            .build();
        let pause = Duration::from_secs(1);
        Self { endpoint: variables.endpoint().to_owned(), token: variables.token(), agent: config.into(), pause }
    }

    /// What a repository holds.
    pub fn list(&self, repository: &Repository, report: &mut Report) -> Result<Listing, HubError> {
        #[derive(Deserialize)]
        struct Info {
            sha: String,
            siblings: Vec<Sibling>,
        }
        #[derive(Deserialize)]
        struct Sibling {
            rfilename: String,
        }
        let (kind, id, revision) = (repository.kind.plural(), &repository.id, quoted(&repository.revision, true));
        let url = format!("{}/api/{kind}/{id}/revision/{revision}", self.endpoint);
        let mut response = self.ask(Ask::Get { from: 0 }, &url, repository, report)?;
        let not_a_hub = |problem: String| HubError::NotAHub { url: url.clone(), problem };
        let text = response.body_mut().with_config().limit(MOST_LISTING_BYTES).read_to_string();
        let text = text.map_err(|error| not_a_hub(format!("the list of files broke off: {error}")))?;
        let info: Info = serde_json::from_str(&text).map_err(|_| not_a_hub("it sent no list of files".to_owned()))?;
        if !is_part(&info.sha) {
            return Err(not_a_hub("it names no commit".to_owned()));
        }
        // A path that could leave the cache is nothing that we would ask for.
        let files = info.siblings.into_iter().map(|sibling| sibling.rfilename).filter(|file| is_path(file)).collect();
        Ok(Listing { commit: info.sha, files })
    }

    /// What a file of a commit is.
    pub fn head(&self, repository: &Repository, commit: &str, file: &str, report: &mut Report) -> Result<FileHead, HubError> {
        let url = self.url(repository, commit, file);
        let response = self.ask(Ask::Head, &url, repository, report)?;
        let headers = response.headers();
        let etag = text(headers, "x-linked-etag").or_else(|| text(headers, "etag"));
        let etag = etag.map(|etag| etag.trim_start_matches("W/").trim_matches('"').to_owned()).filter(|etag| is_part(etag));
        let n_bytes = text(headers, "x-linked-size").or_else(|| text(headers, "content-length")).and_then(|size| size.parse().ok());
        match (etag, n_bytes) {
            (Some(etag), Some(n_bytes)) => Ok(FileHead { file: file.to_owned(), etag, n_bytes }),
            _ => Err(HubError::NotAHub { url, problem: "it names neither hash nor size of the file".to_owned() }),
        }
    }

    /// A file's content from a byte on; the status is 200, 206 or 416.
    pub fn get(
        &self,
        repository: &Repository,
        commit: &str,
        file: &str,
        from: u64,
        report: &mut Report,
    ) -> Result<Response<Body>, HubError> {
        self.ask(Ask::Get { from }, &self.url(repository, commit, file), repository, report)
    }

    fn url(&self, repository: &Repository, commit: &str, file: &str) -> String {
        format!("{}/resolve/{commit}/{}", repository.page(&self.endpoint), quoted(file, false))
    }

    /// Asks until there is an answer or no hope of one.
    fn ask(&self, ask: Ask, url: &str, repository: &Repository, report: &mut Report) -> Result<Response<Body>, HubError> {
        for attempt in 1.. {
            let (reason, wait) = match self.follow(ask, url) {
                Ok(response) if is_passing(response.status().as_u16()) && attempt < MOST_ATTEMPTS => {
                    let asked = text(response.headers(), "retry-after").and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
                    (format!("{} answered {}", origin(url), response.status().as_u16()), asked)
                }
                Ok(response) => return self.checked(response, ask, url, repository),
                Err(Refusal::Passing(reason)) if attempt < MOST_ATTEMPTS => (reason, None),
                Err(Refusal::Passing(reason) | Refusal::Lasting(reason)) => {
                    return Err(HubError::NoNetwork { origin: origin(url).to_owned(), reason });
                }
                Err(Refusal::Odd(problem)) => return Err(HubError::NotAHub { url: url.to_owned(), problem }),
            };
            let wait = wait.unwrap_or(self.pause * 2_u32.pow(attempt - 1)).min(LONGEST_WAIT);
            report(Progress::Waits { reason: format!("{reason}; asking again in {:.0} s", wait.as_secs_f64().ceil()) });
            std::thread::sleep(wait);
        }
        unreachable!("the last attempt returns")
    }

    /// Asks once, along redirects; for headers only as far as the hub itself goes.
    fn follow(&self, ask: Ask, url: &str) -> Result<Response<Body>, Refusal> {
        let mut url = url.to_owned();
        for _ in 0..MOST_REDIRECTS {
            let mut request = match ask {
                Ask::Head => self.agent.head(&url),
                Ask::Get { .. } => self.agent.get(&url),
            };
            // Sizes are those of the files, not of a compressed transfer.
            request = request.header("accept-encoding", "identity");
            if let Ask::Get { from: from @ 1.. } = ask {
                request = request.header("range", format!("bytes={from}-"));
            }
            if let Some((Token(token), _)) = self.token.as_ref().filter(|_| origin(&url) == origin(&self.endpoint)) {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            let response = request.call().map_err(refusal)?;
            let Some(location) = text(response.headers(), "location").filter(|_| response.status().is_redirection()) else {
                return Ok(response);
            };
            let target = if location.starts_with('/') { format!("{}{location}", origin(&url)) } else { location };
            if matches!(ask, Ask::Head) && origin(&target) != origin(&self.endpoint) {
                return Ok(response);
            }
            url = target;
        }
        Err(Refusal::Odd("it redirects in circles".to_owned()))
    }

    /// The answer, unless it refuses.
    fn checked(&self, response: Response<Body>, ask: Ask, url: &str, repository: &Repository) -> Result<Response<Body>, HubError> {
        let status = response.status().as_u16();
        let is_answer = match ask {
            Ask::Head => (200..400).contains(&status),
            Ask::Get { .. } => matches!(status, 200 | 206 | 416),
        };
        if is_answer {
            return Ok(response);
        }
        let token_from = self.token.as_ref().map(|(_, place)| place.clone());
        let (repository, endpoint) = (repository.clone(), self.endpoint.clone());
        // The hub's own words for what is wrong.
        let code = text(response.headers(), "x-error-code").unwrap_or_default();
        Err(match (status, code.as_str(), token_from) {
            (_, "GatedRepo", token_from) | (403, _, token_from) => {
                HubError::Gated { page: repository.page(&endpoint), repository, token_from }
            }
            (_, "RevisionNotFound", _) => HubError::NoRevision { repository },
            (401, code, Some(token_from)) if code != "RepoNotFound" => HubError::BadToken { endpoint, token_from },
            (401 | 404, ..) => HubError::NotFound { repository, endpoint },
            _ => HubError::Status { url: url.to_owned(), status },
        })
    }
}

/// Why there is no answer.
enum Refusal {
    /// It may pass.
    Passing(String),
    /// It will not.
    Lasting(String),
    /// It is no answer of a hub.
    Odd(String),
}

fn refusal(error: Error) -> Refusal {
    match error {
        Error::HostNotFound => Refusal::Lasting("there is no such host, or no network".to_owned()),
        Error::ConnectionFailed => Refusal::Lasting("the connection failed".to_owned()),
        Error::Timeout(Timeout::Connect | Timeout::Resolve) => Refusal::Lasting("it does not answer in time".to_owned()),
        Error::Timeout(_) => Refusal::Passing("it does not answer in time".to_owned()),
        Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => Refusal::Lasting("the connection was refused".to_owned()),
        Error::Io(error) => Refusal::Passing(error.to_string()),
        Error::BadUri(uri) => Refusal::Odd(format!("{uri} is no address")),
        // Its text could show the token.
        Error::Http(_) => Refusal::Odd("the address or the token has characters that neither can have".to_owned()),
        error => Refusal::Lasting(error.to_string()),
    }
}

const fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// Scheme, host and port of an address.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |index| index + 3);
    let end = url[host..].find('/').map_or(url.len(), |index| host + index);
    &url[..end]
}

/// A text as part of an address (RFC 3986, section 2.3).
fn quoted(text: &str, is_one_part: bool) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (byte == b'/' && !is_one_part);
    text.bytes().map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_quoted_and_their_origin_found() {
        assert_eq!(quoted("refs/convert/parquet", true), "refs%2Fconvert%2Fparquet");
        assert_eq!(quoted("a b/é.parquet", false), "a%20b/%C3%A9.parquet");
        assert_eq!(origin("https://host:1/a/b"), "https://host:1");
        assert_eq!(origin("https://host"), "https://host");
    }
}
