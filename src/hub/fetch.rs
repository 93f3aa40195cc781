//! Downloads what the cache lacks: content first, then the links to it, the reference last. Broken off at any moment, the cache stays good.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::hub::cache::{self, Cache};
use crate::hub::client::{Client, FileHead, Listing};
use crate::hub::dataset::{self, Choice, SplitFiles};
use crate::hub::error::HubError;
use crate::hub::model;
use crate::hub::progress::{Progress, Report};
use crate::hub::repository::Repository;
use crate::hub::transfer::{self, Transfer};
use crate::hub::variables::HubVariables;

/// Bytes that a disk must keep free beside a download.
const SPARE_BYTES: u64 = 10_000_000;

/// Whether the cache has all that is needed of a model.
pub fn has_model(repository: &Repository, variables: &HubVariables) -> bool {
    cache::find(repository, variables).is_ok_and(|snapshot| model::missing(&snapshot).is_none())
}

/// Whether the cache has all that is wanted of a data set; a copy with training rows alone may be half of one.
pub fn has_dataset(repository: &Repository, choice: &Choice, variables: &HubVariables) -> bool {
    dataset::find(repository, choice, variables).is_ok_and(|files| !(files.validation.is_empty() && files.test.is_empty()))
}

/// Downloads a model's files; the folder that holds them.
pub fn model(repository: &Repository, variables: &HubVariables, client: &Client, report: &mut Report) -> Result<PathBuf, HubError> {
    let unusable = |problem| HubError::Unusable { repository: repository.clone(), problem };
    let listing = client.list(repository, report)?;
    // Refused before anything is downloaded.
    let mut wanted: BTreeSet<String> =
        model::wanted(&repository.id, &listing.files).map_err(unusable)?.into_iter().map(str::to_owned).collect();
    let cache = Cache::of(repository, variables)?;
    cache.prepare()?;
    if wanted.contains(model::INDEX) {
        let head = client.head(repository, &listing.commit, model::INDEX, report)?;
        Transfer { client, repository, commit: &listing.commit, head: &head, n_before: 0 }.run(&cache, &mut |_| ())?;
        let path = cache.blob(&head.etag);
        let index = fs::read_to_string(&path).map_err(|source| HubError::Unwritable { path, source })?;
        let shards = model::shards(&index).map_err(unusable)?;
        if let Some(absent) = shards.iter().find(|shard| !listing.files.contains(shard)) {
            return Err(unusable(format!("its {} names {absent}, which it has not", model::INDEX)));
        }
        wanted.extend(shards);
    }
    files(repository, &listing, &wanted, &cache, client, report)?;
    cache.refer(&repository.revision, &listing.commit)?;
    cache::find(repository, variables)
}

/// Downloads the files of a data set's splits.
pub fn dataset(
    repository: &Repository,
    choice: &Choice,
    variables: &HubVariables,
    client: &Client,
    report: &mut Report,
) -> Result<SplitFiles<PathBuf>, HubError> {
    let mut first_error = None;
    for place in dataset::places(repository) {
        let listing = match client.list(&place, report) {
            Ok(listing) => listing,
            // The hub converts public data sets only, and not all at once.
            Err(HubError::NoRevision { .. } | HubError::NotFound { .. }) if place.revision == dataset::CONVERTED => break,
            Err(error) => return Err(error),
        };
        match dataset::choose(&listing.files, choice) {
            Ok(None) => {}
            Err(problem) => first_error = first_error.or(Some(HubError::Unusable { repository: place, problem })),
            Ok(Some(chosen)) => {
                let cache = Cache::of(&place, variables)?;
                cache.prepare()?;
                files(&place, &listing, &chosen.iter().cloned().collect(), &cache, client, report)?;
                cache.refer(&place.revision, &listing.commit)?;
                return Ok(chosen.map(|file| cache.place(&listing.commit, file)));
            }
        }
    }
    let no_parquet = || HubError::Unusable {
        repository: repository.clone(),
        problem: format!(
            "it has no Parquet files, and no branch {}; save its splits as .parquet, .csv, .tsv or .jsonl and name the files",
            dataset::CONVERTED
        ),
    };
    Err(first_error.unwrap_or_else(no_parquet))
}

/// Downloads files of a commit and links them into its snapshot, once all are there.
fn files(
    repository: &Repository,
    listing: &Listing,
    wanted: &BTreeSet<String>,
    cache: &Cache,
    client: &Client,
    report: &mut Report,
) -> Result<(), HubError> {
    let commit = listing.commit.as_str();
    let heads = wanted.iter().map(|file| client.head(repository, commit, file, report));
    let mut heads: Vec<FileHead> = heads.collect::<Result<_, _>>()?;
    // Small files first: what is wrong with a repository shows early.
    heads.sort_by_key(|head| head.n_bytes);
    let present = |head: &FileHead| {
        let blob = transfer::size(&cache.blob(&head.etag)).filter(|&size| size == head.n_bytes);
        let incomplete = transfer::size(&cache.incomplete(&head.etag)).filter(|_| head.sha256().is_some());
        blob.or(incomplete).unwrap_or(0).min(head.n_bytes)
    };
    let (n_bytes, n_done) = (heads.iter().map(|head| head.n_bytes).sum(), heads.iter().map(present).sum());
    require_room(&cache.root, repository, n_bytes - n_done)?;
    // Nothing is said of what is there already.
    let is_news = n_done < n_bytes;
    if is_news {
        report(Progress::Begins { name: &repository.to_string(), n_bytes, n_done, cache: &cache.root });
    }
    let mut n_before = 0;
    for head in &heads {
        Transfer { client, repository, commit, head, n_before }.run(cache, report)?;
        n_before += head.n_bytes;
        if is_news {
            report(Progress::Bytes { n_done: n_before });
        }
    }
    for head in &heads {
        cache.link(commit, &head.file, &head.etag)?;
    }
    if is_news {
        report(Progress::Ends);
    }
    Ok(())
}

fn require_room(root: &Path, repository: &Repository, n_needed: u64) -> Result<(), HubError> {
    // A file system that does not say how full it is, is written to.
    let Ok(found) = nix::sys::statvfs::statvfs(root) else { return Ok(()) };
    // The types differ between systems; all of them fit.
    let n_free = u128::from(found.blocks_available()) * u128::from(found.fragment_size());
    let n_free = u64::try_from(n_free).unwrap_or(u64::MAX);
    if n_free >= n_needed + SPARE_BYTES {
        return Ok(());
    }
    Err(HubError::NoRoom { cache: root.to_owned(), what: repository.to_string(), n_free, n_needed: n_needed + SPARE_BYTES })
}
