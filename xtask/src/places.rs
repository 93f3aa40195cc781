//! Where things lie: the checkout, the cache of downloads, and the Hugging Face cache.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::environment::Environment;

/// Default address of the hub.
const HUB: &str = "https://huggingface.co";

/// The folders and addresses that a set-up works with.
#[derive(Debug)]
pub struct Places {
    /// The root of the checkout.
    pub checkout: PathBuf,
    /// Downloads that all checkouts of this user share.
    pub cache: PathBuf,
    /// The Hugging Face cache (the folder that holds `models--…`).
    pub hub_cache: PathBuf,
    /// `LIBTORCH`, if the user set it.
    pub user_libtorch: Option<PathBuf>,
    /// Address of the hub, without a slash at the end; `None` to stay away from it.
    pub hub: Option<String>,
    /// The user's token for the hub.
    pub hub_token: Option<String>,
}

impl Places {
    /// The places of this process.
    pub fn find(environment: &Environment) -> Result<Self> {
        let manifest = environment.path("CARGO_MANIFEST_DIR").unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        let checkout = manifest.parent().context("the checkout has no root folder")?;
        Self::resolve(environment, checkout, cfg!(target_os = "macos"))
    }

    /// The places for given variables.
    pub fn resolve(environment: &Environment, checkout: &Path, is_mac: bool) -> Result<Self> {
        let home =
            || environment.path("HOME").context("HOME is not set; name the cache folders: export FINETOP_CACHE=<folder> HF_HOME=<folder>");
        let user_cache = || environment.path("XDG_CACHE_HOME").map_or_else(|| Ok(home()?.join(".cache")), anyhow::Ok);
        let cache = match environment.path("FINETOP_CACHE") {
            Some(folder) => folder,
            None if is_mac => home()?.join("Library/Caches/finetop"),
            None => user_cache()?.join("finetop"),
        };
        let hub_cache = match (environment.path("HF_HUB_CACHE"), environment.path("HF_HOME")) {
            (Some(folder), _) => folder,
            (None, Some(hf_home)) => hf_home.join("hub"),
            (None, None) => user_cache()?.join("huggingface/hub"),
        };
        let hub = environment.text("HF_ENDPOINT").unwrap_or(HUB).trim_end_matches('/').to_owned();
        Ok(Self {
            checkout: checkout.to_owned(),
            cache: std::path::absolute(cache)?,
            hub_cache: std::path::absolute(hub_cache)?,
            user_libtorch: environment.path("LIBTORCH").filter(|folder| !is_own_link(folder, checkout)),
            hub: (!environment.is_on("HF_HUB_OFFLINE")).then_some(hub),
            hub_token: environment.text("HF_TOKEN").map(str::to_owned),
        })
    }

    /// The checkout's link to libtorch.
    pub fn link(&self) -> PathBuf {
        self.checkout.join(".libtorch")
    }
}

/// Whether `LIBTORCH` is what `.cargo/config.toml` sets where the user sets nothing.
fn is_own_link(folder: &Path, checkout: &Path) -> bool {
    let real = |folder: Option<&Path>| folder.and_then(|folder| folder.canonicalize().ok());
    let is_link_beside = || {
        let parent = real(folder.parent());
        folder.file_name().is_some_and(|name| name == ".libtorch") && parent.is_some() && parent == real(Some(checkout))
    };
    folder == checkout.join(".libtorch") || is_link_beside()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(pairs: &[(&str, &str)], is_mac: bool) -> Places {
        let environment = Environment::from_pairs(pairs.iter().copied());
        Places::resolve(&environment, Path::new("/checkout"), is_mac).unwrap()
    }

    #[test]
    fn caches_follow_the_variables_in_their_order() {
        let check = |pairs: &[(&str, &str)], cache: &str, hub_cache: &str| {
            let places = places(pairs, false);
            assert_eq!((places.cache, places.hub_cache), (cache.into(), hub_cache.into()));
        };
        let home = ("HOME", "/h");
        check(&[home], "/h/.cache/finetop", "/h/.cache/huggingface/hub");
        check(&[home, ("XDG_CACHE_HOME", "/x")], "/x/finetop", "/x/huggingface/hub");
        check(&[home, ("XDG_CACHE_HOME", "")], "/h/.cache/finetop", "/h/.cache/huggingface/hub");
        check(&[home, ("HF_HOME", "/hf"), ("FINETOP_CACHE", "/f")], "/f", "/hf/hub");
        check(&[home, ("HF_HOME", "/hf"), ("HF_HUB_CACHE", "/hub")], "/h/.cache/finetop", "/hub");
        check(&[("HF_HOME", "/hf"), ("FINETOP_CACHE", "/f")], "/f", "/hf/hub");
    }

    #[test]
    fn a_mac_has_its_own_cache_folder() {
        let places = places(&[("HOME", "/h")], true);
        assert_eq!(places.cache, Path::new("/h/Library/Caches/finetop"));
        assert_eq!(places.hub_cache, Path::new("/h/.cache/huggingface/hub"));
    }

    #[test]
    fn a_missing_home_is_one_line_with_the_remedy() {
        let error = Places::resolve(&Environment::from_pairs([("A", "b")]), Path::new("/c"), false).unwrap_err();
        assert!(format!("{error:#}").contains("export FINETOP_CACHE="));
    }

    #[test]
    fn the_link_that_cargo_sets_is_not_the_users_choice() {
        let libtorch = |value| places(&[("HOME", "/h"), ("LIBTORCH", value)], false).user_libtorch;
        assert_eq!(libtorch("/checkout/.libtorch"), None);
        assert_eq!(libtorch("/opt/libtorch"), Some("/opt/libtorch".into()));
        assert_eq!(libtorch("/other/.libtorch"), Some("/other/.libtorch".into()));
    }

    #[test]
    fn the_hub_can_be_moved_or_left_alone() {
        let hub = |pairs: &[(&str, &str)]| places(&[&[("HOME", "/h")], pairs].concat(), false).hub;
        assert_eq!(hub(&[]).as_deref(), Some(HUB));
        assert_eq!(hub(&[("HF_ENDPOINT", "http://mirror/")]).as_deref(), Some("http://mirror"));
        assert_eq!(hub(&[("HF_HUB_OFFLINE", "1")]), None);
    }
}
