//! Parquet: columns of texts, numbers or truth values, read into fields; class labels by the names that the file's metadata gives.
//!
//! Columns are read one by one rather than by the crate's records, which panic at some types.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use bytes::Bytes;
use parquet::basic::{ConvertedType, LogicalType};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::metadata::FileMetaData;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use serde_json::Value;

use crate::data::error::quoted;
use crate::data::table::{Problem, Record, Table, missing_column};

/// Key of the metadata in which the data sets of the Hugging Face hub describe their columns (`info.features.COLUMN.names`).
const FEATURES: &str = "huggingface";
/// Rows decoded in one go.
const BATCH: usize = 4096;

/// Names of the classes of a column, in the order of the numbers that stand for them.
pub type ClassNames = BTreeMap<String, Vec<String>>;

/// Reads the wanted columns. A record's line is the row's number, counted from 1; an absent value is an empty field.
pub fn parse(bytes: Vec<u8>, wanted: &[&str]) -> Result<(Table, ClassNames), Problem> {
    if bytes.is_empty() {
        return Err(whole("the file is empty"));
    }
    caught(|| read(bytes, wanted))
}

/// Whether no row has a label: data sets whose labels are kept secret have -1 there, or nothing.
pub fn has_no_labels(bytes: Vec<u8>, column: &str) -> bool {
    let fields = caught(|| {
        let reader = SerializedFileReader::new(Bytes::from(bytes)).map_err(|error| broken(&error))?;
        let position = position(reader.metadata().file_metadata(), column)?;
        let mut fields = Vec::new();
        for index in 0..reader.num_row_groups() {
            let group = reader.get_row_group(index).map_err(|error| broken(&error))?;
            fields.extend(column_of(group.as_ref(), position).map_err(|_| whole("it cannot be read"))?);
        }
        Ok(fields)
    });
    fields.is_ok_and(|fields| !fields.is_empty() && fields.iter().all(|field| field.is_empty() || field == "-1"))
}

/// The crate panics at some of the damage that a file can have; here that is an error like any other, and quiet.
fn caught<T>(read: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
    thread_local!(static IS_READING: Cell<bool> = const { Cell::new(false) });
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IS_READING.get() {
                before(info);
            }
        }));
    });
    IS_READING.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(read));
    IS_READING.set(false);
    result.unwrap_or_else(|_| Err(whole("not a whole Parquet file: its parts contradict each other")))
}

fn read(bytes: Vec<u8>, wanted: &[&str]) -> Result<(Table, ClassNames), Problem> {
    let reader = SerializedFileReader::new(Bytes::from(bytes)).map_err(|error| broken(&error))?;
    let file = reader.metadata().file_metadata();
    let positions = wanted.iter().map(|column| position(file, column)).collect::<Result<Vec<usize>, _>>()?;
    let class_names: ClassNames = class_names(file)?.into_iter().filter(|(column, _)| wanted.contains(&column.as_str())).collect();
    let mut table = Table::default();
    for index in 0..reader.num_row_groups() {
        let group = reader.get_row_group(index).map_err(|error| broken(&error))?;
        let start = table.rows.len();
        for (column, &position) in wanted.iter().zip(&positions) {
            let fields = column_of(group.as_ref(), position).map_err(|problem| match problem {
                Unread::Damaged(error) => broken(&error),
                Unread::Refused(problem) => whole(format!("column {column:?}: {problem}")),
            })?;
            let names = class_names.get(*column);
            if table.rows.len() == start {
                table.rows.extend((start..start + fields.len()).map(|row| Record { line: row + 1, fields: Vec::new() }));
            }
            if table.rows.len() - start != fields.len() {
                return Err(whole(format!("not a whole Parquet file: its columns differ in length ({column:?})")));
            }
            for (record, field) in table.rows[start..].iter_mut().zip(fields) {
                let field = names.map_or(Ok(field.clone()), |names| named(field, names));
                record.fields.push(field.map_err(|message| Problem::at(record.line, format!("{column:?} {message}")))?);
            }
        }
    }
    Ok((table, class_names))
}

fn whole(message: impl Into<String>) -> Problem {
    Problem { line: None, message: message.into() }
}

fn broken(error: &ParquetError) -> Problem {
    whole(format!("not a whole Parquet file: {error}"))
}

/// The position of a column among the leaves of the schema.
fn position(file: &FileMetaData, column: &str) -> Result<usize, Problem> {
    let found: Vec<&str> = file.schema().get_fields().iter().map(|field| field.name()).collect();
    if found.iter().filter(|name| **name == column).count() > 1 {
        return Err(whole(format!("two columns are named {column:?}")));
    }
    if !found.contains(&column) {
        return Err(whole(missing_column(column, &found)));
    }
    let leaf = |descriptor: &ColumnDescriptor| descriptor.path().parts() == [column] && descriptor.max_rep_level() == 0;
    let leaves = file.schema_descr().columns();
    let position = leaves.iter().position(|descriptor| leaf(descriptor));
    position.ok_or_else(|| whole(format!("column {column:?}: lists and nested values are not read")))
}

/// The class names of every column that has them.
fn class_names(file: &FileMetaData) -> Result<ClassNames, Problem> {
    let pairs = file.key_value_metadata().map(Vec::as_slice).unwrap_or_default();
    let text = pairs.iter().find(|pair| pair.key == FEATURES).and_then(|pair| pair.value.as_deref()).unwrap_or_default();
    // Whatever else stands there is not ours to judge.
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let features = document["info"]["features"].as_object();
    let mut found = ClassNames::new();
    for (column, feature) in features.into_iter().flatten() {
        let Some(names) = feature["names"].as_array() else { continue };
        let names: Option<Vec<String>> = names.iter().map(|name| name.as_str().map(|name| name.trim().to_owned())).collect();
        let names = names.unwrap_or_default();
        let is_good = |index: usize| !names[index].is_empty() && !names[..index].contains(&names[index]);
        if names.is_empty() || !(0..names.len()).all(is_good) {
            return Err(whole(format!("the metadata names the classes of column {column:?} with what are not distinct texts")));
        }
        found.insert(column.clone(), names);
    }
    Ok(found)
}

/// The name of the class that a number stands for.
fn named(field: String, names: &[String]) -> Result<String, String> {
    if field.is_empty() {
        return Ok(field);
    }
    let name = field.parse::<usize>().ok().and_then(|index| names.get(index));
    name.cloned().ok_or_else(|| {
        let unlabelled = if field == "-1" { "; -1 marks a row without a label: leave such rows, or the file, out" } else { "" };
        format!("is {}; the file's metadata names the classes 0 to {}{unlabelled}", quoted(&field), names.len() - 1)
    })
}

/// Why a column has no fields.
enum Unread {
    /// The file is not whole.
    Damaged(ParquetError),
    /// What it holds is not accepted.
    Refused(String),
}

/// The fields of one column of a row group.
fn column_of(group: &dyn RowGroupReader, position: usize) -> Result<Vec<String>, Unread> {
    let column = group.metadata().column(position).column_descr_ptr();
    let refused =
        || Unread::Refused(format!("its type is not read ({}); accepted are texts, numbers and truth values", type_name(&column)));
    if !is_plain(&column) {
        return Err(refused());
    }
    let is_unsigned = is_unsigned(&column);
    match group.get_column_reader(position).map_err(Unread::Damaged)? {
        ColumnReader::BoolColumnReader(reader) => texts(reader, &column, |value| Ok(value.to_string())),
        ColumnReader::Int32ColumnReader(reader) if is_unsigned => texts(reader, &column, |value| Ok((*value as u32).to_string())),
        ColumnReader::Int32ColumnReader(reader) => texts(reader, &column, |value| Ok(value.to_string())),
        ColumnReader::Int64ColumnReader(reader) if is_unsigned => texts(reader, &column, |value| Ok((*value as u64).to_string())),
        ColumnReader::Int64ColumnReader(reader) => texts(reader, &column, |value| Ok(value.to_string())),
        ColumnReader::FloatColumnReader(reader) => texts(reader, &column, |value| Ok(value.to_string())),
        ColumnReader::DoubleColumnReader(reader) => texts(reader, &column, |value| Ok(value.to_string())),
        ColumnReader::ByteArrayColumnReader(reader) => texts(reader, &column, text),
        _ => Err(refused()),
    }
}

fn text(value: &ByteArray) -> Result<String, String> {
    const SHOWN: usize = 24;
    let bytes = value.data();
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let start = quoted(&String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]));
        format!("broken UTF-8: byte 0x{:02x} in the text that begins {start}", bytes[error.valid_up_to()])
    })?;
    Ok(text.to_owned())
}

/// Every value of a column as text, absent ones empty.
fn texts<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    descriptor: &ColumnDescriptor,
    text: impl Fn(&T::T) -> Result<String, String>,
) -> Result<Vec<String>, Unread> {
    let is_optional = descriptor.max_def_level() > 0;
    let mut fields = Vec::new();
    loop {
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let (n_rows, ..) = reader.read_records(BATCH, is_optional.then_some(&mut levels), None, &mut values).map_err(Unread::Damaged)?;
        if n_rows == 0 {
            return Ok(fields);
        }
        let mut values = values.iter();
        for row in 0..n_rows {
            let is_present = !is_optional || levels.get(row).is_some_and(|&level| level == descriptor.max_def_level());
            let missing = || Unread::Damaged(ParquetError::EOF("a value is missing".to_owned()));
            fields.push(if is_present { text(values.next().ok_or_else(missing)?).map_err(Unread::Refused)? } else { String::new() });
        }
    }
}

/// Whether the values mean what they are stored as: no dates, decimals and the like.
fn is_plain(descriptor: &ColumnDescriptor) -> bool {
    use ConvertedType::{ENUM, INT_8, INT_16, INT_32, INT_64, JSON, NONE, UINT_8, UINT_16, UINT_32, UINT_64, UTF8};
    match descriptor.logical_type_ref() {
        Some(LogicalType::String | LogicalType::Json | LogicalType::Enum | LogicalType::Integer { .. }) => true,
        Some(_) => false,
        None => matches!(
            descriptor.converted_type(),
            NONE | UTF8 | ENUM | JSON | INT_8 | INT_16 | INT_32 | INT_64 | UINT_8 | UINT_16 | UINT_32 | UINT_64
        ),
    }
}

fn is_unsigned(descriptor: &ColumnDescriptor) -> bool {
    use ConvertedType::{UINT_8, UINT_16, UINT_32, UINT_64};
    matches!(descriptor.converted_type(), UINT_8 | UINT_16 | UINT_32 | UINT_64)
}

fn type_name(descriptor: &ColumnDescriptor) -> String {
    let meaning =
        descriptor.logical_type_ref().map(|logical| format!("{logical:?}").split([' ', '(']).next().unwrap_or_default().to_owned());
    meaning.unwrap_or_else(|| format!("{} {}", descriptor.physical_type(), descriptor.converted_type())).to_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMED: &[u8] = include_bytes!("../../tests/fixtures/parquet/named.parquet");
    const TYPES: &[u8] = include_bytes!("../../tests/fixtures/parquet/types.parquet");
    const GZIP: &[u8] = include_bytes!("../../tests/fixtures/parquet/gzip.parquet");
    const UNLABELLED: &[u8] = include_bytes!("../../tests/fixtures/parquet/unlabelled.parquet");

    fn column(bytes: &[u8], name: &str) -> Vec<String> {
        let (table, _) = parse(bytes.to_vec(), &[name]).unwrap();
        table.rows.into_iter().map(|row| row.fields.join("|")).collect()
    }

    fn error(bytes: &[u8], name: &str) -> Problem {
        parse(bytes.to_vec(), &[name]).unwrap_err()
    }

    #[test]
    fn class_labels_have_the_names_that_the_metadata_gives() {
        let (table, class_names) = parse(NAMED.to_vec(), &["label", "text"]).unwrap();
        let rows: Vec<(usize, String)> = table.rows.iter().map(|row| (row.line, row.fields.join("|"))).collect();
        assert_eq!(rows[0], (1, "positive|the kettle boiled".to_owned()));
        assert_eq!(rows[5], (6, "negative|the train left without us".to_owned()));
        assert_eq!((rows.len(), &class_names["label"]), (7, &vec!["negative".to_owned(), "positive".to_owned()]));
    }

    #[test]
    fn a_number_without_a_name_is_an_error_in_its_row() {
        let expected = "\"label\" is \"-1\"; the file's metadata names the classes 0 to 1; -1 marks a row without a label: leave such rows, or \
                        the file, out";
        assert_eq!(error(UNLABELLED, "label"), Problem::at(3, expected));
    }

    #[test]
    fn every_plain_type_is_read_and_absent_values_are_empty() {
        assert_eq!(column(TYPES, "text")[6], "spring");
        assert_eq!(column(TYPES, "maybe"), ["a", "", "c", "", "e", "f", ""]);
        assert_eq!(column(TYPES, "flag"), ["true", "false", "true", "true", "false", "", "true"]);
        assert_eq!(column(TYPES, "small"), ["-3", "-2", "-1", "0", "1", "2", "3"]);
        assert_eq!(column(TYPES, "int"), ["-1", "0", "1", "2", "3", "", "5"]);
        assert_eq!(column(TYPES, "unsigned")[6], "9223372036854775814");
        assert_eq!(column(TYPES, "single"), ["0.1", "0.25", "-3", "10000000000", "5.5", "6.5", "7.5"]);
        assert_eq!(column(TYPES, "double"), ["0.1", "0.25", "-3", "10000000000", "5.5", "6.5", ""]);
        assert_eq!(column(GZIP, "score"), ["-1", "-0.5", "0", "0.5", "1", "1.5", "2"]);
    }

    #[test]
    fn other_types_and_columns_are_refused_by_name() {
        let message = |name| error(TYPES, name).message;
        for name in ["day", "price"] {
            assert!(message(name).starts_with(&format!("column {name:?}: its type is not read (")), "{}", message(name));
        }
        for name in ["tokens", "answer"] {
            assert_eq!(message(name), format!("column {name:?}: lists and nested values are not read"));
        }
        assert!(message("raw").contains("broken UTF-8: byte 0xff in the text"), "{}", message("raw"));
        assert!(message("label").starts_with("no column \"label\"; found: \"text\", \"maybe\", "));
    }

    #[test]
    fn what_is_not_whole_is_an_error() {
        assert_eq!(error(b"", "text").message, "the file is empty");
        for bad in [&b"PAR1"[..], b"text\tlabel\na\tb\n", &NAMED[..NAMED.len() - 1], &NAMED[..NAMED.len() / 2], &NAMED[4..]] {
            assert!(error(bad, "text").message.starts_with("not a whole Parquet file: "), "{}", error(bad, "text").message);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn no_damage_makes_the_reader_panic(
            file in prop::sample::select(vec![NAMED, TYPES, GZIP]),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        ) {
            let mut bytes = file.to_vec();
            for (place, byte) in changes {
                *place.get_mut(&mut bytes[..]) = byte;
            }
            for column in ["text", "label", "maybe", "flag", "int", "double", "score"] {
                let _ = parse(bytes.clone(), &[column]);
            }
        }
    }
}
