//! Where workers keep what they compute once and share. Must not know what that is.

use std::path::PathBuf;

/// The folder within finetop's own.
const SHARED: &str = "computed";

/// The folder, by the variables of this process; `None` where none of them places it.
pub fn folder() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    std::path::absolute(resolve(variable, cfg!(target_os = "macos"))?).ok()
}

/// `FINETOP_CACHE`, else what the system calls the user's cache, as set-up places what it downloads.
fn resolve(variable: impl Fn(&str) -> Option<PathBuf>, is_mac: bool) -> Option<PathBuf> {
    let home = || variable("HOME");
    let cache = variable("FINETOP_CACHE").or_else(|| {
        if is_mac {
            return Some(home()?.join("Library/Caches/finetop"));
        }
        Some(variable("XDG_CACHE_HOME").or_else(|| Some(home()?.join(".cache")))?.join("finetop"))
    });
    Some(cache?.join(SHARED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_lies_in_the_cache_of_finetop() {
        let check = |pairs: &[(&str, &str)], is_mac, expected: Option<&str>| {
            let variable = |name: &str| pairs.iter().find(|(own, _)| *own == name).map(|(_, value)| PathBuf::from(value));
            assert_eq!(resolve(variable, is_mac), expected.map(PathBuf::from));
        };
        let home = ("HOME", "/h");
        check(&[home], false, Some("/h/.cache/finetop/computed"));
        check(&[home], true, Some("/h/Library/Caches/finetop/computed"));
        check(&[home, ("XDG_CACHE_HOME", "/x")], false, Some("/x/finetop/computed"));
        check(&[home, ("XDG_CACHE_HOME", "/x"), ("FINETOP_CACHE", "/f")], false, Some("/f/computed"));
        check(&[], false, None);
    }
}
