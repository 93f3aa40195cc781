//! Reads data files: any format, one kind of row. Nothing is repaired silently: a row that is not whole is an error.

use std::path::{Path, PathBuf};

use crate::data::error::{DataError, quoted};
use crate::data::parquet::ClassNames;
use crate::data::table::{Problem, Table};
use crate::data::{csv, json_lines, parquet, series, tsv};
use crate::spec::task::Columns;

/// Endings of the formats that can be read.
pub const ENDINGS: [&str; 4] = ["tsv", "csv", "jsonl", "parquet"];

/// A row as written in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its line, or its number in a file that has no lines, counted from 1.
    pub line: usize,
    /// The text, or the first of a pair.
    pub text: String,
    /// The second text of a pair.
    pub text_pair: Option<String>,
    /// The label's name, or the number to be predicted, as written.
    pub label: String,
}

/// The rows of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where they were read.
    pub path: PathBuf,
    /// The rows, in the file's order.
    pub rows: Vec<Row>,
    /// The names of the labels in their order, where the file itself says them.
    pub label_names: Option<Vec<String>>,
}

/// The files of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Training rows.
    pub train: File,
    /// Validation rows, where they have a file.
    pub validation: Option<File>,
    /// Test rows, where they have a file.
    pub test: Option<File>,
}

impl Files {
    /// Every file there is.
    pub fn iter(&self) -> impl Iterator<Item = &File> {
        [Some(&self.train), self.validation.as_ref(), self.test.as_ref()].into_iter().flatten()
    }
}

/// Reads the files of a task.
pub fn files(train: &Path, validation: Option<&Path>, test: Option<&Path>, columns: &Columns) -> Result<Files, DataError> {
    let read = |path: &Path| file(path, columns);
    Ok(Files { train: read(train)?, validation: validation.map(read).transpose()?, test: test.map(read).transpose()? })
}

/// Reads a file, or all files that a path with a `*` stands for; the rows of these are counted on.
pub fn file(path: &Path, columns: &Columns) -> Result<File, DataError> {
    let Some(parts) = series::files(path) else { return one(path, columns) };
    let mut all = File { path: path.to_owned(), rows: Vec::new(), label_names: None };
    for (index, part) in parts.iter().enumerate() {
        let File { rows, label_names, .. } = one(part, columns)?;
        if index > 0 && label_names != all.label_names {
            let problem = format!("names other labels than {}", parts[0].display());
            return Err(DataError::File { path: part.clone(), problem });
        }
        let n_before = all.rows.len();
        all.rows.extend(rows.into_iter().map(|row| Row { line: n_before + row.line, ..row }));
        all.label_names = label_names;
    }
    Ok(all)
}

fn one(path: &Path, columns: &Columns) -> Result<File, DataError> {
    let (rows, label_names) = rows(bytes(path)?, &ending(path), columns).map_err(|problem| in_file(path, problem))?;
    Ok(File { path: path.to_owned(), rows, label_names })
}

/// Reads the wanted columns of one file; a file without rows is an empty table.
pub fn table(path: &Path, wanted: &[&str]) -> Result<Table, DataError> {
    Ok(parse(bytes(path)?, &ending(path), wanted).map_err(|problem| in_file(path, problem))?.0)
}

fn bytes(path: &Path) -> Result<Vec<u8>, DataError> {
    if path.exists() && !path.is_file() {
        return Err(DataError::NotAFile(path.to_owned()));
    }
    if !ENDINGS.contains(&ending(path).as_str()) {
        return Err(DataError::UnknownFormat(path.to_owned()));
    }
    std::fs::read(path).map_err(|source| DataError::Unreadable { path: path.to_owned(), source })
}

fn in_file(path: &Path, Problem { line, message }: Problem) -> DataError {
    match line {
        Some(line) => DataError::Line { path: path.to_owned(), line, problem: message },
        None => DataError::File { path: path.to_owned(), problem: message },
    }
}

/// Whether the rows of the file stand on lines.
pub fn has_lines(path: &Path) -> bool {
    ending(path) != "parquet"
}

/// The ending of a path, in small letters.
pub fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

/// The rows in the bytes of a file with this ending, and the names of the labels where they are part of it.
pub fn rows(bytes: Vec<u8>, ending: &str, columns: &Columns) -> Result<(Vec<Row>, Option<Vec<String>>), Problem> {
    let mut wanted = vec![columns.text.as_str(), columns.label.as_str()];
    wanted.extend(columns.text_pair.as_deref());
    let is_empty = bytes.trim_ascii().is_empty();
    let (table, mut class_names) = parse(bytes, ending, &wanted)?;
    let no_rows = match ending {
        "parquet" => "the file has no rows",
        _ if is_empty => "the file is empty; it needs rows, a text and a label each",
        _ => "there are no rows below the header; add some, a text and a label each",
    };
    Ok((checked(table, columns, no_rows)?, class_names.remove(&columns.label)))
}

/// The wanted columns in the bytes of a file with this ending.
fn parse(bytes: Vec<u8>, ending: &str, wanted: &[&str]) -> Result<(Table, ClassNames), Problem> {
    if ending == "parquet" {
        return parquet::parse(bytes, wanted);
    }
    let text = text(&bytes)?;
    let table = match ending {
        "csv" => csv::parse(text, wanted)?,
        "jsonl" => json_lines::parse(text, wanted)?,
        _ => tsv::parse(text, wanted)?,
    };
    Ok((table, ClassNames::new()))
}

/// The text of a file: UTF-8, with or without a byte order mark.
fn text(bytes: &[u8]) -> Result<&str, Problem> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Problem { line: None, message: "the file is UTF-16; save it as UTF-8".to_owned() });
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let lines: Vec<&[u8]> = bytes[..error.valid_up_to()].split(|&byte| byte == b'\n').collect();
        let (line, column) = (lines.len(), lines.last().map_or(0, |last| last.len()) + 1);
        let byte = bytes[error.valid_up_to()];
        Problem::at(line, format!("broken UTF-8: byte {column} of the line is 0x{byte:02x}; save the file as UTF-8"))
    })
}

fn checked(table: Table, columns: &Columns, no_rows: &str) -> Result<Vec<Row>, Problem> {
    if table.rows.is_empty() {
        return Err(Problem { line: None, message: no_rows.to_owned() });
    }
    let mut rows = Vec::with_capacity(table.rows.len());
    for record in table.rows {
        let line = record.line;
        let mut fields = record.fields.into_iter();
        let (text, label, text_pair) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default(), fields.next());
        let empty = |column: &str| Problem::at(line, format!("{column:?} is empty"));
        if text.trim().is_empty() {
            return Err(empty(&columns.text));
        }
        if let (Some(pair), Some(column)) = (&text_pair, &columns.text_pair)
            && pair.trim().is_empty()
        {
            return Err(empty(column));
        }
        let label = label.trim().to_owned();
        if label.is_empty() {
            return Err(empty(&columns.label));
        }
        if label.chars().any(char::is_control) {
            return Err(Problem::at(line, format!("label {} has control characters", quoted(&label))));
        }
        rows.push(Row { line, text, text_pair, label });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(text_pair: Option<&str>) -> Columns {
        Columns { text: "text".to_owned(), text_pair: text_pair.map(str::to_owned), label: "label".to_owned() }
    }

    fn problem(bytes: &[u8]) -> String {
        let Problem { line, message } = rows(bytes.to_vec(), "tsv", &columns(None)).unwrap_err();
        line.map_or(message.clone(), |line| format!("{line}: {message}"))
    }

    #[test]
    fn a_byte_order_mark_and_carriage_returns_are_no_part_of_the_text() {
        let (rows, _) = rows(b"\xef\xbb\xbftext\tlabel\r\na b\t x \r\n".to_vec(), "tsv", &columns(None)).unwrap();
        assert_eq!((rows[0].text.as_str(), rows[0].label.as_str(), rows[0].line), ("a b", "x", 2));
    }

    #[test]
    fn bad_files_say_what_and_where() {
        assert_eq!(problem(b""), "the file is empty; it needs rows, a text and a label each");
        assert_eq!(problem(b"text\tlabel\n"), "there are no rows below the header; add some, a text and a label each");
        assert_eq!(problem(b"text\tlabel\nab\tc\na\xff\tc\n"), "3: broken UTF-8: byte 2 of the line is 0xff; save the file as UTF-8");
        assert_eq!(problem(b"\xff\xfet\0"), "the file is UTF-16; save it as UTF-8");
        assert_eq!(problem(b"text\tlabel\n \tc\n"), "2: \"text\" is empty");
        assert_eq!(problem(b"text\tlabel\na\t \n"), "2: \"label\" is empty");
        assert_eq!(problem(b"text\tlabel\na\tb\x1b[31m\n"), "2: label \"b\\u{1b}[31m\" has control characters");
        assert_eq!(
            problem(b"sentence\tlabel\na\tb\n"),
            "1: no column \"text\"; found: \"sentence\", \"label\"; name the columns under `data: {columns: {text: …, label: …}}`"
        );
    }

    #[test]
    fn an_empty_second_text_is_an_error() {
        let error = rows(b"text\ttext_b\tlabel\na\t\tc\n".to_vec(), "tsv", &columns(Some("text_b"))).unwrap_err();
        assert_eq!(error, Problem::at(2, "\"text_b\" is empty"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(bytes: Vec<u8>, ending in 0..ENDINGS.len()) {
            let _ = rows(bytes, ENDINGS[ending], &columns(None));
        }

        #[test]
        fn no_text_below_a_good_header_makes_a_reader_panic(text in "[\"a,\\t\\r\\n{}:é]{0,60}", ending in 0usize..3) {
            let header = ["text\tlabel\n", "text,label\n", ""][ending];
            let _ = rows(format!("{header}{text}").into_bytes(), ENDINGS[ending], &columns(None));
        }
    }
}
