//! Symbolic links that are made or replaced in one step.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result};

/// Makes a link, over an older link if there is one.
pub fn replace(link: &Path, target: &Path) -> Result<()> {
    let failed = || format!("cannot link {} to {}", link.display(), target.display());
    let mut name = link.file_name().with_context(failed)?.to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let new = link.with_file_name(name);
    let _ = fs::remove_file(&new);
    symlink(target, &new).with_context(failed)?;
    fs::rename(&new, link).with_context(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dangling_link_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join(".libtorch");
        replace(&link, Path::new("/nowhere")).unwrap();
        replace(&link, folder.path()).unwrap();
        assert_eq!(fs::read_link(&link).unwrap(), folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
