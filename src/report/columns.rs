//! Aligned columns and wrapped lines of text. Must not know what is in them.

use unicode_width::UnicodeWidthStr;

use crate::run::text;

/// Columns of a terminal that is not wide, less a border.
pub const WIDTH: usize = 76;

/// How a column is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows in aligned columns, two blanks apart, a line each; the first row is the heading.
///
/// Every cell is made printable. Rows may be shorter than `columns`.
pub fn aligned(columns: &[Align], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<_>> = rows.iter().map(|row| row.iter().map(|cell| text::printable(cell)).collect()).collect();
    let widths: Vec<_> = (0..columns.len())
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0))
        .collect();
    let mut lines = String::new();
    for row in &rows {
        let mut line = String::new();
        for ((cell, align), width) in row.iter().zip(columns).zip(&widths) {
            let blanks = " ".repeat(width - cell.width());
            match align {
                Align::Left => line.extend([cell, blanks.as_str(), "  "]),
                Align::Right => line.extend([blanks.as_str(), cell, "  "]),
            }
        }
        lines.push_str(line.trim_end());
        lines.push('\n');
    }
    lines
}

/// The text in lines of at most [`WIDTH`] columns, broken at spaces; all but the first are indented.
pub fn wrapped(text: &str, indent: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for (index, word) in text.split(' ').enumerate() {
        let line = lines.last_mut().expect("there is always a first line");
        if index == 0 {
            line.push_str(word);
        } else if line.width() + 1 + word.width() > WIDTH {
            lines.push(format!("{indent}{word}"));
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_width_on_screen() {
        let rows = [["RUN", "N"], ["模型", "1"], ["a\u{1b}", "1,000"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(aligned(&[Align::Left, Align::Right], &rows), "RUN          N\n模型         1\na\\u{1b}  1,000\n");
    }
}
