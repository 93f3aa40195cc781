//! JSON Lines: one object a line; texts are strings, labels are strings, numbers or booleans.

use serde_json::{Map, Value};

use crate::data::error::quoted;
use crate::data::table::{Problem, Record, Table, missing_column};

/// Reads the wanted columns.
pub fn parse(text: &str, wanted: &[&str]) -> Result<Table, Problem> {
    let mut table = Table::default();
    for (index, line) in text.split('\n').enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let number = index + 1;
        let object: Map<String, Value> = serde_json::from_str(line).map_err(|error| {
            let reason = error.to_string().replace(" at line 1 column", " at column");
            Problem::at(number, format!("not a JSON object: {reason}"))
        })?;
        let fields = wanted.iter().map(|&column| field(&object, column).map_err(|message| Problem::at(number, message)));
        table.rows.push(Record { line: number, fields: fields.collect::<Result<_, _>>()? });
    }
    Ok(table)
}

fn field(object: &Map<String, Value>, column: &str) -> Result<String, String> {
    match object.get(column) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(Value::Bool(flag)) => Ok(flag.to_string()),
        Some(other) => Err(format!("{column:?} must be a text or a number, not {}", quoted(&other.to_string()))),
        None => Err(missing_column(column, &object.keys().map(String::as_str).collect::<Vec<_>>())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_as_they_are_written() {
        assert_eq!(parse("{\"label\": 0.25}\n{\"label\": 3.0}", &["label"]).unwrap().rows[1].fields, ["3.0"]);
        let table = parse("{\"text\": \"a\", \"label\": 1}\r\n\n{\"label\": true, \"text\": \"\\u001b\"}", &["text", "label"]).unwrap();
        assert_eq!(table.rows[0].fields, ["a", "1"]);
        assert_eq!((table.rows[1].line, table.rows[1].fields.join("|")), (3, "\u{1b}|true".to_owned()));
    }

    #[test]
    fn bad_lines_are_named() {
        let error = |text| parse(text, &["text"]).unwrap_err();
        assert_eq!(error("{\"text\": [1.5]}").message, "\"text\" must be a text or a number, not \"[1.5]\"");
        assert!(error("{}\n").message.starts_with("no column \"text\"; found: ;"));
        let cut = error("{\"text\": \"a\"}\n{\"text\": ");
        assert_eq!(cut, Problem::at(2, "not a JSON object: EOF while parsing a value at column 9"));
        assert!(error("[1]").message.starts_with("not a JSON object: invalid type: sequence"));
    }
}
