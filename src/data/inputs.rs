//! Texts to be judged: lines of a stream, or rows of a file whose labels may be missing. One bad line is one bad line.

use std::io::{self, BufRead};
use std::path::Path;

use crate::data::error::DataError;
use crate::data::read;
use crate::spec::task::Columns;

/// Bytes of a line above which it is refused: no text, and no reason to hold it in memory.
const LONGEST_LINE: usize = 1 << 20;

/// A text, or a pair of texts, to be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its line, or its number in a file that has no lines, counted from 1.
    pub line: usize,
    /// The text and the second of a pair; or why there is none.
    pub texts: Result<(String, Option<String>), String>,
    /// What is true, as written, where the file says it.
    pub label: Option<String>,
}

/// Whether lines hold one text or two with a tab between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The whole line is the text.
    Text,
    /// A tab separates the two texts.
    Pair,
}

/// Reads the next line, of which only the first mebibyte is held; `None` at the end.
pub fn next_line(reader: &mut dyn BufRead, line: usize, shape: Shape) -> io::Result<Option<Input>> {
    let mut bytes = Vec::new();
    let mut n_bytes = 0;
    loop {
        let buffer = match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            buffer => buffer?,
        };
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let part = &buffer[..end.unwrap_or(buffer.len())];
        bytes.extend_from_slice(&part[..part.len().min(LONGEST_LINE - bytes.len())]);
        let (n_read, is_over) = (part.len() + usize::from(end.is_some()), end.is_some() || buffer.is_empty());
        n_bytes += n_read;
        reader.consume(n_read);
        if is_over {
            break;
        }
    }
    if n_bytes == 0 {
        return Ok(None);
    }
    let texts = if n_bytes > LONGEST_LINE { Err(format!("a line of {n_bytes} bytes is no text")) } else { texts(&bytes, line, shape) };
    Ok(Some(Input { line, texts, label: None }))
}

fn texts(bytes: &[u8], line: usize, shape: Shape) -> Result<(String, Option<String>), String> {
    let bytes = if line == 1 { bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes) } else { bytes };
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let byte = bytes[error.valid_up_to()];
        format!("broken UTF-8: byte {} of the line is 0x{byte:02x}", error.valid_up_to() + 1)
    })?;
    let text = text.strip_suffix('\r').unwrap_or(text);
    match shape {
        Shape::Text => checked(text, None),
        Shape::Pair => match text.split('\t').collect::<Vec<_>>()[..] {
            _ if text.trim().is_empty() => Err("the line is empty".to_owned()),
            [first, second] => checked(first, Some(second)),
            ref fields => Err(format!("{} texts; a tab must separate the two texts of a pair", fields.len())),
        },
    }
}

fn checked(text: &str, pair: Option<&str>) -> Result<(String, Option<String>), String> {
    match pair {
        _ if text.trim().is_empty() => Err("the text is empty".to_owned()),
        Some(pair) if pair.trim().is_empty() => Err("the second text is empty".to_owned()),
        _ => Ok((text.to_owned(), pair.map(str::to_owned))),
    }
}

/// Whether the file's ending says that it has columns; any other file is read as lines.
pub fn has_columns(path: &Path) -> bool {
    read::ENDINGS.contains(&read::ending(path).as_str())
}

/// Reads a file with columns, in its order. Labels are read where every row has the column of the label.
///
/// # Errors
/// When the file cannot be read, is not whole, or has no such columns.
pub fn file(path: &Path, columns: &Columns) -> Result<Vec<Input>, DataError> {
    let mut wanted = vec![columns.text.as_str()];
    wanted.extend(columns.text_pair.as_deref());
    let n_texts = wanted.len();
    let with_label: Vec<_> = wanted.iter().copied().chain([columns.label.as_str()]).collect();
    // A file without labels is as good as one with them; what else is wrong with it is wrong without them too.
    let table = read::table(path, &with_label).or_else(|_| read::table(path, &wanted))?;
    let inputs = table.rows.into_iter().map(|record| {
        let pair = (n_texts == 2).then(|| record.fields[1].as_str());
        let label = record.fields.get(n_texts).map(|label| label.trim()).filter(|label| !label.is_empty()).map(str::to_owned);
        Input { line: record.line, texts: checked(&record.fields[0], pair), label }
    });
    Ok(inputs.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8], shape: Shape) -> Vec<Result<(String, Option<String>), String>> {
        let mut reader = io::BufReader::with_capacity(3, bytes);
        let mut inputs = Vec::new();
        while let Some(input) = next_line(&mut reader, inputs.len() + 1, shape).unwrap() {
            inputs.push(input.texts);
        }
        inputs
    }

    #[test]
    fn every_line_is_an_input_also_the_empty_and_the_broken() {
        let texts = lines(b"\xef\xbb\xbfa b\r\n\n\xff\nlast", Shape::Text);
        assert_eq!(texts[0], Ok(("a b".to_owned(), None)));
        assert_eq!(texts[1], Err("the text is empty".to_owned()));
        assert_eq!(texts[2], Err("broken UTF-8: byte 1 of the line is 0xff".to_owned()));
        assert_eq!(texts[3], Ok(("last".to_owned(), None)));
        assert_eq!(texts.len(), 4);
    }

    #[test]
    fn a_tab_separates_a_pair() {
        let texts = lines(b"a\tb\na\na\tb\tc\na\t \n", Shape::Pair);
        assert_eq!(texts[0], Ok(("a".to_owned(), Some("b".to_owned()))));
        let problems: Vec<_> = texts[1..].iter().map(|texts| texts.clone().unwrap_err()).collect();
        let three = ["1 texts; a tab must separate the two texts of a pair", "3 texts; a tab must separate the two texts of a pair"];
        assert_eq!(problems, [three[0], three[1], "the second text is empty"]);
    }

    #[test]
    fn an_endless_line_is_refused_and_the_next_one_read() {
        let mut bytes = vec![b'a'; LONGEST_LINE + 7];
        bytes.extend_from_slice(b"\nnext\n");
        let texts = lines(&bytes, Shape::Text);
        assert!(texts[0].as_ref().is_err_and(|why| why.contains("1048584 bytes")), "{:?}", texts[0].as_ref().err());
        assert_eq!(texts[1], Ok(("next".to_owned(), None)));
    }

    #[test]
    fn labels_are_read_where_there_are_any() {
        let folder = tempfile::tempdir().unwrap();
        let columns = Columns { text: "text".to_owned(), text_pair: None, label: "label".to_owned() };
        let read = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).unwrap();
            file(&folder.path().join(name), &columns)
        };
        let with = read("a.tsv", "label\ttext\nx\ta\n\tb\n").unwrap();
        assert_eq!((with[0].label.as_deref(), with[1].label.as_deref()), (Some("x"), None));
        let without = read("b.csv", "text\na\n").unwrap();
        assert_eq!((without[0].texts.clone(), without[0].label.clone()), (Ok(("a".to_owned(), None)), None));
        assert!(read("c.jsonl", "{\"sentence\": \"a\"}\n").unwrap_err().to_string().contains("c.jsonl:1: no column \"text\""));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic_and_none_are_lost(bytes: Vec<u8>, is_pair: bool) {
            let n_lines = bytes.split(|&byte| byte == b'\n').count() - usize::from(bytes.is_empty() || bytes.ends_with(b"\n"));
            let shape = if is_pair { Shape::Pair } else { Shape::Text };
            proptest::prop_assert_eq!(lines(&bytes, shape).len(), n_lines);
        }
    }
}
