//! What stands in the row of messages, in as many rows as it needs: a question with its answers, what an action came to.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::state::Notice;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::draw;

/// Rows that a question may have; what is longer loses words in its middle.
const MOST_ROWS: usize = 10;

/// The same of what goes by itself.
const MOST_OF_NOTICE: usize = 3;

/// Draws a question whose last row is `last`, the others above it.
pub fn question(question: &str, answers: &str, theme: Theme, last: Rect, buffer: &mut Buffer) {
    let lines = lines(&one_line(question), answers, usize::from(last.width), most(MOST_ROWS, last, buffer));
    put(&lines, theme.question(), last, buffer);
}

/// Draws what an action came to in the same way.
pub fn notice(notice: &Notice, theme: Theme, last: Rect, buffer: &mut Buffer) {
    let style = if notice.is_problem { theme.bad() } else { theme.good() };
    let glyph = if notice.is_problem { theme.choose("✗", "!") } else { theme.choose("✓", "-") };
    let room = usize::from(last.width).saturating_sub(4).max(1);
    let whole = fitting(&one_line(&notice.text), room, most(MOST_OF_NOTICE, last, buffer), |text| text::wrap(text, room));
    let lead = |row: usize| if row == 0 { glyph } else { " " };
    let lines: Vec<String> = whole.iter().enumerate().map(|(row, line)| format!(" {} {line}", lead(row))).collect();
    put(&lines, style, last, buffer);
}

fn one_line(text: &str) -> String {
    text::clean(text).replace('\n', " ")
}

/// As many rows as there are above the last.
fn most(most: usize, last: Rect, buffer: &Buffer) -> usize {
    most.min(usize::from(last.bottom().saturating_sub(buffer.area.y))).max(1)
}

fn put(lines: &[String], style: Style, last: Rect, buffer: &mut Buffer) {
    let n_rows = lines.len() as u16;
    let area = Rect { y: last.bottom().saturating_sub(n_rows), height: n_rows, ..last };
    if n_rows > 1 {
        draw::clear(buffer, area);
    }
    for (row, line) in lines.iter().enumerate() {
        draw::put(buffer, area, 0, row as u16, line, style);
    }
}

/// The lines of a text, of which words in its middle are left out where they are more than `most`.
fn fitting(text: &str, room: usize, most: usize, wrap: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let mut whole = wrap(text);
    let mut length = text::width(text).min(most * room + 1);
    while whole.len() > most && length > 0 {
        length -= 1;
        whole = wrap(&text::middle(text, length));
    }
    whole
}

/// The question in at most `most` lines of `width` columns, the answers behind its end; all lines are equally long where there are several.
fn lines(question: &str, answers: &str, width: usize, most: usize) -> Vec<String> {
    let room = width.saturating_sub(2).max(1);
    let mut whole = fitting(question, room, most, |question| {
        let mut lines = text::wrap(question, room);
        match lines.last_mut() {
            Some(last) if text::width(last) + text::width(answers) + 3 <= room => *last = format!("{last}   {answers}"),
            _ => lines.push(text::cut(answers, room)),
        }
        lines
    });
    if whole.len() > most {
        whole = vec![text::cut(answers, room)];
    }
    let longest = if whole.len() > 1 { room } else { 0 };
    whole.into_iter().map(|line| format!(" {line}{} ", " ".repeat(longest.saturating_sub(text::width(&line))))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXTENDS: &str = "quickstart-1/full: goes on at step 135 for 2 more epochs, to epoch 7, step 189; the linear schedule is computed for all 189 \
                           steps: the learning rate was 4.13e-7 at step 135, is 1.59e-5 at step 136 and falls to 2.94e-7 at step 189; early stopping \
                           goes on: best 0.9155 at step 108, 1 of 3 evaluations without a gain; extend it?";

    #[test]
    fn a_short_question_has_one_row_and_a_long_one_says_all_of_it_in_several() {
        assert_eq!(lines("stop lora?", "y yes   n no", 80, MOST_ROWS), [" stop lora?   y yes   n no "]);
        for width in [80, 120, 200] {
            let several = lines(EXTENDS, "y yes   n no", width, MOST_ROWS);
            assert!(several.len() > 1 && several.iter().all(|line| text::width(line) == width), "{several:?}");
            let words: Vec<&str> = several.iter().flat_map(|line| line.split_whitespace()).collect();
            assert_eq!(words.join(" "), format!("{EXTENDS} y yes n no"));
        }
    }

    #[test]
    fn a_question_without_end_keeps_both_its_ends_and_its_answers() {
        let endless = format!("the first word {} the last?", "and another ".repeat(60));
        for (width, most) in [(80, 4), (60, 4), (40, 3), (200, 2), (24, 4)] {
            let several = lines(&endless, "y yes   n no", width, most);
            let shown = several.concat();
            assert!(several.len() <= most && several.iter().all(|line| text::width(line) <= width), "{several:?}");
            assert!(
                shown.contains("the first") && shown.contains("last?") && shown.contains('…') && shown.contains("y yes"),
                "{several:?}"
            );
        }
        for (width, most) in [(0, 1), (1, 1), (3, 1), (10, 1), (10, 10)] {
            assert!(lines(&endless, "y/n", width, most).iter().all(|line| text::width(line) <= width.max(3)));
        }
    }
}
