//! The rows of text that both sides train on and are judged by: one folder, the same files for all.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Writes at most `most` training rows of the folder `from`, spread evenly over its file, and all its validation rows into the folder `to`.
/// Returns how many of each.
pub fn prepare(from: &Path, to: &Path, most: usize) -> Result<(usize, usize)> {
    let validation = ["validation.tsv", "dev.tsv"].map(|name| from.join(name)).into_iter().find(|path| path.exists());
    let validation = validation.with_context(|| format!("{} has neither validation.tsv nor dev.tsv", from.display()))?;
    let n_training = copy(&from.join("train.tsv"), &to.join("train.tsv"), most)?;
    let n_validation = copy(&validation, &to.join("validation.tsv"), usize::MAX)?;
    Ok((n_training, n_validation))
}

fn copy(from: &Path, to: &Path, most: usize) -> Result<usize> {
    let text = fs::read_to_string(from).with_context(|| format!("cannot read {}", from.display()))?;
    let mut lines = text.lines().filter(|line| !line.is_empty());
    let heading = lines.next().unwrap_or_default();
    for column in ["text", "label"] {
        if !heading.split('\t').any(|name| name == column) {
            bail!("{}:1: no column `{column}`; the columns must be text and label, with tabs between", from.display());
        }
    }
    let chosen = spread(&lines.collect::<Vec<_>>(), most);
    let rows: String = std::iter::once(&heading).chain(&chosen).flat_map(|line| [line, "\n"]).collect();
    fs::write(to, rows).with_context(|| format!("cannot write {}", to.display()))?;
    Ok(chosen.len())
}

/// At most `most` lines, at equal distances.
fn spread<'a>(lines: &[&'a str], most: usize) -> Vec<&'a str> {
    let n_chosen = lines.len().min(most);
    (0..n_chosen).map(|index| lines[index * lines.len() / n_chosen]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_rows_are_spread_over_the_file_and_the_validation_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(&from).unwrap();
        fs::create_dir_all(&to).unwrap();
        let rows = (0..10).map(|row| format!("row {row}\tyes\n")).collect::<Vec<_>>().concat();
        fs::write(from.join("train.tsv"), format!("text\tlabel\n{rows}")).unwrap();
        fs::write(from.join("dev.tsv"), format!("text\tlabel\n{rows}")).unwrap();
        assert_eq!(prepare(&from, &to, 3).unwrap(), (3, 10));
        let text = fs::read_to_string(to.join("train.tsv")).unwrap();
        assert_eq!(text, "text\tlabel\nrow 0\tyes\nrow 3\tyes\nrow 6\tyes\n");
        assert_eq!(prepare(&from, &to, 99).unwrap(), (10, 10));
    }

    #[test]
    fn a_wrong_heading_is_named_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("train.tsv"), "sentence\tlabel\na\tb\n").unwrap();
        let missing = prepare(folder.path(), folder.path(), 3).unwrap_err().to_string();
        assert!(missing.contains("neither validation.tsv nor dev.tsv"), "{missing}");
        fs::write(folder.path().join("validation.tsv"), "text\tlabel\n").unwrap();
        let wrong = prepare(folder.path(), folder.path(), 3).unwrap_err().to_string();
        assert!(wrong.contains("train.tsv:1: no column `text`"), "{wrong}");
    }
}
