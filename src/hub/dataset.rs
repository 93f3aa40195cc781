//! Which Parquet files of a data set's repository are its splits, and where the cache has them. Never downloads.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::hub::cache;
use crate::hub::error::HubError;
use crate::hub::repository::{MAIN, Repository};
use crate::hub::variables::HubVariables;

/// The branch where the hub keeps every public data set as Parquet, whatever its own format.
pub const CONVERTED: &str = "refs/convert/parquet";
/// Names under which a validation split goes; the first is ours.
const VALIDATION_NAMES: [&str; 4] = ["validation", "valid", "dev", "val"];
/// The configuration of files that name none.
const DEFAULT_CONFIG: &str = "default";
/// The most names that an error lists.
const MOST_NAMES: usize = 12;

/// Which rows of a data set are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The configuration; may be left out where there is only one.
    pub config: Option<String>,
    /// The split to train on, where it is not `train`.
    pub train: Option<String>,
    /// The split to validate on, where it is not named as usual.
    pub validation: Option<String>,
    /// The split to test on, where it is not `test`.
    pub test: Option<String>,
}

/// The files of each split, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitFiles<P> {
    /// Training rows, at least one file.
    pub train: Vec<P>,
    /// Validation rows; none where the data set has no such split.
    pub validation: Vec<P>,
    /// Test rows; none where the data set has no such split.
    pub test: Vec<P>,
}

impl<P> SplitFiles<P> {
    /// Every file.
    pub fn iter(&self) -> impl Iterator<Item = &P> {
        self.train.iter().chain(&self.validation).chain(&self.test)
    }

    /// The same with each file turned into something else.
    pub fn map<Q>(&self, mut turn: impl FnMut(&P) -> Q) -> SplitFiles<Q> {
        let mut all = |files: &[P]| files.iter().map(&mut turn).collect();
        SplitFiles { train: all(&self.train), validation: all(&self.validation), test: all(&self.test) }
    }
}

/// One Parquet file as its path describes it.
struct Shard<'a> {
    config: &'a str,
    split: &'a str,
    /// How many there are, where the name says so.
    count: Option<usize>,
    path: &'a str,
}

/// The splits among the paths of a repository; `None` where there is no Parquet file.
pub fn choose(paths: &[String], choice: &Choice) -> Result<Option<SplitFiles<String>>, String> {
    let mut configs: BTreeMap<&str, BTreeMap<&str, Vec<Shard>>> = BTreeMap::new();
    for shard in paths.iter().filter_map(|path| shard(path)) {
        configs.entry(shard.config).or_default().entry(shard.split).or_default().push(shard);
    }
    let Some(&first) = configs.keys().next() else { return Ok(None) };
    let config = match &choice.config {
        Some(config) => config.as_str(),
        None if configs.len() == 1 => first,
        None if configs.contains_key(DEFAULT_CONFIG) => DEFAULT_CONFIG,
        None => return Err(format!("it has several configurations: {}; choose one with `config`", listed(configs.keys()))),
    };
    let Some(splits) = configs.get(config) else {
        return Err(format!("it has no configuration {config:?}; it has {}", listed(configs.keys())));
    };
    let named = |split: &str, key: &str| match splits.get(split) {
        Some(shards) => files(shards),
        None => Err(format!("it has no split {split:?} for `{key}`; it has {}", listed(splits.keys()))),
    };
    let usual = |names: &[&str]| names.iter().find_map(|name| splits.get(name)).map_or(Ok(Vec::new()), |shards| files(shards));
    let train = named(choice.train.as_deref().unwrap_or("train"), "train")?;
    let validation = choice.validation.as_ref().map_or_else(|| usual(&VALIDATION_NAMES), |split| named(split, "validation"))?;
    let test = choice.test.as_ref().map_or_else(|| usual(&["test"]), |split| named(split, "test"))?;
    Ok(Some(SplitFiles { train, validation, test }))
}

/// `sst2/train-00000-of-00002.parquet`, `data/train-00000-of-00001-0123456789abcdef.parquet`, `train.parquet`, or, on the branch of
/// converted data sets, `sst2/train/0000.parquet`.
fn shard(path: &str) -> Option<Shard<'_>> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let stem = path.strip_suffix(".parquet")?;
    let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
    if is_number(name) {
        let (config, split) = folder.rsplit_once('/')?;
        return Some(Shard { config, split, count: None, path });
    }
    let mut config = folder.strip_prefix("data/").unwrap_or(folder);
    if config.is_empty() || config == "data" {
        config = DEFAULT_CONFIG;
    }
    if let Some((before, after)) = name.split_once("-of-") {
        let (split, index) = before.rsplit_once('-')?;
        let count = after.split('-').next().filter(|count| is_number(count) && is_number(index))?;
        return Some(Shard { config, split, count: Some(count.parse().ok()?), path });
    }
    Some(Shard { config, split: name, count: None, path })
}

/// The paths of a split's files, in order; all of them or an error.
fn files(shards: &[Shard]) -> Result<Vec<String>, String> {
    let mut paths: Vec<String> = shards.iter().map(|shard| shard.path.to_owned()).collect();
    paths.sort();
    match shards.iter().find_map(|shard| shard.count.filter(|&count| count != shards.len())) {
        Some(count) => Err(format!("its split {:?} is not whole: {} of {count} files are there", shards[0].split, shards.len())),
        None => Ok(paths),
    }
}

fn listed<'a>(names: impl ExactSizeIterator<Item = &'a &'a str>) -> String {
    let (count, names) = (names.len(), names.take(MOST_NAMES).copied().collect::<Vec<_>>().join(", "));
    if count > MOST_NAMES { format!("{names} and {} more", count - MOST_NAMES) } else { names }
}

/// Where a data set's Parquet is looked for, in this order.
pub fn places(repository: &Repository) -> Vec<Repository> {
    if repository.revision == MAIN { vec![repository.clone(), repository.at(CONVERTED)] } else { vec![repository.clone()] }
}

/// The files of a data set in the cache.
pub fn find(repository: &Repository, choice: &Choice, variables: &HubVariables) -> Result<SplitFiles<PathBuf>, HubError> {
    let mut first_error = None;
    for place in places(repository) {
        let found = cache::find(&place, variables).and_then(|snapshot| {
            let chosen = choose(&paths(&snapshot), choice).map_err(|problem| HubError::Unusable { repository: place.clone(), problem })?;
            Ok(chosen.map(|files| files.map(|file| snapshot.join(file))))
        });
        match found {
            Ok(Some(files)) => return Ok(files),
            Ok(None) => {}
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    let no_parquet =
        || HubError::Unusable { repository: repository.clone(), problem: "its copy in the cache has no Parquet files".to_owned() };
    Err(first_error.unwrap_or_else(no_parquet))
}

/// The paths of all files below a folder, relative to it, with `/` between their parts; links that lead nowhere are no files.
fn paths(folder: &Path) -> Vec<String> {
    let (mut folders, mut paths) = (vec![folder.to_owned()], Vec::new());
    while let Some(next) = folders.pop() {
        for path in fs::read_dir(next).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if let Some(path) = path.strip_prefix(folder).ok().filter(|_| path.is_file()).and_then(Path::to_str) {
                paths.push(path.to_owned());
            }
        }
    }
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(paths: &[&str], choice: &Choice) -> Result<Option<SplitFiles<String>>, String> {
        super::choose(&paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>(), choice)
    }

    fn config(name: &str) -> Choice {
        Choice { config: Some(name.to_owned()), ..Choice::default() }
    }

    const GLUE: [&str; 8] = [
        "README.md",
        "mnli/train-00000-of-00001.parquet",
        "mnli/validation_matched-00000-of-00001.parquet",
        "mnli/test_matched-00000-of-00001.parquet",
        "sst2/test-00000-of-00001.parquet",
        "sst2/train-00001-of-00002.parquet",
        "sst2/train-00000-of-00002.parquet",
        "sst2/validation-00000-of-00001.parquet",
    ];

    #[test]
    fn the_files_of_a_configuration_are_its_splits_in_order() {
        let files = choose(&GLUE, &config("sst2")).unwrap().unwrap();
        assert_eq!(files.train, ["sst2/train-00000-of-00002.parquet", "sst2/train-00001-of-00002.parquet"]);
        assert_eq!(files.validation, ["sst2/validation-00000-of-00001.parquet"]);
        assert_eq!(files.test, ["sst2/test-00000-of-00001.parquet"]);
        let matched = Choice { validation: Some("validation_matched".to_owned()), ..config("mnli") };
        let files = choose(&GLUE, &matched).unwrap().unwrap();
        assert_eq!((files.validation.len(), files.test.len()), (1, 0));
    }

    #[test]
    fn one_configuration_need_not_be_named_and_the_usual_layouts_are_known() {
        for paths in [
            ["data/train-00000-of-00001-0123456789abcdef.parquet", "data/dev-00000-of-00001-fedcba9876543210.parquet"],
            ["train.parquet", "valid.parquet"],
            ["plain_text/train-00000-of-00001.parquet", "plain_text/val-00000-of-00001.parquet"],
            ["default/train/0000.parquet", "default/validation/0000.parquet"],
        ] {
            let files = choose(&paths, &Choice::default()).unwrap().unwrap();
            assert_eq!((files.train.len(), files.validation.len(), files.test.len()), (1, 1, 0), "{paths:?}");
        }
        assert_eq!(choose(&["README.md", "train.csv"], &Choice::default()), Ok(None));
    }

    #[test]
    fn what_cannot_be_chosen_is_listed() {
        let error = |choice| choose(&GLUE, &choice).unwrap_err();
        assert_eq!(error(Choice::default()), "it has several configurations: mnli, sst2; choose one with `config`");
        assert_eq!(error(config("sst")), "it has no configuration \"sst\"; it has mnli, sst2");
        let choice = Choice { test: Some("hidden".to_owned()), ..config("sst2") };
        assert_eq!(error(choice), "it has no split \"hidden\" for `test`; it has test, train, validation");
        let cut = choose(&["data/train-00000-of-00003.parquet"], &Choice::default()).unwrap_err();
        assert_eq!(cut, "its split \"train\" is not whole: 1 of 3 files are there");
    }

    proptest::proptest! {
        #[test]
        fn no_path_makes_the_choice_panic(paths in proptest::collection::vec("[a-c0-1/-]{0,9}(-of-)?[0-9]{0,3}.parquet", 0..6)) {
            let _ = super::choose(&paths, &Choice::default());
        }
    }
}
