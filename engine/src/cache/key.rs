//! Names for what is kept: a hash of all that it depends on.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Gathers what something depends on.
#[derive(Debug)]
pub struct Key(blake3::Hasher);

impl Key {
    /// The key of something that this program computes: another build may compute other bits.
    pub fn of_this_program() -> io::Result<Self> {
        let program = if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { std::env::current_exe()? };
        Ok(Self(blake3::Hasher::new()).with("program", identity(&program)?.as_bytes()))
    }

    /// Adds that it depends on `value`, which is its `name`.
    #[must_use]
    pub fn with(mut self, name: &str, value: &[u8]) -> Self {
        self.0.update(format!("{name}\0{}\0", value.len()).as_bytes());
        self.0.update(value);
        self
    }

    /// Adds that it depends on a file's content. Large files are told by what the system says of them: it does not let anyone change a
    /// file without changing that.
    pub fn with_file(self, path: &Path) -> io::Result<Self> {
        Ok(self.with("file", identity(path)?.as_bytes()))
    }

    /// The key in hexadecimal.
    pub fn name(self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}

/// A file's real path, number, length and the times of its last changes.
fn identity(path: &Path) -> io::Result<String> {
    let path = path.canonicalize()?;
    let about = fs::metadata(&path)?;
    let (changed, written) = ((about.ctime(), about.ctime_nsec()), (about.mtime(), about.mtime_nsec()));
    Ok(format!("{} {} {} {changed:?} {written:?}", path.display(), about.ino(), about.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_changes_with_each_part_and_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        fs::write(&path, "one").unwrap();
        let of = |value: &[u8]| Key::of_this_program().unwrap().with("a", value).with_file(&path).unwrap().name();
        let before = of(b"x");
        assert_eq!((before.len(), &before), (64, &of(b"x")));
        assert_ne!(before, of(b"y"));
        fs::write(&path, "two").unwrap();
        assert_ne!(before, of(b"x"));
    }

    #[test]
    fn parts_do_not_run_into_one_another() {
        let of = |a: &[u8], b: &[u8]| Key::of_this_program().unwrap().with("", a).with("", b).name();
        assert_ne!(of(b"ab", b"c"), of(b"a", b"bc"));
    }
}
