//! A split in several files: one path with a `*` stands for them. Must not know what is in them.

use std::path::{Path, PathBuf};

/// The path that stands for these files, at least two of one folder: their names with a `*` for what differs.
pub fn path(files: &[PathBuf]) -> Option<PathBuf> {
    let folder = files.first()?.parent()?;
    let names: Vec<&str> = files.iter().map(|file| file.file_name()?.to_str()).collect::<Option<_>>()?;
    let shared = |same: &dyn Fn(&str, usize) -> bool| (1..=names[0].len()).take_while(|&length| same(names[0], length)).count();
    let prefix = shared(&|first, length| first.get(..length).is_some_and(|start| names.iter().all(|name| name.starts_with(start))));
    let suffix = shared(&|first, length| {
        let end = first.len().checked_sub(length).and_then(|start| first.get(start..));
        end.is_some_and(|end| names.iter().all(|name| name.len() >= prefix + length && name.ends_with(end)))
    });
    let (start, end) = (&names[0][..prefix], &names[0][names[0].len() - suffix..]);
    let path = folder.join(format!("{start}*{end}"));
    // What the path means is what was given, or it means nothing.
    (self::files(&path).as_deref() == Some(files)).then_some(path)
}

/// The files that a path with a `*` in its name stands for, in the order of their names; `None` for any other path.
pub fn files(path: &Path) -> Option<Vec<PathBuf>> {
    let (start, end) = path.file_name()?.to_str()?.split_once('*')?;
    if path.exists() {
        return None;
    }
    let entries = std::fs::read_dir(path.parent()?).ok()?.flatten().map(|entry| entry.path());
    let is_part = |file: &PathBuf| {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
    };
    let mut files: Vec<PathBuf> = entries.filter(is_part).collect();
    files.sort();
    (!files.is_empty()).then_some(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(names: &[&str], beside: &[&str]) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &&str| {
            let path = folder.path().join(name);
            std::fs::write(&path, "").unwrap();
            path
        };
        for name in beside {
            make(name);
        }
        let files: Vec<PathBuf> = names.iter().map(make).collect();
        let path = path(&files)?;
        assert_eq!(self::files(&path).unwrap(), files);
        Some(path.file_name().unwrap().to_str().unwrap().to_owned())
    }

    #[test]
    fn one_path_stands_for_all_files_of_a_split_and_for_no_other() {
        let train = ["train-00000-of-00003.parquet", "train-00001-of-00003.parquet", "train-00002-of-00003.parquet"];
        assert_eq!(shown(&train, &["test-00000-of-00001.parquet"]).as_deref(), Some("train-0000*-of-00003.parquet"));
        assert_eq!(shown(&["0000.parquet", "0001.parquet"], &[]).as_deref(), Some("000*.parquet"));
        assert_eq!(shown(&["a1.parquet", "a11.parquet"], &[]).as_deref(), Some("a1*.parquet"));
        assert_eq!(shown(&["0000.parquet", "0001.parquet"], &["0002.parquet"]), None, "the path would mean more");
        assert_eq!(files(Path::new("/train.tsv")), None);
    }
}
