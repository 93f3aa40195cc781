//! Tab-separated values: a header row, one row a line, fields split at tabs, no quoting.

use crate::data::table::{Problem, Record, Table, select};

/// Reads the wanted columns.
pub fn parse(text: &str, wanted: &[&str]) -> Result<Table, Problem> {
    let lines = text.split('\n').enumerate().map(|(index, line)| (index + 1, line.strip_suffix('\r').unwrap_or(line)));
    let records = lines.filter(|(_, line)| !line.trim().is_empty());
    select(records.map(|(line, text)| Record { line, fields: text.split('\t').map(str::to_owned).collect() }).collect(), wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_split_at_tabs_and_quotes_are_text() {
        let table = parse("label\ttext\r\nyes\t\"a, \"b\"\r\n\r\nno\tc", &["text", "label"]).unwrap();
        let fields: Vec<_> = table.rows.iter().map(|row| (row.line, row.fields.join("|"))).collect();
        assert_eq!(fields, [(2, "\"a, \"b\"|yes".to_owned()), (4, "c|no".to_owned())]);
    }

    #[test]
    fn a_row_with_another_number_of_fields_is_an_error() {
        assert_eq!(parse("text\tlabel\na\tb\tc\n", &["text"]), Err(Problem::at(2, "3 fields; the header has 2")));
    }
}
