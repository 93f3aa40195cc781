//! The person's own editor: `$VISUAL`, `$EDITOR`, else vi, on a file. The terminal must be given back before.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use crate::tui::suspend;

/// Opens a file in the editor and waits; what went wrong, in words.
pub fn edit(path: &Path) -> Result<(), String> {
    let of = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
    let editor = of("VISUAL").or_else(|| of("EDITOR")).unwrap_or_else(|| "vi".to_owned());
    // Through the shell, as git does it, so that an editor may have arguments.
    let child = Command::new("sh").arg("-c").arg(format!("{editor} \"$@\"")).arg("sh").arg(path).spawn();
    match child.and_then(|child| suspend::wait(&child)) {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the editor `{editor}` ended with {status}")),
        Err(error) => Err(format!("cannot start the editor `{editor}`: {error}")),
    }
}

/// Lets a text be edited in a file of its own, named like `like`; the new text.
pub fn edit_text(like: &Path, text: &str) -> Result<String, String> {
    let name = like.file_name().map_or_else(|| "experiment.yaml".into(), |name| name.to_string_lossy().into_owned());
    let folder = env::temp_dir().join(format!("finetop-{}", std::process::id()));
    let path = folder.join(name);
    let at = |error: std::io::Error| format!("cannot use {}: {error}", path.display());
    fs::create_dir_all(&folder).and_then(|()| fs::write(&path, text)).map_err(at)?;
    let edited = edit(&path).and_then(|()| fs::read_to_string(&path).map_err(at));
    // What is left of it harms nobody.
    let _ = fs::remove_dir_all(&folder);
    edited
}
