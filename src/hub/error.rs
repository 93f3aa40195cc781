//! Why a model or data set is not here: one line each, with what to do. Never holds a token.

use std::path::PathBuf;

use crate::hub::repository::{Kind, Repository};

/// Why a model or data set was not found, or could not be downloaded.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The text cannot be an id.
    #[error("{text:?} is {} such as {}", not_an_id(*kind), example(*kind))]
    NotAnId {
        /// What was asked for.
        kind: Kind,
        /// The text.
        text: String,
    },
    /// The text after `@` cannot be a revision.
    #[error("{revision:?} cannot be a revision of {id}: name a branch, a tag or a commit, as in {id}@main")]
    NotARevision {
        /// The id.
        id: String,
        /// The text.
        revision: String,
    },
    /// No variable says where the cache is.
    #[error("cannot tell where the Hugging Face cache is: set HF_HOME or HOME, or give a folder")]
    NoCache,
    /// The cache does not have it.
    #[error("{} {repository} is not in the Hugging Face cache (looked for {}); {remedy}", repository.kind.noun(), looked_for.display())]
    NotCached {
        /// What was looked for.
        repository: Repository,
        /// The folder that would hold it.
        looked_for: PathBuf,
        /// What brings it there.
        remedy: String,
    },
    /// Its folder in the cache is not whole.
    #[error("the Hugging Face cache has no whole copy of {repository}: {} is missing; {remedy}", path.display())]
    Incomplete {
        /// What was looked for.
        repository: Repository,
        /// What is missing.
        path: PathBuf,
        /// What brings it there.
        remedy: String,
    },
    /// The repository has not what is needed.
    #[error("{repository} cannot be used: {problem}")]
    Unusable {
        /// The repository.
        repository: Repository,
        /// What it lacks, and what to do.
        problem: String,
    },
    /// The hub does not know it, or does not say that it does.
    #[error(
        "there is no {} {} at {endpoint}, or it is private; check the spelling, or set HF_TOKEN to a token that may read it", repository.kind.noun(), repository.id
    )]
    NotFound {
        /// What was asked for.
        repository: Repository,
        /// The hub.
        endpoint: String,
    },
    /// It has no such revision.
    #[error("{} has no revision {}; name a branch, a tag or a commit of it, or leave it out", repository.id, repository.revision)]
    NoRevision {
        /// What was asked for.
        repository: Repository,
    },
    /// Access must be asked for.
    #[error("{} is gated: accept its licence at {page}, then {}", repository.id, token_advice(token_from.as_deref()))]
    Gated {
        /// What was asked for.
        repository: Repository,
        /// Where its licence is.
        page: String,
        /// Where the token that was sent was found.
        token_from: Option<String>,
    },
    /// The hub refuses the token.
    #[error("{endpoint} does not accept the token from {token_from}: make a new one at {endpoint}/settings/tokens, or remove it")]
    BadToken {
        /// The hub.
        endpoint: String,
        /// Where the token was found.
        token_from: String,
    },
    /// The hub answered with something else.
    #[error("{url} answered {status}; {}", advice(*status))]
    Status {
        /// What was asked.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The hub cannot be reached.
    #[error(
        "cannot reach {origin} ({reason}); check the network and HF_ENDPOINT, or copy the Hugging Face cache from a machine that has it"
    )]
    NoNetwork {
        /// Scheme, host and port.
        origin: String,
        /// What went wrong.
        reason: String,
    },
    /// A transfer broke off again and again.
    #[error("the download of {file} broke off ({reason}); the same command goes on where it stopped")]
    BrokenOff {
        /// The file.
        file: String,
        /// What went wrong.
        reason: String,
    },
    /// The content is not what the hub announced.
    #[error("{file} arrived damaged: {found} instead of {expected}; it was removed, run the same command again")]
    Damaged {
        /// The file.
        file: String,
        /// What was announced.
        expected: String,
        /// What came.
        found: String,
    },
    /// The answer makes no sense.
    #[error("{url} is no hub: {problem}; check HF_ENDPOINT")]
    NotAHub {
        /// What was asked.
        url: String,
        /// What is odd.
        problem: String,
    },
    /// The disk has too little room.
    #[error(
        "{} has {} MB free, but {what} needs {} MB; make room, or set HF_HOME to a folder on a larger disk", cache.display(), n_free / 1_000_000, n_needed.div_ceil(1_000_000)
    )]
    NoRoom {
        /// The cache.
        cache: PathBuf,
        /// What is to be downloaded.
        what: String,
        /// Free bytes.
        n_free: u64,
        /// Bytes still to come.
        n_needed: u64,
    },
    /// The cache cannot be written.
    #[error("cannot write {}: {source}; make room or give yourself the right, or set HF_HOME to another folder", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

const fn not_an_id(kind: Kind) -> &'static str {
    match kind {
        Kind::Model => "neither a folder nor the id of a model",
        Kind::Dataset => "not the id of a data set",
    }
}

const fn example(kind: Kind) -> &'static str {
    match kind {
        Kind::Model => "sentence-transformers/all-MiniLM-L6-v2",
        Kind::Dataset => "nyu-mll/glue",
    }
}

fn token_advice(token_from: Option<&str>) -> String {
    match token_from {
        Some(place) => format!("run the same command again (the token from {place} must be of the account that accepted it)"),
        None => "set HF_TOKEN to a token of that account".to_owned(),
    }
}

const fn advice(status: u16) -> &'static str {
    match status {
        401 | 403 => "set HF_TOKEN to a token that may read it",
        429 => "too many requests: wait some minutes, or set HF_TOKEN, with which more are allowed",
        500.. => "the hub has a problem: try again later",
        _ => "check HF_ENDPOINT",
    }
}
