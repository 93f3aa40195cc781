//! How this program is called from the current folder, so that what is advised can be typed.

use std::env;
use std::ffi::OsString;
use std::path::Path;

use crate::cli::arguments::DEFAULT_RUNS;

/// What it is called where a shell finds it by its name.
const NAME: &str = "finetop";

/// The command that looks at the runs under `root`, for a shell in the current folder.
pub fn command(root: &Path) -> String {
    of(env::args_os().next(), &env::current_dir().unwrap_or_default(), root)
}

fn of(called: Option<OsString>, current: &Path, root: &Path) -> String {
    let called = called.and_then(|called| called.into_string().ok()).filter(|called| called.contains('/'));
    let program = called.map_or_else(|| NAME.to_owned(), |called| quoted(&from_here(&called, current)));
    if root == Path::new(DEFAULT_RUNS) { program } else { format!("{program} --runs {}", quoted(&root.display().to_string())) }
}

/// A program's path as short as it works: below the current folder without that; with a slash, since a shell would look elsewhere.
fn from_here(called: &str, current: &Path) -> String {
    let relative = Path::new(called).strip_prefix(current).ok().and_then(Path::to_str).filter(|rest| !rest.is_empty());
    match relative {
        Some(rest) if rest.contains('/') => rest.to_owned(),
        Some(rest) => format!("./{rest}"),
        None => called.to_owned(),
    }
}

/// A word of a shell's command.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+=:@%,~".contains(c);
    if !word.is_empty() && !word.starts_with('~') && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(called: &str, root: &str) -> String {
        of(Some(called.into()), Path::new("/home/a/lab"), Path::new(root))
    }

    #[test]
    fn what_is_advised_works_from_the_current_folder() {
        assert_eq!(command("finetop", "runs"), "finetop");
        assert_eq!(command("target/release/finetop", "runs"), "target/release/finetop");
        assert_eq!(command("/home/a/lab/target/release/finetop", "runs"), "target/release/finetop");
        assert_eq!(command("/home/a/lab/finetop", "runs"), "./finetop");
        assert_eq!(command("../finetop", "runs"), "../finetop");
        assert_eq!(command("/opt/finetop", "runs"), "/opt/finetop");
        assert_eq!(of(None, Path::new("/"), Path::new("runs")), "finetop");
    }

    #[test]
    fn it_looks_at_the_same_runs_and_is_one_command_for_a_shell() {
        assert_eq!(command("finetop", "/data/runs"), "finetop --runs /data/runs");
        assert_eq!(command("/my tools/finetop", "it's"), r"'/my tools/finetop' --runs 'it'\''s'");
        assert_eq!(command("finetop", "~x"), "finetop --runs '~x'");
    }
}
