//! Finds a model in the standard Hugging Face cache. Never downloads; the environment is handed in.

use std::path::{Path, PathBuf};

use crate::spec::experiment::resolve::DEFAULT_MODEL;

/// The environment variables that place the cache; empty ones count as unset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HubVariables {
    /// `HF_HUB_CACHE`: the cache itself.
    pub hf_hub_cache: Option<PathBuf>,
    /// `HF_HOME`: its `hub` is the cache.
    pub hf_home: Option<PathBuf>,
    /// `XDG_CACHE_HOME`.
    pub xdg_cache_home: Option<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
}

/// Why a model was not found.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The text cannot be a model's id.
    #[error("{0:?} is neither a folder nor the id of a model such as sentence-transformers/all-MiniLM-L6-v2")]
    NotAnId(String),
    /// No variable says where the cache is.
    #[error("cannot tell where the Hugging Face cache is: set HF_HOME or HOME, or give the model's folder")]
    NoCache,
    /// The cache has no such model.
    #[error("model {id} is not in the Hugging Face cache (looked for {looked_for}); {remedy}, or give a folder")]
    NotCached {
        /// The model's id.
        id: String,
        /// The folder that would hold it.
        looked_for: PathBuf,
        /// What brings it there.
        remedy: String,
    },
    /// The model's folder in the cache is not whole.
    #[error("the Hugging Face cache has no whole copy of {id}: {path} is missing; {remedy}, or give a folder")]
    Incomplete {
        /// The model's id.
        id: String,
        /// What is missing.
        path: PathBuf,
        /// What brings it there.
        remedy: String,
    },
}

impl HubVariables {
    /// The variables of this process.
    pub fn from_environment() -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            hf_hub_cache: variable("HF_HUB_CACHE"),
            hf_home: variable("HF_HOME"),
            xdg_cache_home: variable("XDG_CACHE_HOME"),
            home: variable("HOME"),
        }
    }

    /// The cache's folder, by the precedence of `huggingface_hub`.
    pub fn cache(&self) -> Option<PathBuf> {
        let expand = |path: &Path| match (path.strip_prefix("~"), &self.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path.to_owned(),
        };
        if let Some(cache) = &self.hf_hub_cache {
            return Some(expand(cache));
        }
        if let Some(home) = &self.hf_home {
            return Some(expand(home).join("hub"));
        }
        let cache_home = self.xdg_cache_home.as_deref().map(expand).or_else(|| self.home.as_ref().map(|home| home.join(".cache")))?;
        Some(cache_home.join("huggingface").join("hub"))
    }
}

/// Whether `text` can be the id of a model on the hub: `name` or `organisation/name`.
pub fn is_id(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.len() <= 96
            && !part.starts_with(['.', '-'])
            && part.chars().all(|character| character.is_ascii_alphanumeric() || "._-".contains(character))
    };
    text.split('/').count() <= 2 && text.split('/').all(is_part)
}

/// The folder of model `id`: the snapshot of its revision `main`, or its only one.
pub fn find(id: &str, variables: &HubVariables) -> Result<PathBuf, HubError> {
    if !is_id(id) {
        return Err(HubError::NotAnId(id.to_owned()));
    }
    let folder = variables.cache().ok_or(HubError::NoCache)?.join(format!("models--{}", id.replace('/', "--")));
    // `cargo xtask setup` provides the default model.
    let remedy = || match id {
        DEFAULT_MODEL => "run `cargo xtask setup`".to_owned(),
        _ => format!("run `huggingface-cli download {id}`"),
    };
    if !folder.is_dir() {
        return Err(HubError::NotCached { id: id.to_owned(), looked_for: folder, remedy: remedy() });
    }
    let snapshots = folder.join("snapshots");
    let incomplete = |path| HubError::Incomplete { id: id.to_owned(), path, remedy: remedy() };
    let main = folder.join("refs").join("main");
    let snapshot = match std::fs::read_to_string(&main) {
        Ok(revision) if is_id(revision.trim()) && !revision.contains('/') => snapshots.join(revision.trim()),
        // A revision downloaded by its hash leaves no refs/main.
        _ => only_folder(&snapshots).ok_or_else(|| incomplete(main))?,
    };
    if snapshot.is_dir() { Ok(snapshot) } else { Err(incomplete(snapshot)) }
}

fn only_folder(folder: &Path) -> Option<PathBuf> {
    let mut folders = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    folders.next().filter(|_| folders.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_placed_as_the_hub_library_places_it() {
        let path = |text: &str| Some(PathBuf::from(text));
        let mut variables = HubVariables { home: path("/home/a"), ..HubVariables::default() };
        assert_eq!(variables.cache(), path("/home/a/.cache/huggingface/hub"));
        variables.xdg_cache_home = path("/x");
        assert_eq!(variables.cache(), path("/x/huggingface/hub"));
        variables.hf_home = path("~/hf");
        assert_eq!(variables.cache(), path("/home/a/hf/hub"));
        variables.hf_hub_cache = path("/hub");
        assert_eq!(variables.cache(), path("/hub"));
        assert_eq!(HubVariables::default().cache(), None);
    }

    #[test]
    fn refs_main_chooses_the_snapshot_and_its_absence_the_only_one() {
        let cache = tempfile::tempdir().unwrap();
        let variables = HubVariables { hf_hub_cache: Some(cache.path().to_owned()), ..HubVariables::default() };
        let missing = find("org/name", &variables).unwrap_err().to_string();
        assert!(missing.ends_with("models--org--name); run `huggingface-cli download org/name`, or give a folder"), "{missing}");
        let folder = cache.path().join("models--org--name");
        std::fs::create_dir_all(folder.join("snapshots/abc")).unwrap();
        assert_eq!(find("org/name", &variables).unwrap(), folder.join("snapshots/abc"));
        std::fs::create_dir_all(folder.join("snapshots/def")).unwrap();
        assert!(find("org/name", &variables).unwrap_err().to_string().contains("refs/main is missing"));
        std::fs::create_dir_all(folder.join("refs")).unwrap();
        std::fs::write(folder.join("refs/main"), "def\n").unwrap();
        assert_eq!(find("org/name", &variables).unwrap(), folder.join("snapshots/def"));
        std::fs::write(folder.join("refs/main"), "123").unwrap();
        assert!(find("org/name", &variables).unwrap_err().to_string().contains("snapshots/123 is missing"));
    }

    #[test]
    fn paths_are_not_ids() {
        for text in ["../x", "a/b/c", "/a", "a/", "", "a b", "~/m", ".hidden"] {
            assert!(!is_id(text), "{text}");
        }
        assert!(is_id("bert-base-uncased") && is_id(DEFAULT_MODEL));
    }
}
