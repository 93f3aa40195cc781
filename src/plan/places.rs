//! How a plan shows paths: as a person would write them from the current folder, and what lies in the hub's cache by its name there. Pure.

use std::path::{Component, Path, PathBuf};

use crate::plan::environment::Environment;

/// Letters of a revision that tell it from others.
const REVISION: usize = 12;

/// The folders that paths are shown from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    /// The current folder.
    pub current: PathBuf,
    /// The user's own folder.
    pub home: Option<PathBuf>,
    /// The Hugging Face cache.
    pub hub_cache: Option<PathBuf>,
}

impl Places {
    /// Those of this environment.
    pub fn new(environment: &Environment) -> Self {
        let (home, hub_cache) = (environment.hub.home.clone(), environment.hub.cache());
        Self { current: environment.current_folder.clone(), home, hub_cache }
    }

    /// A path in at most `room` letters where its last name leaves any: from the current folder, else from home, else whole.
    pub fn shown(&self, path: &Path, room: usize) -> String {
        let below = |folder: &Path| path.strip_prefix(folder).ok().filter(|rest| !rest.as_os_str().is_empty());
        let is_root = |home: &Path| home.parent().is_none();
        if let Some(rest) = below(&self.current) {
            return shortened(&rest.display().to_string(), room);
        }
        let of_home = self.home.as_deref().filter(|home| !is_root(home)).and_then(below);
        shortened(&of_home.map_or_else(|| path.display().to_string(), |rest| format!("~/{}", rest.display())), room)
    }

    /// What lies in the hub's cache.
    pub fn in_cache(&self, path: &Path) -> Option<Cached> {
        let mut rest = path.strip_prefix(self.hub_cache.as_ref()?).ok()?.components();
        let mut next = || match rest.next() {
            Some(Component::Normal(name)) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        };
        let (repository, snapshots, revision) = (next()?, next()?, next()?);
        let (_, name) = repository.split_once("--").filter(|_| snapshots == "snapshots")?;
        let file = rest.as_path().display().to_string();
        Some(Cached { repository: name.replace("--", "/"), revision: revision.chars().take(REVISION).collect(), file })
    }
}

/// Something in the hub's cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cached {
    /// The model or data set, `org/name`.
    pub repository: String,
    /// The first letters of the commit.
    pub revision: String,
    /// The file in it; empty where all of it is meant.
    pub file: String,
}

/// A path in at most `room` letters, as far as its last name lets it: folders in its middle are left out.
fn shortened(path: &str, room: usize) -> String {
    let names: Vec<&str> = path.split('/').collect();
    let n_letters = |text: &str| text.chars().count();
    if n_letters(path) <= room || names.len() < 3 {
        return path.to_owned();
    }
    // The first name of an absolute path is empty.
    let n_front = if names[0].is_empty() { 2 } else { 1 };
    let front = names[..n_front.min(names.len() - 1)].join("/");
    let candidates = (n_front + 1..names.len()).map(|from| format!("{front}/…/{}", names[from..].join("/")));
    let last = format!("…/{}", names[names.len() - 1]);
    candidates.into_iter().find(|short| n_letters(short) <= room).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let path = |text: &str| Some(PathBuf::from(text));
        Places { current: PathBuf::from("/home/a/lab"), home: path("/home/a"), hub_cache: path("/home/a/.cache/huggingface/hub") }
    }

    fn shown(path: &str) -> String {
        places().shown(Path::new(path), 40)
    }

    #[test]
    fn a_path_is_written_from_the_current_folder_or_from_home() {
        assert_eq!(shown("/home/a/lab/data/train.tsv"), "data/train.tsv");
        assert_eq!(shown("/home/a/other/train.tsv"), "~/other/train.tsv");
        assert_eq!(shown("/home/ab/train.tsv"), "/home/ab/train.tsv");
        assert_eq!(Places { home: Some(PathBuf::from("/")), ..places() }.shown(Path::new("/data/a"), 40), "/data/a");
    }

    #[test]
    fn a_long_path_loses_folders_of_its_middle_and_keeps_its_file() {
        assert_eq!(shown("/mnt/one/two/three/four/five/six/seven/train.tsv"), "/mnt/…/four/five/six/seven/train.tsv");
        assert_eq!(shown("/home/a/one/a-folder-with-a-name/and-another/train.tsv"), "~/…/and-another/train.tsv");
        let long = format!("/mnt/a/{}.tsv", "x".repeat(60));
        assert_eq!(shown(&long), format!("…/{}.tsv", "x".repeat(60)));
    }

    #[test]
    fn what_lies_in_the_hubs_cache_has_a_name_and_a_revision() {
        let folder = "/home/a/.cache/huggingface/hub/models--org--name/snapshots/c9745ed1d9f207416be6d2e6f8de32d1f16199bf";
        let found = places().in_cache(Path::new(folder)).unwrap();
        assert_eq!((found.repository.as_str(), found.revision.as_str(), found.file.as_str()), ("org/name", "c9745ed1d9f2", ""));
        let file = places().in_cache(&Path::new(folder).join("sst2/train.parquet")).unwrap();
        assert_eq!(file.file, "sst2/train.parquet");
        assert_eq!(places().in_cache(Path::new("/home/a/model")), None);
    }
}
