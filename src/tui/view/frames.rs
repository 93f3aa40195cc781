//! Every screen at three sizes, in colour, monochrome and ASCII: a snapshot for each screen and size.
//!
//! A snapshot holds the text once, then its styles as runs of cells, row by row, in colour and without colours, then the lines that ASCII
//! draws otherwise. `INSTA_UPDATE=always cargo test -p finetop --lib frames` writes them.

use std::fmt::Write;
use std::path::PathBuf;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::run::synthetic::{EPOCH, Synthetic};
use crate::tui::keys::Key;
use crate::tui::message::Message;
use crate::tui::screenshot;
use crate::tui::state::{Screen, State};
use crate::tui::theme::{Colors, Glyphs, Theme};
use crate::tui::update::update;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// When the demonstration has runs of every fate.
const SECONDS: f64 = 45.0;

fn lines(buffer: &Buffer) -> Vec<String> {
    let rows = buffer.content.chunks(usize::from(buffer.area.width));
    rows.map(|row| row.iter().map(Cell::symbol).collect::<String>().trim_end().to_owned()).collect()
}

/// A colour and what is done to the letters, in few characters; empty for what the terminal does by itself.
fn style(cell: &Cell) -> String {
    let color = |color: Color| match color {
        Color::Reset => String::new(),
        Color::Rgb(red, green, blue) => format!("{red:02x}{green:02x}{blue:02x}"),
        other => format!("{other:?}").to_lowercase(),
    };
    let ground = if cell.bg == Color::Reset { String::new() } else { format!("/{}", color(cell.bg)) };
    let letters = [(Modifier::BOLD, 'b'), (Modifier::DIM, 'd'), (Modifier::UNDERLINED, 'u'), (Modifier::REVERSED, 'r')];
    let letters: String = letters.iter().filter(|(modifier, _)| cell.modifier.contains(*modifier)).map(|(_, letter)| *letter).collect();
    let letters = if letters.is_empty() { letters } else { format!("+{letters}") };
    format!("{}{ground}{letters}", color(cell.fg))
}

/// The styles of a frame: for each row the columns where one begins, `column:style`. What cannot be seen of a space is left out.
fn styles(buffer: &Buffer) -> String {
    let mut dump = String::new();
    for (number, row) in buffer.content.chunks(usize::from(buffer.area.width)).enumerate() {
        let mut before = String::new();
        let mut starts = String::new();
        for (column, cell) in row.iter().enumerate() {
            let is_blank =
                cell.symbol() == " " && cell.bg == Color::Reset && !cell.modifier.intersects(Modifier::UNDERLINED | Modifier::REVERSED);
            let style = if is_blank { before.clone() } else { style(cell) };
            if style != before {
                write!(starts, " {column}:{}", if style.is_empty() { "-" } else { &style }).expect("text");
                before = style;
            }
        }
        if !starts.is_empty() {
            writeln!(dump, "{number:>2}{starts}").expect("text");
        }
    }
    dump
}

/// A frame in all its guises.
pub(crate) fn frames(state: &State) -> String {
    let cells = |colors, glyphs| screenshot::cells(state, Theme::new(colors, glyphs));
    let (color, plain) = (cells(Colors::True, Glyphs::Unicode), cells(Colors::None, Glyphs::Unicode));
    let ascii = cells(Colors::Sixteen, Glyphs::Ascii);
    let (text, plain_text) = (lines(&color), lines(&plain));
    let mut frames = format!("{}\n\n-- in colour --\n{}\n-- monochrome --\n", text.join("\n"), styles(&color));
    for (number, (line, _)) in plain_text.iter().zip(&text).enumerate().filter(|(_, (plain, text))| plain != text) {
        writeln!(frames, "{number:>2}|{line}").expect("text");
    }
    write!(frames, "{}\n-- ASCII --\n", styles(&plain)).expect("text");
    for (number, (line, _)) in lines(&ascii).iter().zip(&text).enumerate().filter(|(_, (ascii, text))| ascii != text) {
        writeln!(frames, "{number:>2}|{line}").expect("text");
    }
    assert!(lines(&ascii).iter().all(|line| line.is_ascii()));
    assert!(plain.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    frames
}

fn shown(screen: Screen, size: (u16, u16)) -> State {
    let mut state = State::new("runs".to_owned(), EPOCH + SECONDS, size, None);
    update(&mut state, Message::Updates(Synthetic::new().poll(SECONDS)));
    // Something to compare: the first two runs.
    for key in [' ', ' ', 'g'] {
        update(&mut state, Message::Key(Key::Char(key)));
    }
    let number = Screen::ALL.iter().position(|other| *other == screen).unwrap_or(0) + 1;
    update(&mut state, Message::Key(Key::Char(char::from_digit(number as u32, 10).expect("a digit"))));
    if screen == Screen::Launch {
        let file = PathBuf::from("experiments/quickstart.yaml");
        update(&mut state, Message::Files(vec![file.clone()]));
        update(&mut state, Message::Planned(file, Ok("quickstart: 3 runs\n\n  full     22,566,916  100.00%  250 steps".to_owned())));
    }
    state.notice = None;
    state
}

/// The state of a screen after these keys.
fn after(screen: Screen, keys: &str) -> State {
    let mut state = shown(screen, SIZES[0]);
    for key in keys.chars() {
        update(&mut state, Message::Key(if key == '\t' { Key::Tab } else { Key::Char(key) }));
    }
    state.notice = None;
    state
}

#[test]
fn what_lies_over_a_screen_and_the_frontier_in_every_guise() {
    for (name, keys) in [("help", "?"), ("alerts", "!"), ("palette", ":"), ("menu", "r"), ("question", "t"), ("columns", "w")] {
        insta::assert_snapshot!(format!("over_{name}_80x24"), frames(&after(Screen::Overview, keys)));
    }
    insta::assert_snapshot!("frontier_80x24", frames(&after(Screen::Compare, "\t")));
}

#[test]
fn every_screen_in_every_guise() {
    for screen in Screen::ALL {
        for size in SIZES {
            insta::assert_snapshot!(format!("{}_{}x{}", screen.name(), size.0, size.1), frames(&shown(screen, size)));
        }
    }
}
