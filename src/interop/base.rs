//! Which pre-trained model an adapter was made for, as its configuration names it: a hub id or a folder. Pure.

use std::path::Path;

use crate::hub::repository::is_id;
use crate::spec::run::Model;

/// Revision of a folder in the hub's cache: `…/models--ORGANISATION--NAME/snapshots/REVISION`.
pub fn revision(folder: &Path) -> Option<String> {
    let in_snapshots = folder.parent().and_then(Path::file_name).is_some_and(|name| name == "snapshots");
    let revision = folder.file_name()?.to_str()?;
    (in_snapshots && revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| revision.to_owned())
}

/// The hub id in a name: itself, or that of a folder in the hub's cache.
fn hub_id(name: &str) -> Option<String> {
    let in_cache = name.split('/').find_map(|part| part.strip_prefix("models--"));
    in_cache.map(|id| id.replacen("--", "/", 1)).or_else(|| is_id(name).then(|| name.to_owned()))
}

/// How the name of the base in an adapter goes with a run's model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// It is the same.
    Same,
    /// It is another one.
    Other,
    /// A folder is named, which says nothing of its content.
    Unknown,
}

/// Whether `name`, as an adapter says it, is `model`.
pub fn compare(name: &str, model: &Model) -> Match {
    let folder = model.folder.to_string_lossy();
    let is_same_folder = Path::new(name).canonicalize().is_ok_and(|real| model.folder.canonicalize().is_ok_and(|own| own == real));
    if name == model.id || name == folder || is_same_folder {
        return Match::Same;
    }
    match (hub_id(name), hub_id(&model.id).filter(|_| !is_folder(model)).or_else(|| hub_id(&folder))) {
        (Some(theirs), Some(ours)) if theirs == ours => Match::Same,
        (Some(_), Some(_)) if !Path::new(name).is_dir() => Match::Other,
        _ => Match::Unknown,
    }
}

/// Whether the model was named as a folder.
fn is_folder(model: &Model) -> bool {
    hub_id(&model.folder.to_string_lossy()).is_none()
}

/// What an exported adapter calls its base: the hub id, else the folder.
pub fn name(model: &Model) -> String {
    match hub_id(&model.folder.to_string_lossy()) {
        Some(id) => id,
        None => model.folder.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(id: &str, folder: &str) -> Model {
        Model { id: id.to_owned(), folder: folder.into() }
    }

    #[test]
    fn ids_are_compared_and_folders_are_not() {
        let cached = model("a/b", "/c/models--a--b/snapshots/1111111111111111111111111111111111111111");
        assert_eq!(compare("a/b", &cached), Match::Same);
        assert_eq!(compare("/elsewhere/models--a--b/snapshots/2", &cached), Match::Same);
        assert_eq!(compare("a/c", &cached), Match::Other);
        assert_eq!(compare("/some/folder", &cached), Match::Unknown);
        let folder = model("../m", "/x/m");
        assert_eq!((compare("/x/m", &folder), compare("a/b", &folder)), (Match::Same, Match::Unknown));
        assert_eq!((name(&cached), name(&folder)), ("a/b".to_owned(), "/x/m".to_owned()));
        assert_eq!(revision(&cached.folder).as_deref(), Some("1111111111111111111111111111111111111111"));
        assert_eq!(revision(&folder.folder), None);
    }
}
