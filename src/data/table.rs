//! What every format is read into: rows of fields, each with its line; and the choice of columns by name.

/// A file's rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// The rows below the header, in the file's order.
    pub rows: Vec<Record>,
}

/// A row: the fields of the columns asked for, in the order asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Line on which it begins, counted from 1.
    pub line: usize,
    /// The fields.
    pub fields: Vec<String>,
}

/// What is wrong with a file's text, with its line where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1.
    pub line: Option<usize>,
    /// What is wrong, in words.
    pub message: String,
}

impl Problem {
    /// A problem of a line.
    pub fn at(line: usize, message: impl Into<String>) -> Self {
        Self { line: Some(line), message: message.into() }
    }
}

/// Picks the wanted columns out of records whose first is the header.
pub fn select(records: Vec<Record>, wanted: &[&str]) -> Result<Table, Problem> {
    let mut records = records.into_iter();
    let Some(header) = records.next() else {
        return Err(Problem { line: None, message: "the file is empty; it needs rows, a text and a label each".to_owned() });
    };
    let names: Vec<&str> = header.fields.iter().map(|name| name.trim()).collect();
    let mut positions = Vec::new();
    for &column in wanted {
        let mut found = names.iter().enumerate().filter(|(_, name)| **name == column).map(|(position, _)| position);
        positions.push(found.next().ok_or_else(|| Problem::at(header.line, missing_column(column, &names)))?);
        if found.next().is_some() {
            return Err(Problem::at(header.line, format!("two columns are named {column:?}")));
        }
    }
    let mut rows = Vec::with_capacity(records.len());
    for mut record in records {
        if record.fields.len() != names.len() {
            let (found, expected) = (record.fields.len(), names.len());
            return Err(Problem::at(record.line, format!("{found} fields; the header has {expected}")));
        }
        let fields = positions.iter().map(|&position| record.fields[position].clone()).collect();
        record.fields = fields;
        rows.push(record);
    }
    Ok(Table { rows })
}

/// The message for a column that is not there.
pub fn missing_column(column: &str, found: &[&str]) -> String {
    const MOST: usize = 20;
    let mut names: Vec<String> = found.iter().take(MOST).map(|name| crate::data::error::quoted(name)).collect();
    if found.len() > MOST {
        names.push("…".to_owned());
    }
    format!("no column {column:?}; found: {}; name the columns under `data: {{columns: {{text: …, label: …}}}}`", names.join(", "))
}
