//! Comma-separated values as in RFC 4180: fields may be quoted, quotes inside are doubled, a quoted field may span lines.
//!
//! By hand, because the `csv` crate reads an unclosed quote as a field that reaches to the end of the file, and says nothing.

use crate::data::table::{Problem, Record, Table, select};

/// Reads the wanted columns.
pub fn parse(text: &str, wanted: &[&str]) -> Result<Table, Problem> {
    let mut records = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while !rest.is_empty() {
        let (record, after, next_line) = record(rest, line)?;
        // A line without anything on it is no row.
        if record.fields.len() > 1 || !record.fields[0].trim().is_empty() {
            records.push(record);
        }
        (rest, line) = (after, next_line);
    }
    select(records, wanted)
}

/// The first record of a text that begins at `line`, what follows it, and the line of that.
fn record(text: &str, line: usize) -> Result<(Record, &str, usize), Problem> {
    let mut record = Record { line, fields: Vec::new() };
    let (mut rest, mut line) = (text, line);
    loop {
        let (field, after) = if let Some(quoted) = rest.strip_prefix('"') {
            let (field, after) = quoted_field(quoted).ok_or_else(|| Problem::at(line, "a quote is opened and never closed"))?;
            line += field.matches('\n').count();
            (field, after)
        } else {
            let end = rest.find([',', '\n']).unwrap_or(rest.len());
            let field = if rest[end..].starts_with('\n') { rest[..end].trim_end_matches('\r') } else { &rest[..end] };
            (field.to_owned(), &rest[end..])
        };
        record.fields.push(field);
        let after = after.strip_prefix('\r').filter(|after| after.is_empty() || after.starts_with('\n')).unwrap_or(after);
        match after.chars().next() {
            None => return Ok((record, "", line)),
            Some('\n') => return Ok((record, &after[1..], line + 1)),
            Some(',') => rest = &after[1..],
            Some(_) => return Err(Problem::at(line, "text follows a closing quote; double a quote that is part of a field")),
        }
    }
}

/// The field after an opening quote, and what follows its closing quote.
fn quoted_field(text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('"')?;
        field.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None => return Some((field, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<(usize, String)>, Problem> {
        Ok(parse(text, &["text", "label"])?.rows.into_iter().map(|row| (row.line, row.fields.join("|"))).collect())
    }

    #[test]
    fn quoted_fields_hold_commas_quotes_and_line_breaks() {
        let found = rows("text,label\r\n\"a, \"\"b\"\"\",yes\r\n\"two\nlines\",no\r\nlast,yes").unwrap();
        assert_eq!(found, [(2, "a, \"b\"|yes".to_owned()), (3, "two\nlines|no".to_owned()), (5, "last|yes".to_owned())]);
    }

    #[test]
    fn empty_fields_and_blank_lines_are_told_apart() {
        assert_eq!(rows("text,label\n\n,\n\"\",x\n").unwrap(), [(3, "|".to_owned()), (4, "|x".to_owned())]);
    }

    #[test]
    fn an_unclosed_quote_is_an_error_where_it_opens() {
        assert_eq!(rows("text,label\na,b\n\"c,d\ne,f\n"), Err(Problem::at(3, "a quote is opened and never closed")));
    }

    #[test]
    fn text_after_a_closing_quote_is_an_error() {
        assert!(rows("text,label\n\"a\"b,c\n").unwrap_err().message.starts_with("text follows a closing quote"));
    }
}
