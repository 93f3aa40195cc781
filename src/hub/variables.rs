//! The environment variables that place the cache and the hub, as `huggingface_hub` reads them. Handed in, so that tests choose them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where models and data sets come from, unless `HF_ENDPOINT` says otherwise.
const ENDPOINT: &str = "https://huggingface.co";
/// How long an answer may take: the default of `huggingface_hub`.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A secret; nothing shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// What the environment says of cache and hub; empty variables count as unset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HubVariables {
    /// `HF_HUB_CACHE`: the cache itself.
    pub hf_hub_cache: Option<PathBuf>,
    /// `HF_HOME`: its `hub` is the cache, its `token` the token.
    pub hf_home: Option<PathBuf>,
    /// `XDG_CACHE_HOME`.
    pub xdg_cache_home: Option<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `HF_ENDPOINT`: the hub's address.
    pub hf_endpoint: Option<String>,
    /// `HF_TOKEN`.
    pub hf_token: Option<Token>,
    /// `HF_TOKEN_PATH`: the file that holds the token.
    pub hf_token_path: Option<PathBuf>,
    /// `HF_HUB_ETAG_TIMEOUT`: longest wait for an answer about a file.
    pub etag_timeout: Option<Duration>,
    /// `HF_HUB_DOWNLOAD_TIMEOUT`: longest wait for the next bytes of a file.
    pub download_timeout: Option<Duration>,
    /// `HF_HUB_OFFLINE` or `TRANSFORMERS_OFFLINE`: the network must not be used.
    pub is_offline: bool,
}

impl HubVariables {
    /// The variables of this process.
    pub fn from_environment() -> Self {
        let path = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let text = |name| std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let seconds = |name| text(name)?.parse().ok().filter(|&seconds| seconds > 0).map(Duration::from_secs);
        let is_true = |name| text(name).is_some_and(|value| ["1", "ON", "YES", "TRUE"].contains(&value.to_uppercase().as_str()));
        Self {
            hf_hub_cache: path("HF_HUB_CACHE"),
            hf_home: path("HF_HOME"),
            xdg_cache_home: path("XDG_CACHE_HOME"),
            home: path("HOME"),
            hf_endpoint: text("HF_ENDPOINT"),
            hf_token: text("HF_TOKEN").map(Token),
            hf_token_path: path("HF_TOKEN_PATH"),
            etag_timeout: seconds("HF_HUB_ETAG_TIMEOUT"),
            download_timeout: seconds("HF_HUB_DOWNLOAD_TIMEOUT"),
            is_offline: is_true("HF_HUB_OFFLINE") || is_true("TRANSFORMERS_OFFLINE"),
        }
    }

    /// The cache's folder, by the precedence of `huggingface_hub`.
    pub fn cache(&self) -> Option<PathBuf> {
        self.hf_hub_cache.as_ref().map(|cache| self.expand(cache)).or_else(|| Some(self.hugging_face_home()?.join("hub")))
    }

    /// The hub's address, without a slash at its end.
    pub fn endpoint(&self) -> &str {
        self.hf_endpoint.as_deref().unwrap_or(ENDPOINT).trim_end_matches('/')
    }

    /// The token, from the variable or its file, and where it was found.
    pub fn token(&self) -> Option<(Token, String)> {
        if let Some(token) = &self.hf_token {
            return Some((token.clone(), "HF_TOKEN".to_owned()));
        }
        let named = self.hf_token_path.as_ref().map(|path| self.expand(path));
        let path = named.or_else(|| Some(self.hugging_face_home()?.join("token")))?;
        let token = std::fs::read_to_string(&path).ok()?.trim().to_owned();
        (!token.is_empty()).then(|| (Token(token), path.display().to_string()))
    }

    /// Longest wait for an answer about a file.
    pub fn answer_timeout(&self) -> Duration {
        self.etag_timeout.unwrap_or(TIMEOUT)
    }

    /// Longest wait for the next bytes of a file.
    pub fn read_timeout(&self) -> Duration {
        self.download_timeout.unwrap_or(TIMEOUT)
    }

    fn hugging_face_home(&self) -> Option<PathBuf> {
        if let Some(home) = &self.hf_home {
            return Some(self.expand(home));
        }
        let cache_home = self.xdg_cache_home.as_deref().map(|path| self.expand(path));
        Some(cache_home.or_else(|| self.home.as_ref().map(|home| home.join(".cache")))?.join("huggingface"))
    }

    fn expand(&self, path: &Path) -> PathBuf {
        match (path.strip_prefix("~"), &self.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path.to_owned(),
        }
    }
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
    fn the_token_comes_from_its_variable_else_from_its_file_and_is_never_shown() {
        let home = tempfile::tempdir().unwrap();
        let mut variables = HubVariables { hf_home: Some(home.path().to_owned()), ..HubVariables::default() };
        assert_eq!(variables.token(), None);
        std::fs::write(home.path().join("token"), "hf_file\n").unwrap();
        assert_eq!(variables.token().unwrap().0, Token("hf_file".to_owned()));
        variables.hf_token = Some(Token("hf_variable".to_owned()));
        assert_eq!(variables.token().unwrap(), (Token("hf_variable".to_owned()), "HF_TOKEN".to_owned()));
        assert!(!format!("{variables:?}").contains("hf_variable"));
    }
}
